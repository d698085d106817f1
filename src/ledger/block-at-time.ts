import { MEDIAN_TIME_SPAN, medianTime } from '../chain/header-rules.ts'
import type { ConnectedHeader, ConnectedHeaders } from './connected-headers.ts'

/**
 * The highest block dated at or before `time` (Unix seconds); `undefined` when the chain begins later.
 *
 * Times of blocks go back and forth, but the median of eleven never falls, and every block is later than the median
 * below it (a rule of consensus). So the lowest block whose median reaches `time` is found by halving, everything above
 * it is later than `time`, and of the eleven below it most are earlier.
 */
export function blockAtTime(headers: ConnectedHeaders, time: number): ConnectedHeader | undefined {
  const tip = headers.tipHeight()
  if (tip === undefined) return undefined
  let low = 0
  // No block has its median there; medians below `low` are known to be earlier than `time`.
  let high = tip + 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (medianTime(windowOf(headers, middle).map((header) => header.time)) >= time) high = middle
    else low = middle + 1
  }
  return windowOf(headers, Math.min(low, tip)).findLast((header) => header.time <= time)
}

/** The header at a height and those below it that make its median. */
function windowOf(headers: ConnectedHeaders, height: number): ConnectedHeader[] {
  return headers.range(Math.max(0, height - MEDIAN_TIME_SPAN + 1), height)
}
