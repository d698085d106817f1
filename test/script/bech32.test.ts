import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Bech32Encoding,
  decodeBech32,
  decodeSegwit,
  encodeBech32,
  encodeSegwit,
  fromWords,
  toWords,
} from '../../src/script/bech32.ts'
import { witnessScriptPubKey } from '../../src/script/build.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

describe('bech32', () => {
  // Strings of BIP173 and BIP350.
  test.each([
    ['a12uel5l', 'a', 'bech32'],
    ['A12UEL5L', 'a', 'bech32'],
    ['a1lqfn3a', 'a', 'bech32m'],
    ['?1v759aa', '?', 'bech32m'],
  ])('%s is read', (text, hrp, encoding) => {
    expect(decodeBech32(text)).toEqual({ kind: 'ok', hrp, words: [], encoding })
    expect(encodeBech32(hrp, [], encoding as Bech32Encoding)).toBe(text.toLowerCase())
  })

  test.each([
    [' 1nwldj5', 'bad-prefix'],
    ['\u007f1axkwrx', 'bad-prefix'],
    ['an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx', 'too-long'],
    ['pzry9x0s0muk', 'no-separator'],
    ['1pzry9x0s0muk', 'bad-prefix'],
    ['x1b4n0q5v', 'bad-character'],
    ['li1dgmt3', 'too-short'],
    ['A1G7SGD8', 'bad-checksum'],
    ['A12Uel5l', 'mixed-case'],
    // U+212A is a letter whose lower case is an ASCII k.
    ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7\u212aV8F3T4', 'bad-character'],
  ])('%s is refused as %s', (text, reason) => {
    expect(decodeBech32(text)).toEqual({ kind: 'invalid', reason })
  })

  test.each([
    ['a prefix in upper case', () => encodeBech32('BC', [], 'bech32')],
    ['an empty prefix', () => encodeBech32('', [], 'bech32')],
    ['more than 90 characters', () => encodeBech32('bc', Array(82).fill(0), 'bech32')],
    ['a word of six bits', () => encodeBech32('bc', [32], 'bech32')],
    ['a program that no version 0 has', () => encodeSegwit('bc', 0, new Uint8Array(21))],
  ])('%s is not written', (_name, write) => {
    expect(write).toThrow()
  })

  test('changing one to four characters never goes unseen', () => {
    const text = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
    const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
    const change = fc.tuple(fc.integer({ min: 3, max: text.length - 1 }), fc.integer({ min: 1, max: 31 }))
    fc.assert(
      fc.property(fc.uniqueArray(change, { minLength: 1, maxLength: 4, selector: ([at]) => at }), (changes) => {
        const letters = [...text]
        for (const [at, by] of changes) letters[at] = alphabet[(alphabet.indexOf(letters[at]!) + by) % 32]!
        expect(decodeBech32(letters.join(''))).toMatchObject({ kind: 'invalid', reason: 'bad-checksum' })
      }),
    )
  })

  test('every witness program comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.uint8Array({ minLength: 2, maxLength: 40 }),
        (version, program) => {
          expect(decodeSegwit(encodeSegwit('bcrt', version, program))).toEqual({
            kind: 'ok',
            hrp: 'bcrt',
            version,
            program,
          })
        },
      ),
    )
  })

  test('bytes come back from words, and padding must be short and zero', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(fromWords(toWords(bytes))).toEqual(bytes)
      }),
    )
    expect(fromWords([0])).toBeUndefined()
    expect(fromWords([0, 1])).toBeUndefined()
    expect(fromWords([0, 4])).toEqual(Uint8Array.of(1))
  })
})

interface Section {
  section: string
  rows: [string, string][]
}

/** How BIP173 and BIP350 say what is wrong, and how we do. Where two things are wrong, either may be named. */
const reasons: [RegExp, string[]][] = [
  [/human-readable part/, []],
  [/instead of Bech32/, ['wrong-encoding']],
  [/HRP character out of range|mpty HRP/, ['bad-prefix', 'too-short']],
  [/max length/, ['too-long']],
  [/separator/, ['no-separator']],
  [/character/, ['bad-character']],
  [/Too short/, ['too-short']],
  [/hecksum/, ['bad-checksum']],
  [/witness version$|Empty data/, ['bad-witness-version']],
  [/program length/, ['bad-program-length', 'wrong-encoding']],
  [/Mixed case/, ['mixed-case']],
  [/padding/, ['bad-padding', 'wrong-encoding']],
]

describeShared('the lists of BIP173 and BIP350', () => {
  for (const [name, encoding] of [
    ['bip173', 'bech32'],
    ['bip350', 'bech32m'],
  ]) {
    const sections = () => readSharedJson(`address/${name}.json`) as Section[]
    const rows = (title: RegExp) => sections().find(({ section }) => title.test(section))!.rows

    test(`${name}: valid strings are read and written again`, () => {
      for (const [text] of rows(/strings are valid/)) {
        const decoded = decodeBech32(text)
        expect(decoded).toMatchObject({ kind: 'ok', encoding })
        if (decoded.kind === 'ok') {
          expect(encodeBech32(decoded.hrp, decoded.words, decoded.encoding)).toBe(text.toLowerCase())
        }
      }
    })

    test(`${name}: invalid strings and addresses are refused for their reason`, () => {
      const strings = rows(/are not valid/).map(([text, why]) => [text, why, decodeBech32(text)] as const)
      const addresses = rows(/invalid segwit addresses/).map(([text, why]) => [text, why, decodeSegwit(text)] as const)
      for (const [text, why, decoded] of [...strings, ...addresses]) {
        const allowed = reasons.find(([pattern]) => pattern.test(why))?.[1]
        expect(allowed, why).toBeDefined()
        if (allowed!.length === 0) continue // a prefix of no network we know: the address parser's to tell
        expect(decoded.kind, text).toBe('invalid')
        if (decoded.kind === 'invalid') expect(allowed, `${text}: ${why}`).toContain(decoded.reason)
      }
    })

    test(`${name}: valid addresses give their scripts`, () => {
      for (const [text, hex] of rows(/valid segwit addresses/)) {
        const decoded = decodeSegwit(text)
        // BIP350 took bech32 away from versions above 0.
        if (name === 'bip173' && !hex.startsWith('00')) {
          expect(decoded).toEqual({ kind: 'invalid', reason: 'wrong-encoding' })
          continue
        }
        expect(decoded.kind).toBe('ok')
        if (decoded.kind !== 'ok') continue
        expect(bytesToHex(witnessScriptPubKey(decoded.version, decoded.program))).toBe(hex)
        expect(encodeSegwit(decoded.hrp, decoded.version, decoded.program)).toBe(text.toLowerCase())
      }
    })
  }
})

describeShared('the fixtures of bitcoinjs/bech32', () => {
  interface Fixture {
    string?: string
    stringHex?: string
    prefix?: string
    words?: number[]
    hex?: string
  }
  const fixtures = () =>
    readSharedJson('address/bech32-fixtures.json') as {
      bech32: { valid: Fixture[]; invalid: Fixture[] }
      bech32m: { valid: Fixture[]; invalid: Fixture[] }
      fromWords: { invalid: { words: number[] }[] }
    }

  test.each(['bech32', 'bech32m'] as const)('%s: valid and invalid', (encoding) => {
    for (const { string, prefix, words, hex } of fixtures()[encoding].valid) {
      const decoded = decodeBech32(string!)
      if (string!.length > 90) continue // theirs has an option for longer strings
      expect(decoded).toEqual({ kind: 'ok', hrp: prefix!.toLowerCase(), words, encoding })
      if (hex) expect(bytesToHex(fromWords(words!)!)).toBe(hex)
    }
    for (const { string, stringHex, prefix, words } of fixtures()[encoding].invalid) {
      const text = string ?? (stringHex && String.fromCharCode(...hexToBytes(stringHex)))
      if (text) {
        const decoded = decodeBech32(text)
        // Some strings are fine in the other encoding.
        if (decoded.kind === 'ok') expect(decoded.encoding).not.toBe(encoding)
      } else expect(() => encodeBech32(prefix!, words!, encoding)).toThrow()
    }
  })

  test('words with bad padding', () => {
    for (const { words } of fixtures().fromWords.invalid) expect(fromWords(words)).toBeUndefined()
  })
})
