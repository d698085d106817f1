import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqlite, type SqliteFile, type SqliteOptions } from '../../src/node/sqlite.ts'

let folder: string
let path: string
const opened: SqliteFile[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-sqlite-'))
  path = join(folder, 'ledger.sqlite')
})
afterEach(() => {
  for (const port of opened.splice(0)) port.close()
  rmSync(folder, { recursive: true })
})

function open(options?: SqliteOptions, at = path): SqliteFile {
  const port = openSqlite(at, options)
  opened.push(port)
  return port
}
function openWithRows(rows: number): SqliteFile {
  const port = open()
  port.sql.exec('CREATE TABLE n (id INTEGER PRIMARY KEY, v BLOB) STRICT')
  port.transactionSync(() => {
    for (let id = 0; id < rows; id++) port.sql.exec('INSERT INTO n VALUES (?, ?)', id, new Uint8Array(1000).fill(id))
  })
  return port
}
const count = (port: SqliteFile) => port.sql.exec<{ n: number }>('SELECT count(*) AS n FROM n').one().n
const insert = (port: SqliteFile, id: number, size = 1) =>
  port.sql.exec('INSERT INTO n VALUES (?, ?)', id, new Uint8Array(size))
const coded = (code: string) => expect.objectContaining({ name: 'StoreError', code })

describe('a file that cannot be used is refused as', () => {
  test('unreadable, when its folder is missing', () => {
    expect(() => open({}, join(folder, 'missing', 'x.sqlite'))).toThrow(coded('unreadable'))
    expect(() => open({}, join(folder, 'missing', 'x.sqlite'))).toThrow('no such file or directory')
  })

  test('unreadable, when it is a folder', () => {
    expect(() => open({}, folder)).toThrow(coded('unreadable'))
  })

  test('unreadable, when it is missing and only to be read', () => {
    expect(() => open({ readOnly: true })).toThrow(coded('unreadable'))
  })

  test.each([true, false])('not a database, when it holds other bytes (readOnly: %s)', (readOnly) => {
    writeFileSync(path, 'these are not the pages you are looking for'.repeat(100))
    expect(() => open({ readOnly })).toThrow(coded('not-a-database'))
    expect(readFileSync(path, 'utf8')).toContain('not the pages')
  })

  test('locked, when another process writes to it', () => {
    const owner = openWithRows(0)
    owner.transactionSync(() => {
      expect(() => open({ busyMs: 0 })).toThrow(coded('locked'))
    })
    expect(count(open({ busyMs: 0 }))).toBe(0)
  })

  test('corrupt, once damaged pages are read', () => {
    openWithRows(1000)
    opened.pop()!.close()
    const file = openSync(path, 'r+')
    writeSync(file, new Uint8Array(60_000).fill(0xa5), 0, 60_000, 8192)
    const port = open()
    expect(() => port.sql.exec('SELECT sum(length(v)) FROM n').toArray()).toThrow(coded('corrupt'))
    expect(() => [...port.sql.exec('SELECT v FROM n')]).toThrow(coded('corrupt'))
  })
})

test('a full disk is refused as such, and nothing of the transaction is left', () => {
  const port = openWithRows(3)
  port.sql.exec('PRAGMA max_page_count = 30')
  const fill = () =>
    port.transactionSync(() => {
      for (let id = 3; id < 1000; id++) insert(port, id, 1000)
    })
  expect(fill).toThrow(coded('disk-full'))
  expect(count(port)).toBe(3)
  port.sql.exec('PRAGMA max_page_count = 1000000')
  fill()
  expect(count(port)).toBe(1000)
})

test('once SQLite has undone a transaction on its own, nothing more can be written in it', () => {
  const port = openWithRows(1)
  const swallowing = () =>
    port.transactionSync(() => {
      insert(port, 1)
      try {
        port.transactionSync(() => port.sql.exec('INSERT OR ROLLBACK INTO n VALUES (0, NULL)'))
      } catch {
        // as a caller might who believes that only the inner transaction is gone
      }
      expect(() => insert(port, 2)).toThrow('undone')
      expect(() => port.transactionSync(() => {})).toThrow('undone')
    })
  expect(swallowing).toThrow('undone')
  expect(count(port)).toBe(1)
  port.transactionSync(() => insert(port, 3))
  expect(count(port)).toBe(2)
})

test('a value of more than 2 MiB is refused, as an object would', () => {
  const port = openWithRows(0)
  insert(port, 1, 2_000_000)
  expect(() => insert(port, 2, 2_100_000)).toThrow('too big')
})

describe('a SELECT', () => {
  test('is not read after a later write', () => {
    const port = openWithRows(2)
    const cursor = port.sql.exec('SELECT id FROM n')
    insert(port, 2)
    expect(() => cursor.toArray()).toThrow('after a later write')
  })

  test('is not read after the transaction in which it was made', () => {
    const port = openWithRows(2)
    const cursor = port.transactionSync(() => port.sql.exec('SELECT id FROM n'))
    expect(() => cursor.toArray()).toThrow('after a later write')
  })

  test('comes after others of any number', () => {
    const port = openWithRows(5)
    for (let i = 0; i < 1000; i++) expect(port.sql.exec(`SELECT ${i} AS i`).one()).toEqual({ i })
    expect(count(port)).toBe(5)
  })

  test('is one: a second statement in the same text is refused', () => {
    const port = openWithRows(5)
    expect(() => port.sql.exec('SELECT 1; DELETE FROM n')).toThrow('more than one')
    expect(port.sql.exec('SELECT 1 AS a; -- the end').one()).toEqual({ a: 1 })
  })
})

describe('a reader', () => {
  test('sees what is committed, and never waits for the writer', () => {
    const writer = openWithRows(2)
    const reader = open({ readOnly: true, busyMs: 0 })
    writer.transactionSync(() => {
      insert(writer, 2)
      expect(count(reader)).toBe(2)
    })
    expect(count(reader)).toBe(3)
  })

  test('sees one moment throughout a transaction', () => {
    const writer = openWithRows(2)
    const reader = open({ readOnly: true })
    reader.transactionSync(() => {
      expect(count(reader)).toBe(2)
      insert(writer, 2)
      expect(count(reader)).toBe(2)
    })
    expect(count(reader)).toBe(3)
  })

  test('that left a loop early is not stuck in the past', () => {
    const writer = openWithRows(2)
    const reader = open({ readOnly: true })
    for (const _ of reader.sql.exec('SELECT id FROM n')) break
    reader.sql.exec('SELECT id FROM n').next()
    insert(writer, 2)
    expect(count(reader)).toBe(3)
  })

  test('cannot write', () => {
    openWithRows(2)
    const reader = open({ readOnly: true })
    expect(() => insert(reader, 9)).toThrow(coded('read-only'))
    expect(() => reader.transactionSync(() => insert(reader, 9))).toThrow(coded('read-only'))
  })
})

test('kill -9 loses nothing that was committed, and keeps nothing that was not', async () => {
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'sqlite-writer.ts'), path])
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
      if (said.split('\n').length > 20 + 7 * round) child.kill('SIGKILL')
    })
    await once(child, 'close')
    expect(child.signalCode).toBe('SIGKILL')
    const port = open()
    const { rows, batches, last } = port.sql
      .exec<Record<string, number>>(
        'SELECT count(*) AS rows, count(DISTINCT batch) AS batches, max(batch) AS last FROM n',
      )
      .one()
    expect(rows).toBe(batches! * 50)
    expect(batches).toBe(last)
    expect(last).toBeGreaterThanOrEqual(Number(said.trim().split('\n').at(-1)))
    expect(port.sql.exec('PRAGMA integrity_check').one()).toEqual({ integrity_check: 'ok' })
    opened.pop()!.close()
  }
})
