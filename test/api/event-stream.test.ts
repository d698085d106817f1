import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EventStreams } from '../../src/api/event-stream.ts'
import { encode } from '../../src/wire/codec.ts'
import { transaction } from '../../src/wire/transaction.ts'
import { makeTx, type Sample, SCRIPTS, sampleChain } from './sample-chain.ts'

let sample: Sample
let streams: EventStreams
beforeEach(async () => {
  sample = await sampleChain()
  vi.useFakeTimers()
  streams = new EventStreams(sample.ledger, Date.now, { listeners: 2, pollEveryMs: 1000, heartbeatMs: 15_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

function open(kind: 'home' | 'changes') {
  const away = new AbortController()
  const response = streams.open(kind, new Request('http://relay.example/events', { signal: away.signal }))
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  return { away, response, reader, next: async () => decoder.decode((await reader!.read()).value) }
}

test('a listener hears how things are, then of each block, then of what waits', async () => {
  const { response, next } = open('changes')
  expect(response.headers.get('Content-Type')).toBe('text/event-stream')
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  await vi.advanceTimersByTimeAsync(0)
  expect(await next()).toMatch(/^event: tip\ndata: {"height":30,/)
  sample.ledger.connect(sample.next(31))
  await vi.advanceTimersByTimeAsync(1000)
  expect(await next()).toMatch(
    /^event: reorg\ndata: {"reverted":\[\],"connected":\[{"id":"[0-9a-f]{64}","height":31}\]}\n\nevent: tip/,
  )
  await sample.ledger.broadcast(encode(transaction, makeTx([{ tx: sample.wide, vout: 3 }], [[5, SCRIPTS.p2wpkh]])))
  await vi.advanceTimersByTimeAsync(1000)
  expect(await next()).toMatch(/^event: txs\ndata: \[{"txid":/)
})

test('a reorg names both sides', async () => {
  const { next } = open('changes')
  await vi.advanceTimersByTimeAsync(0)
  await next()
  sample.ledger.disconnect()
  await vi.advanceTimersByTimeAsync(1000)
  expect(await next()).toMatch(
    /^event: reorg\ndata: {"reverted":\[{"id":"[0-9a-f]{64}","height":30}\],"connected":\[\]}/,
  )
})

test('a home page gets all its figures', async () => {
  const { next } = open('home')
  await vi.advanceTimersByTimeAsync(0)
  const home = JSON.parse((await next()).replace(/^event: home\ndata: /, ''))
  expect(home).toMatchObject({ height: 30, synced: true, mempool: { count: 12 } })
  expect(home.blocks.length).toBe(8)
  expect(home.recent.length).toBe(10)
  expect(Object.keys(home.recent[0])).toEqual(['txid', 'fee', 'vsize', 'value', 'time'])
})

test('who goes away is forgotten, whichever way, and then nothing is polled', async () => {
  const first = open('home')
  const second = open('home')
  await vi.advanceTimersByTimeAsync(0)
  expect(streams.listeners).toBe(2)
  first.away.abort()
  await second.reader!.cancel()
  expect(streams.listeners).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('who does not read is cut off', async () => {
  open('home')
  await vi.advanceTimersByTimeAsync(0)
  for (let i = 0; i < 60 && streams.listeners > 0; i++) {
    sample.ledger.disconnect()
    sample.ledger.connect(sample.next(30))
    await vi.advanceTimersByTimeAsync(1000)
  }
  expect(streams.listeners).toBe(0)
})

test('one too many is told to come back', async () => {
  open('home')
  open('home')
  const { response } = open('home')
  expect(response.status).toBe(503)
  expect(response.headers.get('Retry-After')).toBe('2')
})

test('a ledger that fails pauses the stream and does not end it', async () => {
  const { next } = open('home')
  await vi.advanceTimersByTimeAsync(0)
  await next()
  sample.ledger.failing = new Error('away')
  await vi.advanceTimersByTimeAsync(3000)
  expect(await next()).toBe('event: paused\ndata: {}\n\n')
  sample.ledger.failing = undefined
  await vi.advanceTimersByTimeAsync(1000)
  expect(await next()).toMatch(/^event: home/)
})
