import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bytesToHex,
  concatBytes,
  equalBytes,
  fromDisplay,
  hash160,
  hashKey,
  hexToBytes,
  nobleHasher,
  prefix48,
  ripemd160,
  sha256,
  sha256d,
  taggedHash,
  toDisplay,
} from '../../src/wire/hash.ts'
import { anyBytes, anyHash } from './any-message.ts'

const abc = Uint8Array.of(0x61, 0x62, 0x63)

// FIPS 180, the RIPEMD-160 paper, and the well-known checksum of an empty payload.
test.each([
  [sha256, abc, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [sha256d, new Uint8Array(), '5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456'],
  [ripemd160, abc, '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc'],
  // The key of the generator point and its well-known address hash.
  [
    hash160,
    hexToBytes('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'),
    '751e76e8199196d454941c45d1b3a323f1433bd6',
  ],
])('%o', (hash, input, hex) => {
  expect(bytesToHex(hash(input))).toBe(hex)
})

test('a tagged hash starts with the tag hashed twice', () => {
  const tag = sha256(Uint8Array.from('BIP0340/challenge', (letter) => letter.charCodeAt(0)))
  const expected = bytesToHex(sha256(concatBytes(tag, tag, abc, abc)))
  expect(bytesToHex(taggedHash('BIP0340/challenge', abc, abc))).toBe(expected)
  expect(bytesToHex(taggedHash('BIP0340/challenge', concatBytes(abc, abc)))).toBe(expected)
})

test('hashing many is hashing each', () => {
  const src = Uint8Array.from({ length: 300 }, (_, i) => i)
  const ranges = Uint32Array.of(0, 80, 10, 10, 299, 300)
  const parts = [src.subarray(0, 80), src.subarray(10, 10), src.subarray(299, 300)]
  const out = new Uint8Array(96)
  nobleHasher.sha256Many(src, ranges, out)
  expect(bytesToHex(out)).toBe(parts.map((part) => bytesToHex(sha256(part))).join(''))
  nobleHasher.sha256dMany(src, ranges, out)
  expect(bytesToHex(out)).toBe(parts.map((part) => bytesToHex(sha256d(part))).join(''))
})

test('hex is two digits a byte, whatever the length', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 3000, size: 'max' })),
      (bytes) => {
        const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
        expect(bytesToHex(bytes)).toBe(digits.join(''))
        expect(toDisplay(bytes)).toBe(digits.reverse().join(''))
      },
    ),
  )
})

test('display hex is the hash in reverse', () => {
  const hashHex = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
  expect(bytesToHex(fromDisplay(hashHex))).toBe('6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000')
  expect(toDisplay(fromDisplay(hashHex))).toBe(hashHex)
})

test.each(['', 'ab', 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`, `${'a'.repeat(62)} 1`])(
  '"%s" is not a hash',
  (hex) => {
    expect(() => fromDisplay(hex)).toThrow(expect.objectContaining({ code: 'bad-value' }))
  },
)

test.each(['a', 'ag', '0x', ' 1', '1_', '@1', '`1', '/0', ':0', 'é0', 'Ａ1'])('"%s" is not hex', (hex) => {
  expect(() => hexToBytes(hex)).toThrow(expect.objectContaining({ code: 'bad-value' }))
})

test('hex is read in both cases and written in small letters', () => {
  expect(bytesToHex(hexToBytes('00aBCdEf99'))).toBe('00abcdef99')
})

test('hex, keys and comparison agree for any bytes', () => {
  fc.assert(
    fc.property(anyBytes(100), anyBytes(100), (a, b) => {
      expect(hexToBytes(bytesToHex(a))).toEqual(a)
      expect(equalBytes(a, b)).toBe(bytesToHex(a) === bytesToHex(b))
      expect(bytesToHex(concatBytes(a, b))).toBe(bytesToHex(a) + bytesToHex(b))
    }),
  )
  fc.assert(
    fc.property(anyHash, anyHash, (a, b) => {
      expect(hashKey(a)).toBe(String.fromCharCode(...a))
      expect(hashKey(a) === hashKey(b)).toBe(equalBytes(a, b))
      expect(prefix48(a)).toBe(Number(`0x${bytesToHex(a.subarray(0, 6))}`))
    }),
  )
})

test('the largest prefix is a safe integer', () => {
  expect(prefix48(new Uint8Array(32).fill(0xff))).toBe(2 ** 48 - 1)
})
