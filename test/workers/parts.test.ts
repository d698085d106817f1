import { expect, test } from 'vitest'
import { litecoinRegtest } from '../../src/chain/networks/litecoin-regtest.ts'
import { edgeHasher, edgeScrypt } from '../../src/cloudflare/hasher.ts'
import { HubSocket } from '../../src/cloudflare/hub-socket.ts'
import { ownBytes } from '../../src/cloudflare/own-bytes.ts'
import { batchesOf } from '../../src/cloudflare/queue-line.ts'
import { edgeRandom } from '../../src/cloudflare/random.ts'
import type { ToLedger } from '../../src/peer/queues.ts'
import { nobleHasher, toDisplay } from '../../src/wire/hash.ts'

test('hashes are the same at every length, by whomever they are computed', () => {
  const src = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31) & 0xff)
  const ranges = Uint32Array.from([0, 0, 0, 32, 3, 67, 3, 68, 0, 80, 0, 1000])
  for (const how of ['sha256Many', 'sha256dMany'] as const) {
    const [ours, theirs] = [new Uint8Array(192), new Uint8Array(192)]
    edgeHasher[how](src, ranges, ours)
    nobleHasher[how](src, ranges, theirs)
    expect(ours).toEqual(theirs)
  }
  for (const bytes of [src.subarray(0, 32), src]) {
    expect(edgeHasher.sha256(bytes)).toEqual(nobleHasher.sha256(bytes))
    expect(edgeHasher.sha256d(bytes)).toEqual(nobleHasher.sha256d(bytes))
    expect(edgeHasher.sha256(bytes).buffer.byteLength).toBe(32)
  }
})

test('the work of a scrypt header is seen', () => {
  expect(toDisplay(edgeScrypt(litecoinRegtest.genesis.subarray(0, 80)))).toMatch(/^[0-7]/)
})

test('random numbers stay below their limit and reach all of it', () => {
  const seen = new Set(Array.from({ length: 200 }, () => edgeRandom.below(3)))
  expect([...seen].sort()).toEqual([0, 1, 2])
  expect(edgeRandom.u64()).not.toBe(edgeRandom.u64())
})

test('queue values are cut into calls that the platform carries, in order', () => {
  const message = (link: number, size: number): ToLedger => ({
    kind: 'message',
    link,
    command: 'block',
    payload: new Uint8Array(size),
  })
  const values = [4_000_000, 10, 3_900_000, 4_000_000, 4_000_000, 5].map((size, link) => message(link, size))
  const batches = [...batchesOf(values)]
  expect(batches.map((batch) => batch.length)).toEqual([3, 1, 2])
  expect(batches.flat()).toEqual(values)
  expect([...batchesOf([])]).toEqual([])
})

test('views into larger buffers become owners, at any depth; what owns its buffer stays', () => {
  const large = new Uint8Array(1000).fill(3)
  const own = large.slice(0, 5)
  const owned = ownBytes({ a: large.subarray(1, 3), b: [{ c: large.subarray(4), d: null, e: undefined, f: 1n }], own })
  expect(owned.own).toBe(own)
  expect(owned.a.buffer.byteLength).toBe(2)
  expect(owned.b[0]!.c.buffer.byteLength).toBe(996)
  expect(owned.b[0]).toMatchObject({ d: null, e: undefined, f: 1n })
  expect(ownBytes(large.subarray(2, 4)).buffer.byteLength).toBe(2)
})

test('what comes in a pause waits, in order, and only so much of it', async () => {
  const waiting = { bytes: 0 }
  const delivered: number[] = []
  const sockets = [1, 2, 3].map(() => {
    const { 0: client, 1: server } = new WebSocketPair()
    client.accept()
    server.accept()
    return new HubSocket(server, { waiting, deliver: (chunk) => void delivered.push(chunk[0]!), wrote: () => {} })
  })
  const [first, second, third] = sockets
  const chunk = (mark: number, size = 1_000_000) => new Uint8Array(size).fill(mark)
  expect(first!.receive(chunk(1))).toBe(true)
  for (const socket of sockets) socket.pause()
  for (let mark = 2; mark <= 11; mark++) expect(first!.receive(chunk(mark))).toBe(true)
  expect(delivered).toEqual([1])
  first!.resume()
  await Promise.resolve()
  expect(delivered).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  expect(waiting.bytes).toBe(0)

  for (let i = 0; i < 10; i++) expect(second!.receive(chunk(i))).toBe(true)
  expect(second!.receive(chunk(0, 1))).toBe(false)
  for (let i = 0; i < 9; i++) expect(third!.receive(chunk(i))).toBe(true)
  expect(third!.receive(chunk(0))).toBe(false)
  expect(first!.receive(chunk(12))).toBe(true)
  for (const socket of [second!, third!]) socket.close('unasked')
  expect(waiting.bytes).toBe(0)
})
