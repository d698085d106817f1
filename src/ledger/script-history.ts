import type { SqlPort } from '../store/sql.ts'
import { type Hasher, hashKey, prefix48 } from '../wire/hash.ts'
import type { TxOut } from '../wire/transaction.ts'
import type { SpentOutput } from './prevouts.ts'
import type { TxoStats } from './queries.ts'
import { ScriptMatch } from './script-match.ts'
import { type BlockPlace, type ConfirmedTx, type TxReader, transactionOf } from './tx-reader.ts'

/** Most rows of one script that one answer follows. */
export const MAX_HISTORY_SCAN = 100_000
/** Rows asked for at a time: few first, since most questions end early. */
const FIRST_BATCH = 32
const BATCH = 512
/** Scripts whose sums are remembered, and from which length of history on it is worth it. */
const SUMS_KEPT = 1000
const SUMS_WORTH = 25

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

interface Sums {
  stats: TxoStats
  /** All transactions up to and including this block are summed. */
  upTo: BlockPlace
}

/**
 * The history of scripts. A row is a hint: its transaction is opened and looked at, and one that has nothing to do with
 * the script is passed over. Synchronous; inside one snapshot at a time.
 */
export class ScriptHistory {
  readonly #sql: SqlPort
  readonly #reader: TxReader
  readonly #hasher: Hasher
  /** Oldest use first. */
  readonly #sums = new Map<string, Sums>()

  constructor(sql: SqlPort, reader: TxReader, hasher: Hasher) {
    this.#sql = sql
    this.#reader = reader
    this.#hasher = hasher
  }

  /** Newest first: descending txNum from below `before` down to `from`. Throws HistoryTooLong after `MAX_HISTORY_SCAN` rows. */
  *newestFirst(
    scripthash: Uint8Array,
    { before = Number.MAX_SAFE_INTEGER, from = 0 }: { before?: number; from?: number } = {},
  ): Generator<HistoryEntry> {
    const match = new ScriptMatch(scripthash, this.#hasher)
    let block: BlockPlace | undefined
    let scanned = 0
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
        if (++scanned > MAX_HISTORY_SCAN) throw new HistoryTooLong(`more than ${MAX_HISTORY_SCAN} rows for one script`)
        const tx = this.#reader.open(txNum, block)
        if (!tx) continue
        block = tx.block
        const entry = partOf(tx, match)
        if (entry) yield entry
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
   * Sums over the whole history. Those of longer ones are remembered with the block that they reach to, and go on from
   * there as long as that block is on the chain. Throws HistoryTooLong.
   */
  stats(scripthash: Uint8Array): TxoStats {
    const tip = this.#reader.tip()
    const stats: TxoStats = { fundedCount: 0, fundedSum: 0, spentCount: 0, spentSum: 0, txCount: 0 }
    if (!tip) return stats
    const key = hashKey(scripthash)
    const known = this.#known(key)
    const from = known ? known.upTo.firstTx + known.upTo.txCount : 0
    if (known) Object.assign(stats, known.stats)
    for (const { funds, spends } of this.newestFirst(scripthash, { from })) {
      stats.txCount++
      stats.fundedCount += funds.length
      for (const { output } of funds) stats.fundedSum += Number(output.value)
      stats.spentCount += spends.length
      for (const { value } of spends) stats.spentSum += value
    }
    if (stats.txCount >= SUMS_WORTH) this.#remember(key, { stats: { ...stats }, upTo: tip })
    return stats
  }

  #known(key: string): Sums | undefined {
    const sums = this.#sums.get(key)
    if (!sums) return undefined
    this.#sums.delete(key)
    if (this.#reader.blockAt(sums.upTo.height)?.id === sums.upTo.id) return sums
    return undefined
  }

  #remember(key: string, sums: Sums): void {
    this.#sums.set(key, sums)
    for (const oldest of this.#sums.keys()) {
      if (this.#sums.size <= SUMS_KEPT) return
      this.#sums.delete(oldest)
    }
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
