import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { age, ageInWords, btcGroups, ordinal, percent, rate, scaled, timeOf } from '../../web/pages/format.ts'
import { count, fill, piecesOf } from '../../web/pages/phrase.ts'
import { coinbaseText, dataText } from '../../web/pages/script-text.ts'

const NOW = 1_795_356_186

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [48_211, '48,211'],
  [2_100_000_000_000_000, '2,100,000,000,000,000'],
])('%i is counted as %s', (n, text) => {
  expect(count(n)).toBe(text)
})

test.each([
  [0.1, '0.10'],
  [0.999, '1.00'],
  [1, '1.0'],
  [5.34, '5.3'],
  [12_345.67, '12,345.7'],
])('a rate of %d is %s', (n, text) => {
  expect(rate(n)).toBe(text)
})

test.each([
  [0, 0, '0'],
  [1, 4_000_000, '0'],
  [26_703, 4_000_000, '0.7'],
  [62, 100, '62'],
  [4_000_000, 4_000_000, '100'],
])('%i of %i is %s %%', (part, whole, text) => {
  expect(percent(part, whole)).toBe(text)
})

test.each([
  [4.6565423739069247e-10, '4.66e-10', ''],
  [1, '1', ''],
  [512, '512', ''],
  [1366, '1.37', 'k'],
  [148_213_000_000_000, '148.21', 'T'],
])('%d is scaled to %s %s', (n, digits, step) => {
  expect(scaled(n)).toEqual([digits, step])
})

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [11, '11th'],
  [22, '22nd'],
  [1877, '1,877th'],
])('%i is the %s', (n, text) => {
  expect(ordinal(n)).toBe(text)
})

describe('amounts', () => {
  test.each([
    [
      0,
      [
        ['0.', '00'],
        ['', '000'],
        ['', '000'],
      ],
    ],
    [
      1,
      [
        ['0.00', ''],
        ['000', ''],
        ['001', ''],
      ],
    ],
    [
      41_822_000,
      [
        ['0.41', ''],
        ['822', ''],
        ['', '000'],
      ],
    ],
    [
      1_250_000_000,
      [
        ['12.5', '0'],
        ['', '000'],
        ['', '000'],
      ],
    ],
    [
      140_000_000_000,
      [
        ['1', ''],
        ['400.', '00'],
        ['', '000'],
        ['', '000'],
      ],
    ],
  ])('%i sat is set in groups with its trailing zeros apart', (sat, groups) => {
    expect(btcGroups(sat).map(({ digits, zeros }) => [digits, zeros])).toEqual(groups)
  })

  test('all groups together are the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_100_000_000_000_000 }), (sat) => {
        const text = btcGroups(sat)
          .map(({ digits, zeros }) => digits + zeros)
          .join('')
        expect(text).toMatch(/^\d+\.\d{8}$/)
        expect(BigInt(text.replace('.', ''))).toBe(BigInt(sat))
      }),
    )
  })
})

describe('times', () => {
  test('are told in UTC', () => {
    expect(timeOf(NOW)).toBe('22 Nov 2026, 14:03:06')
    expect(timeOf(1_231_006_505)).toBe('3 Jan 2009, 18:15:05')
  })

  test.each([
    [-5, 'now', 'just now'],
    [0, 'now', 'just now'],
    [1, '1 s', '1 second ago'],
    [59, '59 s', '59 seconds ago'],
    [60, '1 min', '1 minute ago'],
    [3599, '59 min', '59 minutes ago'],
    [3600, '1 h', '1 hour ago'],
    [86_400, '1 d', '1 day ago'],
    [30 * 86_400 - 1, '29 d', '29 days ago'],
    [30 * 86_400, '23 Oct 2026', 'on 23 Oct 2026'],
  ])('%i s ago is %s', (seconds, short, long) => {
    expect(age(NOW - seconds, NOW)).toBe(short)
    expect(ageInWords(NOW - seconds, NOW)).toBe(long)
  })
})

describe('sentences', () => {
  test('are filled in, the form chosen by the number', () => {
    const phrase = { one: '{n} block of {name}', other: '{n} blocks of {name}' }
    expect(fill(phrase, { n: 1, name: 'x' })).toBe('1 block of x')
    expect(fill(phrase, { n: 2000, name: 'x' })).toBe('2,000 blocks of x')
  })

  test('without what they need are a mistake', () => {
    expect(() => fill('{n} of {what}', { n: 1 })).toThrow('{what}')
  })

  test('have bold parts around text and names alike', () => {
    expect(piecesOf('a *{n} b* c')).toEqual([
      { text: 'a ', bold: false },
      { name: 'n', bold: true },
      { text: ' b', bold: true },
      { text: ' c', bold: false },
    ])
  })
})

describe('text in scripts', () => {
  const ascii = (text: string) => new TextEncoder().encode(text)

  test('a coinbase shows its readable runs', () => {
    const script = Uint8Array.of(3, 1, 2, 3, ...ascii('/Pool/'), 0, 255, ...ascii('ab'), 0, ...ascii('hi there'))
    expect(coinbaseText(script)).toBe('/Pool/ … hi there')
    expect(coinbaseText(Uint8Array.of(4, 0xff, 0xff, 0, 0x1d))).toBeUndefined()
  })

  test.each([
    ['text', [0x6a, 2, 0x68, 0x69], 'hi'],
    ['two pushes', [0x6a, 2, 0x68, 0x69, 2, 0x68, 0x6f], 'hi ho'],
    ['bytes', [0x6a, 2, 0xff, 0xfe], undefined],
    ['control characters', [0x6a, 2, 0x68, 0x07], undefined],
    ['a push past the end', [0x6a, 9, 0x68, 0x69], undefined],
    ['an opcode', [0x6a, 0x61], undefined],
    ['nothing', [0x6a], undefined],
  ])('data that is %s', (_, script, text) => {
    expect(dataText(Uint8Array.from(script))).toBe(text)
  })
})
