import { fail } from '../errors.ts'
import type { Param } from '../route.ts'
import { word } from '../schema.ts'

const DAY = 86_400
/** Seconds by the names that mempool.space gives to stretches of time. */
const INTERVALS = {
  '24h': DAY,
  '3d': 3 * DAY,
  '1w': 7 * DAY,
  '1m': 30 * DAY,
  '3m': 91 * DAY,
  '6m': 182 * DAY,
  '1y': 365 * DAY,
  '2y': 730 * DAY,
  '3y': 1095 * DAY,
  '4y': 1461 * DAY,
  all: Number.POSITIVE_INFINITY,
} as const

export const INTERVAL: Param = {
  about: 'How far back from now; everything unless given.',
  schema: word(...Object.keys(INTERVALS)),
  example: '1w',
}

/** Unix seconds at which the interval begins that ends `now`; 0 for everything, which an empty name stands for. */
export function sinceOf(name: string, now: number): number {
  if (name === '') return 0
  if (!Object.hasOwn(INTERVALS, name)) fail('bad-interval')
  return Math.max(0, now - INTERVALS[name as keyof typeof INTERVALS])
}
