import { equalBytes, hashKey } from '../wire/hash.ts'
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
  readonly #open: Uint8Array[] = []

  add(tx: ParsedTransaction, { reconsiderable, condemns }: Refusal): void {
    if (condemns === 'nothing') {
      this.#open.push(tx.txid)
      return
    }
    const ids = reconsiderable ? this.#cheap : this.#final
    ids.add(hashKey(tx.wtxid))
    if (condemns === 'txid') ids.add(hashKey(tx.txid))
    else if (!reconsiderable) this.#reopen(tx)
  }

  /** Whether it was refused before, and a child that pays would change nothing. */
  isRepeated(tx: ParsedTransaction): boolean {
    if (!this.isFinal(hashKey(tx.wtxid))) return false
    this.#reopen(tx)
    return true
  }

  /** txids of which another form may be good, since this was last asked. */
  takeOpen(): Uint8Array[] {
    return this.#open.splice(0)
  }

  #reopen({ txid, wtxid }: ParsedTransaction): void {
    if (!equalBytes(txid, wtxid) && !this.isFinal(hashKey(txid))) this.#open.push(txid)
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
