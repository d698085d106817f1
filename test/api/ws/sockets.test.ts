import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { USUAL_SETTINGS } from '../../../src/api/deps.ts'
import { SocketClose } from '../../../src/api/ws/feed.ts'
import { LiveSockets, type SocketClient } from '../../../src/api/ws/sockets.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'
import { ChangeLog } from '../../../src/ledger/change-log.ts'
import { toDisplay } from '../../../src/wire/hash.ts'
import { World } from './world.ts'

let world: World
let sockets: LiveSockets
let reports: unknown[]
beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  reports = []
  sockets = new LiveSockets({
    network: regtest,
    name: 'relay.example',
    version: '1.2.3',
    settings: USUAL_SETTINGS,
    queries: world,
    now: Date.now,
    limits: { sessions: 3 },
    report: (_, error) => reports.push(error),
  })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A client; of what it does not read, so much waits. */
function open(waitsAfter = (_sent: number): number | undefined => 0) {
  const told: Record<string, unknown>[] = []
  const closed: number[] = []
  let sent = 0
  const client = sockets.open({
    send: (text) => {
      told.push(JSON.parse(text))
      sent += text.length
      return waitsAfter(sent)
    },
    close: (code) => closed.push(code),
  })
  return { client: client as SocketClient, told, closed }
}

const say = (client: SocketClient, message: unknown) => client.message(JSON.stringify(message))

test('clients are told what they ask for, and what happens at the next look', async () => {
  const { client, told } = open()
  say(client, { 'track-mempool-txids': true, action: 'ping' })
  await vi.advanceTimersByTimeAsync(0)
  expect(told).toEqual([{ pong: true }])
  world.pay(Uint8Array.of(0x51))
  await vi.advanceTimersByTimeAsync(999)
  expect(told).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(told[1]).toHaveProperty('mempool-txids')
})

test('nothing is due when nobody follows anything any more', async () => {
  const { client } = open()
  say(client, { 'track-mempool-txids': true })
  await vi.advanceTimersByTimeAsync(5000)
  expect(vi.getTimerCount()).toBe(1)
  client.closed()
  expect(vi.getTimerCount()).toBe(0)
  expect(sockets.count).toBe(0)
  client.closed()
  say(client, { action: 'ping' })
})

test('who does not read is let go when too much waits, and not before', async () => {
  const slow = open((sent) => sent)
  const quick = open()
  for (const { client } of [slow, quick]) say(client, { 'track-mempool-txids': true })
  await vi.advanceTimersByTimeAsync(0)
  let waited = 0
  for (let i = 0; i < 200 && slow.closed.length === 0; i++) {
    for (let j = 0; j < 400; j++) world.pay(Uint8Array.of(0x51))
    waited = slow.told.length
    await vi.advanceTimersByTimeAsync(1000)
  }
  expect(slow.closed).toEqual([SocketClose.POLICY])
  expect(waited).toBeGreaterThan(10)
  const told = slow.told.length
  world.pay(Uint8Array.of(0x51))
  await vi.advanceTimersByTimeAsync(1000)
  expect(slow.told).toHaveLength(told)
  expect(quick.told.length).toBeGreaterThan(told)
  expect(quick.closed).toEqual([])
})

test('one too many is sent away, and all are when the relay ends', () => {
  const clients = [open(), open(), open()]
  const { client, closed } = open()
  expect([client, closed]).toEqual([undefined, [SocketClose.TRY_LATER]])
  sockets.close()
  expect(clients.map(({ closed }) => closed)).toEqual(Array(3).fill([SocketClose.GOING_AWAY]))
  expect(sockets.count).toBe(0)
})

test('a ledger that does not answer is nobody’s fault, and asked again', async () => {
  const { client, told, closed } = open()
  say(client, { 'track-mempool-txids': true })
  await vi.advanceTimersByTimeAsync(0)
  const { changesSince } = world
  world.changesSince = () => Promise.reject(new Error('away'))
  world.pay(Uint8Array.of(0x51))
  await vi.advanceTimersByTimeAsync(5000)
  expect([told, closed, reports]).toEqual([[], [], []])
  world.changesSince = changesSince
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toHaveLength(1)
})

test('a ledger that was started anew is a list of blocks, a gap in the txids, and what became of transactions', async () => {
  const tx = world.pay(Uint8Array.of(0x51))
  const { client, told } = open()
  say(client, { action: 'want', data: ['blocks'], 'track-mempool-txids': true, 'track-tx': toDisplay(tx.txid) })
  await vi.advanceTimersByTimeAsync(0)
  world.pay(Uint8Array.of(0x52))
  await vi.advanceTimersByTimeAsync(1000)
  world.mine()
  world.log = new ChangeLog('anew')
  told.length = 0
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toEqual([{ blocks: [], txConfirmed: toDisplay(tx.txid) }])
  world.pay(Uint8Array.of(0x53))
  await vi.advanceTimersByTimeAsync(1000)
  expect(told[1]).toMatchObject({ 'mempool-txids': { sequence: 4 } })
})

test('a fault of ours is reported, and ends no more than the connections', async () => {
  const { client, closed } = open()
  say(client, { 'track-scriptpubkeys': ['51'] })
  await vi.advanceTimersByTimeAsync(0)
  const { txs } = world
  world.txs = async (txids) => (await txs.call(world, txids)).map((tx) => tx && { ...tx, raw: Uint8Array.of(1) })
  world.pay(Uint8Array.of(0x51))
  await vi.advanceTimersByTimeAsync(1000)
  expect(closed).toEqual([SocketClose.FAULT])
  expect(reports).toHaveLength(1)
  world.txs = txs
  const again = open()
  say(again.client, { 'track-scriptpubkeys': ['51'] })
  // The ledger is left alone for a moment.
  await vi.advanceTimersByTimeAsync(1000)
  world.pay(Uint8Array.of(0x51))
  await vi.advanceTimersByTimeAsync(1000)
  expect(again.told[0]).toHaveProperty('multi-scriptpubkey-transactions')
})
