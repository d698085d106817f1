import { multiInsert } from '../store/multi-insert.ts'
import type { SqlPort, SqlValue } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import type { BlockRow } from './block-row.ts'
import { writeBody } from './bodies.ts'
import { writeBusy } from './busy-scripts.ts'
import { deleteRows, type IndexColumns, insertRows, touchedPrefixes } from './index-rows.ts'
import { offsetChecks } from './offsets.ts'
import { deleteParts, writeParts } from './parts.ts'
import type { BlockTouches } from './touches.ts'

/** A raw block to be stored. */
export interface BodyRow {
  /** `header.id`. */
  id: number
  bytes: Uint8Array<ArrayBuffer>
}

/** What one transaction writes of a batch, the coins and the headers' status not counted: values that any thread can have. */
export interface BatchRows {
  bodies: readonly BodyRow[]
  /** Lowest first. */
  connected: readonly BlockRow[]
  inserts: IndexColumns
  /** Of their prefixes in `history` those that may be busy now; repeats do no harm. */
  touched: Float64Array<ArrayBuffer>
  /** Blocks taken back, tip first; always from before the batch. */
  reverted: readonly { id: number; height: number; touches: BlockTouches }[]
  deletes: IndexColumns
}

/** In the order of `pushBest`. */
const BEST = [
  ...['height', 'header_id', 'first_tx', 'tx_count', 'size', 'weight', 'fees', 'inputs', 'outputs', 'output_value'],
  ...['input_value', 'tx_size', 'tx_weight', 'segwit_txs', 'segwit_size', 'segwit_weight'],
  ...['utxo_increase', 'utxo_size'],
  ...['rate_min', 'rate_10', 'rate_25', 'rate_50', 'rate_75', 'rate_90', 'rate_max'],
  ...['fee_min', 'fee_10', 'fee_25', 'fee_50', 'fee_75', 'fee_90', 'fee_max'],
]

/** To be called inside a transaction. Ids of blocks that turned out to be damaged in the store. */
export function writeRows(
  sql: SqlPort,
  hasher: Hasher,
  { bodies, connected, inserts, touched, reverted, deletes }: BatchRows,
): ReadonlySet<number> {
  for (const { id, bytes } of bodies) writeBody(sql, id, bytes, hasher)
  deleteBlocks(
    sql,
    reverted.map(({ id }) => id),
    reverted.at(-1)?.height,
  )
  for (const { id, prevouts } of connected) writeParts(sql, 'prevouts', id, prevouts, hasher)
  multiInsert(sql, 'offsets (block_id, bytes, checks)', 3, connected.length, (i, values) => {
    const { id, offsets } = connected[i]!
    values.push(id, offsets, offsetChecks(offsets, hasher))
  })
  multiInsert(sql, `best (${BEST.join(', ')})`, BEST.length, connected.length, (i, values) => {
    pushBest(connected[i]!, values)
  })
  deleteRows(sql, deletes)
  insertRows(sql, inserts)
  const touchesOf = (blocks: readonly { touches: BlockTouches }[]) => blocks.map(({ touches }) => touches)
  const lost = new Set(touchedPrefixes(deletes))
  return writeBusy(sql, hasher, { reverted: touchesOf(reverted), connected: touchesOf(connected), lost, got: touched })
}

function pushBest(b: BlockRow, values: SqlValue[]): void {
  const { stats } = b
  values.push(b.height, b.id, b.firstTx, b.txCount, b.size, b.weight, b.fees, b.inputs, b.outputs, b.outputValue)
  values.push(stats.inputValue, stats.txSize, stats.txWeight, stats.segwitTxs, stats.segwitSize, stats.segwitWeight)
  values.push(stats.utxoIncrease, b.utxoSize)
  for (const rate of stats.rates) values.push(rate)
  for (const fee of stats.fees) values.push(fee)
}

/** What is stored by block of these, the highest of the chain down to `lowest`, but for bodies and index rows. */
export function deleteBlocks(sql: SqlPort, ids: readonly number[], lowest: number | undefined): void {
  if (lowest === undefined) return
  for (const id of ids) {
    deleteParts(sql, 'prevouts', id)
    sql.sql.exec('DELETE FROM offsets WHERE block_id = ?', id)
  }
  sql.sql.exec('DELETE FROM best WHERE height >= ?', lowest)
}
