import { readFileSync } from 'node:fs'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { moduleText, readMigrations, statementsOf, withTableOptions } from '../../migrations/bundle.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { migrate } from '../../src/store/migrate.ts'
import * as schema from '../../src/store/schema.ts'
import { migrateContract } from './migrate-contract.ts'

migrateContract('SQLite', async (body) => {
  const port = openSqlite(':memory:')
  try {
    body(port)
  } finally {
    port.close()
  }
})

const drizzled =
  'CREATE TABLE `tx` (\n\t`a` integer NOT NULL,\n\tPRIMARY KEY(`a`)\n);\n--> statement-breakpoint\nCREATE TABLE `body` (\n\t`id` integer\n);\n--> statement-breakpoint\nCREATE INDEX `i` ON `tx` (`a`);'

describe('the bundle', () => {
  test('makes tables STRICT, and the named ones WITHOUT ROWID', () => {
    expect(withTableOptions(drizzled, ['tx'])).toBe(
      drizzled
        .replace('`a`)\n);', '`a`)\n) STRICT, WITHOUT ROWID;')
        .replace('`id` integer\n);', '`id` integer\n) STRICT;'),
    )
  })

  test('changes nothing the second time', () => {
    const once = withTableOptions(drizzled, ['tx'])
    expect(withTableOptions(once, ['tx'])).toBe(once)
  })

  test('sees through the name of a table that is being replaced', () => {
    expect(withTableOptions('CREATE TABLE `__new_tx` (\n\t`a` integer\n);', ['tx'])).toContain(
      '\n) STRICT, WITHOUT ROWID;',
    )
  })

  test('splits a file into statements, and leaves foreign key pragmas out', () => {
    const sql = `PRAGMA foreign_keys=OFF;--> statement-breakpoint\n${drizzled}--> statement-breakpoint\nPRAGMA foreign_keys=ON;`
    expect(statementsOf(sql).map((statement) => statement.slice(0, 14))).toEqual([
      'CREATE TABLE `',
      'CREATE TABLE `',
      'CREATE INDEX `',
    ])
    expect(statementsOf(sql).at(-1)).toBe('CREATE INDEX `i` ON `tx` (`a`)')
  })

  test('is what the generated module holds', () => {
    const bundled = moduleText(readMigrations().map(({ tag, sql }) => ({ tag, statements: statementsOf(sql) })))
    expect(readFileSync(new URL('../../src/store/migrations.generated.ts', import.meta.url), 'utf8')).toBe(bundled)
  })
})

describe('the migrated database', () => {
  const port = openSqlite(':memory:')
  migrate(port)
  const tables = Object.values(schema).filter((value) => is(value, SQLiteTable))

  test('has every table of the schema with its columns', () => {
    for (const table of tables) {
      const columns = port.sql
        .exec('SELECT name, "notnull" FROM pragma_table_info(?)', getTableName(table))
        .raw()
        .toArray()
      const expected = Object.values(getTableColumns(table)).map((column) => [column.name, Number(column.notNull)])
      expect(columns).toEqual(expected)
    }
  })

  test('is STRICT throughout, and stores exactly the key-only tables without rowids', () => {
    const made = port.sql
      .exec<{ name: string; wr: number; strict: number }>(
        "SELECT * FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'",
      )
      .toArray()
    expect(made.filter(({ strict }) => !strict)).toEqual([])
    const names = made.filter(({ wr }) => wr).map(({ name }) => name)
    expect(names.sort()).toEqual([...schema.WITHOUT_ROWID].sort())
    expect(made).toHaveLength(tables.length + 1)
  })
})
