import type { SqlPort } from '../store/sql.ts'

/** Heights kept in memory at least, where there are so many. */
const WINDOW = 4032

/**
 * Which block a txNum belongs to. The first txNum of the latest blocks is in memory, for the checks that look at recent
 * coins and for blocks that are not committed yet; older ones come from `best`.
 */
export class TxHeights {
  readonly #sql: SqlPort
  /** Height of `#first[0]`. */
  #base = 0
  #first: number[] = []

  constructor(sql: SqlPort) {
    this.#sql = sql
  }

  /** Reads the latest heights up to `tip` from the store. */
  load(tip: number): void {
    const rows = this.#sql.sql
      .exec('SELECT first_tx FROM best WHERE height <= ? ORDER BY height DESC LIMIT ?', tip, WINDOW)
      .raw()
      .toArray()
    this.#first = rows.map((row) => row[0] as number).reverse()
    this.#base = tip + 1 - this.#first.length
  }

  /** The next block is connected; its coinbase has the number `firstTx`. */
  push(firstTx: number): void {
    this.#first.push(firstTx)
  }

  /** The highest block is reverted. */
  pop(): void {
    this.#first.pop()
    if (this.#first.length === 0 && this.#base > 0) this.load(this.#base - 1)
  }

  /** Lets go of what the store can answer, which has the blocks up to a height. */
  trim(committed: number): void {
    const surplus = committed + 1 - this.#base - WINDOW
    if (surplus <= WINDOW) return
    this.#first = this.#first.slice(surplus)
    this.#base += surplus
  }

  /** txNum of the coinbase at a height of the connected chain. */
  firstTxAt(height: number): number {
    if (height >= this.#base) return this.#first[height - this.#base]!
    const row = this.#sql.sql.exec('SELECT first_tx FROM best WHERE height = ?', height).raw().toArray()[0]
    return row![0] as number
  }

  /** Height of the transaction's block, and the number of that block's coinbase. */
  of(txNum: number): { height: number; first: number } {
    if (this.#first.length > 0 && txNum >= this.#first[0]!) {
      const at = this.#search(txNum)
      return { height: this.#base + at, first: this.#first[at]! }
    }
    const row = this.#sql.sql
      .exec('SELECT height, first_tx FROM best WHERE first_tx <= ? ORDER BY first_tx DESC LIMIT 1', txNum)
      .raw()
      .toArray()[0]
    if (!row) throw new Error(`transaction ${txNum} is in no block`)
    return { height: row[0] as number, first: row[1] as number }
  }

  /** Index of the last entry that is not above `txNum`. */
  #search(txNum: number): number {
    let low = 0
    let high = this.#first.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#first[middle]! <= txNum) low = middle
      else high = middle - 1
    }
    return low
  }
}
