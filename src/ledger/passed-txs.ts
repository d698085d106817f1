import type { CheckedCache } from '../script/checked-cache.ts'
import { STANDARD_FLAGS } from '../script/flags.ts'

/**
 * Transactions whose scripts all passed under the rules of relay, by wtxid; the oldest may be forgotten. They pass in any
 * block as well, whose rules are a part of those.
 */
export class PassedTxs {
  readonly #cache: CheckedCache

  constructor(cache: CheckedCache) {
    this.#cache = cache
  }

  has(wtxid: Uint8Array): boolean {
    return this.#cache.has(this.#cache.transactionKey(wtxid, STANDARD_FLAGS))
  }

  add(wtxid: Uint8Array): void {
    this.#cache.add(this.#cache.transactionKey(wtxid, STANDARD_FLAGS))
  }
}
