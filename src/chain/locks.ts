import {
  SEQUENCE_DISABLED as DISABLED,
  SEQUENCE_IN_TIME as IN_TIME,
  LOCKTIME_THRESHOLD,
  SEQUENCE_FINAL,
  SEQUENCE_VALUE as VALUE_MASK,
} from '../script/limits.ts'

const TIME_SHIFT = 9

/**
 * Whether a transaction may be in the block at `height`. `time` is, in Unix seconds, what lock times are compared with:
 * the median time past of the block's parent (BIP 113), or the block's own time before that rule.
 */
export function isFinal(lockTime: number, sequences: ArrayLike<number>, height: number, time: number): boolean {
  if (lockTime === 0 || lockTime < (lockTime < LOCKTIME_THRESHOLD ? height : time)) return true
  for (let i = 0; i < sequences.length; i++) if (sequences[i] !== SEQUENCE_FINAL) return false
  return true
}

/** The chain that a block extends. */
export interface MedianTimes {
  /** Median time past, in Unix seconds, of the block at this height. */
  medianTimePast(height: number): number
}

/** BIP 68: whether sequences of a transaction of this version are relative locks (the version counts as unsigned). */
export function hasSequenceLocks(version: number): boolean {
  return version >>> 0 >= 2
}

/** BIP 68: whether an input of the block at `height` with this sequence may spend an output created at `coinHeight`. */
export function sequenceLockPasses(sequence: number, coinHeight: number, height: number, chain: MedianTimes): boolean {
  if (sequence & DISABLED) return true
  const value = sequence & VALUE_MASK
  if (!(sequence & IN_TIME)) return coinHeight + value <= height
  // Both ends are the median time past of the block before.
  const created = chain.medianTimePast(Math.max(coinHeight - 1, 0))
  return created + (value << TIME_SHIFT) <= chain.medianTimePast(height - 1)
}

/** BIP 68 for a whole transaction; `coins` are what its inputs spend, in their order. */
export function sequenceLocksPass(
  tx: { version: number; inputs: readonly { sequence: number }[] },
  coins: readonly { height: number }[],
  height: number,
  chain: MedianTimes,
): boolean {
  if (!hasSequenceLocks(tx.version)) return true
  return tx.inputs.every(({ sequence }, i) => sequenceLockPasses(sequence, coins[i]!.height, height, chain))
}
