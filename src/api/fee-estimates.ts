/** Blocks within which a transaction is to be mined, for which there are estimates. */
export const TARGETS: readonly number[] = [...Array.from({ length: 25 }, (_, i) => i + 1), 144, 504, 1008]

/** A projected block, as far as an estimate goes; the last one of a long queue stands for all that is left. */
export interface QueuedRates {
  vsize: number
  /** Lowest, at 10, 25, 50, 75 and 90 %, highest; satoshi per virtual byte. */
  rates: readonly number[]
}

/** A block of the chain, as far as an estimate goes. */
export interface MinedRates {
  weight: number
  txCount: number
  /** As in `QueuedRates`, without the coinbase. */
  rates: readonly number[]
}

/** Blocks of the chain worth looking at: of late, and enough for one slow day not to hide how it usually is. */
export const RECENT_BLOCKS = 36
/** Virtual bytes of a block. */
const BLOCK_VSIZE = 1_000_000
/** A queue's block up to so small takes whatever pays the minimum. */
const NEARLY_FULL = 950_000
/** Weight from which a mined block counts as full: below it, everything that paid the minimum was let in. */
const FULL_WEIGHT = 3_800_000
/** Where `rates` were measured. */
const PARTS = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
/** What to pay in a block is the rate a quarter above its lowest: there is room for what comes in later. */
const SAFE_PART = 0.25
/** How likely one of the blocks up to the target is to take what an estimate from mined blocks pays. */
const CONFIDENCE = 0.85

/**
 * Fee rates (satoshi per virtual byte) by target, never rising with the target and never below `minimumRate`. As far as
 * the queue reaches, it is asked; beyond it, what recent blocks took. Empty where neither knows anything.
 */
export function estimateFees(
  queue: readonly QueuedRates[],
  recent: readonly MinedRates[],
  minimumRate: number,
): Map<number, number> {
  const estimates = new Map<number, number>()
  const floors = recent.filter(({ txCount }) => txCount > 1).map((block) => floorOf(block, minimumRate))
  if (queue.length === 0 && floors.length === 0) return estimates
  floors.sort((a, b) => a - b)
  let last = Number.POSITIVE_INFINITY
  for (const target of TARGETS) {
    const rate = rateInQueue(queue, target) ?? rateOfLate(floors, target) ?? minimumRate
    last = Math.min(last, Math.max(rate, minimumRate))
    estimates.set(target, roundedUp(last))
  }
  return estimates
}

/** What to pay to be in the queue's block `target`; `undefined` where the queue does not reach so far. */
function rateInQueue(queue: readonly QueuedRates[], target: number): number | undefined {
  const last = queue.length - 1
  const block = queue[Math.min(target - 1, last)]
  if (!block) return undefined
  if (target - 1 < last) return atPart(block.rates, SAFE_PART)
  // The last one, from its top: of three blocks' worth the first ends at a third.
  const depth = (target - 1 - last + 1 - SAFE_PART) * BLOCK_VSIZE
  if (block.vsize < (target - 1 - last) * BLOCK_VSIZE + NEARLY_FULL) return undefined
  return atPart(block.rates, 1 - depth / Math.max(block.vsize, BLOCK_VSIZE))
}

/** What so many of the recent blocks would have taken that `target` of them in a row rarely all refuse it. */
function rateOfLate(floors: readonly number[], target: number): number | undefined {
  const part = 1 - (1 - CONFIDENCE) ** (1 / target)
  return floors[Math.min(floors.length - 1, Math.ceil(part * floors.length) - 1)]
}

/** The least that a mined block took, but for the odd one that its miner favoured. */
function floorOf({ weight, rates }: MinedRates, minimumRate: number): number {
  return weight < FULL_WEIGHT ? minimumRate : rates[1]!
}

/** Between the parts that were measured, in a straight line. */
function atPart(rates: readonly number[], part: number): number {
  const above = Math.max(
    1,
    PARTS.findIndex((measured) => measured >= part),
  )
  const [from, to] = [PARTS[above - 1]!, PARTS[above]!]
  const share = Math.max(0, (part - from) / (to - from))
  return rates[above - 1]! + share * (rates[above]! - rates[above - 1]!)
}

/** To three places, as finely as nodes know fee rates. */
function roundedUp(rate: number): number {
  return Math.ceil(Number((rate * 1000).toFixed(6))) / 1000
}
