import { expect, test } from 'vitest'
import { openSqlite } from '../../src/node/sqlite.ts'
import { migrate } from '../../src/store/migrate.ts'
import { multiDelete } from '../../src/store/multi-delete.ts'
import { multiInsert } from '../../src/store/multi-insert.ts'
import type { SqlPort, SqlValue } from '../../src/store/sql.ts'

type Row = [number, number]

/** Rows that share the first half of their keys three by three. */
function filled(rows: number): SqlPort {
  const port = openSqlite(':memory:')
  migrate(port)
  multiInsert(port, 'tx (prefix48, tx_num)', 2, rows, (i, values) => values.push(Math.floor(i / 3), i))
  return port
}

function rowsIn(port: SqlPort): Row[] {
  return port.sql.exec('SELECT prefix48, tx_num FROM tx').raw().toArray() as Row[]
}

/** The statements that `work` runs, with what each is given. */
function statementsOf(port: SqlPort, work: (port: SqlPort) => void): { query: string; values: SqlValue[] }[] {
  const seen: { query: string; values: SqlValue[] }[] = []
  work({
    transactionSync: (fn) => port.transactionSync(fn),
    sql: {
      databaseSize: 0,
      exec: (query, ...values) => {
        seen.push({ query, values })
        return port.sql.exec(query, ...values)
      },
    },
  })
  return seen
}

test.each([0, 1, 2, 49, 50, 51, 120, 300])('of 300 rows the %i that are named are deleted, and no others', (count) => {
  const port = filled(300)
  const all = rowsIn(port)
  // Every seventh: neighbours by the first column stay.
  const named = Array.from({ length: count }, (_, i) => all[(i * 7) % 300]!)
  multiDelete(port, 'tx', ['prefix48', 'tx_num'], count, (i, values) => values.push(...named[i]!))
  const gone = new Set(named.map(String))
  expect(rowsIn(port)).toEqual(all.filter((row) => !gone.has(String(row))))
})

test('keys that no row has do nothing', () => {
  const port = filled(10)
  multiDelete(port, 'tx', ['prefix48', 'tx_num'], 60, (i, values) => values.push(i, 2 ** 47 + i))
  expect(rowsIn(port)).toHaveLength(10)
})

test.each([
  ['tx', ['prefix48', 'tx_num']],
  ['history', ['prefix48', 'tx_num']],
  ['spend', ['funding_tx', 'vout']],
  ['coin', ['outpoint']],
  ['busy', ['scripthash', 'tx_count']],
  ['busy_coin', ['prefix48', 'next48', 'tx_num', 'vout']],
])('rows of %s are found by their key, in statements that a Durable Object takes', (table, key) => {
  const port = filled(0)
  const statements = statementsOf(port, (seen) => {
    multiDelete(seen, table, key, 130, (i, values) => {
      for (const column of key) values.push(/outpoint|scripthash/.test(column) ? new Uint8Array(36).fill(i) : i)
    })
  })
  expect(new Set(statements.map(({ query }) => query)).size).toBe(1)
  for (const { query, values } of statements) {
    expect(values.length).toBeLessThanOrEqual(100)
    const plan = port.sql.exec(`EXPLAIN QUERY PLAN ${query}`, ...values).toArray() as { detail: string }[]
    expect(plan[0]!.detail).toMatch(`SEARCH ${table} USING PRIMARY KEY (${key[0]}=?`)
  }
})
