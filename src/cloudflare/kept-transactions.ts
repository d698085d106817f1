import type { Millis } from '../host/ports.ts'
import { KeptTransactions } from '../ledger/kept-transactions.ts'
import type { SqlPort } from '../store/sql.ts'
import { hashKey } from '../wire/hash.ts'

/** How objects of version 0.1.0 kept a transaction of their mempool. */
interface Kept {
  txid: Uint8Array
  bytes: Uint8Array<ArrayBuffer>
  time: Millis
}

const PREFIX = 'tx:'

/** Moves the transactions that such an object kept, in order, to where they are kept now; to be called before that is read. */
export function moveKeptTransactions(kv: SyncKvStorage, sql: SqlPort): void {
  const found = [...kv.list<Kept>({ prefix: PREFIX })]
  if (found.length === 0) return
  const kept = new KeptTransactions(sql)
  for (const [place, { txid, bytes, time }] of found) {
    kept.add(hashKey(txid), bytes, time)
    kv.delete(place)
  }
  kept.flush()
}
