import { scrypt } from '@noble/hashes/scrypt.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeHasher, scryptHash } from '../../src/node/hasher.ts'
import { type Hasher, nobleHasher } from '../../src/wire/hash.ts'

test("Node's hasher and the portable one agree on every call", () => {
  const bytes = fc.uint8Array({ maxLength: 400 })
  fc.assert(
    fc.property(bytes, fc.array(fc.tuple(fc.nat(400), fc.nat(400)), { maxLength: 40 }), (src, pairs) => {
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

test.each([0, 1, 3, 4, 5, 8, 9])('messages of every length up to 1,300 bytes, of which %i more are as long', (more) => {
  const src = Uint8Array.from({ length: 1400 }, (_, i) => (i * 167 + (i >> 8)) & 0xff)
  const lengths = Array.from({ length: 1300 }, (_, length) => length).filter((n) => n % 64 > 50 || n % 64 < 3 || n < 70)
  const pairs = lengths.flatMap((length) => Array.from({ length: 1 + more }, (_, i) => [i * 7, i * 7 + length]))
  const ranges = Uint32Array.from(pairs.flat())
  const hashes = (hasher: Hasher, how: 'sha256Many' | 'sha256dMany') => {
    const out = new Uint8Array(pairs.length * 32)
    hasher[how](src, ranges, out)
    return out
  }
  for (const how of ['sha256Many', 'sha256dMany'] as const) {
    expect(Buffer.compare(hashes(nodeHasher, how), hashes(nobleHasher, how))).toBe(0)
  }
})

test('many messages at once, far more than memory was first made for', () => {
  const src = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31) & 0xff)
  const ranges = new Uint32Array(40_000)
  for (let i = 0; i < ranges.length; i += 2) ranges.set([i * 70, i * 70 + (i % 150)], i)
  const out = new Uint8Array(ranges.length * 16)
  nodeHasher.sha256dMany(src, ranges, out)
  for (const i of [0, 1, 4999, 12_345, 19_999]) {
    const [from, to] = ranges.subarray(2 * i, 2 * i + 2)
    expect(out.slice(i * 32, i * 32 + 32)).toEqual(nobleHasher.sha256d(src.subarray(from, to)))
  }
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
