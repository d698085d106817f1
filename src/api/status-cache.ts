import type { Millis } from '../host/ports.ts'
import type { LedgerQueries, LedgerStatus } from '../ledger/queries.ts'

const KEEP_MS = 1000

/**
 * The ledger's status, asked for at most about once a second: good for how long an answer may be cached and for
 * whether to say that the ledger is syncing, not for figures that must agree with the rest of an answer.
 */
export class StatusCache {
  readonly #queries: LedgerQueries
  readonly #now: () => Millis
  #kept: { status: LedgerStatus; until: Millis } | undefined

  constructor(queries: LedgerQueries, now: () => Millis) {
    this.#queries = queries
    this.#now = now
  }

  async get(): Promise<LedgerStatus> {
    if (this.#kept && this.#now() < this.#kept.until) return this.#kept.status
    // Values are kept, never promises: on Workers one request must not wait for what another one started.
    const status = await this.#queries.status()
    this.#kept = { status, until: this.#now() + KEEP_MS }
    return status
  }

  async tipHeight(): Promise<number> {
    return (await this.get()).tip.height
  }
}
