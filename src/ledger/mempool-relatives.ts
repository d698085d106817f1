import { type Chunk, feeRate } from './clusters.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import type { RelatedTx, TxCluster, TxRelatives } from './mempool-questions.ts'

/** How an entry hangs together with others; all but its place in the queue. */
export function relativesOf(entry: MempoolEntry): Omit<TxRelatives, 'place'> {
  const { feeSat, weight, vsize, sigops } = entry
  const chunk = chunkOf(entry)
  return {
    feeSat,
    weight,
    vsize,
    sigops,
    rate: feeRate(chunk),
    ancestors: reach(entry, (each) => each.parents).map(related),
    descendants: reach(entry, (each) => each.children).map(related),
    cluster: clusterOf(entry),
  }
}

/** What a miner would take the entry with. */
export function chunkOf(entry: MempoolEntry): Chunk {
  return entry.cluster.chunks.find(({ txs }) => txs.includes(entry))!
}

function clusterOf(entry: MempoolEntry): TxCluster {
  const { chunks } = entry.cluster
  const txs = chunks.flatMap((chunk) => chunk.txs)
  const place = new Map(txs.map((tx, i) => [tx, i]))
  return {
    txs: txs.map((tx) => ({ ...related(tx), parents: tx.parents.map((parent) => place.get(parent)!) })),
    chunks: chunks.map((chunk) => ({
      txs: chunk.txs.map((tx) => place.get(tx)!),
      feeSat: chunk.feeSat,
      vsize: chunk.txs.reduce((sum, tx) => sum + tx.vsize, 0),
      rate: feeRate(chunk),
    })),
    chunk: chunks.findIndex((chunk) => chunk.txs.includes(entry)),
  }
}

/** All that can be reached by steps of `next`, nearest first; a cluster's bounds are its bounds. */
function reach(entry: MempoolEntry, next: (entry: MempoolEntry) => readonly MempoolEntry[]): MempoolEntry[] {
  const reached = new Set([entry])
  for (const each of reached) for (const near of next(each)) reached.add(near)
  reached.delete(entry)
  return [...reached]
}

function related({ txid, feeSat, weight }: MempoolEntry): RelatedTx {
  return { txid, feeSat, weight }
}
