import type { Network } from '../chain/network.ts'
import type { ConnectedHeader, ConnectedHeaders } from './connected-headers.ts'

/** Most periods that one answer goes back over, the latest ones: 150 years of ten-minute blocks. */
export const MAX_PERIODS = 4000

/** A change of the difficulty by the network's rule. */
export interface Retarget {
  /** Of the first block with the new bits, which begins a period. */
  height: number
  /** Unix seconds, the miner's clock. */
  time: number
  bits: number
  /** Those at the beginning of the period before; `undefined` for the genesis block, which begins the first one. */
  previousBits: number | undefined
}

/** What the next retarget is told from: the present period and a little of the one before. */
export interface DifficultyPeriod {
  /** The tip. */
  height: number
  time: number
  /** Of the block that begins the period. */
  startTime: number
  /** How the period began; `undefined` in the first one and on networks that do not retarget. */
  retarget: { bits: number; previousBits: number } | undefined
  /** Time of the block a quarter period (less one block) below the tip; `undefined` where the chain is shorter. */
  quarterTime: number | undefined
}

/**
 * Retargets dated at or after `since` (Unix seconds), oldest first, the genesis block as the first of all. A period that
 * kept the bits of the one before is no retarget. What the 20-minute rule of the testnets does inside a period is not
 * seen: only the first blocks of periods are looked at, and for them the rule does not hold.
 */
export function retargetsSince(headers: ConnectedHeaders, { pow }: Network, since: number): Retarget[] {
  const tip = headers.tipHeight()
  if (tip === undefined || !pow.retarget) return []
  const last = Math.floor(tip / pow.interval)
  const first = Math.max(0, last - MAX_PERIODS)
  const starts = headers.every(first * pow.interval, tip, pow.interval)
  return starts
    .map((start, i): Retarget => ({ ...placeOf(start), previousBits: starts[i - 1]?.bits }))
    .filter(({ height, bits, previousBits }) => (previousBits === undefined ? height === 0 : previousBits !== bits))
    .filter(({ time }) => time >= since)
}

/** `undefined` where nothing is connected. */
export function presentPeriod(headers: ConnectedHeaders, { pow }: Network): DifficultyPeriod | undefined {
  const height = headers.tipHeight()
  if (height === undefined) return undefined
  const start = height - (height % pow.interval)
  const quarter = height - Math.floor(pow.interval / 4) + 1
  const { time } = headers.at(height)!
  const { time: startTime, bits } = headers.at(start)!
  const before = pow.retarget && start > 0 ? headers.at(start - pow.interval)! : undefined
  return {
    height,
    time,
    startTime,
    retarget: before && { bits, previousBits: before.bits },
    quarterTime: quarter >= 0 ? headers.at(quarter)!.time : undefined,
  }
}

function placeOf({ height, time, bits }: ConnectedHeader) {
  return { height, time, bits }
}
