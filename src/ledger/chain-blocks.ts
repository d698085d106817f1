import { between, desc, eq, sql as sqlText } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { MEDIAN_TIME_SPAN, medianTime } from '../chain/header-rules.ts'
import { HAVE_BODY, MAIN } from '../chain/header-store.ts'
import { best, header } from '../store/schema.ts'
import type { SqlPort } from '../store/sql.ts'
import { blob } from '../store/sql.ts'
import { equalBytes, type Hasher, prefix48 } from '../wire/hash.ts'
import { blockHash, headerTime } from '../wire/header.ts'
import type { BlockInfo, BlockStats } from './queries.ts'

/** The columns that `BlockInfo` needs. */
const INFO = {
  height: best.height,
  txCount: best.txCount,
  size: best.size,
  weight: best.weight,
  fees: best.fees,
  inputs: best.inputs,
  outputs: best.outputs,
  outputValue: best.outputValue,
}

export interface FoundBlock {
  height: number
  /** `header.id`. */
  id: number
  /** Its body is stored. */
  keepsBody: boolean
  txCount: number
  /** Bytes of the body. */
  size: number
}

/** The blocks of the connected chain, without their transactions. Synchronous; each call inside one snapshot. */
export class ChainBlocks {
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  readonly #between
  readonly #stats

  constructor(sql: SqlPort, hasher: Hasher) {
    this.#sql = sql
    this.#hasher = hasher
    // Drizzle's driver asks for a Durable Object's storage and uses what SqlPort has of it.
    const db = drizzle(sql as never)
    this.#between = db
      .select({ best: INFO, raw: header.raw })
      .from(best)
      .innerJoin(header, eq(header.id, best.headerId))
      .where(between(best.height, sqlText.placeholder('from'), sqlText.placeholder('to')))
      .orderBy(desc(best.height))
      .prepare()
    this.#stats = db
      .select()
      .from(best)
      .where(between(best.height, sqlText.placeholder('from'), sqlText.placeholder('to')))
      .orderBy(desc(best.height))
      .prepare()
  }

  tipHeight(): number | undefined {
    const row = this.#sql.sql.exec('SELECT max(height) FROM best').raw().toArray()[0]
    return (row?.[0] as number | null | undefined) ?? undefined
  }

  /** Height of the best header. */
  headerHeight(): number {
    const row = this.#sql.sql
      .exec('SELECT height FROM header WHERE status & ? ORDER BY height DESC LIMIT 1', MAIN)
      .raw()
      .toArray()[0]
    return (row?.[0] as number | undefined) ?? 0
  }

  /** What the rows of a connected block say. A prefix is a hint: the header is hashed. */
  find(hash: Uint8Array): FoundBlock | undefined {
    const rows = this.#sql.sql
      .exec(
        'SELECT h.raw, b.height, h.id, h.status, b.tx_count, b.size FROM header h JOIN best b ON b.header_id = h.id WHERE h.prefix48 = ?',
        prefix48(hash),
      )
      .raw()
      .toArray()
    for (const [raw, ...row] of rows) {
      if (!equalBytes(blockHash(blob(raw), this.#hasher), hash)) continue
      const [height, id, status, txCount, size] = row as [number, number, number, number, number]
      return { height, id, keepsBody: (status & HAVE_BODY) !== 0, txCount, size }
    }
    return undefined
  }

  /** At most `limit` blocks, descending from height `from`, which must not be above the tip. */
  descending(from: number, limit: number): BlockInfo[] {
    const low = Math.max(0, from - limit + 1)
    const rows = this.#between.all({ from: Math.max(0, low - MEDIAN_TIME_SPAN + 1), to: from + 1 })
    const headers = rows.map(({ raw }) => raw)
    const above = rows[0]?.best.height === from + 1 ? 1 : 0
    return rows.slice(above, above + from - low + 1).map(({ best, raw }, i) => ({
      hash: blockHash(raw, this.#hasher),
      height: best.height,
      header: raw,
      txCount: best.txCount,
      size: best.size,
      weight: best.weight,
      medianTime: medianTime(headers.slice(above + i, above + i + MEDIAN_TIME_SPAN).map(headerTime)),
      fees: best.fees,
      inputs: best.inputs,
      outputs: best.outputs,
      outputValue: best.outputValue,
      next: above + i > 0 ? blockHash(headers[above + i - 1]!, this.#hasher) : undefined,
    }))
  }

  /** Of the blocks that `descending` gives. */
  stats(from: number, limit: number): BlockStats[] {
    return this.#stats.all({ from: Math.max(0, from - limit + 1), to: from }).map((row) => ({
      inputValue: row.inputValue,
      txSize: row.txSize,
      txWeight: row.txWeight,
      segwitTxs: row.segwitTxs,
      segwitSize: row.segwitSize,
      segwitWeight: row.segwitWeight,
      utxoIncrease: row.utxoIncrease,
      utxoSize: row.utxoSize,
      feeRates: [row.rateMin, row.rate10, row.rate25, row.rate50, row.rate75, row.rate90, row.rateMax].map(rate),
      feeAmounts: [row.feeMin, row.fee10, row.fee25, row.fee50, row.fee75, row.fee90, row.feeMax],
    }))
  }
}

/** From thousandths. */
function rate(milli: number): number {
  return milli / 1000
}
