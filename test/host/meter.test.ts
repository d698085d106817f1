import { expect, test } from 'vitest'
import { Meter } from '../../src/host/meter.ts'
import { meteredSql } from '../../src/host/metered-sql.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import type { SqlPort } from '../../src/store/sql.ts'

function meterAt(start: number) {
  let now = start
  const meter = new Meter(() => now)
  return { meter, pass: (ms: number) => (now += ms) }
}

test('what overlaps counts once, and what goes on counts up to now', async () => {
  const { meter, pass } = meterAt(1000)
  pass(100)
  meter.hold()
  pass(10)
  meter.hold()
  pass(5)
  meter.release()
  pass(1)
  meter.release()
  pass(1000)
  expect(meter.snapshot().awakeMs).toBe(16)
  const call = Promise.withResolvers<string>()
  const during = meter.during(call.promise)
  pass(7)
  expect(meter.snapshot().awakeMs).toBe(23)
  call.resolve('answer')
  expect(await during).toBe('answer')
  pass(1000)
  expect(meter.snapshot()).toMatchObject({ since: 1000, awakeMs: 23 })
})

test('a call that fails keeps nothing awake, and the failure is told', async () => {
  const { meter, pass } = meterAt(0)
  await expect(meter.during(Promise.reject(new Error('gone')))).rejects.toThrow('gone')
  pass(50)
  expect(meter.snapshot().awakeMs).toBe(0)
})

test('a clock that goes back takes nothing away', () => {
  const { meter, pass } = meterAt(1000)
  meter.hold()
  pass(-500)
  expect(meter.snapshot().awakeMs).toBe(0)
  meter.release()
  expect(meter.snapshot().awakeMs).toBe(0)
})

test('a snapshot stays as it was', () => {
  const { meter } = meterAt(0)
  meter.counts.requests++
  meter.alarmSet()
  const before = meter.snapshot({ tipHeight: 5 })
  meter.counts.requests += 10
  meter.refused('link', 'bad-magic')
  expect(before).toMatchObject({ counts: { requests: 1, alarmsSet: 1, rowsWritten: 1 }, refused: [] })
  expect(before.levels).toEqual({ tipHeight: 5 })
  expect(structuredClone(before)).toEqual(before)
})

test('refusals count by kind and reason, without figures, and many reasons end up together', () => {
  const { meter } = meterAt(0)
  meter.refused('transaction', 'min relay fee not met, 10 < 100')
  meter.refused('transaction', 'min relay fee not met, 11 < 100')
  meter.refused('block', 'bad-cb-height')
  for (let i = 0; i < 100; i++) meter.refused('link', `reason ${i}`)
  meter.refused('link', 'reason 5')
  const { refused } = meter.snapshot()
  expect(refused).toContainEqual({ what: 'transaction', reason: 'min relay fee not met', count: 2 })
  expect(refused).toContainEqual({ what: 'block', reason: 'bad-cb-height', count: 1 })
  const links = refused.filter(({ what }) => what === 'link')
  expect(links).toHaveLength(65)
  expect(links).toContainEqual({ what: 'link', reason: 'reason 5', count: 2 })
  expect(links).toContainEqual({ what: 'link', reason: 'other', count: 36 })
})

/** A database whose statements are counted. */
function meteredDatabase() {
  const { meter } = meterAt(0)
  const sql = meteredSql(openSqlite(':memory:'), meter)
  sql.sql.exec('CREATE TABLE k (a INTEGER PRIMARY KEY, b INTEGER) STRICT')
  return { sql, counts: meter.counts }
}

test('statements, rows changed and rows given are counted on Node', () => {
  const { sql, counts } = meteredDatabase()
  expect(counts).toMatchObject({ statements: 1, rowsWritten: 0, rowsRead: 0 })
  sql.sql.exec('INSERT INTO k VALUES (1, 1), (2, 2), (3, 3)')
  expect(counts.rowsWritten).toBe(3)
  sql.sql.exec('CREATE INDEX kb ON k (b)')
  expect(counts.rowsWritten).toBe(3)
  sql.sql.exec('UPDATE k SET b = 0 WHERE a > ?', 1)
  sql.sql.exec('DELETE FROM k WHERE a = 9')
  expect(counts).toMatchObject({ statements: 5, rowsWritten: 5, rowsRead: 0 })
})

test.each<[string, number, (sql: SqlPort) => unknown]>([
  ['not at all', 0, ({ sql }) => sql.exec('SELECT * FROM k')],
  ['as objects', 3, ({ sql }) => sql.exec('SELECT * FROM k').toArray()],
  ['as arrays', 3, ({ sql }) => sql.exec('SELECT * FROM k').raw().toArray()],
  ['as the only one', 1, ({ sql }) => sql.exec('SELECT * FROM k WHERE a = 2').one()],
  ['one by one', 3, ({ sql }) => [...sql.exec('SELECT * FROM k')]],
  ['one by one as arrays', 3, ({ sql }) => [...sql.exec('SELECT * FROM k').raw()]],
  [
    'the first by a loop that ends early',
    1,
    ({ sql }) => {
      for (const _ of sql.exec('SELECT * FROM k')) break
    },
  ],
  [
    'by next',
    2,
    ({ sql }) => {
      const cursor = sql.exec('SELECT * FROM k')
      return [cursor.next(), cursor.next()]
    },
  ],
])('rows that are read %s count %i', (_, rows, read) => {
  const { sql, counts } = meteredDatabase()
  sql.sql.exec('INSERT INTO k VALUES (1, 1), (2, 2), (3, 3)')
  read(sql)
  expect(counts.rowsRead).toBe(rows)
})

test('where the cursor counts itself, that is taken, as it grows', () => {
  const { meter } = meterAt(0)
  const cursor = {
    rowsRead: 1,
    rowsWritten: 0,
    next() {
      this.rowsRead += 10
      return { value: {} }
    },
    toArray() {
      this.rowsRead += 100
      this.rowsWritten += 6
      return []
    },
  }
  const port = { sql: { exec: () => cursor }, transactionSync: (fn: () => unknown) => fn() } as unknown as SqlPort
  const metered = meteredSql(port, meter).sql.exec('SELECT')
  expect(meter.counts.rowsRead).toBe(1)
  metered.next()
  expect(meter.counts.rowsRead).toBe(11)
  metered.toArray()
  expect(meter.counts).toMatchObject({ rowsRead: 111, rowsWritten: 6, statements: 1 })
})

test('transactions and errors pass through', () => {
  const { sql } = meteredDatabase()
  expect(() =>
    sql.transactionSync(() => {
      sql.sql.exec('INSERT INTO k VALUES (1, 1)')
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(() => sql.sql.exec('SELECT * FROM k').one()).toThrow('one row was expected')
  expect(() => sql.sql.exec('SELEC')).toThrow()
  expect(sql.sql.databaseSize).toBeGreaterThan(0)
})
