import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { hubOf, ledgerOf } from '../../src/cloudflare/env.ts'
import { hubQueries } from '../../src/cloudflare/queries.ts'
import { hashKey, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { poll, pollFor } from '../poll.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { ask, WsPeer } from './ws-peer.ts'

/** One relay lives through this file: each test goes on where the one before it ended. */
const maker = new ChainMaker({ seed: 7 })
const chain = maker.mine(200)
let source: WsPeer
let sink: WsPeer

const answer = async (path: string) => (await ask(path)).text()
const heightOf = async () => Number(await answer('/blocks/tip/height'))
const tipOf = () => answer('/blocks/tip/hash')
const { links } = hubQueries(env)
const bytesOf = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)
/** One that is not running has no memory already. */
const evict = (...stubs: DurableObjectStub[]) =>
  Promise.all(
    stubs.map((stub) => evictDurableObject(stub).catch((error) => expect(String(error)).toContain('running'))),
  )

const breakDown = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_, state) => state.abort('a test')).catch(() => {})

function payment(block: MadeBlock, valueSat: number) {
  const bytes = spend([coinbaseCoin(block, maker)], [{ valueSat, script: P2WSH_TRUE }])
  return { bytes, ...parseTransaction(bytes) }
}

const has = (peer: WsPeer, { txid }: { txid: Uint8Array }) => peer.peer.txs.has(hashKey(txid))
const tipAt = (peer: WsPeer, { hash }: MadeBlock) => toDisplay(peer.peer.shelf.tip.hash) === toDisplay(hash)

describe('a relay of objects', () => {
  test('takes a chain in over one WebSocket and gives it out over another, with evictions in the middle', async () => {
    source = await WsPeer.dial({ blocks: bytesOf(chain), cut: 10_000 })
    await pollFor('the handshake is done', () => source.peer.up, true)
    await evict(ledgerOf(env))
    await pollFor('the chain is in', heightOf, 200)
    sink = await WsPeer.dial()
    for (const height of [30, 90, 150]) {
      await poll('some of it is out', () => sink.peer.shelf.tip.height >= height)
      await evict(...(height === 90 ? [hubOf(env)] : [hubOf(env), ledgerOf(env)]))
    }
    await pollFor('the chain is out', () => sink.peer.shelf.tip.height, 200)
    expect(await tipOf()).toBe(toDisplay(maker.tip.hash))
    expect([source.closed, sink.closed]).toEqual([undefined, undefined])
  })

  test('answers programs and people', async () => {
    expect(await (await ask('/api/block-height/3')).text()).toBe(toDisplay(chain[2]!.hash))
    const page = await ask(`/block/${toDisplay(chain[99]!.hash)}`, { headers: { Accept: 'text/html' } })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain(toDisplay(chain[99]!.hash))
    expect((await ask('/api/tx/nonsense')).status).toBe(400)
    expect((await ask('/api/block/'.concat('00'.repeat(32)))).status).toBe(404)
    const network = await ask('/network', { headers: { Accept: 'text/html' } })
    expect(await network.text()).toContain('/Satoshi:31.99.0/')
  })

  test('passes new blocks on both ways', async () => {
    const [one] = maker.mine(1)
    source.send(source.peer.mined(one!.bytes))
    await poll('the sink has it', () => tipAt(sink, one!))
    const [two] = maker.mine(1)
    sink.send(sink.peer.mined(two!.bytes))
    await poll('the source has it', () => tipAt(source, two!))
    expect(await tipOf()).toBe(toDisplay(two!.hash))
  })

  test('passes transactions on both ways, and those that a wallet hands in', async () => {
    const [a, b, c] = [
      payment(chain[0]!, 4_999_990_000),
      payment(chain[1]!, 4_999_980_000),
      payment(chain[2]!, 4_999_970_000),
    ]
    source.send(source.peer.offer(a!.bytes))
    await poll('the sink has it', () => has(sink, a!)).catch((e) => {
      console.log('SAID', source.peer.said.slice(-5), source.peer.heard.slice(-8), sink.peer.heard.slice(-5))
      throw e
    })
    sink.send(sink.peer.offer(b!.bytes))
    await poll('the source has it', () => has(source, b!))
    const hex = Array.from(c!.bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const posted = await ask('/api/tx', { method: 'POST', body: hex })
    expect(await posted.text()).toBe(toDisplay(c!.txid))
    await poll('both have it', () => has(source, c!) && has(sink, c!))
  })

  test('has its mempool in another life of the ledger, until it is mined', async () => {
    await evict(ledgerOf(env))
    const txids = (await (await ask('/api/mempool/txids')).json()) as string[]
    expect(txids).toHaveLength(3)
    const [block] = maker.mine(1, { transactions: [payment(chain[0]!, 4_999_990_000).bytes], feeSat: 10_000 })
    source.send(source.peer.mined(block!.bytes))
    await poll('the sink has it', () => tipAt(sink, block!))
    expect(await (await ask('/api/mempool/txids')).json()).toHaveLength(2)
    await evict(ledgerOf(env))
    expect(await (await ask('/api/mempool/txids')).json()).toHaveLength(2)
    const kept = await runInDurableObject(
      ledgerOf(env),
      (_, { storage }) => storage.sql.exec('SELECT id FROM mempool').toArray().length,
    )
    expect(kept).toBe(2)
  })

  test('takes over what an object of the first version kept of its mempool', async () => {
    const before = (await (await ask('/api/mempool/txids')).json()) as string[]
    await runInDurableObject(ledgerOf(env), (_, { storage }) => {
      const rows = storage.sql.exec<{ id: number; seen: number; tx: ArrayBuffer }>('SELECT * FROM mempool').toArray()
      for (const { id, seen, tx } of rows) {
        const bytes = new Uint8Array(tx)
        const { txid } = parseTransaction(bytes)
        storage.kv.put(`tx:${String(id).padStart(12, '0')}`, { txid, bytes, time: seen })
      }
      storage.sql.exec('DELETE FROM mempool')
    })
    await evict(ledgerOf(env))
    expect(((await (await ask('/api/mempool/txids')).json()) as string[]).sort()).toEqual(before.sort())
    const left = await runInDurableObject(ledgerOf(env), (_, { storage }) => [
      [...storage.kv.list({ prefix: 'tx:' })].length,
      storage.sql.exec('SELECT id FROM mempool').toArray().length,
    ])
    expect(left).toEqual([0, before.length])
  })

  test('keeps its links and their ids when the hub has no memory, and they carry on', async () => {
    const before = await links()
    await evict(hubOf(env))
    expect(await links()).toEqual(before)
    await evict(hubOf(env), ledgerOf(env))
    const tx = payment(chain[3]!, 4_999_960_000)
    source.send(source.peer.offer(tx.bytes))
    await poll('the sink has it', () => has(sink, tx))
    await evict(hubOf(env), ledgerOf(env))
    const [block] = maker.mine(1)
    source.send(source.peer.mined(block!.bytes))
    await poll('the sink has it', () => tipAt(sink, block!))
    expect((await links()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
  })

  test('has kept whatever it announced, however often its objects are evicted', async () => {
    for (let i = 0; i < 12; i++) {
      const [block] = maker.mine(1)
      source.send(source.peer.mined(block!.bytes))
      await poll('the sink has it', () => tipAt(sink, block!))
      await evict(...[[ledgerOf(env)], [hubOf(env)], [hubOf(env), ledgerOf(env)]][i % 3]!)
      expect(await tipOf()).toBe(toDisplay(block!.hash))
    }
    expect([source.closed, sink.closed]).toEqual([undefined, undefined])
  })

  test('goes over to a branch with more work, across an eviction in the middle', async () => {
    const fork = maker.find(maker.tip.prev)!
    const branch = maker.mine(30, {}, fork)
    const other = await WsPeer.dial({ blocks: bytesOf(maker.chain(branch[20])) })
    await poll('the sink follows', () => tipAt(sink, branch[20]!))
    await evict(hubOf(env), ledgerOf(env))
    for (const block of branch.slice(21)) other.send(other.peer.mined(block.bytes))
    await poll('the sink follows', () => tipAt(sink, branch[29]!))
    expect(await tipOf()).toBe(toDisplay(branch[29]!.hash))
    other.close()
  })

  test('tells of a block that is damaged in its object, gives it to nobody, and has it anew from a peer', async () => {
    const block = chain[49]!
    const path = `/api/block/${toDisplay(block.hash)}/raw`
    const raw = async () => new Uint8Array(await (await ask(path)).arrayBuffer())
    expect(await raw()).toEqual(block.bytes)
    for (const table of ['body', 'offsets']) {
      await runInDurableObject(ledgerOf(env), (_, { storage }) => {
        const column = table === 'body' ? 'check48 = check48 + 1' : 'checks = zeroblob(6)'
        const key = table === 'body' ? 'id / 4096' : 'block_id'
        storage.sql.exec(`UPDATE ${table} SET ${column} WHERE ${key} = (SELECT header_id FROM best WHERE height = 50)`)
      })
      const broken = await ask(table === 'body' ? path : path.replace('raw', 'txids'))
      expect([broken.status, await broken.text()]).toEqual([503, 'Block body damaged in this relay'])
      await poll('it is whole again', async () => (await ask(path.replace('raw', 'txs'))).status === 200)
      expect(await raw()).toEqual(block.bytes)
    }
  })

  test('goes on over the same links when the ledger breaks down under way', async () => {
    const more = maker.mine(60)
    const other = await WsPeer.dial({ blocks: bytesOf(maker.chain()) })
    await poll('some of it is in', async () => (await heightOf()) > more[5]!.height)
    for (let i = 0; i < 3; i++) {
      await breakDown(ledgerOf(env))
      const [block] = maker.mine(1)
      other.send(other.peer.mined(block!.bytes))
      await poll('the sink has it', () => tipAt(sink, block!))
    }
    expect(await tipOf()).toBe(toDisplay(maker.tip.hash))
    expect([source.closed, sink.closed, other.closed]).toEqual([undefined, undefined, undefined])
  })

  test('takes new links when the hub breaks down, and takes leave of those that went with it', async () => {
    await breakDown(hubOf(env))
    await poll('the links are closed', () => source.closed && sink.closed)
    const [block] = maker.mine(1)
    source = await WsPeer.dial({ blocks: bytesOf(maker.chain()) })
    sink = await WsPeer.dial()
    await poll('the sink has it', () => tipAt(sink, block!))
    expect(await links()).toHaveLength(2)
  })
})
