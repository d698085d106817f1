import type { Network } from './network.ts'

/** Why a header is refused, in Bitcoin Core's words. */
export type HeaderError =
  /** Its hash does not meet its own bits, or these are easier than the network allows. */
  | 'high-hash'
  /** It does not follow the header before it in the message. */
  | 'non-continuous'
  /** Its block was found invalid before. */
  | 'duplicate-invalid'
  /** An ancestor's block was found invalid. */
  | 'bad-prevblk'
  /** Not the bits that the network's rule asks for. */
  | 'bad-diffbits'
  /** Not later than the median of the eleven headers before it. */
  | 'time-too-old'
  /** The first of a period is dated too long before the last of the period before (BIP 94). */
  | 'time-timewarp-attack'
  /** More than two hours ahead of our clock. It may become valid: nothing is held against its sender. */
  | 'time-too-new'
  /** An old version after a soft fork that retired it (BIPs 34, 65, 66). */
  | 'bad-version'

/** Headers whose times make the median. */
export const MEDIAN_TIME_SPAN = 11

/** The middle one of the times of a header and those before it, at most `MEDIAN_TIME_SPAN`; in any order, one at least. */
export function medianTime(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!
}

/** Seconds that a header may be ahead of our clock. */
export const MAX_FUTURE_SECONDS = 2 * 60 * 60
/** Seconds that BIP 94 lets the first block of a period be dated before its parent. */
export const MAX_TIMEWARP_SECONDS = 600

/** BIP 94: whether the time of the block at `height` reaches back too far. */
export function isTimewarp(network: Network, height: number, time: number, parentTime: number): boolean {
  const { bip94, interval } = network.pow
  return bip94 && height % interval === 0 && time < parentTime - MAX_TIMEWARP_SECONDS
}

/** `version` as the signed number it is on the wire. */
export function isRetiredVersion(network: Network, height: number, version: number): boolean {
  const { bip34, bip65, bip66 } = network.heights
  return (version < 2 && height >= bip34) || (version < 3 && height >= bip66) || (version < 4 && height >= bip65)
}
