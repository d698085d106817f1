import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bitsOf, difficultyOf, hashMeetsTarget, targetOf, workOf } from '../../src/chain/target.ts'
import { fromDisplay } from '../../src/wire/hash.ts'

// Mantissa and exponent as Bitcoin's arith_uint256 reads them.
test.each([
  [0x1d00ffff, 0xffffn << 208n],
  [0x207fffff, 0x7fffffn << 232n],
  [0x1e0377ae, 0x377aen << 216n],
  [0x01123456, 0x12n],
  [0x02123456, 0x1234n],
  [0x03123456, 0x123456n],
  [0x04123456, 0x12345600n],
  [0x05009234, 0x92340000n],
  [0x2200007f, 0x7fn << 248n],
  [0x2100ffff, 0xffffn << 240n],
])('bits %i stand for a target', (bits, target) => {
  expect(targetOf(bits)).toBe(target)
})

test.each([
  0, 0x00123456, 0x01003456, 0x02000056, 0x03000000, 0x04000000, 0x04923456, 0x01fedcba, 0x23000001, 0x22000100,
  0x21010000, 0xff123456,
])('bits %i stand for no target: zero, negative or too large', (bits) => {
  expect(targetOf(bits)).toBeUndefined()
  expect(workOf(bits)).toBe(0n)
  expect(hashMeetsTarget(new Uint8Array(32), bits)).toBe(false)
})

test.each([
  [0n, 0],
  [0x12n, 0x01120000],
  [0x80n, 0x02008000],
  [0x123456n, 0x03123456],
  [0x12345678n, 0x04123456],
  [0x92340000n, 0x05009234],
  [(1n << 224n) - 1n, 0x1d00ffff],
  [(1n << 255n) - 1n, 0x207fffff],
  [(1n << 256n) - 1n, 0x2100ffff],
])('target %i is written as bits', (target, bits) => {
  expect(bitsOf(target)).toBe(bits)
})

test('bits that were written from a target are read back and written the same', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, (1n << 256n) - 1n), fc.integer({ min: 0, max: 248 }), (number, shift) => {
      const target = number >> BigInt(shift) || 1n
      const bits = bitsOf(target)
      const kept = targetOf(bits)!
      expect((kept <= target && target - kept < target >> 14n) || kept === target).toBe(true)
      expect(bitsOf(kept)).toBe(bits)
    }),
  )
})

test('a hash meets a target exactly when it is not the larger number', () => {
  const bits = fc.oneof(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc
      .tuple(fc.integer({ min: 0, max: 36 }), fc.integer({ min: 1, max: 0x7fffff }))
      .map(([size, m]) => size * 2 ** 24 + m),
  )
  fc.assert(
    fc.property(bits, fc.bigInt(-2n, 2n), fc.uint8Array({ minLength: 32, maxLength: 32 }), (bits, near, random) => {
      const target = targetOf(bits)
      for (const value of [number(random), (target ?? 0n) + near]) {
        if (value < 0n || value >= 1n << 256n) continue
        expect(hashMeetsTarget(fromDisplay(value.toString(16).padStart(64, '0')), bits)).toBe(
          target !== undefined && value <= target,
        )
      }
    }),
    { numRuns: 1000 },
  )
})

test('the work of the easiest mainnet and regtest targets', () => {
  expect(workOf(0x1d00ffff)).toBe(0x1_0001_0001n)
  expect(workOf(0x207fffff)).toBe(2n)
})

describe('difficulty is the number that Bitcoin Core shows', () => {
  test.each([
    [0x1d00ffff, 1],
    [0x1b0404cb, 16307.420938523983],
    [0x207fffff, 4.6565423739069247e-10],
    [0x170b8c8b, 24371874614345.62], // Block 717696's period.
  ])('bits %i', (bits, difficulty) => {
    expect(difficultyOf(bits)).toBe(difficulty)
  })
})

function number(hash: Uint8Array): bigint {
  return hash.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}
