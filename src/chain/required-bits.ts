import type { Network } from './network.ts'
import { bitsOf, targetOf } from './target.ts'

/** What the rule needs to know of an ancestor. */
export interface TimedWork {
  height: number
  /** Unix seconds. */
  time: number
  bits: number
}

/**
 * The bits that a child of `parent` must carry when it is dated `time`. `ancestor` finds the ancestor of a block at a
 * height, or undefined when it is not known (below the start of a chain that does not begin at its genesis).
 */
export function requiredBits<T extends TimedWork>(
  network: Network,
  parent: T,
  time: number,
  ancestor: (of: T, height: number) => T | undefined,
): number {
  const { retarget, minDifficultyAfter, interval } = network.pow
  if (!retarget) return parent.bits
  if ((parent.height + 1) % interval === 0) return retargetedBits(network, parent, ancestor)
  if (minDifficultyAfter === undefined) return parent.bits
  if (time > parent.time + minDifficultyAfter) return network.powLimitBits
  // The period's real difficulty is that of its last block that did not use the exception.
  let block = parent
  while (block.height % interval !== 0 && block.bits === network.powLimitBits) {
    const below = ancestor(block, block.height - 1)
    if (!below) break
    block = below
  }
  return block.bits
}

/** The bits of the period after the one that `last` ends. */
function retargetedBits<T extends TimedWork>(
  network: Network,
  last: T,
  ancestor: (of: T, height: number) => T | undefined,
): number {
  const { interval, spacing, bip94 } = network.pow
  // Measured from the first block of the period, so over one spacing less than the period should take.
  const first = ancestor(last, last.height - (interval - 1))
  if (!first) throw new Error(`the block that begins the period of height ${last.height} is not known`)
  return nextBits(network, bip94 ? first.bits : last.bits, last.time - first.time, interval * spacing)
}

function nextBits(network: Network, bits: number, tookSeconds: number, aimSeconds: number): number {
  const clamped = Math.min(Math.max(tookSeconds, Math.floor(aimSeconds / 4)), aimSeconds * 4)
  const target = (targetOf(bits)! * BigInt(clamped)) / BigInt(aimSeconds)
  return target > network.powLimit ? network.powLimitBits : bitsOf(target)
}
