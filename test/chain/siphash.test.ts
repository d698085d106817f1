import { expect, test } from 'vitest'
import { SipHash } from '../../src/chain/siphash.ts'
import { hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

interface Vector {
  /** Two 64-bit words as numbers are written. */
  key: [string, string]
  /** Hex of what is hashed, in pieces. */
  input: string[]
  expected: { siphash24: string }
}

/** The key as bytes: both words little-endian. */
function keyOf([k0, k1]: Vector['key']): Uint8Array {
  return new Uint8Array([...hexToBytes(k0).reverse(), ...hexToBytes(k1).reverse()])
}

function hashHex(key: Uint8Array, bytes: Uint8Array, at = 0, length = bytes.length - at): string {
  const hash = new SipHash(key)
  hash.hash(bytes, at, length)
  return hash.high.toString(16).padStart(8, '0') + hash.low.toString(16).padStart(8, '0')
}

test('the example of the paper', () => {
  const count = (n: number) => Uint8Array.from({ length: n }, (_, i) => i)
  expect(hashHex(count(16), count(15))).toBe('a129ca6149be45e5')
})

describeShared("Core's vectors", () => {
  test('every hash is as given, wherever the bytes lie', () => {
    const vectors: Vector[] = readSharedJson('crypto/siphash.json')
    expect(vectors.length).toBeGreaterThan(50)
    for (const { key, input, expected } of vectors) {
      const bytes = hexToBytes(input.join(''))
      expect(hashHex(keyOf(key), bytes)).toBe(expected.siphash24)
      const shifted = new Uint8Array([1, 2, 3, ...bytes, 4])
      expect(hashHex(keyOf(key), shifted, 3, bytes.length)).toBe(expected.siphash24)
    }
  })
})
