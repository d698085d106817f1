import type { MempoolEntry } from './mempool-entry.ts'

/** Most transactions that may hang together by spending each other, and their weight (101 kvB): Bitcoin Core's bounds. */
export const MAX_CLUSTER_COUNT = 64
export const MAX_CLUSTER_WEIGHT = 404_000

/** What of a transaction decides where it stands among those it hangs together with. */
export interface Linked<T> {
  readonly feeSat: number
  readonly policyWeight: number
  /** Of equals the lower one goes first. */
  readonly order: number
  readonly parents: readonly T[]
  readonly children: readonly T[]
}

/** Transactions that a miner would take together: parents first. */
export interface Chunk<T = MempoolEntry> {
  txs: readonly T[]
  feeSat: number
  /** Sum of their `policyWeight`. */
  weight: number
}

/**
 * The transactions connected by spending each other, in the order in which a miner takes them: chunks by falling fee
 * rate, no chunk needs a later one. So the last chunk is what to evict first, and everything may be evicted from the end.
 * A cluster is never changed: the pool makes new ones and marks the old ones dead.
 */
export interface Cluster {
  txs: readonly MempoolEntry[]
  chunks: readonly Chunk[]
  weight: number
  dead: boolean
}

/** sat/vB, not rounded: fee over weight / 4. */
export function feeRate({ feeSat, weight }: { feeSat: number; weight: number }): number {
  return (feeSat * 4) / weight
}

/** The rate at which the cluster's worst transactions pay. */
export function worstRate(cluster: Cluster): number {
  return feeRate(cluster.chunks[cluster.chunks.length - 1]!)
}

export function makeCluster(txs: readonly MempoolEntry[]): Cluster {
  const chunks = linearize(txs)
  return { txs, chunks, weight: chunks.reduce((sum, chunk) => sum + chunk.weight, 0), dead: false }
}

/** The connected parts of `txs` by the links among them. */
export function components<T extends Linked<T>>(txs: Iterable<T>): T[][] {
  const left = new Set(txs)
  const parts: T[][] = []
  for (const start of left) {
    left.delete(start)
    const part = [start]
    for (const entry of part) {
      for (const near of [...entry.parents, ...entry.children]) if (left.delete(near)) part.push(near)
    }
    parts.push(part)
  }
  return parts
}

/**
 * Takes again and again the transaction whose ancestors that are not taken yet, itself included, pay best, together with
 * them; of equals the earliest. A taken set that pays better than the one before is merged with it, so that rates fall.
 * Quadratic in the number of transactions, which is bounded.
 */
export function linearize<T extends Linked<T>>(txs: readonly T[]): Chunk<T>[] {
  if (txs.length === 1) return [{ txs, feeSat: txs[0]!.feeSat, weight: txs[0]!.policyWeight }]
  const order = parentsFirst(txs)
  const place = new Map(order.map((entry, i) => [entry, i]))
  const n = order.length
  // ancestors[i * n + j]: j is i or one of its ancestors.
  const ancestors = new Uint8Array(n * n)
  const fee = new Float64Array(n)
  const weight = new Float64Array(n)
  order.forEach((entry, i) => {
    const row = ancestors.subarray(i * n, (i + 1) * n)
    row[i] = 1
    for (const parent of entry.parents) {
      const at = place.get(parent)! * n
      for (let j = 0; j < i; j++) row[j]! |= ancestors[at + j]!
    }
    for (let j = 0; j <= i; j++) {
      if (!row[j]) continue
      fee[i]! += order[j]!.feeSat
      weight[i]! += order[j]!.policyWeight
    }
  })

  const chunks: Chunk<T>[] = []
  const taken = new Uint8Array(n)
  for (let left = n; left > 0; ) {
    let best = -1
    for (let i = 0; i < n; i++) {
      if (taken[i]) continue
      const gain = best < 0 ? 1 : fee[i]! * weight[best]! - fee[best]! * weight[i]!
      if (gain > 0 || (gain === 0 && order[i]!.order < order[best]!.order)) best = i
    }
    const set: T[] = []
    const chunk = { txs: set, feeSat: fee[best]!, weight: weight[best]! }
    for (let j = 0; j < n; j++) {
      if (taken[j] || !ancestors[best * n + j]) continue
      taken[j] = 1
      left--
      set.push(order[j]!)
      for (let i = j + 1; i < n; i++) {
        if (!ancestors[i * n + j]) continue
        fee[i]! -= order[j]!.feeSat
        weight[i]! -= order[j]!.policyWeight
      }
    }
    chunks.push(chunk)
    while (chunks.length > 1 && feeRate(chunks.at(-1)!) > feeRate(chunks.at(-2)!)) {
      const last = chunks.pop()!
      const before = chunks.pop()!
      chunks.push({
        txs: [...before.txs, ...last.txs],
        feeSat: before.feeSat + last.feeSat,
        weight: before.weight + last.weight,
      })
    }
  }
  return chunks
}

function parentsFirst<T extends Linked<T>>(txs: readonly T[]): T[] {
  const seen = new Set<T>()
  const order: T[] = []
  const visit = (entry: T) => {
    if (seen.has(entry)) return
    seen.add(entry)
    entry.parents.forEach(visit)
    order.push(entry)
  }
  txs.forEach(visit)
  return order
}
