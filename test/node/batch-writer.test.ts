import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { Meter } from '../../src/host/meter.ts'
import { behindWriter } from '../../src/ledger/batch-writer.ts'
import { WriterThread } from '../../src/node/batch-writer.ts'
import { openSqlite, type SqliteFile } from '../../src/node/sqlite.ts'
import { dump } from '../ledger/dump.ts'
import { naiveIndex } from '../ledger/naive-index.ts'
import { Ledger } from '../ledger/open-ledger.ts'
import { RandomChain } from '../ledger/random-chain.ts'

const folder = mkdtempSync(join(tmpdir(), 'causeway-writer-'))
afterAll(() => rmSync(folder, { recursive: true }))

const chain = new RandomChain(62)
const blocks = chain.growMany(chain.maker.genesis, 110, 5)
const MORE = { coinsMayWait: true }

/** Takes any batch, however small its blocks are. */
class EagerThread extends WriterThread {
  override readonly leastBytes = 0
}

let opened: { sql: SqliteFile; writer: WriterThread } | undefined
afterEach(async () => {
  await opened?.writer.stop()
  opened?.sql.close()
  opened = undefined
})

function start(name: string) {
  const path = join(folder, name)
  const sql = openSqlite(path)
  const meter = new Meter(Date.now)
  const given: number[] = []
  const file = new URL('../../src/node/writer-thread.ts', import.meta.url)
  const writer = new EagerThread({ file, path, meter, onGiven: (bytes) => given.push(bytes) })
  opened = { sql, writer }
  const ledger = new Ledger(behindWriter(sql, writer), { writer, coinLagBytes: 1e9 })
  return { sql, path, writer, ledger, meter, given }
}

test('a thread writes batches while others are made', () => {
  const { sql, ledger, meter, given } = start('whole.sqlite')
  blocks.forEach(({ bytes }, i) => {
    expect(ledger.connect(bytes).kind).toBe('connected')
    if (i % 9 === 0) ledger.chain.commit(MORE)
  })
  ledger.chain.commit()
  expect(dump(sql)).toMatchObject(naiveIndex(chain.path(blocks.at(-1)!)))
  expect(given).toHaveLength(13)
  expect(meter.counts.rowsWritten).toBeGreaterThan(500)
})

test('what stops it comes back with its code, and leaves the store whole', () => {
  const { sql, path, writer, ledger } = start('locked.sqlite')
  ledger.extend(blocks.slice(0, 20).map(({ bytes }) => bytes))
  const before = dump(sql)
  for (const { bytes } of blocks.slice(20, 40)) ledger.connect(bytes)
  const other = openSqlite(path)
  other.sql.exec('CREATE TRIGGER full BEFORE INSERT ON best BEGIN SELECT RAISE(ABORT, "no more"); END')
  ledger.chain.commit(MORE)
  expect(() => ledger.chain.commit()).toThrow('no more')
  expect(() => ledger.chain.commit()).toThrow('open it anew')
  expect(writer.begun).toBe(0)
  other.sql.exec('DROP TRIGGER full')
  other.close()
  expect(dump(sql)).toEqual(before)
})

test('a thread that cannot open the file says why', () => {
  const path = join(folder, 'nowhere', 'x.sqlite')
  const file = new URL('../../src/node/writer-thread.ts', import.meta.url)
  const writer = new EagerThread({ file, path, meter: new Meter(Date.now), onGiven: () => {} })
  const sql = openSqlite(':memory:')
  opened = { sql, writer }
  const ledger = new Ledger(behindWriter(sql, writer), { writer, coinLagBytes: 1e9 })
  ledger.connect(blocks[0]!.bytes)
  ledger.chain.commit(MORE)
  expect(() => ledger.chain.commit()).toThrow(expect.objectContaining({ code: 'unreadable' }))
})
