import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { sqlPort } from '../../src/cloudflare/sql-port.ts'
import { migrateContract } from '../store/migrate-contract.ts'
import { sqlContract } from '../store/sql-contract.ts'
import { spikeContract } from './spike-contract.ts'

const withStore = (body: (port: ReturnType<typeof sqlPort>) => void): Promise<void> =>
  runInDurableObject(env.STORE.get(env.STORE.newUniqueId()), (_, state) => body(sqlPort(state.storage)))

sqlContract('a Durable Object', withStore)
migrateContract('a Durable Object', withStore)

let names = 0
spikeContract('the queues between two Durable Objects', async (body) => {
  const name = `spike-${names++}`
  const hub = env.SPIKE_HUB.getByName(name)
  await body({
    feed: (values) => hub.feed(name, values),
    received: () => hub.values(),
    restart: () => evictDurableObject(env.SPIKE_LEDGER.getByName(name)),
  })
})

const hub = env.SPIKE_HUB.getByName('limits')

test('an RPC copies: the sender keeps its bytes', async () => {
  const bytes = new Uint8Array(1000).fill(1)
  await hub.buffersBehind([bytes])
  expect(bytes[999]).toBe(1)
})

test('an RPC carries the whole buffer behind a view', async () => {
  const view = new Uint8Array(1_000_000).subarray(100, 132)
  expect(await hub.buffersBehind([view])).toEqual([1_000_000])
  expect(await hub.buffersBehind([view.slice()])).toEqual([32])
})

test('an RPC carries less than 32 MiB at once', async () => {
  const blocks = (count: number) => Array.from({ length: count }, () => new Uint8Array(4_000_000))
  expect(await hub.buffersBehind(blocks(8))).toHaveLength(8)
  const refusal = await hub.buffersBehind(blocks(9)).catch((error: Error) => error.message)
  expect(refusal).toContain('32MiB')
})
