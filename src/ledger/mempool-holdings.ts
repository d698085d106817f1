import type { Millis } from '../peer/ports.ts'
import { type Chunk, feeRate } from './clusters.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import type { Verdict } from './mempool-judge.ts'
import type { FeeFloors } from './mempool-policy.ts'
import { type NewEntry, TxPool, withDescendants } from './mempool-pool.ts'
import type { MempoolChange, RecentTx, RemovalReason } from './queries.ts'
import { ReplacementHistory } from './replacement-history.ts'
import { RollingFloor } from './rolling-floor.ts'

/** Latest transactions that `recent` remembers. */
const MAX_RECENT = 100

export interface HoldingLimits {
  /** Memory for transactions, indexes included; never exceeded. */
  bytes: number
  /** sat/kvB that is asked for always. */
  minFeeRate: number
  /** How long a transaction waits for a block. */
  expiry: Millis
}

/**
 * What is in the mempool, within its bounds: of what comes, leaves and why it keeps account. That something may come was
 * found out by others.
 */
export class MempoolHoldings {
  readonly pool = new TxPool()
  readonly history = new ReplacementHistory()
  readonly #limits: HoldingLimits
  readonly #floor = new RollingFloor()
  #recent: RecentTx[] = []
  #changes: MempoolChange[] = []

  constructor(limits: HoldingLimits) {
    this.#limits = limits
  }

  /** The latest taken in, newest first; some may have left since. */
  get recent(): readonly RecentTx[] {
    return this.#recent
  }

  floors(now: Millis): FeeFloors {
    return { rolling: this.#floor.rate(now, this.#fill), least: this.#limits.minFeeRate }
  }

  blockConnected(now: Millis): void {
    this.#floor.blockConnected(now, this.#fill)
  }

  /** What came and left since this was last asked. */
  takeChanges(): MempoolChange[] {
    const changes = this.#changes
    this.#changes = []
    return changes
  }

  /** Whether all of them have found room; if not, none of them stays. What leaves for them has left in any case. */
  admit({ entries, evicted, replacements }: Verdict, now: Millis): boolean {
    const by = new Map(replacements.flatMap(({ by, replaced }) => [...replaced].map((entry) => [entry, by])))
    this.pool.remove(evicted)
    for (const entry of evicted) {
      const { txid } = by.get(entry) ?? replacements[0]!.by
      this.#changes.push({ kind: 'removed', txid: entry.txid, why: 'replaced', by: txid })
    }
    for (const { by, replaced } of replacements) this.history.add(by, replaced, now)
    for (const entry of entries) {
      if (!this.#add(entry, false)) throw new Error('a cluster is larger than was planned')
    }
    this.trim(now)
    const held = entries.flatMap(({ key }) => this.pool.byKey(key) ?? [])
    if (held.length < entries.length) {
      this.remove(held, 'evicted')
      return false
    }
    for (const { txid, feeSat, vsize, value, time } of entries) {
      this.#recent = [{ txid, feeSat, vsize, value, time }, ...this.#recent.slice(0, MAX_RECENT - 1)]
    }
    return true
  }

  /** One that was good enough to be in a block, or in here before. It may come after its children. */
  takeBack(entry: NewEntry, options: { exempt: boolean }): boolean {
    return this.#add({ ...entry, exempt: options.exempt }, true)
  }

  /** Takes out what has waited for too long, with everything that depends on it. */
  expire(now: Millis): void {
    const latest = now - this.#limits.expiry
    const old: MempoolEntry[] = []
    // They stand in the order in which they came.
    for (const entry of this.pool.entries()) {
      if (entry.seen > latest) break
      old.push(entry)
    }
    this.remove(withDescendants(old), 'expired')
  }

  remove(entries: Iterable<MempoolEntry>, why: Exclude<RemovalReason, 'replaced'>): void {
    const gone = [...entries]
    if (gone.length === 0) return
    this.pool.remove(gone)
    for (const { txid } of gone) this.#changes.push({ kind: 'removed', txid, why })
  }

  /** Takes out what there is no room for, and what nobody pays for any more. */
  trim(now: Millis): void {
    this.makeRoom(now)
    for (let chunk = this.pool.worst(); chunk && this.#paysTooLittle(chunk); chunk = this.pool.worst()) {
      this.remove(chunk.txs, 'evicted')
    }
  }

  makeRoom(now: Millis): void {
    while (this.pool.charge > this.#limits.bytes) {
      const chunk = this.pool.worst()!
      this.remove(chunk.txs, 'evicted')
      this.#floor.raise(feeRate(chunk) * 1000, now, this.#fill)
    }
  }

  /** As when the child that paid for it was replaced. */
  #paysTooLittle({ feeSat, weight, txs }: Chunk): boolean {
    return feeSat * 4000 < this.#limits.minFeeRate * weight && !txs.some(({ exempt }) => exempt)
  }

  #add(entry: NewEntry, isLate: boolean): boolean {
    if (!this.pool.add(entry, isLate)) return false
    const { txid, feeSat, vsize, value } = entry
    this.#changes.push({ kind: 'tx', txid, feeSat, vsize, value })
    return true
  }

  /** The used part of the byte budget. */
  get #fill(): number {
    return this.pool.charge / this.#limits.bytes
  }
}
