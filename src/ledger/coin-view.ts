import { blob, type SqlPort } from '../store/sql.ts'
import type { CoinCache } from './coin-cache.ts'
import type { TxHeights } from './tx-heights.ts'

/** An unspent output of the connected chain. */
export interface Coin {
  value: number
  /** Owned by whoever asked. */
  script: Uint8Array
  /** Of the block that made it. */
  height: number
  coinbase: boolean
  /** Of the transaction that made it. */
  txNum: number
}

/** Whoever can say what an output is worth. */
export interface CoinSource {
  /** `txid` in wire order. `undefined`: it never existed, or is spent. */
  coin(txid: Uint8Array, index: number): Coin | undefined
}

/** The coins as of the connected tip, what is not committed yet included. Looking at them changes nothing. */
export class CoinView implements CoinSource {
  readonly #sql: SqlPort
  readonly #cache: CoinCache
  readonly #heights: TxHeights
  readonly #outpoint = new Uint8Array(36)
  readonly #words = new Int32Array(this.#outpoint.buffer)

  constructor(sql: SqlPort, cache: CoinCache, heights: TxHeights) {
    this.#sql = sql
    this.#cache = cache
    this.#heights = heights
  }

  coin(txid: Uint8Array, index: number): Coin | undefined {
    this.#outpoint.set(txid)
    this.#words[8] = index
    const entry = this.#cache.find(this.#words, 0)
    if (entry >= 0) {
      if (!this.#cache.isLive(entry)) return undefined
      return this.#place(this.#cache.txNum(entry), this.#cache.value(entry), this.#cache.script(entry).slice())
    }
    const row = this.#sql.sql
      .exec('SELECT tx_num, value, script FROM coin WHERE outpoint = ?', this.#outpoint)
      .raw()
      .toArray()[0]
    return row && this.#place(row[0] as number, row[1] as number, blob(row[2]))
  }

  #place(txNum: number, value: number, script: Uint8Array): Coin {
    const { height, first } = this.#heights.of(txNum)
    return { value, script, height, coinbase: first === txNum, txNum }
  }
}
