import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adjustmentOf, difficultyView } from '../../../src/api/v1/difficulty.ts'
import { networks } from '../../../src/chain/network.ts'
import type { DifficultyPeriod } from '../../../src/ledger/retargets.ts'

const { main, testnet3, regtest } = networks
const START = 1_700_000_000
const SAME = { bits: 0x1d00ffff, previousBits: 0x1d00ffff }
/** Half the target of `SAME`: twice the difficulty. */
const HALF_TARGET = 0x1c7fff80

const period = (over: Partial<DifficultyPeriod>): DifficultyPeriod => ({
  height: 201_600 + 1000,
  time: START + 600_000,
  startTime: START,
  retarget: SAME,
  quarterTime: START + 300_000,
  ...over,
})

describe('the difficulty adjustment', () => {
  test('half way and on time changes nothing', () => {
    const now = START + 1001 * 600
    expect(difficultyView(period({ height: 201_600 + 1000 }), main.pow, now)).toEqual({
      progressPercent: (1000 / 2016) * 100,
      difficultyChange: 0,
      estimatedRetargetDate: now * 1000 + 1016 * 600_600,
      remainingBlocks: 1016,
      remainingTime: 1016 * 600_600,
      previousRetarget: 0,
      previousTime: START,
      nextRetargetHeight: 203_616,
      timeAvg: 600_600,
      adjustedTimeAvg: 600_600,
      timeOffset: 0,
      expectedBlocks: 1001,
    })
  })

  test('of quick blocks is a rise, of slow ones a fall, both within what the rule allows', () => {
    const at = (secondsPerBlock: number) =>
      difficultyView(period({}), main.pow, START + 1001 * secondsPerBlock).difficultyChange
    expect(at(300)).toBeCloseTo(100, 9)
    expect(at(1200)).toBeCloseTo(-50, 9)
    expect(at(10)).toBe(300)
    expect(at(60_000)).toBe(-75)
  })

  test('is told from the last quarter while the period is young, at the present difficulty', () => {
    const young = period({ height: 201_600 + 99, quarterTime: START - 404 * 600 })
    const now = START + 99 * 600
    const steady = difficultyView(young, main.pow, now)
    expect(steady.adjustedTimeAvg).toBe(600_000)
    expect(steady.timeAvg).toBe(600_000)
    expect(steady.difficultyChange).toBeCloseTo((504 / 503 - 1) * 100, 9)
    // Twice as hard since: the blocks before would have taken twice as long.
    const harder = difficultyView(
      { ...young, retarget: { bits: HALF_TARGET, previousBits: 0x1d00ffff } },
      main.pow,
      now,
    )
    expect(harder.previousRetarget).toBeCloseTo(100, 9)
    expect(harder.adjustedTimeAvg).toBe(Math.floor(((99 + 808) / 503) * 600_000))
    expect(harder.difficultyChange).toBeCloseTo((504 / 907 - 1) * 100, 9)
  })

  test('of a whole period is told from its blocks alone, whatever the clock says', () => {
    const whole = period({ height: 201_600 + 2015, time: START + 2016 * 300 })
    expect(difficultyView(whole, main.pow, START + 5_000_000).difficultyChange).toBeCloseTo(100, 9)
  })

  test('on a testnet knows that no block takes longer than twenty minutes', () => {
    const slow = period({ height: 201_600 + 600, time: START + 1_800_000 })
    expect(difficultyView(slow, testnet3.pow, START + 1_800_900)).toMatchObject({
      timeAvg: 1_200_000,
      adjustedTimeAvg: 1_200_000,
      timeOffset: -900_000,
      remainingTime: 1416 * 1_200_000,
    })
    expect(difficultyView(slow, testnet3.pow, START + 1_900_000).timeOffset).toBe(-1_200_000)
    expect(difficultyView(slow, main.pow, START + 1_800_900).timeOffset).toBe(0)
  })

  test('does not take place where the network does not retarget', () => {
    const bare = period({ height: 101, retarget: undefined, quarterTime: undefined })
    expect(difficultyView(bare, regtest.pow, START + 7)).toMatchObject({ difficultyChange: 0, previousRetarget: 0 })
  })

  test('is made of finite numbers wherever a chain stands', () => {
    const anyTime = fc.integer({ min: 0, max: 4_294_967_295 })
    const anyPeriod = fc.record({
      height: fc.nat(3_000_000),
      time: anyTime,
      startTime: anyTime,
      retarget: fc.constantFrom(undefined, SAME, { bits: HALF_TARGET, previousBits: 0x1d00ffff }),
      quarterTime: fc.option(anyTime, { nil: undefined }),
    })
    const anyNetwork = fc.constantFrom(...Object.values(networks))
    fc.assert(
      fc.property(anyPeriod, anyNetwork, anyTime, (at, { pow }, now) => {
        const view = difficultyView(at, pow, now)
        expect(Object.values(view).every(Number.isFinite)).toBe(true)
        expect(view.difficultyChange).toBeGreaterThanOrEqual(-75)
        expect(view.difficultyChange).toBeLessThanOrEqual(300)
        expect(view.remainingBlocks).toBeGreaterThan(0)
        expect(view.timeOffset).toBeLessThanOrEqual(0)
      }),
    )
  })
})

test.each([
  [{ bits: 0x1d00ffff, previousBits: undefined }, 0],
  [{ bits: 0x1d00ffff, previousBits: 0x1d00ffff }, 1],
  [{ bits: HALF_TARGET, previousBits: 0x1d00ffff }, 2],
  // The first rise of mainnet, at height 32,256.
  [{ bits: 0x1d00d86a, previousBits: 0x1d00ffff }, 1.1829],
])('an adjustment is the quotient of the difficulties', (bits, expected) => {
  expect(adjustmentOf({ height: 0, time: 0, ...bits })).toBe(expected)
})
