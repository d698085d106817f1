import type { Cluster } from './clusters.ts'
import { chunksByRate } from './fee-queue.ts'

/** A bin is closed once it holds more than this, at the next change of the rate. */
const BIN_VSIZE = 50_000

/**
 * Bins by falling fee rate: the lowest rate in the bin (sat/vB) and the bin's virtual size. Every transaction counts at
 * the rate at which a miner would take it, together with what it depends on. Empty for an empty mempool.
 */
export function feeHistogram(clusters: Iterable<Cluster>): [number, number][] {
  const bins: [number, number][] = []
  let size = 0
  let last = 0
  for (const { rate, vsize } of chunksByRate(clusters)) {
    if (size > BIN_VSIZE && rate !== last) {
      bins.push([last, size])
      size = 0
    }
    size += vsize
    last = rate
  }
  if (size > 0) bins.push([last, size])
  return bins
}
