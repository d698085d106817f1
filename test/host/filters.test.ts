import { expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { type LedgerOutput, NODE_LIMITS } from '../../src/host/ledger-host.ts'
import { openLedger } from '../../src/host/open-ledger.ts'
import { filtersAreKept } from '../../src/ledger/block-filters.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { openSqlite, type SqliteFile } from '../../src/node/sqlite.ts'
import type { ToLedger } from '../../src/peer/queues.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { encode } from '../../src/wire/codec.ts'
import { headers } from '../../src/wire/headers.ts'
import { Services } from '../../src/wire/services.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'

const NOW = 4_000_000_000_000
const PEER = {
  version: 70_016,
  services: Services.NETWORK | Services.WITNESS,
  userAgent: '/peer/',
  startHeight: 4,
  inbound: false,
  relay: true,
  wtxidrelay: true,
}
const NEVER = Number.POSITIVE_INFINITY

/** A ledger without threads, whose filters are made a block at a time. */
function open(sql: SqliteFile, filters: boolean) {
  const limits = { ...NODE_LIMITS, filterStep: { blocks: 1, bytes: 1_000_000 } }
  const options = { network: regtest, spv: false, epoch: 1, hasher: nodeHasher, limits, filters, now: () => NOW }
  const { host } = openLedger({ ...options, sql })
  const said: string[] = []
  const perform = (outputs: readonly LedgerOutput[]) => {
    for (const output of outputs) {
      if (output.do === 'log') said.push(output.line.text)
      if (output.do !== 'digest') continue
      const result = { kind: 'digest' as const, digest: digestBlock(output.bytes, nodeHasher) }
      perform(host.digested(output.id, { bytes: output.bytes, result }, NOW))
    }
  }
  perform(host.start(NOW))
  return {
    host,
    said,
    wake: () => perform(host.wake(NOW)),
    receive: (value: ToLedger) => perform(host.receive(value, NOW)),
    submit: (block: MadeBlock) => perform(host.submitBlock(block.bytes.slice(), () => {}, NOW)),
  }
}

const rowCount = (sql: SqliteFile) => sql.sql.exec('SELECT count(*) FROM filter').raw().toArray()[0]![0]

/** Wakes it for as long as it wants to be woken at once; how often that was. */
function settle(ledger: ReturnType<typeof open>): number {
  let wakes = 0
  for (; ledger.host.deadline <= NOW; wakes++) ledger.wake()
  return wakes
}

test('filters are made a step a wake-up, and nothing wakes the ledger once they are', () => {
  const sql = openSqlite(':memory:')
  const maker = new ChainMaker()
  const ledger = open(sql, true)
  expect(settle(ledger)).toBe(1)
  for (const block of maker.mine(5)) ledger.submit(block)
  expect(rowCount(sql)).toBe(1)
  expect(settle(ledger)).toBe(5)
  expect(rowCount(sql)).toBe(6)
  expect(ledger.host.deadline).toBe(NEVER)
  ledger.submit(maker.mine(1)[0]!)
  expect(settle(ledger)).toBe(1)
  expect(rowCount(sql)).toBe(7)
})

test('blocks that are known of and not connected yet come first', () => {
  const sql = openSqlite(':memory:')
  const maker = new ChainMaker()
  const ledger = open(sql, true)
  settle(ledger)
  const blocks = maker.mine(4)
  const payload = encode(headers, { command: 'headers', headers: blocks.map(({ header }) => header) })
  ledger.receive({ kind: 'link-up', link: 1, info: PEER })
  ledger.receive({ kind: 'message', link: 1, command: 'headers', payload })
  for (const block of blocks.slice(0, 3)) {
    ledger.submit(block)
    ledger.wake()
    expect(ledger.host.deadline).toBeGreaterThan(NOW)
  }
  expect(ledger.host.tip.height).toBe(3)
  expect(rowCount(sql)).toBe(1)
  ledger.submit(blocks[3]!)
  expect(settle(ledger)).toBe(4)
  expect(rowCount(sql)).toBe(5)
})

test('they are taken up where an earlier life stopped, and when the setting comes back', () => {
  const sql = openSqlite(':memory:')
  const maker = new ChainMaker()
  const first = open(sql, true)
  for (const block of maker.mine(5)) first.submit(block)
  first.wake()
  first.wake()
  expect(rowCount(sql)).toBe(2)
  const without = open(sql, false)
  expect(without.host.deadline).toBe(NEVER)
  expect(filtersAreKept(sql)).toBe(false)
  without.submit(maker.mine(1)[0]!)
  expect(rowCount(sql)).toBe(2)
  expect(settle(open(sql, true))).toBe(5)
  expect(filtersAreKept(sql)).toBe(true)
  expect(rowCount(sql)).toBe(7)
})

test('a block that cannot be read holds them up until a peer has given it again', () => {
  const sql = openSqlite(':memory:')
  const maker = new ChainMaker()
  const ledger = open(sql, true)
  const blocks = maker.mine(4)
  ledger.receive({ kind: 'link-up', link: 1, info: PEER })
  const payload = encode(headers, { command: 'headers', headers: blocks.map(({ header }) => header) })
  ledger.receive({ kind: 'message', link: 1, command: 'headers', payload })
  for (const block of blocks) ledger.submit(block)
  const [id] = sql.sql.exec('SELECT header_id FROM best WHERE height = 2').raw().toArray()[0] as [number]
  sql.sql.exec('UPDATE body SET check48 = check48 + 1 WHERE id = ?', id * PARTS_PER_BLOCK)
  expect(settle(ledger)).toBe(3)
  expect(ledger.said.filter((text) => text === 'a stored block cannot be read')).toHaveLength(1)
  expect(rowCount(sql)).toBe(2)
  ledger.receive({ kind: 'message', link: 1, command: 'block', payload: blocks[1]!.bytes.slice() })
  expect(ledger.said).toContain('a damaged block is whole again')
  expect(settle(ledger)).toBe(3)
  expect(rowCount(sql)).toBe(5)
})
