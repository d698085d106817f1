/** A projected block, as far as a recommendation goes. */
export interface QueuedBlock {
  vsize: number
  /** Satoshi per virtual byte. */
  medianRate: number
}

/** Satoshi per virtual byte. Never lower for what is wanted sooner. */
export interface RecommendedFees {
  fastestFee: number
  halfHourFee: number
  hourFee: number
  economyFee: number
  minimumFee: number
}

/** Virtual bytes: a projected block up to so small leaves room for whatever pays the minimum. */
const HALF_FULL = 500_000
/** A last block up to so small may still be joined cheaply, the cheaper the smaller it is. */
const NEARLY_FULL = 950_000
/** The finest rate that a node can ask for: 1 sat/kvB. */
const FINEST = 0.001
/** What `precise` adds and holds to for those in a hurry, as not every miner takes less than 1 sat/vB. */
const HURRY = { fastest: { more: 0.5, least: 1 }, halfHour: { more: 0.25, least: 0.5 } }

/** In whole satoshi per virtual byte, as mempool.space recommends; `minimumRate` is what the mempool takes. */
export function recommendedFees(queue: readonly QueuedBlock[], minimumRate: number): RecommendedFees {
  return recommend(queue, minimumRate, 1)
}

/** The same to three places. */
export function preciseFees(queue: readonly QueuedBlock[], minimumRate: number): RecommendedFees {
  return forTheHurried(recommend(queue, minimumRate, FINEST))
}

function forTheHurried(fees: RecommendedFees): RecommendedFees {
  const { fastest, halfHour } = HURRY
  return {
    ...fees,
    fastestFee: toPlaces(Math.max(fees.fastestFee + fastest.more, fastest.least)),
    halfHourFee: toPlaces(Math.max(fees.halfHourFee + halfHour.more, halfHour.least)),
  }
}

/** All in multiples of `step`. */
function recommend(queue: readonly QueuedBlock[], minimumRate: number, step: number): RecommendedFees {
  const minimumFee = Math.max(inSteps(minimumRate, step, Math.ceil), step)
  const first = feeToJoin(queue, 0, undefined, minimumFee, step)
  const second = feeToJoin(queue, 1, first, minimumFee, step)
  const third = feeToJoin(queue, 2, second, minimumFee, step)
  const economyFee = Math.min(2 * minimumFee, third)
  const halfHourFee = Math.max(second, third)
  return { fastestFee: Math.max(first, halfHourFee), halfHourFee, hourFee: third, economyFee, minimumFee }
}

/** To be in block `i` of the queue; `before` is what the block before it takes. */
function feeToJoin(
  queue: readonly QueuedBlock[],
  i: number,
  before: number | undefined,
  minimumFee: number,
  step: number,
): number {
  const block = queue[i]
  if (!block || block.vsize <= HALF_FULL || block.medianRate < minimumFee) return minimumFee
  const rate = before === undefined ? block.medianRate : (block.medianRate + before) / 2
  const isLast = i === queue.length - 1
  if (!isLast || block.vsize > NEARLY_FULL) return Math.max(inSteps(rate, step, Math.ceil), minimumFee)
  const scaled = (rate * (block.vsize - HALF_FULL)) / HALF_FULL
  return Math.max(inSteps(scaled, step, Math.round), minimumFee)
}

function inSteps(rate: number, step: number, round: (steps: number) => number): number {
  // What binary fractions leave behind must not be rounded up to another step.
  return toPlaces(round(Number((rate / step).toFixed(6))) * step)
}

function toPlaces(value: number): number {
  return Math.round(value * 1000) / 1000
}
