import type { LedgerQueries } from '../ledger/queries.ts'
import { equalBytes } from '../wire/hash.ts'
import { type Content, sizeOf } from './content.ts'
import type { StatusCache } from './status-cache.ts'

/** An answer that takes up more than this share of the cache is not kept. */
const LARGEST_SHARE = 1 / 32
/** What an entry costs besides its bodies. */
const OVERHEAD = 500

/** A moment of the chain, in which an answer was made. */
export type Moment = object

interface Tip {
  height: number
  hash: Uint8Array
}

/**
 * Finished answers that do not change as long as their block is on the chain, up to so many bytes; the one that was not
 * asked for the longest gives way. All are dropped when the chain turns out to have left a block that it had as its tip,
 * which is looked for as often as the status cache looks.
 */
export class AnswerCache {
  readonly #maxBytes: number
  readonly #status: StatusCache
  readonly #queries: Pick<LedgerQueries, 'blockHashAt'>
  /** Least lately asked for first. */
  readonly #entries = new Map<string, { content: Content; charge: number }>()
  #bytes = 0
  #tip: Tip | undefined
  #moment: Moment = {}

  constructor(maxBytes: number, status: StatusCache, queries: Pick<LedgerQueries, 'blockHashAt'>) {
    this.#maxBytes = maxBytes
    this.#status = status
    this.#queries = queries
  }

  get bytes(): number {
    return this.#bytes
  }

  /** To be asked before an answer is looked for or made; `put` takes what was made only in the same moment. */
  async moment(): Promise<Moment> {
    const { tip } = await this.#status.get()
    const before = this.#tip
    if (before && equalBytes(before.hash, tip.hash)) return this.#moment
    const there = before && (await this.#queries.blockHashAt(before.height))
    // Another request may have been here meanwhile.
    if (this.#tip !== before) return this.#moment
    this.#tip = tip
    if (!before || !there || !equalBytes(there, before.hash)) this.#clear()
    return this.#moment
  }

  get(key: string): Content | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    // It may have been packed since.
    this.#charge(key, entry)
    return entry.content
  }

  put(key: string, content: Content, made: Moment): void {
    if (made !== this.#moment || this.#entries.has(key)) return
    const entry = { content, charge: 0 }
    this.#entries.set(key, entry)
    this.#charge(key, entry)
  }

  #charge(key: string, entry: { content: Content; charge: number }): void {
    const charge = OVERHEAD + 2 * key.length + sizeOf(entry.content)
    this.#bytes += charge - entry.charge
    entry.charge = charge
    if (charge > this.#maxBytes * LARGEST_SHARE) this.#drop(key)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.charge ?? 0
    this.#entries.delete(key)
  }

  #clear(): void {
    this.#entries.clear()
    this.#bytes = 0
    this.#moment = {}
  }
}
