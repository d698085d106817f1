import type { Millis } from '../peer/ports.ts'
import { hashKey } from '../wire/hash.ts'
import { type Chunk, type Cluster, components, MAX_CLUSTER_COUNT, MAX_CLUSTER_WEIGHT, makeCluster } from './clusters.ts'
import { EvictionQueue } from './eviction-queue.ts'
import { type MempoolEntry, outpointKey } from './mempool-entry.ts'

/** An entry before the pool has linked it. */
export type NewEntry = Omit<MempoolEntry, 'parents' | 'children' | 'cluster'>

/**
 * The transactions of the mempool and how they hang together. It knows no rules but its own: no two entries spend the
 * same output, and no cluster outgrows its bounds. What goes in was checked by others.
 */
export class TxPool {
  readonly #byTxid = new Map<string, MempoolEntry>()
  readonly #byWtxid = new Map<string, MempoolEntry>()
  /** outpointKey -> who spends it. */
  readonly #spender = new Map<string, MempoolEntry>()
  /** prefix48 of a scripthash -> who touches it. */
  readonly #byScript = new Map<number, Set<MempoolEntry>>()
  readonly #clusters = new Set<Cluster>()
  readonly #evictions = new EvictionQueue()
  #vsize = 0
  #feeSat = 0
  #charge = 0
  #bytes = 0
  #version = 0

  get count(): number {
    return this.#byTxid.size
  }

  get vsize(): number {
    return this.#vsize
  }

  get feeSat(): number {
    return this.#feeSat
  }

  /** Bytes of memory as the budget counts them. */
  get charge(): number {
    return this.#charge
  }

  /** Raw bytes of all. */
  get bytes(): number {
    return this.#bytes
  }

  /** Changes with every entry that comes or goes. */
  get version(): number {
    return this.#version
  }

  get clusters(): ReadonlySet<Cluster> {
    return this.#clusters
  }

  /** In the order in which they came. */
  entries(): IterableIterator<MempoolEntry> {
    return this.#byTxid.values()
  }

  byKey(txidKey: string): MempoolEntry | undefined {
    return this.#byTxid.get(txidKey)
  }

  byWtxid(wtxidKey: string): MempoolEntry | undefined {
    return this.#byWtxid.get(wtxidKey)
  }

  spender(outpoint: string): MempoolEntry | undefined {
    return this.#spender.get(outpoint)
  }

  /** Those that touch a script whose hash has this prefix: hints, to be compared with the full hash. */
  byScript(prefix: number): ReadonlySet<MempoolEntry> {
    return this.#byScript.get(prefix) ?? NONE
  }

  /** Those that spend outputs of a transaction which itself may be unknown here. */
  spenders(txidKey: string, outputCount: number): MempoolEntry[] {
    const found = new Set<MempoolEntry>()
    for (let index = 0; index < outputCount; index++) {
      const spender = this.#spender.get(outpointKey(txidKey, index))
      if (spender) found.add(spender)
    }
    return [...found]
  }

  /**
   * Links `entry` into the pool; false, and nothing changed, where its cluster would become too large. `isLate`: it may
   * come after its children, because it was in a block that is reverted.
   */
  add(entry: NewEntry, isLate: boolean): boolean {
    const parents = new Set<MempoolEntry>()
    for (const outpoint of entry.spends) {
      if (this.#spender.has(outpoint)) throw new Error('two transactions of the pool would spend the same output')
      const parent = this.#byTxid.get(outpoint.slice(0, 32))
      if (parent) parents.add(parent)
    }
    const children = isLate ? this.spenders(entry.key, entry.outputCount) : []
    const near = [...parents, ...children]
    const joined = new Set(near.map(({ cluster }) => cluster))
    let count = 1
    let weight = entry.policyWeight
    for (const cluster of joined) {
      count += cluster.txs.length
      weight += cluster.weight
    }
    if (count > MAX_CLUSTER_COUNT || weight > MAX_CLUSTER_WEIGHT) return false

    const linked: MempoolEntry = { ...entry, parents: [...parents], children, cluster: UNLINKED }
    for (const parent of parents) parent.children.push(linked)
    for (const child of children) child.parents.push(linked)
    this.#index(linked)
    const txs = [linked]
    for (const cluster of joined) {
      txs.push(...cluster.txs)
      this.#kill(cluster)
    }
    this.#found(txs)
    return true
  }

  /** Takes entries out. Their children stay, so the caller passes them too unless the outputs live on elsewhere. */
  remove(entries: Iterable<MempoolEntry>): void {
    const touched = new Set<Cluster>()
    for (const entry of entries) {
      if (this.#byTxid.get(entry.key) !== entry) continue
      touched.add(entry.cluster)
      this.#unindex(entry)
      for (const parent of entry.parents) drop(parent.children, entry)
      for (const child of entry.children) drop(child.parents, entry)
    }
    for (const cluster of touched) {
      this.#kill(cluster)
      const left = cluster.txs.filter((entry) => this.#byTxid.get(entry.key) === entry)
      for (const part of components(left)) this.#found(part)
    }
  }

  /** It turns out that an entry was first seen at that time, if that is earlier. */
  seenBefore(entry: MempoolEntry, seen: Millis): void {
    if (seen >= entry.seen) return
    entry.seen = seen
    entry.time = Math.floor(seen / 1000)
  }

  /** So many links have told of it, or more, as was known before. */
  heardFrom(entry: MempoolEntry, links: number): void {
    entry.peers = Math.max(entry.peers, links)
  }

  /** The transactions to take out first when room is needed, together. */
  worst(): Chunk | undefined {
    return this.#evictions.worst()?.chunks.at(-1)
  }

  #index(entry: MempoolEntry): void {
    this.#byTxid.set(entry.key, entry)
    this.#byWtxid.set(hashKey(entry.wtxid), entry)
    for (const outpoint of entry.spends) this.#spender.set(outpoint, entry)
    for (const prefix of entry.scripts) {
      const touching = this.#byScript.get(prefix)
      if (touching) touching.add(entry)
      else this.#byScript.set(prefix, new Set([entry]))
    }
    this.#vsize += entry.vsize
    this.#feeSat += entry.feeSat
    this.#charge += entry.charge
    this.#bytes += entry.raw.length
    this.#version++
  }

  #unindex(entry: MempoolEntry): void {
    this.#byTxid.delete(entry.key)
    this.#byWtxid.delete(hashKey(entry.wtxid))
    for (const outpoint of entry.spends) this.#spender.delete(outpoint)
    for (const prefix of entry.scripts) {
      const touching = this.#byScript.get(prefix)!
      touching.delete(entry)
      if (touching.size === 0) this.#byScript.delete(prefix)
    }
    this.#vsize -= entry.vsize
    this.#feeSat -= entry.feeSat
    this.#charge -= entry.charge
    this.#bytes -= entry.raw.length
    this.#version++
  }

  #found(txs: readonly MempoolEntry[]): void {
    const cluster = makeCluster(txs)
    for (const entry of txs) entry.cluster = cluster
    this.#clusters.add(cluster)
    this.#evictions.add(cluster)
  }

  #kill(cluster: Cluster): void {
    cluster.dead = true
    this.#clusters.delete(cluster)
    this.#evictions.died()
  }
}

/** The entries and everything in the pool that depends on them, each once. */
export function withDescendants(entries: Iterable<MempoolEntry>): Set<MempoolEntry> {
  const all = new Set(entries)
  for (const entry of all) for (const child of entry.children) all.add(child)
  return all
}

const NONE: ReadonlySet<MempoolEntry> = new Set()
const UNLINKED: Cluster = { txs: [], chunks: [], weight: 0, dead: true }

function drop(list: MempoolEntry[], entry: MempoolEntry): void {
  const at = list.indexOf(entry)
  if (at >= 0) list.splice(at, 1)
}
