import { DatabaseSync } from 'node:sqlite'
import { BlockScan } from '../../src/chain/block-scan.ts'
import { PART_SIZE, PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { blocksOf } from '../chain/chain-file.ts'
import { type FloorBatch, type FloorBlock, type FloorPlan, type RowList, rowsOf } from './row-list.ts'

/** Headers come in messages of so many, and are committed with each. */
const HEADERS_AT_ONCE = 2000
/** Tables that are cut into batches, and those that have nothing to do with them. */
const IN_BATCHES = new Set(['best', 'prevouts', 'offsets', 'tx', 'history', 'spend', 'coin'])
const APART = new Set(['header', 'body', 'meta', 'migration'])

/**
 * Everything the floor writes, read from a ledger that has taken the whole chain in. `commits`: the heights of the tip
 * after each of its commits. Rows are in the order of their keys, which is the order in which the ledger writes them; of
 * coins there are those that are left at the end, with the batch that made them. Rows of any other table (sums, say)
 * are written once, at the end, as they finally stand.
 */
export function dumpFloor(ledger: string, chain: string, commits: readonly number[]): FloorPlan {
  const db = new DatabaseSync(ledger, { readOnly: true })
  try {
    const top = db.prepare('SELECT max(height) AS height FROM best').get()!.height as number
    const ends = [...new Set([...commits.filter((height) => height > 0 && height < top), top])].sort((a, b) => a - b)
    const batches = headerBatches(db, top)
    for (const [i, end] of ends.entries()) batches.push(blockBatch(db, i === 0 ? 1 : ends[i - 1]! + 1, end))
    batches.at(-1)!.lists.push(...restOf(db))
    const { blocks, lastTxid } = blocksFor(db, chain)
    return { chain, batches, blocks, lastTxid }
  } finally {
    db.close()
  }
}

function headerBatches(db: DatabaseSync, top: number): FloorBatch[] {
  const batches: FloorBatch[] = []
  for (let from = 1; from <= top; from += HEADERS_AT_ONCE) {
    const rest = `WHERE height >= ${from} AND height < ${from + HEADERS_AT_ONCE} ORDER BY id`
    batches.push({ blocks: 0, lists: [listOf(db, 'header', rest)] })
  }
  return batches
}

/** The rows of the blocks `from` to `to`. */
function blockBatch(db: DatabaseSync, from: number, to: number): FloorBatch {
  const { first, end } = db
    .prepare('SELECT min(first_tx) AS first, max(first_tx + tx_count) AS end FROM best WHERE height BETWEEN ? AND ?')
    .get(from, to) as { first: number; end: number }
  const ids = `SELECT header_id FROM best WHERE height BETWEEN ${from} AND ${to}`
  const { least, most } = db.prepare(`SELECT min(header_id) AS least, max(header_id) AS most FROM (${ids})`).get() as {
    least: number
    most: number
  }
  const parts = `id >= ${least * PARTS_PER_BLOCK} AND id < ${(most + 1) * PARTS_PER_BLOCK}`
  const numbered = (column: string) => `WHERE ${column} >= ${first} AND ${column} < ${end}`
  return {
    blocks: to - from + 1,
    lists: [
      listOf(db, 'prevouts', `WHERE ${parts} ORDER BY id`),
      listOf(db, 'offsets', `WHERE block_id BETWEEN ${least} AND ${most} ORDER BY block_id`),
      listOf(db, 'best', `WHERE height BETWEEN ${from} AND ${to} ORDER BY height`),
      listOf(db, 'tx', `${numbered('tx_num')} ORDER BY prefix48, tx_num`),
      listOf(db, 'history', `${numbered('tx_num')} ORDER BY prefix48, tx_num`),
      listOf(db, 'spend', `${numbered('spender_tx')} ORDER BY funding_tx, vout`),
      listOf(db, 'coin', `${numbered('tx_num')} ORDER BY outpoint`),
    ],
  }
}

function restOf(db: DatabaseSync): RowList[] {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
  return tables
    .map(({ name }) => name as string)
    .filter((name) => !IN_BATCHES.has(name) && !APART.has(name))
    .map((name) => listOf(db, name, ''))
}

function listOf(db: DatabaseSync, table: string, rest: string): RowList {
  const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all()
  return rowsOf(
    db,
    table,
    columns.map(({ name }) => name as string),
    rest,
  )
}

function blocksFor(db: DatabaseSync, chain: string): { blocks: FloorBlock[]; lastTxid: Uint8Array } {
  const ids = db.prepare('SELECT header_id AS id FROM best WHERE height > 0 ORDER BY height').all() as { id: number }[]
  const checks = db.prepare('SELECT check48 AS value FROM body WHERE id >= ? AND id < ? ORDER BY id')
  const blocks: FloorBlock[] = []
  for (const bytes of blocksOf(chain)) {
    const { id } = ids[blocks.length]!
    const { txs, witnessStart } = new BlockScan(bytes)
    const partId = id * PARTS_PER_BLOCK
    const found = checks.all(partId, partId + PARTS_PER_BLOCK) as { value: number }[]
    if (found.length !== Math.ceil(bytes.length / PART_SIZE)) throw new Error('the ledger holds another chain')
    blocks.push({ partId, checks: Float64Array.from(found, ({ value }) => value), txStart: txs.txStart, witnessStart })
  }
  const last = db.prepare('SELECT bytes FROM offsets WHERE block_id = ?').get(ids.at(-1)!.id)!.bytes as Uint8Array
  return { blocks, lastTxid: last.slice(-32) }
}
