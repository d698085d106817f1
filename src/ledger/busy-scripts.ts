import { multiDelete } from '../store/multi-delete.ts'
import { multiInsert } from '../store/multi-insert.ts'
import { BUSY_ABOVE } from '../store/schema.ts'
import type { SqlPort, SqlValue } from '../store/sql.ts'
import { type Hasher, prefix48 } from '../wire/hash.ts'
import { BatchTouches } from './batch-touches.ts'
import { keyOrder } from './key-order.ts'
import type { NumberRows } from './number-rows.ts'
import { OlderRows } from './older-rows.ts'
import { CARRY, type ScriptSums, Scripts } from './script-sums.ts'
import type { BlockTouches } from './touches.ts'

const PREFIX_LIMIT = 2 ** 48
/** Prefixes asked about in one statement: as many as it may have parameters. */
const AT_ONCE = 100
const ASKED = `SELECT column1 FROM (VALUES ${Array(AT_ONCE).fill('(?)').join(', ')})`
const MANY_ROWS = `${ASKED}
  WHERE EXISTS (SELECT 1 FROM history WHERE prefix48 = column1 LIMIT 1 OFFSET ${BUSY_ABOVE})`
/** The lowest and the highest scripthash with a prefix, as `scripthashRange` has them. */
const HEX = "format('%012X', CAST(column1 AS INTEGER))"
const WITH_SUMS = `${ASKED}
  WHERE EXISTS (SELECT 1 FROM busy WHERE scripthash BETWEEN unhex(${HEX}) AND unhex(${HEX} || '${'F'.repeat(52)}'))`
/** A row of sums has eight parameters. */
const SUMS_ROWS = 12
const SUM = `CAST(? AS INTEGER) * ${CARRY} + CAST(? AS INTEGER)`
const SUMS = ['funded_count', 'funded_sum', 'spent_count', 'spent_sum', 'tx_count']
const addSumsOf = (rows: number) =>
  `INSERT INTO busy (scripthash, ${SUMS.join(', ')}) VALUES ${Array(rows).fill(`(?, ?, ${SUM}, ?, ${SUM}, ?)`).join(', ')}
  ON CONFLICT (scripthash) DO UPDATE SET ${SUMS.map((sum) => `${sum} = ${sum} + excluded.${sum}`).join(', ')}`
const ADD_ONE = addSumsOf(1)
const ADD_MANY = addSumsOf(SUMS_ROWS)
const COIN = ['prefix48', 'next48', 'tx_num', 'vout']

/** What a batch does to the chain: the blocks that it reverts, tip first, and those that it connects, lowest first. */
export interface BusyChange {
  reverted: readonly BlockTouches[]
  connected: readonly BlockTouches[]
  /** Prefixes that have lost rows in `history`. */
  lost: ReadonlySet<number>
  /** Prefixes that have got some and may be busy; repeats do no harm. */
  got: Float64Array
  /** Where no block is reverted or connected: the number behind the last transaction. */
  end?: number
}

/**
 * Brings `busy` and `busy_coin` to where `history` and `spend` are by now. To be called inside the transaction that wrote
 * those, and bodies and offsets too. Both are functions of the chain: whether a prefix is busy is asked of `history` at every commit, so
 * neither batches nor reorganisations nor restarts leave a trace.
 *
 * A prefix that becomes busy is walked once, about a hundred rows; from then on each batch adds what it does. Where something
 * of that history cannot be read the prefix stays without rows, which says "not known", and is walked again the next
 * time it is touched. The ids of the damaged blocks.
 */
export function writeBusy(sql: SqlPort, hasher: Hasher, change: BusyChange): ReadonlySet<number> {
  const { reverted, connected, lost, got } = change
  const first = connected[0]?.firstTx ?? reverted.at(-1)?.firstTx ?? change.end ?? 0
  const busy = new Set<number>()
  for (const prefixes of [lost, got]) addThose(MANY_ROWS, sql, prefixes, busy)
  const rest = [...lost].filter((prefix) => !busy.has(prefix))
  forgetSums(sql, rest)
  if (busy.size === 0) return busy
  const scripts = new Scripts(busy, hasher)

  const isNew = scripts.prefixes.map((prefix) => !hasSums(sql, prefix))
  const older = new OlderRows(sql, hasher, scripts, first, (coins) => insertCoins(sql, coins))
  older.walk(isNew.flatMap((yes, slot) => (yes ? [slot] : [])))
  for (const slot of older.unreadable) forget(sql, scripts.prefixes[slot]!)

  const touches = new BatchTouches(scripts, first, connected)
  // Reverted blocks lie behind the older rows: in the sums of what becomes busy only now they are not.
  for (const block of reverted) touches.revert(block, (slot) => !isNew[slot])
  for (const sums of scripts.all) sums.newRun()
  const isKnown = (slot: number) => !older.unreadable.has(slot)
  for (const block of connected) touches.connect(block, isKnown)

  const changed = scripts.all.filter(({ slot }) => isKnown(slot))
  addSums(sql, changed)
  if (reverted.length > 0) dropEmpty(sql, changed)
  insertCoins(sql, touches.back)
  deleteCoins(sql, touches.gone)
  insertCoins(sql, touches.made, (row) => touches.isStillThere(row))
  return older.damaged
}

/** The lowest and the highest scripthash with a prefix. */
export function scripthashRange(prefix: number): [Uint8Array, Uint8Array] {
  const low = new Uint8Array(32)
  const high = new Uint8Array(32).fill(0xff)
  for (let i = 5, rest = prefix; i >= 0; i--, rest = Math.floor(rest / 256)) low[i] = high[i] = rest % 256
  return [low, high]
}

/** Adds those of the prefixes that the query, `MANY_ROWS` or `WITH_SUMS`, holds of. */
function addThose(query: string, sql: SqlPort, prefixes: Iterable<number>, found: Set<number>): void {
  let asked: number[] = []
  const ask = () => {
    while (asked.length < AT_ONCE) asked.push(asked[0]!)
    for (const [prefix] of sql.sql.exec(query, ...asked).raw() as Iterable<[number]>) found.add(prefix)
    asked = []
  }
  for (const prefix of prefixes) if (asked.push(prefix) === AT_ONCE) ask()
  if (asked.length > 0) ask()
}

function hasSums(sql: SqlPort, prefix: number): boolean {
  const query = 'SELECT 1 FROM busy WHERE scripthash BETWEEN ? AND ? LIMIT 1'
  return (
    sql.sql
      .exec(query, ...scripthashRange(prefix))
      .raw()
      .toArray().length > 0
  )
}

/** The prefixes have no sums any more: most of them never had. To be called inside a transaction. */
export function forgetSums(sql: SqlPort, prefixes: readonly number[]): void {
  const withSums = new Set<number>()
  addThose(WITH_SUMS, sql, prefixes, withSums)
  for (const prefix of withSums) forget(sql, prefix)
}

/** The prefix is busy no more. */
function forget(sql: SqlPort, prefix: number): void {
  sql.sql.exec('DELETE FROM busy WHERE scripthash BETWEEN ? AND ?', ...scripthashRange(prefix))
  sql.sql.exec('DELETE FROM busy_coin WHERE prefix48 = ?', prefix)
}

function addSums(sql: SqlPort, changed: readonly ScriptSums[]): void {
  const prefixes = changed.map(({ scripthash }) => prefix48(scripthash))
  const order = keyOrder(changed.length, PREFIX_LIMIT, (i) => prefixes[i]!)
  for (let i = 0; i < order.length; ) {
    const rows = order.length - i >= SUMS_ROWS ? SUMS_ROWS : 1
    const values: SqlValue[] = []
    for (const end = i + rows; i < end; i++) {
      const { scripthash, fundedCount, funded, spentCount, spent, txCount } = changed[order[i]!]!
      values.push(scripthash, fundedCount, funded.high, funded.low, spentCount, spent.high, spent.low, txCount)
    }
    sql.sql.exec(rows === 1 ? ADD_ONE : ADD_MANY, ...values)
  }
}

/** Scripts that nothing is left of. */
function dropEmpty(sql: SqlPort, changed: readonly ScriptSums[]): void {
  const fewer = changed.filter(({ txCount }) => txCount < 0)
  multiDelete(sql, 'busy', ['scripthash', 'tx_count'], fewer.length, (i, values) => {
    values.push(fewer[i]!.scripthash, 0)
  })
}

/** `isMeant`: which rows; all unless given. */
function insertCoins(sql: SqlPort, { columns, count }: NumberRows, isMeant?: (row: number) => boolean): void {
  const rows = new Float64Array(count)
  let kept = 0
  for (let row = 0; row < count; row++) if (!isMeant || isMeant(row)) rows[kept++] = row
  const order = keyOrder(kept, PREFIX_LIMIT, (i) => columns[0]![rows[i]!]!)
  multiInsert(sql, `busy_coin (${COIN.join(', ')})`, 4, kept, (i, values) => {
    const row = rows[order[i]!]!
    values.push(columns[0]![row]!, columns[1]![row]!, columns[2]![row]!, columns[3]![row]!)
  })
}

function deleteCoins(sql: SqlPort, { columns, count }: NumberRows): void {
  const order = keyOrder(count, PREFIX_LIMIT, (row) => columns[0]![row]!)
  multiDelete(sql, 'busy_coin', COIN, count, (i, values) => {
    for (const column of columns) values.push(column[order[i]!]!)
  })
}
