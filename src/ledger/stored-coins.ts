import { blob, type SqlPort } from '../store/sql.ts'
import { coinsHeight } from './coin-table.ts'
import { neverPasses } from './input-check.ts'
import { type TxReader, transactionOf } from './tx-reader.ts'

const TXID = 32

/** An unspent output as the store has it. */
export interface StoredCoin {
  /** Of the transaction that made it. */
  txNum: number
  /** Satoshi. */
  value: number
  script: Uint8Array
}

/**
 * The coins of the connected chain, for those who see no more of it than the store; to be used inside a snapshot. While
 * the table of coins is behind the chain, the index tells: it opens the transaction, which takes longer.
 */
export class StoredCoins {
  readonly #sql: SqlPort
  readonly #reader: TxReader

  constructor(sql: SqlPort, reader: TxReader) {
    this.#sql = sql
    this.#reader = reader
  }

  /** `outpoint`: txid in wire order, then the output's index as u32 little-endian. Throws BlockDamaged. */
  coin(outpoint: Uint8Array): StoredCoin | undefined {
    if (coinsHeight(this.#sql) !== undefined) return this.#ofIndex(outpoint)
    const row = this.#sql.sql
      .exec('SELECT tx_num, value, script FROM coin WHERE outpoint = ?', outpoint)
      .raw()
      .toArray()[0]
    return row && { txNum: row[0] as number, value: row[1] as number, script: blob(row[2]) }
  }

  #ofIndex(outpoint: Uint8Array): StoredCoin | undefined {
    const found = this.#reader.locate(outpoint.subarray(0, TXID))
    // The genesis coinbase was never a coin.
    if (!found || found.txNum === 0) return undefined
    const { txNum, block } = found
    const vout = new DataView(outpoint.buffer, outpoint.byteOffset).getUint32(TXID, true)
    const query = 'SELECT 1 FROM spend WHERE funding_tx = ? AND vout = ?'
    if (this.#sql.sql.exec(query, txNum, vout).raw().toArray().length > 0) return undefined
    const output = transactionOf(this.#reader.open(txNum, block)!).outputs[vout]
    const script = output?.scriptPubKey
    if (!script || neverPasses(script, 0, script.length)) return undefined
    return { txNum, value: Number(output.value), script }
  }
}
