// The least that taking a chain in can be, on one thread: node bench/floor/floor.ts PLAN DATABASE
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { deserialize } from 'node:v8'
import { nodeHasher } from '../../src/node/hasher.ts'
import { openSqlite, WRITER_CACHE_MIB } from '../../src/node/sqlite.ts'
import { migrate } from '../../src/store/migrate.ts'
import { PART_SIZE } from '../../src/store/schema.ts'
import type { FloorBlock, FloorPlan, RowList } from './row-list.ts'

/**
 * What it does, and all it does: reads each block from the file into one buffer, copies its transactions without their
 * witnesses (where those lie, it was told) and hashes them with the same hasher as the ledger; writes the body in the
 * same parts, with checks that it was given; and inserts rows that were in its memory before the clock started: headers,
 * blocks, index rows, prevouts, offsets, and only those coins that nothing spends. Same schema, page size, journal, cache
 * and flushing; as many transactions of the same blocks; rows in the order of their keys; 16 rows or 100 parameters to a
 * statement that stays prepared, straight on node:sqlite. It parses nothing, checks nothing, looks nothing up, deletes
 * nothing, and has no network.
 */
const ROWS = 16
const MAX_PARAMETERS = 100

const [planPath = '', databasePath = ''] = process.argv.slice(2)
const plan = deserialize(readFileSync(planPath)) as FloorPlan
const fresh = openSqlite(databasePath)
migrate(fresh)
fresh.close()

const db = new DatabaseSync(databasePath)
db.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = ${-1024 * WRITER_CACHE_MIB}; PRAGMA temp_store = MEMORY`)
const prepared = new Map<string, StatementSync>()
const file = openSync(plan.chain, 'r')
const length = new Uint8Array(4)
const lengthView = new DataView(length.buffer)
const block = new Uint8Array(4_000_000)
const stripped = new Uint8Array(4_000_000)
let txids = new Uint8Array(0)
let at = 0

function statement(text: string): StatementSync {
  let known = prepared.get(text)
  if (!known) {
    known = db.prepare(text)
    prepared.set(text, known)
  }
  return known
}

function hashTransactions({ txStart, witnessStart }: FloorBlock): void {
  const count = witnessStart.length
  const ranges = new Uint32Array(2 * count)
  let end = 0
  const copy = (from: number, to: number) => {
    stripped.set(block.subarray(from, to), end)
    end += to - from
  }
  for (let tx = 0; tx < count; tx++) {
    ranges[2 * tx] = end
    const start = txStart[tx]!
    const next = txStart[tx + 1]!
    if (witnessStart[tx] === 0) copy(start, next)
    else {
      copy(start, start + 4)
      copy(start + 6, witnessStart[tx]!)
      copy(next - 4, next)
    }
    ranges[2 * tx + 1] = end
  }
  txids = new Uint8Array(32 * count)
  nodeHasher.sha256dMany(stripped, ranges, txids)
}

function takeBlock(at: FloorBlock): void {
  readSync(file, length)
  const size = lengthView.getUint32(0, true)
  readSync(file, block, 0, size, null)
  hashTransactions(at)
  const insert = statement('INSERT INTO body (id, bytes, check48) VALUES (?, ?, ?)')
  for (let part = 0; part * PART_SIZE < size; part++) {
    const bytes = block.subarray(part * PART_SIZE, Math.min(size, (part + 1) * PART_SIZE))
    insert.run(at.partId + part, bytes, at.checks[part]!)
  }
}

function insertRows({ into, columns, count }: RowList): void {
  const width = columns.length
  const many = Math.min(ROWS, Math.floor(MAX_PARAMETERS / width))
  const row = `(${Array(width).fill('?').join(', ')})`
  const insertOne = statement(`INSERT INTO ${into} VALUES ${row}`)
  const insertMany = statement(`INSERT INTO ${into} VALUES ${Array(many).fill(row).join(', ')}`)
  const values: SQLInputValue[] = Array(many * width).fill(0)
  let n = 0
  for (; n + many <= count; n += many) {
    for (let i = 0, v = 0; i < many; i++) for (let c = 0; c < width; c++) values[v++] = columns[c]![n + i]!
    insertMany.run(...values)
  }
  for (; n < count; n++) insertOne.run(...columns.map((column) => column[n]!))
}

const before = process.resourceUsage()
const start = performance.now()
for (const { blocks, lists } of plan.batches) {
  db.exec('BEGIN IMMEDIATE')
  for (const end = at + blocks; at < end; at++) takeBlock(plan.blocks[at]!)
  for (const list of lists) insertRows(list)
  db.exec('COMMIT')
}
const seconds = (performance.now() - start) / 1000
const after = process.resourceUsage()
if (at !== plan.blocks.length || Buffer.compare(txids.subarray(-32), plan.lastTxid) !== 0) {
  throw new Error('the floor took another chain in')
}
db.close()
closeSync(file)
console.log(
  JSON.stringify({
    seconds,
    cpu: {
      user: (after.userCPUTime - before.userCPUTime) / 1e6,
      system: (after.systemCPUTime - before.systemCPUTime) / 1e6,
    },
    rows: plan.batches.flatMap(({ lists }) => lists).reduce((sum, { count }) => sum + count, 0),
  }),
)
