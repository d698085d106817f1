import type { KeptTransactions } from '../ledger/kept-transactions.ts'
import type { Mempool, Released } from '../ledger/mempool.ts'
import type { MempoolChange } from '../ledger/queries.ts'
import { hashKey } from '../wire/hash.ts'
import type { Millis } from './ports.ts'

/** Raw bytes of transactions that are taken back in one go: about 500 inputs, whose scripts are run in about 50 ms. */
const SLICE_BYTES = 100_000

/**
 * Keeps the mempool's transactions in the store, and takes them back at start: in slices, because there may be tens of
 * thousands, each of which is looked at anew on the chain as it stands now.
 */
export class MempoolKeeper {
  readonly #mempool: Mempool
  readonly #kept: KeptTransactions
  /** What comes from peers waits no longer than this for its row. */
  readonly #within: Millis
  /** The next row to take back, and where those of this life begin. */
  #next = 0
  readonly #end: number
  /** Rows of children that stand before their parents, as happens when a block is reverted. */
  #early: number[] = []
  #flushBy: Millis = Number.POSITIVE_INFINITY

  constructor(mempool: Mempool, kept: KeptTransactions, within: Millis) {
    this.#mempool = mempool
    this.#kept = kept
    this.#within = within
    this.#end = kept.nextId
  }

  /** There are rows that were not taken back yet. */
  get isLoading(): boolean {
    return this.#next < this.#end
  }

  /** What changed is to be written by then. */
  get flushBy(): Millis {
    return this.#flushBy
  }

  note(change: MempoolChange, now: Millis): void {
    const key = hashKey(change.txid)
    const entry = change.kind === 'tx' ? this.#mempool.pool.byKey(key) : undefined
    if (entry) this.#kept.add(key, entry.raw, entry.seen)
    // What could not stay has left by another change.
    else if (change.kind === 'removed') this.#kept.remove(key)
    if (this.#kept.isDirty) this.#flushBy = Math.min(this.#flushBy, now + this.#within)
  }

  flush(): void {
    this.#kept.flush()
    this.#flushBy = Number.POSITIVE_INFINITY
  }

  /** Takes back the next ones. What had waited for them comes in too. */
  load(now: Millis): Released {
    const parents: string[] = []
    const rows = this.#kept.read(this.#next, this.#end, SLICE_BYTES)
    for (const { id, raw, seen } of rows) this.#takeBack(id, raw, seen, now, parents)
    this.#next = rows.length > 0 ? rows.at(-1)!.id + 1 : this.#end
    if (!this.isLoading) this.#finish(now, parents)
    if (this.#kept.isDirty) this.#flushBy = Math.min(this.#flushBy, now + this.#within)
    return this.#mempool.release(parents, now)
  }

  #takeBack(id: number, raw: Uint8Array<ArrayBuffer>, seen: Millis, now: Millis, parents: string[]): void {
    const { kind, key } = this.#mempool.restore(raw, seen, now)
    if (kind === 'early') this.#early.push(id)
    else if (kind === 'gone' || this.#kept.has(key)) this.#kept.drop(id)
    else {
      this.#kept.adopt(key, id)
      parents.push(key)
    }
  }

  /** Tries those again whose parents may have come after them, as long as that brings any in. */
  #finish(now: Millis, parents: string[]): void {
    for (let before = -1; this.#early.length > 0 && before !== this.#early.length; ) {
      const ids = this.#early
      before = ids.length
      this.#early = []
      for (const id of ids) {
        for (const { raw, seen } of this.#kept.read(id, id + 1, 1)) this.#takeBack(id, raw, seen, now, parents)
      }
    }
    for (const id of this.#early) this.#kept.drop(id)
    this.#early = []
    this.#mempool.restored(now)
  }
}
