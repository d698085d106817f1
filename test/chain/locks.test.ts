import { describe, expect, test } from 'vitest'
import { hasSequenceLocks, isFinal, sequenceLockPasses, sequenceLocksPass } from '../../src/chain/locks.ts'

const FINAL = 0xffffffff

describe('a lock time', () => {
  test.each([
    [0, true],
    [99, true],
    [100, false],
    [499_999_999, false],
    [500_000_000, true],
    [1_599_999_999, true],
    [1_600_000_000, false],
    [0xffffffff, false],
  ])('of %i lets a transaction into block 100 at time 1,600,000,000: %s', (lockTime, allowed) => {
    expect(isFinal(lockTime, [0], 100, 1_600_000_000)).toBe(allowed)
    expect(isFinal(lockTime, Uint32Array.of(FINAL, FINAL - 1), 100, 1_600_000_000)).toBe(allowed)
    expect(isFinal(lockTime, Uint32Array.of(FINAL, FINAL), 100, 1_600_000_000)).toBe(true)
  })
})

describe('a relative lock (BIP 68)', () => {
  /** Blocks ten minutes apart. */
  const chain = { medianTimePast: (height: number) => 1_000_000 + height * 600 }
  const passes = (sequence: number, coinHeight: number, height: number) =>
    sequenceLockPasses(sequence, coinHeight, height, chain)

  test('of blocks counts from the block of the coin', () => {
    expect(passes(0, 100, 100)).toBe(true)
    expect(passes(1, 100, 100)).toBe(false)
    expect(passes(10, 100, 109)).toBe(false)
    expect(passes(10, 100, 110)).toBe(true)
    expect(passes(0xffff, 100, 65_634)).toBe(false)
    expect(passes(0xffff, 100, 65_635)).toBe(true)
  })

  test('of time counts in 512 seconds between the medians before both blocks', () => {
    const oneUnit = 0x0040_0001
    expect(passes(0x0040_0000, 100, 100)).toBe(true)
    expect(passes(oneUnit, 100, 100)).toBe(false)
    expect(passes(oneUnit, 100, 101)).toBe(true)
    // 15 units are 7,680 s: 12 blocks are 7,200 s, 13 are 7,800 s.
    expect(passes(0x0040_000f, 100, 112)).toBe(false)
    expect(passes(0x0040_000f, 100, 113)).toBe(true)
    expect(passes(oneUnit, 0, 1)).toBe(false)
    expect(passes(oneUnit, 0, 2)).toBe(true)
  })

  test('does not exist with the top bit, and other bits mean nothing', () => {
    expect(passes(0x8000_ffff, 100, 100)).toBe(true)
    expect(passes(FINAL, 100, 100)).toBe(true)
    expect(passes(0x7fbf_0001, 100, 101)).toBe(true)
  })

  test('holds in transactions from version 2 on, read as an unsigned number', () => {
    expect([-1, 0, 1, 2, 3].map(hasSequenceLocks)).toEqual([true, false, false, true, true])
    const inputs = [{ sequence: FINAL }, { sequence: 5 }]
    const coins = [{ height: 100 }, { height: 98 }]
    expect(sequenceLocksPass({ version: 2, inputs }, coins, 102, chain)).toBe(false)
    expect(sequenceLocksPass({ version: 2, inputs }, coins, 103, chain)).toBe(true)
    expect(sequenceLocksPass({ version: 1, inputs }, coins, 102, chain)).toBe(true)
  })
})
