import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { parseScrape, type Scrape, usageBetween, valueIn } from '../../bench/scrape.ts'
import { hubOf, ledgerOf } from '../../src/cloudflare/env.ts'
import { poll } from '../poll.ts'
import { ChainMaker, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { ask, WsPeer } from './ws-peer.ts'

const look = async () => parseScrape(await (await ask('/metrics')).text())
const heightIs = (height: number) =>
  poll(`the tip is at ${height}`, async () => valueIn(await look(), 'causeway_tip_height{object="ledger"}') === height)

/** Looks until two looks in a row show no work in between. */
async function atRest(): Promise<Scrape> {
  let before = await look()
  return poll('the relay is at rest', async () => {
    const after = await look()
    const idle = (['hub', 'ledger'] as const).every((object) => usageBetween(before, after, object).requests === 0)
    before = after
    return idle && after
  })
}

test('objects tell what they did and what is charged for it', async () => {
  const maker = new ChainMaker({ seed: 37 })
  const blocks = maker.mine(101).map(({ bytes }) => bytes)
  const peer = await WsPeer.dial({ blocks, cut: 1000 })
  const other = await WsPeer.dial({ blocks })
  await heightIs(101)

  const before = await atRest()
  const tx = spend([coinbaseCoin(maker.chain()[0]!, maker)], [{ valueSat: 4_999_000_000, script: P2WSH_TRUE }])
  peer.send(peer.peer.offer(tx))
  await poll('the other has it', () => other.peer.txs.size === 1)
  const after = await atRest()
  const grown = (metric: string) => valueIn(after, metric) - valueIn(before, metric)
  expect(grown('causeway_transactions_total{object="hub",direction="in"}')).toBe(1)
  expect(grown('causeway_transactions_total{object="hub",direction="out"}')).toBe(1)
  expect(valueIn(after, 'causeway_mempool_transactions{object="ledger"}')).toBe(1)
  expect(valueIn(after, 'causeway_links{object="hub",direction="in"}')).toBe(2)
  // inv, tx, getdata; getdata, inv, tx.
  expect(grown('causeway_websocket_messages_total{object="hub",direction="in"}')).toBe(3)
  expect(grown('causeway_websocket_messages_total{object="hub",direction="out"}')).toBe(3)
  // The transaction is kept.
  expect(grown('causeway_sql_rows_written_total{object="ledger"}')).toBe(
    1 + grown('causeway_alarms_set_total{object="ledger"}'),
  )

  const [block] = maker.mine(1, { transactions: [tx] })
  peer.send(peer.peer.mined(block!.bytes))
  await heightIs(102)
  const mined = await atRest()
  // header, best, body, prevouts, offsets, 2 tx, 3 history, 1 spend, 3 coins, and the kept transaction: at least.
  expect(usageBetween(after, mined, 'ledger').rowsWritten).toBeGreaterThanOrEqual(14)
  expect(usageBetween(before, mined, 'hub').awakeSeconds).toBeGreaterThanOrEqual(0)
  expect(valueIn(mined, 'causeway_awake_seconds_total{object="ledger"}')).toBeGreaterThan(0)
  expect(valueIn(mined, 'causeway_storage_bytes{object="ledger"}')).toBeGreaterThan(10_000)
  expect([...mined.keys()].join()).not.toMatch(/front|\d+\.\d+\.\d+\.\d+/)
})

test('objects at rest are not awake', async () => {
  const before = await atRest()
  await scheduler.wait(1000)
  const after = await look()
  for (const object of ['hub', 'ledger'] as const)
    expect(usageBetween(before, after, object).awakeSeconds).toBeLessThan(0.2)
})

test('an object that was evicted counts anew, and says since when', async () => {
  const before = await atRest()
  await evictDurableObject(hubOf(env))
  await evictDurableObject(ledgerOf(env))
  const after = await look()
  for (const object of ['hub', 'ledger']) {
    const start = `causeway_count_start_seconds{object="${object}"}`
    expect(valueIn(after, start)).toBeGreaterThan(valueIn(before, start))
    expect(valueIn(after, `causeway_requests_total{object="${object}"}`)).toBeLessThan(5)
  }
  expect(valueIn(after, 'causeway_links{object="hub",direction="in"}')).toBe(2)
  expect(valueIn(after, 'causeway_tip_height{object="ledger"}')).toBe(102)
})
