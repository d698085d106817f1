import type { PowRules } from '../../chain/network.ts'
import { difficultyOf } from '../../chain/target.ts'
import type { DifficultyPeriod, Retarget } from '../../ledger/retargets.ts'
import { count, HEIGHT, integer, number, object, UNIX_TIME } from '../schema.ts'

/** As mempool.space prints it: percent, blocks, and times in milliseconds but for `previousTime`, which is in seconds. */
export interface DifficultyJson {
  progressPercent: number
  difficultyChange: number
  estimatedRetargetDate: number
  remainingBlocks: number
  remainingTime: number
  previousRetarget: number
  previousTime: number
  nextRetargetHeight: number
  timeAvg: number
  adjustedTimeAvg: number
  timeOffset: number
  expectedBlocks: number
}

export const DIFFICULTY = object({
  progressPercent: number('Of the period.'),
  difficultyChange: number('Percent by which the next retarget would raise the difficulty.'),
  estimatedRetargetDate: integer('Unix milliseconds.'),
  remainingBlocks: count(),
  remainingTime: count('Milliseconds.'),
  previousRetarget: number('Percent.'),
  previousTime: UNIX_TIME,
  nextRetargetHeight: HEIGHT,
  timeAvg: count('Milliseconds a block.'),
  adjustedTimeAvg: count('The same, steadied by blocks of the period before.'),
  timeOffset: integer('Milliseconds since the last block, negative, where a testnet allows an easy block soon.'),
  expectedBlocks: number('As many as would have been found on time.'),
})

/** A retarget changes the difficulty by a factor between a quarter and four. */
const LARGEST_RISE = 300
const LARGEST_FALL = -75

/**
 * How far the present period has come and what it may end with; `now` in Unix seconds. Early in a period, times of the
 * one before are counted in, as they would have been at the present difficulty, so that a few quick blocks say little.
 */
export function difficultyView(period: DifficultyPeriod, pow: PowRules, now: number): DifficultyJson {
  const { interval, spacing } = pow
  const quarter = Math.floor(interval / 4)
  const done = period.height % interval
  const remainingBlocks = interval - done
  const previousRetarget = period.retarget ? changeOf(period.retarget.bits, period.retarget.previousBits) : 0
  const elapsed = Math.max(0, now - period.startTime)
  let average = done > 0 ? elapsed / done : spacing
  let adjusted = average
  let change: number
  if (period.quarterTime !== undefined && done < quarter - 1) {
    const before = Math.max(0, period.startTime - period.quarterTime) * (1 + previousRetarget / 100)
    adjusted = (elapsed + before) / (quarter - 1)
    change = changeAt((elapsed + before) / quarter, spacing)
  } else {
    const until = done === interval - 1 ? period.time : now
    change = changeAt((until - period.startTime) / (done + 1), spacing)
  }
  // Where a block of the least difficulty is allowed after so long, none takes longer.
  const longest = pow.minDifficultyAfter ?? Number.POSITIVE_INFINITY
  average = Math.min(average, longest)
  adjusted = Math.min(adjusted, longest)
  const sinceTip = Math.max(0, now - period.time)
  const timeOffset = sinceTip + average > longest ? -Math.min(sinceTip, longest) * 1000 : 0
  const adjustedTimeAvg = Math.floor(adjusted * 1000)
  const remainingTime = remainingBlocks * adjustedTimeAvg
  return {
    progressPercent: (done / interval) * 100,
    difficultyChange: pow.retarget ? change : 0,
    estimatedRetargetDate: now * 1000 + remainingTime,
    remainingBlocks,
    remainingTime,
    previousRetarget,
    previousTime: period.startTime,
    nextRetargetHeight: period.height + remainingBlocks,
    timeAvg: Math.floor(average * 1000),
    adjustedTimeAvg,
    timeOffset,
    expectedBlocks: elapsed / spacing,
  }
}

/** New difficulty by old one, to six places; 0 for the genesis block, which has none before it. */
export function adjustmentOf({ bits, previousBits }: Retarget): number {
  if (previousBits === undefined) return 0
  return Math.round((difficultyOf(bits) / difficultyOf(previousBits)) * 1_000_000) / 1_000_000
}

/** In percent, at a mean of so many seconds a block. */
function changeAt(secondsPerBlock: number, spacing: number): number {
  if (secondsPerBlock <= 0) return LARGEST_RISE
  return Math.min(LARGEST_RISE, Math.max(LARGEST_FALL, (spacing / secondsPerBlock - 1) * 100))
}

/** In percent. */
function changeOf(bits: number, previousBits: number): number {
  return (difficultyOf(bits) / difficultyOf(previousBits) - 1) * 100
}
