import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Schema, written } from '../../../src/api/schema.ts'
import { TX } from '../../../src/api/tx-view.ts'
import { EXTENDED_BLOCK } from '../../../src/api/v1/block-view.ts'
import { DIFFICULTY } from '../../../src/api/v1/difficulty.ts'
import { MEMPOOL_BLOCK, RECOMMENDED } from '../../../src/api/v1/fees.ts'
import { REPLACEMENT_TREE } from '../../../src/api/v1/replacements.ts'
import { SocketClose } from '../../../src/api/ws/feed.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'
import { addressOf } from '../../../src/script/address.ts'
import { bytesToHex, toDisplay } from '../../../src/wire/hash.ts'
import { parseTransaction } from '../../../src/wire/transaction.ts'
import { type MadeBlock, P2WSH_TRUE, spend } from '../../sim/chain-maker.ts'
import { outputsOf, type RealSample, realFront } from '../real-front.ts'
import { SCRIPTS } from '../sample-chain.ts'
import { SocketStage, type TestClient, told } from './stage.ts'

let sample: RealSample
let stage: SocketStage
let client: TestClient

async function setUp(): Promise<void> {
  sample = await realFront()
  connect()
}

function connect(): void {
  stage = new SocketStage(sample.ledger.queries, sample.ledger.now)
  client = stage.open()!
}

const txidHex = (raw: Uint8Array) => toDisplay(parseTransaction(raw).txid)
const ADDRESS = addressOf(SCRIPTS.p2wpkh, regtest.address)!
const OTHER = addressOf(SCRIPTS.p2tr, regtest.address)!
const NOWHERE = 'ab'.repeat(32)

/** A transaction that spends the unconfirmed output `vout` of another, to a script. */
function spendOf(raw: Uint8Array, vout: number, script: Uint8Array, feeSat = 3000): Uint8Array {
  const coin = outputsOf(raw)[vout]!
  return spend([coin], [{ valueSat: coin.valueSat - feeSat, script }])
}

async function mine(transactions: readonly Uint8Array[] = [], parent?: MadeBlock): Promise<MadeBlock> {
  const block = sample.ledger.mine(transactions, { commitment: true }, parent)
  await stage.pass(1000)
  return block
}

async function send(raw: Uint8Array): Promise<void> {
  expect(await sample.ledger.send(raw)).toMatchObject({ kind: 'accepted' })
  await stage.pass(1000)
}

function expectShape(schema: Schema, value: unknown): void {
  const ajv = new Ajv2020({ strict: false })
  const components = new Map()
  const root = written(schema, components) as object
  const defs = Object.fromEntries([...components].map(([name, { text }]) => [name, text]))
  const valid = ajv.compile({ ...root, components: { schemas: defs } })
  if (!valid(value)) throw new Error(ajv.errorsText(valid.errors))
}

describe('how things are', () => {
  beforeAll(setUp)
  beforeEach(connect)
  const FIELDS = ['backendInfo', 'blocks', 'da', 'fees', 'loadingIndicators', 'mempool-blocks', 'mempoolInfo']

  test('init is everything in one message, in the shapes of the API', async () => {
    const init = await stage.tell(client, { action: 'init' })
    expect(client.told).toHaveLength(1)
    expect(Object.keys(init).sort()).toEqual([...FIELDS, 'transactions', 'vBytesPerSecond'])
    const heights = init.blocks.map(({ height }: { height: number }) => height)
    expect(heights).toEqual(Array.from({ length: 8 }, (_, i) => sample.ledger.maker.tip.height - 7 + i))
    for (const block of init.blocks) expectShape(EXTENDED_BLOCK, block)
    for (const block of init['mempool-blocks']) expectShape(MEMPOOL_BLOCK, block)
    expectShape(DIFFICULTY, init.da)
    expectShape(RECOMMENDED, init.fees)
    const levels = await sample.ledger.queries.mempoolLevels()
    expect(init.mempoolInfo).toMatchObject({ loaded: true, size: levels.count, bytes: levels.vsize })
    expect(init.transactions).toHaveLength(6)
    expect(Object.keys(init.transactions[0])).toEqual(['txid', 'fee', 'vsize', 'value', 'rate', 'time'])
    expect(init.vBytesPerSecond).toBe(Math.round(levels.vsize / 150))
    expect(init.backendInfo).toMatchObject({ hostname: 'relay.example', version: '1.2.3' })
    expect(init.loadingIndicators).toEqual({})
  })

  test('who only asks is not followed up: nothing is due and nothing asked any more', async () => {
    await stage.tell(client, { action: 'init' })
    expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(stage.asked).toEqual({ live: 1 })
  })

  test('a crowd that asks at once is told from one answer', async () => {
    const crowd = [client, ...Array.from({ length: 500 }, () => stage.open()!)]
    for (const one of crowd) stage.say(one, { action: 'init' })
    await stage.settle()
    expect(crowd.every((one) => told(one).blocks?.length === 8)).toBe(true)
    expect(stage.asked.live).toBeLessThanOrEqual(2)
  })

  test('a ping has its pong at once', () => {
    stage.say(client, { action: 'ping' })
    expect(client.told).toEqual([{ pong: true }])
    expect(stage.isAsking).toBe(false)
  })

  test('each topic begins with what it is about, once', async () => {
    expect(Object.keys(await stage.tell(client, { action: 'want', data: ['blocks'] }))).toEqual(['blocks'])
    const more = await stage.tell(client, {
      action: 'want',
      data: ['blocks', 'mempool-blocks', 'stats', 'live-2h-chart'],
    })
    expect(Object.keys(more).sort()).toEqual([
      'da',
      'fees',
      'mempool-blocks',
      'mempoolInfo',
      'transactions',
      'vBytesPerSecond',
    ])
    expect(await stage.tell(client, { action: 'want', data: ['blocks', 'stats'] })).toEqual({})
    expect(Object.keys(await stage.tell(client, { 'refresh-blocks': true }))).toEqual(['blocks'])
  })
})

describe('blocks and the mempool', () => {
  beforeEach(setUp)

  test('a block is told as one, with what it changes', async () => {
    await stage.tell(client, { action: 'want', data: ['blocks', 'mempool-blocks', 'stats'] })
    client.told = []
    const block = await mine([sample.single])
    expect(client.told).toHaveLength(1)
    const news = told(client)
    expect(news.block).toMatchObject({ id: toDisplay(block.hash), height: block.height })
    expect(Object.keys(news).sort()).toEqual([
      'block',
      'da',
      'fees',
      'mempool-blocks',
      'mempoolInfo',
      'transactions',
      'vBytesPerSecond',
    ])
  })

  test('several blocks at once come one by one, and a change of branches as a list', async () => {
    await stage.tell(client, { action: 'want', data: ['blocks'] })
    client.told = []
    const { ledger } = sample
    const parent = ledger.maker.tip
    const blocks = [ledger.mine(), ledger.mine(), await mine()]
    expect(client.told.map(({ block }) => block.id)).toEqual(blocks.map(({ hash }) => toDisplay(hash)))
    client.told = []
    let tip = parent
    for (let i = 0; i < 4; i++) tip = ledger.mine([], { script: SCRIPTS.p2tr }, tip)
    await stage.pass(1000)
    expect(client.told.map((message) => Object.keys(message))).toEqual([['blocks']])
    expect(client.told[0]!.blocks.at(-1).id).toBe(toDisplay(tip.hash))
  })

  test.each([
    ['nobody', {}],
    ['somebody who wants no blocks', { 'track-tx': NOWHERE }],
  ])('a newcomer hears of a block that came since %s was told how things are', async (_, message) => {
    await stage.tell(client, { action: 'init', ...message })
    const { hash } = sample.ledger.mine()
    await stage.pass(500)
    stage.take(stage.feed.wake(stage.now))
    await stage.settle()
    const late = stage.open()!
    await stage.tell(late, { action: 'want', data: ['blocks'] })
    await stage.pass(1000)
    const told = late.told.flatMap(({ block, blocks }) => [...(blocks ?? []), ...(block ? [block] : [])])
    expect(told.map(({ id }) => id)).toContain(toDisplay(hash))
  })

  test('a transaction changes the figures, and no block is told', async () => {
    await stage.tell(client, { action: 'want', data: ['blocks', 'stats'] })
    client.told = []
    await send(spendOf(sample.child, 1, SCRIPTS.p2tr))
    expect(client.told).toHaveLength(1)
    expect(told(client).block).toBeUndefined()
    expect(told(client).mempoolInfo.size).toBe((await sample.ledger.queries.mempoolLevels()).count)
  })

  test('who wants nothing more is told nothing more, and then nothing is asked', async () => {
    await stage.tell(client, { action: 'want', data: ['blocks'] })
    await stage.tell(client, { action: 'want', data: [] })
    await mine()
    expect(client.told).toEqual([])
    expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('txids that come and go', async () => {
    expect(await stage.tell(client, { 'track-mempool-txids': true })).toEqual({})
    const child = spendOf(sample.child, 1, SCRIPTS.p2tr)
    await send(child)
    await mine([sample.single])
    expect(client.told).toEqual([
      { 'mempool-txids': { sequence: 1, added: [txidHex(child)], removed: [], mined: [], replaced: [] } },
      { 'mempool-txids': { sequence: 2, added: [], removed: [], mined: [txidHex(sample.single)], replaced: [] } },
    ])
    await stage.tell(client, { 'track-mempool-txids': false })
    await mine()
    expect(client.told).toEqual([])
  })
})

describe('a transaction', () => {
  beforeEach(setUp)

  test('is told where it waits, that it moves, and that it is in a block', async () => {
    const id = txidHex(sample.single)
    const first = await stage.tell(client, { 'track-tx': id })
    const [where] = await sample.ledger.queries.whereabouts([parseTransaction(sample.single).txid])
    expect(first).toEqual({ txPosition: { txid: id, position: (where as { position: object }).position } })
    await send(spendOf(sample.child, 1, SCRIPTS.p2tr, 500_000))
    const moved = told(client).txPosition
    expect(moved.position.vsize).toBeGreaterThan(first.txPosition.position.vsize)
    client.told = []
    await mine()
    expect(client.told).toEqual([])
    await mine([sample.single])
    expect(client.told).toEqual([{ txConfirmed: id }])
  })

  test('that nobody knows yet comes when it comes', async () => {
    const child = spendOf(sample.child, 1, SCRIPTS.p2tr)
    const id = txidHex(child)
    expect(await stage.tell(client, { 'track-tx': id, 'watch-mempool': true })).toEqual({})
    await send(child)
    expect(Object.keys(told(client)).sort()).toEqual(['tx', 'txPosition'])
    expect(told(client).tx).toMatchObject({ txid: id, status: { confirmed: false } })
    expectShape(TX, told(client).tx)
  })

  test('that came before its client could ask is told at once', async () => {
    const answer = await stage.tell(client, { 'track-tx': txidHex(sample.single), 'watch-mempool': true })
    expect(answer.tx).toMatchObject({ txid: txidHex(sample.single) })
  })

  test('of which an output is spent', async () => {
    await stage.tell(client, { 'track-tx': txidHex(sample.child) })
    client.told = []
    const spender = spendOf(sample.child, 1, SCRIPTS.p2tr)
    await send(spender)
    expect(told(client).utxoSpent).toEqual({ 1: { vin: 0, txid: txidHex(spender) } })
  })

  test('a reorg takes it back and brings it again', async () => {
    const { maker } = sample.ledger
    const parent = maker.tip
    const id = txidHex(sample.single)
    await stage.tell(client, { 'track-tx': id })
    await mine([sample.single])
    expect(told(client)).toMatchObject({ txConfirmed: id })
    client.told = []
    let tip = sample.ledger.mine([], { script: SCRIPTS.p2tr }, parent)
    tip = await mine([], tip)
    expect(told(client)).toMatchObject({ txPosition: { txid: id } })
    client.told = []
    await mine([sample.single], tip)
    expect(client.told).toEqual([{ txConfirmed: id }])
  })

  test('another takes its place', async () => {
    const [id, by] = [sample.single, sample.replacement].map(txidHex)
    await stage.tell(client, { 'track-tx': id, 'track-txs': [id], 'track-mempool-txids': true })
    client.told = []
    await send(sample.replacement)
    const news = told(client)
    expect(news.rbfTransaction).toEqual({ txid: by })
    expectShape(REPLACEMENT_TREE, news.rbfInfo)
    expect(news.rbfInfo).toMatchObject({ tx: { txid: by }, replaces: [{ tx: { txid: id } }] })
    expect(news['tracked-txs']).toEqual({ [id]: { replacedBy: by } })
    expect(news['mempool-txids']).toMatchObject({ added: [by], removed: [id], replaced: [{ replaced: id, by }] })
    const late = stage.open()!
    expect(await stage.tell(late, { 'track-tx': id, 'watch-mempool': true })).toEqual({ txReplaced: { txid: by } })
    expect(await stage.tell(late, { 'track-txs': [id] })).toEqual({
      'tracked-txs': { [id]: { confirmed: false, replacedBy: by } },
    })
  })

  test('one that is in a block already is not told of, nor one nowhere', async () => {
    expect(await stage.tell(client, { 'track-tx': txidHex(sample.everyKind) })).toEqual({})
    expect(await stage.tell(client, { 'track-tx': NOWHERE })).toEqual({})
    await mine()
    expect(client.told).toEqual([])
  })

  test('several are told of together', async () => {
    const ids = [sample.single, sample.parent, sample.everyKind].map(txidHex)
    const { 'tracked-txs': first } = await stage.tell(client, { 'track-txs': [...ids, NOWHERE] })
    expect(Object.keys(first)).toEqual([...ids, NOWHERE])
    expect(ids.map((id) => first[id].confirmed)).toEqual([false, false, true])
    expect(first[ids[0]!].position).toEqual({ block: 0, vsize: expect.any(Number) })
    client.told = []
    await mine([sample.single])
    expect(told(client)['tracked-txs'][ids[0]!]).toEqual({ confirmed: true })
    expect(await stage.tell(client, { 'track-txs': Array(101).fill(NOWHERE) })).toEqual({
      'track-txs-error':
        'too many transactions requested, this connection supports tracking a maximum of 100 transactions',
    })
    await mine()
    expect(client.told).toHaveLength(1)
  })
})

describe('addresses', () => {
  beforeEach(setUp)

  test('what comes to one, is mined, and is gone', async () => {
    expect(await stage.tell(client, { 'track-address': ADDRESS })).toEqual({})
    const paying = spendOf(sample.child, 1, SCRIPTS.p2wpkh)
    await send(paying)
    expect(Object.keys(told(client))).toEqual(['address-transactions'])
    const [tx] = told(client)['address-transactions']
    expectShape(TX, tx)
    expect(tx).toMatchObject({ txid: txidHex(paying), status: { confirmed: false } })
    client.told = []
    const block = await mine([sample.single])
    expect(Object.keys(told(client))).toEqual(['block-transactions'])
    expect(told(client)['block-transactions']).toMatchObject([
      { txid: txidHex(sample.single), status: { confirmed: true, block_hash: toDisplay(block.hash) } },
    ])
    client.told = []
    // A block that spends the same as `parent`, on which others hang.
    const coin = outputsOf(sample.child)[1]!
    expect(coin.vout).toBe(1)
    const rival = spend([sample.parentCoin], [{ valueSat: 1000, script: SCRIPTS.p2tr }])
    await mine([rival])
    const removed = told(client)['address-removed-transactions'].map(({ txid }: { txid: string }) => txid)
    // `child` was there before anybody followed the address.
    expect(removed.sort()).toEqual([txidHex(paying), txidHex(sample.child)].sort())
  })

  test('several, by the names that the client has for them', async () => {
    const names = [ADDRESS.toUpperCase(), OTHER]
    await stage.tell(client, { 'track-addresses': names })
    const one = spendOf(sample.child, 1, SCRIPTS.p2wpkh)
    await send(one)
    expect(told(client)['multi-address-transactions']).toMatchObject({
      [names[0]!]: { mempool: [{ txid: txidHex(one) }], confirmed: [], removed: [] },
    })
    client.told = []
    await mine([sample.single, sample.parent])
    expect(told(client)['multi-address-transactions']).toMatchObject({
      [names[0]!]: { mempool: [], confirmed: [{ txid: txidHex(sample.single) }], removed: [] },
      [names[1]!]: { mempool: [], confirmed: [{ txid: txidHex(sample.parent) }], removed: [] },
    })
    expect(client.told).toHaveLength(1)
  })

  test('scripts too, and more than may be followed are refused', async () => {
    const hex = bytesToHex(P2WSH_TRUE)
    await stage.tell(client, { 'track-scriptpubkeys': [hex] })
    await mine([sample.parent])
    expect(
      told(client)['multi-scriptpubkey-transactions'][hex].confirmed.map((tx: { txid: string }) => tx.txid),
    ).toEqual([
      ...(await sample.ledger.queries.blockTxs(sample.ledger.maker.tip.hash, 0, 9))!.txs.map(({ txid }) =>
        toDisplay(txid),
      ),
    ])
    expect(await stage.tell(client, { 'track-addresses': Array(101).fill(ADDRESS) })).toEqual({
      'track-addresses-error':
        'too many addresses requested, this connection supports tracking a maximum of 100 addresses',
    })
  })

  test('a name that is none ends the tracking', async () => {
    await stage.tell(client, { 'track-address': ADDRESS })
    expect(await stage.tell(client, { 'track-address': 'stop' })).toEqual({})
    await mine([sample.single])
    expect(client.told).toEqual([])
    expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('bounds', () => {
  beforeAll(setUp)
  beforeEach(connect)

  test('there are only so many clients, and those who go make room', () => {
    const small = new SocketStage(sample.ledger.queries, 0, { sessions: 2 })
    const [one] = [small.open(), small.open()]
    expect(small.open()).toBeUndefined()
    small.leave(one!)
    expect(small.open()).toBeDefined()
  })

  test('scripts are only so many together', async () => {
    const small = new SocketStage(sample.ledger.queries, 0, { scriptsTogether: 2 })
    const [one, two] = [small.open()!, small.open()!]
    expect(await small.tell(one, { 'track-addresses': [ADDRESS, OTHER] })).toEqual({})
    expect(await small.tell(two, { 'track-addresses': [ADDRESS] })).toHaveProperty('track-addresses-error')
    expect(await small.tell(one, { 'track-addresses': [OTHER] })).toEqual({})
    expect(await small.tell(two, { 'track-address': ADDRESS })).toEqual({})
  })

  test('a hundred messages in ten seconds and no more', () => {
    for (let i = 0; i < 100; i++) stage.say(client, { action: 'ping' })
    expect(client.told).toHaveLength(100)
    stage.now += 9_999
    stage.say(client, { action: 'ping' })
    expect(client.closedWith).toBe(SocketClose.POLICY)
    expect(stage.feed.sessions).toBe(0)
    const patient = stage.open()!
    for (let i = 0; i < 300; i++) {
      stage.now += 101
      stage.say(patient, { action: 'ping' })
    }
    expect(patient.told).toHaveLength(300)
  })

  test.each([['{'], ['null'], ['hello']])('%j ends the connection, and only that one', async (text) => {
    const other = stage.open()!
    stage.say(client, text)
    expect(client.closedWith).toBe(SocketClose.NOT_JSON)
    expect(Object.keys(await stage.tell(other, { 'refresh-blocks': true }))).toEqual(['blocks'])
  })

  test('clients that come and go leave nothing behind', async () => {
    for (let i = 0; i < 20; i++) {
      const one = stage.open()!
      stage.say(one, {
        'track-address': ADDRESS,
        'track-addresses': [OTHER],
        'track-tx': NOWHERE,
        'track-txs': [NOWHERE],
      })
      if (i % 2) await stage.answer()
      stage.leave(one)
    }
    await stage.settle()
    expect(stage.feed.sessions).toBe(1)
    expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(stage.feed.watched).toEqual({ scripts: 0, txs: 0 })
  })
})

describe('work', () => {
  beforeEach(setUp)

  test('a change costs the same questions for one client as for thousands', async () => {
    const follow = async (clients: number) => {
      const stage = new SocketStage(sample.ledger.queries, 0, { sessions: 5000 })
      const followers = Array.from({ length: clients }, () => stage.open()!)
      for (const [i, one] of followers.entries()) {
        stage.say(one, { action: 'want', data: ['blocks', 'stats'], 'track-address': i % 2 ? ADDRESS : OTHER })
        stage.say(one, { 'track-tx': i % 3 ? txidHex(sample.single) : NOWHERE, 'track-mempool-txids': true })
      }
      await stage.settle()
      return { stage, followers }
    }
    const [few, many] = [await follow(6), await follow(3000)]
    for (const { stage } of [few, many]) for (const name of Object.keys(stage.asked)) stage.asked[name] = 0
    const { ledger } = sample
    await ledger.send(spendOf(sample.child, 1, SCRIPTS.p2wpkh))
    for (const { stage } of [few, many]) await stage.pass(1000)
    ledger.mine([sample.single], { commitment: true })
    for (const { stage } of [few, many]) await stage.pass(1000)
    expect(many.stage.asked).toEqual(few.stage.asked)
    expect(many.stage.asked).toEqual({
      changesSince: 2,
      live: 2,
      txs: 1,
      whereabouts: 2,
      scriptsInBlock: 1,
      scriptsInMempool: 0,
    })
    for (const [i, one] of many.followers.entries()) {
      const fields = Object.keys(told(one))
      expect(fields.includes('txConfirmed')).toBe(i % 3 !== 0)
      expect(fields.includes('block-transactions')).toBe(i % 2 === 1)
    }
  })

  test('a ledger that fails is asked again, and nothing that happened meanwhile is missed', async () => {
    await stage.tell(client, { 'track-address': ADDRESS, action: 'want', data: ['blocks'] })
    await stage.pass(5000)
    client.told = []
    stage.failing = true
    const late = stage.open()!
    stage.say(late, { action: 'init', 'track-tx': txidHex(sample.single) })
    await mine([sample.single])
    const paying = spendOf(sample.child, 1, SCRIPTS.p2wpkh)
    await send(paying)
    expect([client.told, late.told]).toEqual([[], []])
    stage.failing = false
    await stage.pass(2000)
    expect(Object.keys(told(client)).sort()).toEqual(['address-transactions', 'block', 'block-transactions'])
    expect(Object.keys(told(late))).toContain('blocks')
  })
})
