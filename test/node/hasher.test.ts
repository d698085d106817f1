import { scrypt } from '@noble/hashes/scrypt.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeHasher, scryptHash } from '../../src/node/hasher.ts'
import { type Hasher, nobleHasher } from '../../src/wire/hash.ts'

test("Node's hasher and the portable one agree on every call", () => {
  const bytes = fc.uint8Array({ maxLength: 400 })
  fc.assert(
    fc.property(bytes, fc.array(fc.tuple(fc.nat(400), fc.nat(400)), { maxLength: 8 }), (src, pairs) => {
      const ranges = Uint32Array.from(
        pairs.flatMap(([a, b]) => [Math.min(a, b, src.length), Math.min(Math.max(a, b), src.length)]),
      )
      const all = (hasher: Hasher) => {
        const one = new Uint8Array(pairs.length * 32)
        const two = new Uint8Array(pairs.length * 32)
        hasher.sha256Many(src, ranges, one)
        hasher.sha256dMany(src, ranges, two)
        return [hasher.sha256(src), hasher.sha256d(src), one, two]
      }
      expect(all(nodeHasher)).toEqual(all(nobleHasher))
    }),
  )
})

test('an output that is a part of a larger buffer is written in its place only', () => {
  const whole = new Uint8Array(96).fill(7)
  nodeHasher.sha256dMany(new Uint8Array(10), Uint32Array.of(0, 10), whole.subarray(32, 64))
  expect(whole.subarray(0, 32)).toEqual(new Uint8Array(32).fill(7))
  expect(whole.subarray(64)).toEqual(new Uint8Array(32).fill(7))
  expect(whole.subarray(32, 64)).toEqual(nobleHasher.sha256d(new Uint8Array(10)))
})

test("the system's scrypt is the work hash of Litecoin", () => {
  const header = Uint8Array.from({ length: 80 }, (_, i) => i)
  expect(new Uint8Array(scryptHash(header))).toEqual(scrypt(header, header, { N: 1024, r: 1, p: 1, dkLen: 32 }))
})
