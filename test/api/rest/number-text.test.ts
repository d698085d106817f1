import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coinText, doubleText } from '../../../src/api/rest/number-text.ts'

test.each([
  [0, '0.00000000'],
  [1, '0.00000001'],
  [50_0000_0000, '50.00000000'],
  [2_099_999_997_690_000, '20999999.97690000'],
  [-1, '-0.00000001'],
  [-1_5000_0000, '-1.50000000'],
])('%i satoshi are %s', (satoshi, text) => {
  expect(coinText(satoshi)).toBe(text)
})

test.each([
  [0, '0'],
  [1, '1'],
  [-2.5, '-2.5'],
  [100, '100'],
  [138955357012247.3, '138955357012247.3'],
  [16947802333946.61, '16947802333946.61'],
  [0.9999978065942465, '0.9999978065942465'],
  [4.656542373906925e-10, '4.656542373906925e-10'],
  [0.1, '0.1'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1e15, '1000000000000000'],
  [1e16, '1e+16'],
  [1.5e100, '1.5e+100'],
  [9999999999999998, '9999999999999998'],
  [2 ** 53, '9007199254740992'],
  [0.1 + 0.2, '0.3'],
])('%d is written as %s, as C does with %%.16g', (value, text) => {
  expect(doubleText(value)).toBe(text)
})

test('any double is written in at most 16 digits, as near as that goes', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = doubleText(value)
      expect(Number(text)).toBe(value === 0 ? 0 : Number(value.toPrecision(16)))
      expect(text.replace(/e.*|[-.]/g, '').replace(/^0+/, '').length).toBeLessThanOrEqual(16)
      expect(text).toMatch(/^-?\d+(\.\d*[1-9])?(e[+-]\d{2,3})?$/)
    }),
  )
})

test('what is no number has no text', () => {
  expect(() => doubleText(Number.NaN)).toThrow(RangeError)
  expect(() => doubleText(Number.POSITIVE_INFINITY)).toThrow(RangeError)
})
