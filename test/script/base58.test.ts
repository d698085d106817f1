import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase58, decodeBase58Check, encodeBase58, encodeBase58Check } from '../../src/script/base58.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

describe('base58', () => {
  // From Bitcoin Core's base58_encode_decode.json.
  test.each([
    ['', ''],
    ['61', '2g'],
    ['00000000000000000000', '1111111111'],
    ['73696d706c792061206c6f6e6720737472696e67', '2cFupjhnEsSn59qHXstmK2ffpLv2'],
    ['00eb15231dfceb60925886b67d065299925915aeb172c06647', '1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L'],
  ])('%s is %s', (hex, text) => {
    expect(encodeBase58(hexToBytes(hex))).toBe(text)
    expect(bytesToHex(decodeBase58(text)!)).toBe(hex)
  })

  test.each([['0'], ['O'], ['I'], ['l'], ['a b'], ['é']])('%s is not of the alphabet', (text) => {
    expect(decodeBase58(text)).toBeUndefined()
  })

  test('with a checksum, mistakes are told apart', () => {
    const text = encodeBase58Check(hexToBytes('00c4c5d791fcb4654a1ef5e03fe0ad3d9c598f9827'))
    expect(text).toBe('1JwSSubhmg6iPtRjtyqhUYYH7bZg3Lfy1T')
    expect(decodeBase58Check(text)).toMatchObject({ kind: 'ok' })
    expect(decodeBase58Check('1JwSSubhmg6iPtRjtyqhUYYH7bZg3Lfy1t')).toEqual({ kind: 'invalid', reason: 'bad-checksum' })
    expect(decodeBase58Check('1JwSSubhmg6iPtRjtyqhUYYH7bZg3Lfy10')).toEqual({
      kind: 'invalid',
      reason: 'bad-character',
    })
    expect(decodeBase58Check('2g')).toEqual({ kind: 'invalid', reason: 'too-short' })
    expect(decodeBase58Check('')).toEqual({ kind: 'invalid', reason: 'too-short' })
  })

  test('bytes come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(decodeBase58(encodeBase58(bytes))).toEqual(bytes)
        expect(decodeBase58Check(encodeBase58Check(bytes))).toEqual({ kind: 'ok', payload: bytes })
      }),
    )
  })
})

describeShared('base58 of Bitcoin Core', () => {
  const rows = () => readSharedJson('address/base58_encode_decode.json') as [string, string][]
  test('every pair goes both ways', () => {
    expect(rows().length).toBeGreaterThan(15)
    for (const [hex, text] of rows()) {
      expect(encodeBase58(hexToBytes(hex))).toBe(text)
      expect(bytesToHex(decodeBase58(text)!)).toBe(hex.toLowerCase())
    }
  })
})
