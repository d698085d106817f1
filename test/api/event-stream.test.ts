import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EventStreams, wishOf } from '../../src/api/event-stream.ts'
import { ChangeLog } from '../../src/ledger/change-log.ts'
import { encode } from '../../src/wire/codec.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { transaction, txid } from '../../src/wire/transaction.ts'
import { makeTx, type Sample, SCRIPTS, sampleChain } from './sample-chain.ts'
import { type SseEvent, SseReader } from './sse.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

let sample: Sample
let streams: EventStreams
let reports: unknown[]
beforeEach(async () => {
  sample = await sampleChain()
  vi.useFakeTimers()
  const limits = { listeners: 2, pollEveryMs: 1000, heartbeatMs: 15_000, stalledMs: 60_000 }
  reports = []
  streams = new EventStreams(sample.ledger, Date.now, (_, error) => reports.push(error), limits)
})
afterEach(() => {
  vi.useRealTimers()
})

/** A client of `/events` with this query. */
function open(query = '', headers: Record<string, string> = {}) {
  const away = new AbortController()
  const request = new Request('http://relay.example/events', { headers, signal: away.signal })
  const response = streams.open(wishOf(new URLSearchParams(query), request.headers), request)
  const reader = response.body?.getReader()
  const events = new SseReader()
  const decoder = new TextDecoder()
  const next = async (): Promise<SseEvent[]> => events.read(decoder.decode((await reader!.read()).value))
  return { away, response, reader, events, next }
}
const dataOf = (events: SseEvent[]) => events.map(({ data }) => JSON.parse(data))

test('a listener hears how things are, then of each block, then of what waits', async () => {
  const { response, next } = open()
  expect(response.headers.get('Content-Type')).toBe('text/event-stream')
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  await vi.advanceTimersByTimeAsync(0)
  const [tip, ...more] = await next()
  expect(tip).toMatchObject({ type: 'tip', id: sample.ledger.changes.cursor })
  expect(JSON.parse(tip!.data)).toMatchObject({ height: 30, synced: true, mempool: { count: 12 } })
  expect(more).toEqual([])
  sample.ledger.connect(sample.next(31))
  await vi.advanceTimersByTimeAsync(1000)
  const [block] = await next()
  expect(block).toMatchObject({ type: 'block', id: sample.ledger.changes.cursor })
  const { hash } = sample.ledger.tip
  expect(JSON.parse(block!.data)).toMatchObject({
    id: toDisplay(hash),
    height: 31,
    tx_count: 2,
    mediantime: expect.any(Number),
  })
  const tx = makeTx([{ tx: sample.wide, vout: 3 }], [[5, SCRIPTS.p2wpkh]])
  await sample.ledger.broadcast(encode(transaction, tx))
  await vi.advanceTimersByTimeAsync(1000)
  const told = await next()
  expect(told.map(({ type }) => type)).toEqual(['tx'])
  expect(dataOf(told)).toMatchObject([{ txid: toDisplay(txid(tx)), fee: expect.any(Number) }])
})

test('a reorg names both sides, and what came instead follows', async () => {
  const { next } = open()
  await vi.advanceTimersByTimeAsync(0)
  await next()
  const left = toDisplay(sample.ledger.tip.hash)
  sample.ledger.disconnect()
  sample.ledger.connect(sample.next(30))
  await vi.advanceTimersByTimeAsync(1000)
  const events = await next()
  expect(events.map(({ type }) => type)).toEqual(['reorg', 'block'])
  expect(dataOf(events)).toMatchObject([
    { fork_height: 29, reverted: [{ id: left, height: 30 }], connected: [] },
    { id: toDisplay(sample.ledger.tip.hash), height: 30 },
  ])
})

test.each([
  ['by the header that browsers send', (id: string) => open('', { 'Last-Event-ID': id })],
  ['by the query', (id: string) => open(`lastEventId=${id}`)],
])('who comes back %s gets what it missed', async (_, back) => {
  const { away, next, events } = open()
  await vi.advanceTimersByTimeAsync(0)
  await next()
  away.abort()
  sample.ledger.connect(sample.next(31))
  sample.ledger.connect(sample.next(32))
  const again = back(events.lastId)
  await vi.advanceTimersByTimeAsync(0)
  expect(dataOf(await again.next()).map(({ height }) => height)).toEqual([31, 32])
})

test('who comes back to a ledger that was started anew is told to look at everything', async () => {
  const { away, next, events } = open()
  await vi.advanceTimersByTimeAsync(0)
  await next()
  away.abort()
  sample.ledger.changes = new ChangeLog('other')
  const again = open('', { 'Last-Event-ID': events.lastId })
  await vi.advanceTimersByTimeAsync(0)
  const told = await again.next()
  expect(told).toMatchObject([{ type: 'reset', id: 'other-0' }])
  expect(dataOf(told)).toMatchObject([{ height: 30 }])
})

test('types are those of the query, and others are none', async () => {
  const { next } = open('types=tx,reorg')
  await vi.advanceTimersByTimeAsync(0)
  await next()
  sample.ledger.connect(sample.next(31))
  sample.ledger.disconnect()
  await vi.advanceTimersByTimeAsync(1000)
  expect((await next()).map(({ type }) => type)).toEqual(['reorg'])
  for (const types of ['blocks', 'block,', '', 'block,tx,constructor']) {
    expect(() => open(`types=${types}`)).toThrow(expect.objectContaining({ code: 'event-type-unknown' }))
  }
})

test('a home page gets all its figures', async () => {
  const { next } = open('view=home')
  await vi.advanceTimersByTimeAsync(0)
  const told = await next()
  expect(told).toMatchObject([{ type: 'home' }])
  const [home] = dataOf(told)
  expect(home).toMatchObject({ height: 30, synced: true, mempool: { count: 12 } })
  expect(home.blocks.length).toBe(8)
  expect(home.recent.length).toBe(10)
  expect(Object.keys(home.recent[0])).toEqual(['txid', 'fee', 'vsize', 'value', 'time'])
})

test('who goes away is forgotten, whichever way, and then nothing is polled', async () => {
  const first = open('view=home')
  const second = open()
  await vi.advanceTimersByTimeAsync(0)
  expect(streams.listeners).toBe(2)
  first.away.abort()
  await second.reader!.cancel()
  expect(streams.listeners).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('who goes away after everything that was not held is collected is forgotten as well', async () => {
  const { away } = open()
  await vi.advanceTimersByTimeAsync(0)
  vi.useRealTimers()
  for (let i = 0; i < 3; i++) {
    // What a weak reference gave stays until the turn ends.
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  away.abort()
  expect(streams.listeners).toBe(0)
})

test('who does not read holds a buffer, not what happens, and is cut off after a minute', async () => {
  const { reader } = open()
  await vi.advanceTimersByTimeAsync(0)
  const reorg = () => {
    sample.ledger.disconnect()
    sample.ledger.connect(sample.next(30))
  }
  for (let i = 0; i < 200; i++) {
    reorg()
    await vi.advanceTimersByTimeAsync(300)
  }
  expect(streams.listeners).toBe(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(streams.listeners).toBe(0)
  let bytes = 0
  for (;;) {
    const { done, value } = await reader!.read()
    if (done) break
    bytes += value.length
  }
  expect(bytes).toBeGreaterThan(60_000)
  expect(bytes).toBeLessThan(80_000)
})

test('who reads slowly gets everything, in order', async () => {
  const { next, events } = open('types=block')
  await vi.advanceTimersByTimeAsync(0)
  await next()
  const ids: string[] = []
  for (let i = 0; i < 300; i++) {
    sample.ledger.connect(sample.next(31 + i))
    ids.push(toDisplay(sample.ledger.tip.hash))
    await vi.advanceTimersByTimeAsync(100)
  }
  const told: string[] = []
  while (told.length < ids.length) {
    for (const { id } of dataOf(await next())) told.push(id)
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(told).toEqual(ids)
  expect(events.lastId).toBe(sample.ledger.changes.cursor)
})

test('one too many is told to come back', async () => {
  open()
  open()
  const { response } = open()
  expect(response.status).toBe(503)
  expect(response.headers.get('Retry-After')).toBe('2')
})

test('a ledger that fails pauses the stream and does not end it', async () => {
  const { next } = open('view=home')
  await vi.advanceTimersByTimeAsync(0)
  await next()
  sample.ledger.failing = new Error('away')
  await vi.advanceTimersByTimeAsync(3000)
  expect(await next()).toMatchObject([{ type: 'paused', data: '{}' }])
  sample.ledger.failing = undefined
  await vi.advanceTimersByTimeAsync(1000)
  expect(await next()).toMatchObject([{ type: 'home' }])
})

test('a fault of ours is reported, and ends the streams and nothing else', async () => {
  const { next, reader } = open()
  await vi.advanceTimersByTimeAsync(0)
  await next()
  const { block } = sample.ledger
  sample.ledger.block = async (hash) => ({ ...(await block.call(sample.ledger, hash))!, header: Uint8Array.of(1) })
  sample.ledger.connect(sample.next(31))
  await vi.advanceTimersByTimeAsync(1000)
  expect((await reader!.read()).done).toBe(true)
  expect([reports.length, streams.listeners, vi.getTimerCount()]).toEqual([1, 0, 0])
  sample.ledger.block = block
  const again = open()
  await vi.advanceTimersByTimeAsync(1000)
  expect(await again.next()).toMatchObject([{ type: 'tip' }])
})
