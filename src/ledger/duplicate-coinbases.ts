import type { SqlPort } from '../store/sql.ts'
import { transactionsOf } from '../wire/block-parts.ts'
import { equalBytes, hashKey, prefix48 } from '../wire/hash.ts'
import { parseTransaction } from '../wire/transaction.ts'
import { BlockDamaged } from './block-damaged.ts'
import { readBody } from './bodies.ts'
import { readTxPlace } from './offsets.ts'

const META_KEY = 'duplicate_coinbase'

/**
 * Which coinbases of the connected chain repeat an earlier one.
 *
 * BIP 30 refuses a transaction that repeats one with unspent outputs. Looking up every output of every block would cost
 * more than all other checks. But a transaction can only be repeated after what it spends was: some coinbase comes
 * first. So a chain without a repeated coinbase has no repeated transaction, and one look-up a block finds out.
 */
export class DuplicateCoinbases {
  readonly #sql: SqlPort
  /** Lowest height whose coinbase repeats an earlier one. */
  #since = Number.POSITIVE_INFINITY
  #written = Number.POSITIVE_INFINITY
  /** Coinbases of connected blocks that are not committed: txid to txNum. */
  #open = new Map<string, number>()
  /** What the store says of transactions with lower numbers holds. */
  #committed = 0

  constructor(sql: SqlPort) {
    this.#sql = sql
  }

  /** Takes up where the store stands, whose next transaction gets the number `nextTx`. */
  load(nextTx: number): void {
    const row = this.#sql.sql.exec('SELECT value FROM meta WHERE key = ?', META_KEY).raw().toArray()[0]
    this.#since = row ? Number(row[0]) : Number.POSITIVE_INFINITY
    this.#open.clear()
    this.written()
    this.committed(nextTx)
  }

  /** Whether any coinbase of the connected chain repeats an earlier one. */
  get any(): boolean {
    return this.#since !== Number.POSITIVE_INFINITY
  }

  /** txNum of the last transaction with that txid, below `before`. */
  earlier(txid: Uint8Array, before: number): number | undefined {
    const open = this.#open.get(hashKey(txid))
    if (open !== undefined && open < before) return open
    const rows = this.#sql.sql
      .exec(
        'SELECT tx_num FROM tx WHERE prefix48 = ? AND tx_num < ? ORDER BY tx_num DESC',
        prefix48(txid),
        Math.min(before, this.#committed),
      )
      .raw()
      .toArray()
    return rows.map((row) => row[0] as number).find((txNum) => equalBytes(this.#txid(txNum), txid))
  }

  connected(txid: Uint8Array, txNum: number, height: number, repeats: boolean): void {
    this.#open.set(hashKey(txid), txNum)
    if (repeats) this.#since = Math.min(this.#since, height)
  }

  reverted(height: number, firstTx: number): void {
    if (this.#since === height) this.#since = Number.POSITIVE_INFINITY
    this.#committed = Math.min(this.#committed, firstTx)
  }

  /** There is something to `write`. */
  get isDirty(): boolean {
    return this.#since !== this.#written
  }

  /** To be called inside the transaction of a batch. */
  write(): void {
    if (!this.isDirty) return
    this.#sql.sql.exec('DELETE FROM meta WHERE key = ?', META_KEY)
    if (this.any) this.#sql.sql.exec('INSERT INTO meta (key, value) VALUES (?, ?)', META_KEY, String(this.#since))
  }

  /** What there was to `write` is in the store. */
  written(): void {
    this.#written = this.#since
  }

  /** Transactions below `nextTx` are in the store. */
  committed(nextTx: number): void {
    this.#committed = nextTx
    for (const [txid, txNum] of this.#open) if (txNum < nextTx) this.#open.delete(txid)
  }

  /** Throws BlockDamaged. */
  #txid(txNum: number): Uint8Array {
    const row = this.#sql.sql
      .exec('SELECT header_id, first_tx, tx_count FROM best WHERE first_tx <= ? ORDER BY first_tx DESC LIMIT 1', txNum)
      .raw()
      .toArray()[0] as [number, number, number] | undefined
    if (!row) return new Uint8Array(0)
    const [blockId, firstTx, txCount] = row
    const index = txNum - firstTx
    try {
      return readTxPlace(this.#sql, blockId, index, txCount).txid
    } catch (error) {
      if (!(error instanceof BlockDamaged)) throw error
      return txidInBody(this.#sql, blockId, index)
    }
  }
}

/** The store knows of no repeated coinbase above a height any more. To be called inside a transaction. */
export function forgetDuplicates(sql: SqlPort, above: number): void {
  sql.sql.exec('DELETE FROM meta WHERE key = ? AND CAST(value AS INTEGER) > ?', META_KEY, above)
}

/** Read the long way. Throws BlockDamaged. */
function txidInBody(sql: SqlPort, blockId: number, index: number): Uint8Array {
  const body = readBody(sql, blockId)
  if (body.kind !== 'found') throw new BlockDamaged(blockId, 'body')
  for (const raw of transactionsOf(body.bytes)) if (index-- === 0) return parseTransaction(raw).txid
  throw new BlockDamaged(blockId, 'body')
}
