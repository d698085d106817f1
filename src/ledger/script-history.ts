import type { SqlPort } from '../store/sql.ts'
import { type Hasher, prefix48 } from '../wire/hash.ts'
import type { TxOut } from '../wire/transaction.ts'
import type { BusyReader } from './busy-reader.ts'
import type { SpentOutput } from './prevouts.ts'
import type { TxoStats } from './queries.ts'
import { ScriptMatch } from './script-match.ts'
import { type BlockPlace, type ConfirmedTx, type TxReader, transactionOf } from './tx-reader.ts'

/**
 * Rows that one answer passes over, because they are of another script with the same prefix. Making one for a given
 * script takes 2^48 hashes, and each row a transaction; a row takes 50 µs or so to pass.
 */
export const MAX_PASSED_OVER = 10_000
/**
 * Rows that are followed for sums and unspent outputs. A script with more than `BUSY_ABOVE` has them kept; but for one whose
 * history a damaged block made unreadable they are missing until it is touched again.
 */
export const MAX_WALKED = 10_000
/** Rows asked for at a time: few first, since most questions end early. */
const FIRST_BATCH = 32
const BATCH = 512

/** More history than one answer may read. */
export class HistoryTooLong extends Error {
  override name = 'HistoryTooLong'
}

/** A transaction of a script's history, with its part in it. */
export interface HistoryEntry {
  tx: ConfirmedTx
  /** Outputs that pay to the script. */
  funds: { vout: number; output: TxOut }[]
  /** What its inputs spend from the script. */
  spends: readonly SpentOutput[]
}

/**
 * The history of scripts. A row is a hint: its transaction is opened and looked at, and one that has nothing to do with
 * the script is passed over. Synchronous; inside one snapshot at a time.
 */
export class ScriptHistory {
  readonly #sql: SqlPort
  readonly #reader: TxReader
  readonly #hasher: Hasher
  readonly #busy: BusyReader

  constructor(sql: SqlPort, reader: TxReader, busy: BusyReader, hasher: Hasher) {
    this.#sql = sql
    this.#reader = reader
    this.#busy = busy
    this.#hasher = hasher
  }

  /**
   * Newest first: descending txNum from below `before` down to `from`. Throws HistoryTooLong after `MAX_PASSED_OVER` rows
   * that are not the script's, or more than `mostRows` in all.
   */
  *newestFirst(
    scripthash: Uint8Array,
    { before = Number.MAX_SAFE_INTEGER, from = 0, mostRows = Number.POSITIVE_INFINITY } = {},
  ): Generator<HistoryEntry> {
    const match = new ScriptMatch(scripthash, this.#hasher)
    let block: BlockPlace | undefined
    let rowsSeen = 0
    let passedOver = 0
    for (let limit = FIRST_BATCH; ; limit = BATCH) {
      const rows = this.#sql.sql
        .exec(
          'SELECT tx_num FROM history WHERE prefix48 = ? AND tx_num < ? AND tx_num >= ? ORDER BY tx_num DESC LIMIT ?',
          prefix48(scripthash),
          before,
          from,
          limit,
        )
        .raw()
        .toArray() as [number][]
      for (const [txNum] of rows) {
        if (++rowsSeen > mostRows) throw new HistoryTooLong(`more than ${mostRows} rows, and no sums`)
        const tx = this.#reader.open(txNum, block)
        block = tx?.block
        const entry = tx && partOf(tx, match)
        if (entry) yield entry
        else if (++passedOver > MAX_PASSED_OVER) throw new HistoryTooLong(`${passedOver} rows of other scripts`)
      }
      if (rows.length < limit) return
      before = rows.at(-1)![0]
    }
  }

  /** Where in the history a transaction lies; `undefined` when it is not in it. */
  place(scripthash: Uint8Array, txid: Uint8Array): number | undefined {
    const at = this.#reader.locate(txid)
    const tx = at && this.#reader.open(at.txNum, at.block)
    return tx && partOf(tx, new ScriptMatch(scripthash, this.#hasher)) && tx.txNum
  }

  /**
   * Sums over the whole history: those of a busy script are kept, those of others take a hundred rows. Throws
   * HistoryTooLong where that is more than `MAX_WALKED`.
   */
  stats(scripthash: Uint8Array): TxoStats {
    const kept = this.#busy.sums(scripthash)
    if (kept) return kept
    const stats: TxoStats = { fundedCount: 0, fundedSum: 0, spentCount: 0, spentSum: 0, txCount: 0 }
    for (const { funds, spends } of this.newestFirst(scripthash, { mostRows: MAX_WALKED })) {
      stats.txCount++
      stats.fundedCount += funds.length
      for (const { output } of funds) stats.fundedSum += Number(output.value)
      stats.spentCount += spends.length
      for (const { value } of spends) stats.spentSum += value
    }
    return stats
  }
}

function partOf(tx: ConfirmedTx, match: ScriptMatch): HistoryEntry | undefined {
  const spends = tx.spent.filter(({ script }) => match.test(script))
  const funds: HistoryEntry['funds'] = []
  transactionOf(tx).outputs.forEach((output, vout) => {
    if (match.test(output.scriptPubKey)) funds.push({ vout, output })
  })
  return spends.length > 0 || funds.length > 0 ? { tx, funds, spends } : undefined
}
