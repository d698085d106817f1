import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { parseScrape, valueIn } from '../../bench/scrape.ts'
import { SUBPROTOCOL } from '../../src/host/door.ts'
import { P2A } from '../../src/script/build.ts'
import { poll, pollFor } from '../poll.ts'
import { Program } from '../program.ts'
import { ChainMaker, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { dialAsPeer } from '../sim/tcp-peer.ts'
import { comeInAsPeer } from '../sim/ws-peer.ts'

let relay: Program
const maker = new ChainMaker({ seed: 31 })

beforeAll(async () => {
  relay = await Program.start(['relay', '--network', 'regtest'])
})
afterAll(() => relay?.remove())

test('a relay on Node tells what it did', async () => {
  const door = `${relay.http.replace('http', 'ws')}/p2p`
  const blocks = maker.mine(101).map(({ bytes }) => bytes)
  const tcp = await dialAsPeer(Number(relay.p2p.split(':')[1]), { blocks })
  const guest = await comeInAsPeer(door, { blocks })
  const look = async () => parseScrape(await relay.text('/metrics'))
  const value = async (metric: string) => valueIn(await look(), metric)
  const heightOf = () => value('causeway_tip_height{object="ledger"}')
  await pollFor('the relay has the chain', heightOf, 101)
  await poll('both peers are up', () => tcp.peer.up && guest.peer.up)

  const [coin] = maker.chain()
  const pay = (script: Uint8Array) => spend([coinbaseCoin(coin!, maker)], [{ valueSat: 4_999_000_000, script }])
  // Too small to be passed on.
  guest.send(guest.peer.offer(pay(P2A)))
  const tx = pay(P2WSH_TRUE)
  guest.send(guest.peer.offer(tx))
  await poll('the other has it', () => tcp.peer.txs.size === 1)
  const parent = maker.tip
  for (const block of maker.mine(1)) tcp.send(tcp.peer.mined(block.bytes))
  await pollFor('the relay follows', heightOf, 102)
  // Two on the parent make a reorganisation of one.
  for (const block of maker.mine(2, {}, parent)) tcp.send(tcp.peer.mined(block.bytes))
  await pollFor('the relay follows the other branch', heightOf, 103)
  const ws = new WebSocket(door, SUBPROTOCOL)
  await once(ws, 'open')
  ws.send('text')
  await once(ws, 'close')
  await relay.text('/api/blocks/tip/height')

  const at = await look()
  const is = (metric: string) => valueIn(at, metric)
  for (const object of ['hub', 'ledger', 'front']) expect(is(`causeway_up{object="${object}"}`)).toBe(1)
  expect(is('causeway_links{object="hub",direction="in"}')).toBe(2)
  expect(is('causeway_links{object="hub",direction="out"}')).toBe(0)
  expect(is('causeway_headers_height{object="ledger"}')).toBe(103)
  expect(is('causeway_mempool_transactions{object="ledger"}')).toBe(1)
  expect(is('causeway_mempool_vbytes{object="ledger"}')).toBeGreaterThan(50)
  expect(is('causeway_reorgs_total{object="ledger"}')).toBe(1)
  expect(is('causeway_blocks_connected_total{object="ledger"}')).toBe(104)
  expect(is('causeway_transactions_total{object="hub",direction="in"}')).toBe(2)
  expect(is('causeway_refused_total{object="ledger",what="transaction",reason="tx-size-small"}')).toBe(1)
  expect(is('causeway_transactions_total{object="hub",direction="out"}')).toBe(1)
  expect(is('causeway_blocks_total{object="hub",direction="in"}')).toBe(104)
  expect(is('causeway_websocket_messages_total{object="hub",direction="in"}')).toBeGreaterThan(5)
  expect(is('causeway_websocket_messages_total{object="hub",direction="out"}')).toBeGreaterThan(5)
  const sent = blocks.reduce((sum, block) => sum + block.length, 0)
  expect(is('causeway_link_bytes_total{object="hub",direction="in"}')).toBeGreaterThan(sent)
  expect(is('causeway_link_bytes_total{object="hub",direction="out"}')).toBeGreaterThan(tx.length)
  expect(is('causeway_refused_total{object="hub",what="link",reason="text-message"}')).toBe(1)
  expect(is('causeway_sql_statements_total{object="ledger"}')).toBeGreaterThan(104)
  expect(is('causeway_sql_rows_written_total{object="ledger"}')).toBeGreaterThan(104 * 3)
  expect(is('causeway_sql_rows_read_total{object="front"}')).toBeGreaterThan(0)
  expect(is('causeway_awake_seconds_total{object="ledger"}')).toBeGreaterThan(0)
  expect(is('causeway_storage_bytes{object="ledger"}')).toBeGreaterThan(10_000)
  expect([...at.keys()].join()).not.toContain('127.0.0.1')

  const before = is('causeway_requests_total{object="front"}')
  expect(await value('causeway_requests_total{object="front"}')).toBe(before + 1)
  tcp.close()
  guest.close()
})
