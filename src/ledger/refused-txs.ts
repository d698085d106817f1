import { hashKey } from '../wire/hash.ts'
import type { ParsedTransaction } from '../wire/transaction.ts'
import type { Refusal } from './mempool-policy.ts'
import { RecentIds } from './recent-ids.ts'

/** Ids that are remembered at least, of either sort. */
const MAX_REFUSED = 10_000

/**
 * What was refused since the last block and would be again, as Bitcoin Core remembers it: mostly by wtxid, because with
 * another witness the same transaction may be good, and not at all where the witness may just have been taken off.
 */
export class RefusedTxs {
  /** Of no use whatever comes with them. */
  readonly #final = new RecentIds(MAX_REFUSED)
  /** They pay too little, and may be of use with a child that pays more. */
  readonly #cheap = new RecentIds(MAX_REFUSED)

  add({ txid, wtxid }: ParsedTransaction, { reconsiderable, condemns }: Refusal): void {
    if (condemns === 'nothing') return
    const ids = reconsiderable ? this.#cheap : this.#final
    ids.add(hashKey(wtxid))
    if (condemns === 'txid') ids.add(hashKey(txid))
  }

  /** By a txid or wtxid as a key. */
  has(key: string): boolean {
    return this.#final.has(key) || this.#cheap.has(key)
  }

  /** Whether a child that pays would change nothing. */
  isFinal(key: string): boolean {
    return this.#final.has(key)
  }

  /** There is a new block: what was refused may be fine now. */
  clear(): void {
    this.#final.clear()
    this.#cheap.clear()
  }
}
