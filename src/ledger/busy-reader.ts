import type { SqlPort } from '../store/sql.ts'
import { prefix48 } from '../wire/hash.ts'
import { scripthashRange } from './busy-scripts.ts'
import type { TxoStats } from './queries.ts'

/**
 * Reads what `busy-scripts.ts` writes. Beyond the safe integers a sum is the nearest number that there is.
 */
export class BusyReader {
  readonly #sql: SqlPort

  constructor(sql: SqlPort) {
    this.#sql = sql
  }

  /** The sums of a script whose prefix is busy, all zero where the chain does not know it; `undefined` for another one. */
  sums(scripthash: Uint8Array): TxoStats | undefined {
    const row = this.#sql.sql
      .exec(
        `SELECT funded_count, CAST(funded_sum AS REAL), spent_count, CAST(spent_sum AS REAL), tx_count
        FROM busy WHERE scripthash = ?`,
        scripthash,
      )
      .raw()
      .toArray()[0] as [number, number, number, number, number] | undefined
    if (!row && !this.#isBusy(prefix48(scripthash))) return undefined
    const [fundedCount, fundedSum, spentCount, spentSum, txCount] = row ?? [0, 0, 0, 0, 0]
    return { fundedCount, fundedSum, spentCount, spentSum, txCount }
  }

  /** Whether a script of a busy prefix has more than so many unspent outputs, as far as its rows tell. */
  hasMoreCoins(scripthash: Uint8Array, limit: number): boolean {
    const query = 'SELECT 1 FROM busy_coin WHERE prefix48 = ? AND next48 = ? LIMIT 1 OFFSET ?'
    return (
      this.#sql.sql
        .exec(query, ...keyOf(scripthash), limit)
        .raw()
        .toArray().length > 0
    )
  }

  /** txNum and index of its unspent outputs, newest transaction first. Rows are hints. */
  coins(scripthash: Uint8Array): Iterable<[txNum: number, vout: number]> {
    return this.#sql.sql
      .exec(
        'SELECT tx_num, vout FROM busy_coin WHERE prefix48 = ? AND next48 = ? ORDER BY tx_num DESC, vout',
        ...keyOf(scripthash),
      )
      .raw() as Iterable<[number, number]>
  }

  #isBusy(prefix: number): boolean {
    const query = 'SELECT 1 FROM busy WHERE scripthash BETWEEN ? AND ? LIMIT 1'
    return (
      this.#sql.sql
        .exec(query, ...scripthashRange(prefix))
        .raw()
        .toArray().length > 0
    )
  }
}

function keyOf(scripthash: Uint8Array): [prefix48: number, next48: number] {
  return [prefix48(scripthash), prefix48(scripthash.subarray(6))]
}
