import { describe, expect, test } from 'vitest'
import { type Migration, migrate } from '../../src/store/migrate.ts'
import { MIGRATIONS } from '../../src/store/migrations.generated.ts'
import type { SqlPort } from '../../src/store/sql.ts'

const FIRST: Migration = { tag: '0000_a', statements: ['CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT'] }
const SECOND: Migration = {
  tag: '0001_b',
  statements: ['CREATE TABLE b (id INTEGER PRIMARY KEY) STRICT', 'INSERT INTO b SELECT id FROM a'],
}
const tables = (port: SqlPort) =>
  port.sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name",
    )
    .toArray()
    .map(({ name }) => name)

/** What `migrate` does over any `SqlPort`. `withPort` hands out an empty database. */
export function migrateContract(name: string, withPort: (body: (port: SqlPort) => void) => Promise<void>): void {
  describe(`${name}: migrations`, () => {
    test('bring an empty database to the newest schema, once', () =>
      withPort((port) => {
        expect(migrate(port)).toBe(MIGRATIONS.length)
        const made = tables(port)
        expect(made).toEqual(expect.arrayContaining(['best', 'body', 'coin', 'header', 'migration', 'tx']))
        expect(migrate(port)).toBe(0)
        expect(tables(port)).toEqual(made)
      }))

    test('go on from where a database is', () =>
      withPort((port) => {
        migrate(port, [FIRST])
        port.sql.exec('INSERT INTO a VALUES (5)')
        expect(migrate(port, [FIRST, SECOND])).toBe(1)
        expect(port.sql.exec('SELECT id FROM b').one()).toEqual({ id: 5 })
        expect(port.sql.exec('SELECT * FROM migration ORDER BY id').raw().toArray()).toEqual([
          [0, '0000_a'],
          [1, '0001_b'],
        ])
      }))

    test('that fail leave the database as it was', () =>
      withPort((port) => {
        migrate(port, [FIRST])
        const broken = { tag: '0002_c', statements: ['CREATE TABLE c (id INTEGER PRIMARY KEY) STRICT', 'nonsense'] }
        expect(() => migrate(port, [FIRST, SECOND, broken])).toThrow()
        expect(tables(port)).toEqual(['a', 'migration'])
        expect(migrate(port, [FIRST, SECOND])).toBe(1)
      }))

    test('refuse a database of a later version', () =>
      withPort((port) => {
        migrate(port, [FIRST, SECOND])
        expect(() => migrate(port, [FIRST])).toThrow(expect.objectContaining({ code: 'newer' }))
      }))

    test('refuse a database with other steps', () =>
      withPort((port) => {
        migrate(port, [{ ...FIRST, tag: '0000_z' }])
        expect(() => migrate(port, [FIRST])).toThrow(expect.objectContaining({ code: 'foreign' }))
      }))

    test('refuse a database of something else, untouched', () =>
      withPort((port) => {
        port.sql.exec('CREATE TABLE photos (id INTEGER PRIMARY KEY)')
        expect(() => migrate(port)).toThrow(expect.objectContaining({ code: 'foreign' }))
        expect(tables(port)).toEqual(['photos'])
      }))
  })
}
