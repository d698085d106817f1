import type { BlockDigest } from '../chain/digest.ts'
import { multiDelete } from '../store/multi-delete.ts'
import { multiInsert } from '../store/multi-insert.ts'
import { BUSY_ABOVE } from '../store/schema.ts'
import type { SqlPort } from '../store/sql.ts'
import { keyOrder } from './key-order.ts'
import { NumberRows, type RowColumns } from './number-rows.ts'
import type { PrefixCounts } from './prefix-counts.ts'

const PREFIX_LIMIT = 2 ** 48
/** Up to so many scripts of one transaction are compared each with each instead of sorted. */
const FEW = 24

/** Rows of the three index tables, each in the order of its first column, nearly: fit to be written. */
export interface IndexColumns {
  /** prefix48, txNum. */
  tx: RowColumns
  /** prefix48, txNum. */
  history: RowColumns
  /** funding txNum, vout, spender's txNum, vin. */
  spend: RowColumns
}

/** Rows of the three index tables that a batch adds, or takes away. */
export class IndexRows {
  #tx = new NumberRows(2)
  #history = new NumberRows(2)
  #spend = new NumberRows(4)
  #scripts = new Float64Array(FEW)

  get bytes(): number {
    return 16 * (this.#tx.count + this.#history.count) + 32 * this.#spend.count
  }

  clear(): void {
    this.#tx.count = 0
    this.#history.count = 0
    this.#spend.count = 0
  }

  /** The rows, which are somebody else's from now on: there are none here. */
  take(): IndexColumns {
    const rows = {
      tx: inKeyOrder(this.#tx, PREFIX_LIMIT),
      history: inKeyOrder(this.#history, PREFIX_LIMIT),
      spend: inKeyOrder(this.#spend, limitOf(this.#spend)),
    }
    this.#tx = new NumberRows(2)
    this.#history = new NumberRows(2)
    this.#spend = new NumberRows(4)
    return rows
  }

  /**
   * The rows of a block whose coinbase has the number `firstTx`. By input, as in the digest (the coinbase's is not looked
   * at): the txNum that made what it spends, and the prefix48 of that output's scripthash.
   */
  add(digest: BlockDigest, firstTx: number, spentTx: Float64Array, spentPrefix: Float64Array): void {
    const { txCount, inputStart, outputStart, scriptPrefix } = digest
    const inputs = inputStart[txCount]!
    this.#tx.reserve(txCount)
    this.#spend.reserve(inputs)
    this.#history.reserve(inputs + outputStart[txCount]!)
    const [txPrefix, txNumber] = this.#tx.columns as [Float64Array, Float64Array]
    const txids = digest.txids
    for (let t = 0; t < txCount; t++) {
      const txNum = firstTx + t
      const at = t * 32
      txPrefix[this.#tx.count] =
        (txids[at]! * 0x100 + txids[at + 1]!) * 0x1_0000_0000 +
        txids[at + 2]! * 0x100_0000 +
        ((txids[at + 3]! << 16) | (txids[at + 4]! << 8) | txids[at + 5]!)
      txNumber[this.#tx.count++] = txNum
      const firstInput = t === 0 ? inputStart[1]! : inputStart[t]!
      if (t > 0) this.#addSpends(digest.outpoints, firstInput, inputStart[t + 1]!, txNum, spentTx)
      const scripts = this.#distinct(
        scriptPrefix,
        outputStart[t]!,
        outputStart[t + 1]!,
        spentPrefix,
        firstInput,
        inputStart[t + 1]!,
      )
      this.#addHistory(scripts, txNum)
    }
  }

  #addSpends(outpoints: Uint8Array, from: number, to: number, spenderTx: number, spentTx: Float64Array): void {
    const [funding, vout, spender, vin] = this.#spend.columns as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    let row = this.#spend.count
    for (let i = from; i < to; i++) {
      const at = i * 36 + 32
      funding[row] = spentTx[i]!
      vout[row] =
        outpoints[at]! + outpoints[at + 1]! * 0x100 + outpoints[at + 2]! * 0x1_0000 + outpoints[at + 3]! * 0x100_0000
      vin[row] = i - from
      spender[row++] = spenderTx
    }
    this.#spend.count = row
  }

  #addHistory(scripts: Float64Array, txNum: number): void {
    const [script, user] = this.#history.columns as [Float64Array, Float64Array]
    let row = this.#history.count
    for (let i = 0; i < scripts.length; i++) {
      script[row] = scripts[i]!
      user[row++] = txNum
    }
    this.#history.count = row
  }

  /** The values of two ranges, each once. */
  #distinct(a: Float64Array, aFrom: number, aTo: number, b: Float64Array, bFrom: number, bTo: number): Float64Array {
    const total = aTo - aFrom + bTo - bFrom
    if (total > this.#scripts.length) this.#scripts = new Float64Array(total * 2)
    const found = this.#scripts
    let count = 0
    const few = total <= FEW
    for (let n = 0; n < total; n++) {
      const value = n < aTo - aFrom ? a[aFrom + n]! : b[bFrom + n - (aTo - aFrom)]!
      let seen = 0
      if (few) while (seen < count && found[seen] !== value) seen++
      if (!few || seen === count) found[count++] = value
    }
    if (few) return found.subarray(0, count)
    const sorted = found.subarray(0, count).sort()
    let kept = 0
    for (let i = 0; i < count; i++) if (i === 0 || sorted[i] !== sorted[kept - 1]) sorted[kept++] = sorted[i]!
    return sorted.subarray(0, kept)
  }
}

/** To be called inside a transaction. */
export function insertRows(sql: SqlPort, { tx, history, spend }: IndexColumns): void {
  insertPairs(sql, 'tx (prefix48, tx_num)', tx)
  insertPairs(sql, 'history (prefix48, tx_num)', history)
  const [funding, vout, spender, vin] = spend.columns as [Float64Array, Float64Array, Float64Array, Float64Array]
  multiInsert(sql, 'spend (funding_tx, vout, spender_tx, vin)', 4, spend.count, (row, values) => {
    values.push(funding[row]!, vout[row]!, spender[row]!, vin[row]!)
  })
}

function insertPairs(sql: SqlPort, target: string, { columns, count }: RowColumns): void {
  const [first, second] = columns as [Float64Array, Float64Array]
  multiInsert(sql, target, 2, count, (row, values) => {
    values.push(first[row]!, second[row]!)
  })
}

/** To be called inside a transaction. */
export function deleteRows(sql: SqlPort, { tx, history, spend }: IndexColumns): void {
  const remove = ({ columns: [a, b], count }: RowColumns, table: string, key: readonly [string, string]) => {
    multiDelete(sql, table, key, count, (row, values) => {
      values.push(a![row]!, b![row]!)
    })
  }
  remove(tx, 'tx', ['prefix48', 'tx_num'])
  remove(history, 'history', ['prefix48', 'tx_num'])
  remove(spend, 'spend', ['funding_tx', 'vout'])
}

/**
 * The prefixes that have rows in `history`, in their order nearly; some may come more than once. Where `counts` are of all
 * rows but these, which are counted now, those that have few are left out.
 */
export function touchedPrefixes({ history }: IndexColumns, counts?: PrefixCounts): Float64Array<ArrayBuffer> {
  const prefixes = history.columns[0]!.slice(0, history.count)
  if (counts) for (let i = 0; i < prefixes.length; i++) counts.add(prefixes[i]!)
  let kept = 0
  let last = -1
  for (let i = 0; i < prefixes.length; i++) {
    const prefix = prefixes[i]!
    if (prefix === last) continue
    last = prefix
    if (!counts || counts.mayExceed(prefix, BUSY_ABOVE)) prefixes[kept++] = prefix
  }
  return prefixes.slice(0, kept)
}

/** The rows in another order, in columns of their own; those that were given are gone. */
function inKeyOrder({ columns, count }: RowColumns, limit: number): RowColumns {
  const keys = columns[0]!
  const order = keyOrder(count, limit, (row) => keys[row]!)
  const sorted = columns.map((column) => {
    const to = new Float64Array(count)
    for (let i = 0; i < count; i++) to[i] = column[order[i]!]!
    // At once, not when it is collected: there are many megabytes of them.
    column.buffer.transfer(0)
    return to
  })
  return { columns: sorted, count }
}

/** All entries of the first column are below it. */
function limitOf({ columns, count }: RowColumns): number {
  const first = columns[0]!
  let limit = 1
  for (let row = 0; row < count; row++) if (first[row]! >= limit) limit = first[row]! + 1
  return limit
}
