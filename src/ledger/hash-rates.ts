import { blockAtTime } from './block-at-time.ts'
import type { ConnectedHeader, ConnectedHeaders } from './connected-headers.ts'

/** Headers that one history is made of, at most, evenly spaced. */
export const MAX_SAMPLES = 3000
/** Blocks below the tip from which the present rate is told: a week of ten-minute blocks. */
export const PRESENT_SPAN = 1008
const DAY = 86_400

/** The mean rate of the day that ends at `time`, or of several days where blocks or samples are farther apart. */
export interface DayRate {
  /** UTC midnight, Unix seconds. */
  time: number
  hashesPerSecond: number
}

/**
 * Mean hash rates by day, from a day before `since` (Unix seconds) on, oldest first: work done between two headers
 * divided by the time between them. Both are the first sampled headers of their days, so a day may be off by the
 * distance between samples, but every rate is a true mean. The day of the tip, which is not over, has none.
 */
export function dayRates(headers: ConnectedHeaders, since: number): DayRate[] {
  const tip = headers.tipHeight()
  if (tip === undefined) return []
  const earliest = blockAtTime(headers, since - DAY)
  const from = earliest?.height ?? 0
  const samples = headers.every(from, tip, Math.ceil((tip - from + 1) / MAX_SAMPLES))
  const rates: DayRate[] = []
  let start: ConnectedHeader | undefined
  for (const sample of samples) {
    // Before the first day: the rate from here would tell of times that were not asked for.
    if (sample.time < since - DAY) continue
    // Also where times go back over midnight: a day is never begun again.
    if (start && dayOf(sample) <= dayOf(start)) continue
    if (start) rates.push({ time: dayOf(sample) * DAY, hashesPerSecond: rateBetween(start, sample) })
    start = sample
  }
  return rates.filter(({ time }) => time >= since)
}

/** The rate of late, as Core's getnetworkhashps tells it of as many blocks: 0 where no time has passed. */
export function presentRate(headers: ConnectedHeaders): number {
  const tip = headers.tipHeight()
  if (tip === undefined || tip === 0) return 0
  const span = headers.range(Math.max(0, tip - PRESENT_SPAN), tip)
  let earliest = span[0]!.time
  let latest = earliest
  for (const { time } of span) {
    earliest = Math.min(earliest, time)
    latest = Math.max(latest, time)
  }
  return latest === earliest ? 0 : Number(span.at(-1)!.work - span[0]!.work) / (latest - earliest)
}

function dayOf({ time }: ConnectedHeader): number {
  return Math.floor(time / DAY)
}

function rateBetween(from: ConnectedHeader, to: ConnectedHeader): number {
  return Number(to.work - from.work) / (to.time - from.time)
}
