import { beforeAll, describe, expect, test } from 'vitest'
import { networks } from '../../../src/chain/network.ts'
import { toDisplay } from '../../../src/wire/hash.ts'
import { parseTransaction } from '../../../src/wire/transaction.ts'
import { frontOver } from '../front.ts'
import { RealLedger, type RealSample, realFront } from '../real-front.ts'
import { NOW } from '../sample-chain.ts'
import { asker } from './ask.ts'

let sample: RealSample
const ask = asker(() => sample.front)
const idOf = (raw: Uint8Array) => toDisplay(parseTransaction(raw).txid)
const weightOf = (raw: Uint8Array) => parseTransaction(raw).weight

beforeAll(async () => {
  sample = await realFront()
})

describe('fees', () => {
  test('are the least where next to nothing waits', async () => {
    const least = { fastestFee: 1, halfHourFee: 1, hourFee: 1, economyFee: 1, minimumFee: 1 }
    expect(await ask('/fees/recommended')).toEqual([200, least])
    const [status, precise] = await ask('/fees/precise')
    expect(status).toBe(200)
    expect(Object.keys(precise as object)).toEqual(Object.keys(least))
    expect(precise).toMatchObject({ fastestFee: expect.any(Number) })
  })

  test('are kept for a second, in any cache', async () => {
    const response = await sample.front.get('/api/v1/fees/recommended')
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=1')
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
  })

  test('are not recommended by a relay that has not caught up', async () => {
    const { queries } = sample.ledger
    const behind = frontOver(networks.regtest, {
      status: async () => ({ ...(await queries.status()), synced: false }),
      projectedBlocks: (max) => queries.projectedBlocks(max),
      mempoolLevels: () => queries.mempoolLevels(),
    })
    const askBehind = asker(() => behind)
    for (const path of ['/fees/recommended', '/fees/precise']) {
      expect(await askBehind(path)).toEqual([503, { error: 'Service Unavailable' }])
    }
    expect((await askBehind('/fees/mempool-blocks'))[0]).toBe(200)
    expect(await (await behind.get('/api/fee-estimates')).text()).toBe('{}')
  })

  test('are estimated for wallets by target', async () => {
    const response = await sample.front.get('/api/fee-estimates')
    const text = await response.text()
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=10')
    expect(text).toMatch(/^\{"1":0\.1,"2":0\.1,/)
    expect(Object.keys(JSON.parse(text))).toHaveLength(28)
    const fresh = frontOver(networks.regtest, new RealLedger().queries)
    expect(await (await fresh.get('/api/fee-estimates')).text()).toBe('{}')
  })

  test('of the blocks that wait are those of what waits', async () => {
    const [, body] = await ask('/fees/mempool-blocks')
    const { count, feeSat } = await sample.ledger.queries.mempoolLevels()
    expect(body).toMatchObject([{ nTx: count, totalFees: feeSat }])
    const { blockVSize, feeRange, medianFee } = (
      body as { blockVSize: number; feeRange: number[]; medianFee: number }[]
    )[0]!
    expect(feeRange).toEqual(feeRange.toSorted((a, b) => a - b))
    expect(medianFee).toBeGreaterThanOrEqual(feeRange[0]!)
    expect(medianFee).toBeLessThanOrEqual(feeRange[6]!)
    expect(blockVSize * 4).toBe(Math.round(blockVSize * 4))
  })
})

describe('a transaction of the mempool', () => {
  test('is told with those it hangs together with', async () => {
    const parent = { txid: idOf(sample.parent), fee: 150, weight: weightOf(sample.parent) }
    const child = { txid: idOf(sample.child), fee: 20_001, weight: weightOf(sample.child) }
    const rate = 20_151 / ((parent.weight + child.weight) / 4)
    const cluster = {
      txs: [
        { ...parent, parents: [] },
        { ...child, parents: [0] },
      ],
      chunks: [{ txs: [0, 1], feerate: expect.closeTo(rate, 0) }],
      chunkIndex: 0,
    }
    const [status, body] = await ask(`/cpfp/${parent.txid}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ ancestors: [], bestDescendant: null, descendants: [child], fee: 150, cluster })
    expect(await ask(`/cpfp/${child.txid.toUpperCase()}`)).toMatchObject([
      200,
      { ancestors: [parent], descendants: [], fee: 20_001, effectiveFeePerVsize: expect.closeTo(rate, 0), cluster },
    ])
  })

  test('has no relatives once it is mined, or when nobody knows it', async () => {
    expect(await ask(`/cpfp/${idOf(sample.everyKind)}`)).toEqual([200, { ancestors: [] }])
    expect(await ask(`/cpfp/${'ab'.repeat(32)}`)).toEqual([200, { ancestors: [] }])
  })

  test('is told when it was first seen, in the order asked for', async () => {
    const ids = [idOf(sample.child), 'ab'.repeat(32), idOf(sample.parent)]
    const named = ids.map((id) => `txId[]=${id}`).join('&')
    const expected = [200, [NOW + 2, 0, NOW + 1]]
    expect(await ask(`/transaction-times?${named}`)).toEqual(expected)
    expect(await ask(`/transaction-times?${encodeURI(named)}`)).toEqual(expected)
    expect(await ask(`/transaction-times?${ids.map((id, i) => `txId[${i}]=${id}`).join('&')}`)).toEqual(expected)
  })
})

describe('outputs to be spent', () => {
  const asked = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })
  const at = (raw: Uint8Array, vout: number) => ({ txid: idOf(raw), vout })

  test('are told where they are unspent, on the chain or in the mempool', async () => {
    const { everyKind, parent, child, single, front } = sample
    const txOf = async (raw: Uint8Array) =>
      (await (await front.get(`/api/tx/${idOf(raw)}`)).json()) as {
        vin: { txid: string; vout: number; prevout: object }[]
        vout: object[]
      }
    const { vin } = await txOf(single)
    const wanted = [at(everyKind, 1), at(child, 0), at(parent, 1), { txid: vin[0]!.txid, vout: vin[0]!.vout }]
    expect(await ask('/prevouts', asked(wanted))).toEqual([
      200,
      [
        { prevout: (await txOf(everyKind)).vout[1], unconfirmed: false },
        { prevout: (await txOf(child)).vout[0], unconfirmed: true },
        { prevout: (await txOf(parent)).vout[1], unconfirmed: true },
        // Spent by the mempool only.
        { prevout: vin[0]!.prevout, unconfirmed: false },
      ],
    ])
  })

  test('are null where they are spent, or were never made', async () => {
    const { everyKind, blocks } = sample
    const spent = { txid: toDisplay(blocks[1]!.txids[0]!), vout: 0 }
    const nowhere = [spent, at(everyKind, 99), at(everyKind, 0xffff_ffff), { txid: 'AB'.repeat(32), vout: 0 }]
    expect(await ask('/prevouts', asked(nowhere))).toEqual([200, [null, null, null, null]])
    expect(await ask('/prevouts', asked([]))).toEqual([200, []])
    const many = Array(100).fill(spent)
    expect(await ask('/prevouts', asked(many))).toEqual([200, many.map(() => null)])
  })

  test.each<[unknown, number, string]>([
    [Array(101).fill({ txid: 'ab'.repeat(32), vout: 0 }), 400, 'Too many outpoints requested'],
    [{}, 400, 'Invalid outpoints format'],
    [null, 400, 'Invalid outpoints format'],
    [[null], 400, 'Invalid outpoints format'],
    [[[]], 400, 'Invalid outpoints format'],
    [[{ txid: 'ab', vout: 0 }], 400, 'Invalid outpoints format'],
    [[{ txid: 'ab'.repeat(32) }], 400, 'Invalid outpoints format'],
    [[{ txid: 'ab'.repeat(32), vout: '0' }], 400, 'Invalid outpoints format'],
    [[{ txid: 'ab'.repeat(32), vout: -1 }], 400, 'Invalid outpoints format'],
    [[{ txid: 'ab'.repeat(32), vout: 0.5 }], 400, 'Invalid outpoints format'],
    [[{ txid: 'ab'.repeat(32), vout: 2 ** 32 }], 400, 'Invalid outpoints format'],
    ['x'.repeat(50_000), 413, 'Request body too large'],
  ])('asked for as %j are refused', async (body, status, error) => {
    expect(await ask('/prevouts', asked(body))).toEqual([status, { error }])
  })

  test('asked for in anything but JSON are refused', async () => {
    for (const body of ['', '[{', '\u0000']) {
      expect(await ask('/prevouts', { method: 'POST', body })).toEqual([400, { error: 'Invalid outpoints format' }])
    }
    expect((await ask('/prevouts'))[0]).toBe(404)
  })
})

const times = (count: number) =>
  Array(count)
    .fill(`txId[]=${'ab'.repeat(32)}`)
    .join('&')

test.each([
  ['/cpfp/x', 'Invalid transaction ID'],
  [`/cpfp/${'a'.repeat(65)}`, 'Invalid transaction ID'],
  ['/transaction-times', 'invalid txId format'],
  ['/transaction-times?txId=5', 'invalid txId format'],
  ['/transaction-times?txId[]=5', 'invalid txId format'],
  [`/transaction-times?${times(100)}&txId[]=5`, 'Too many txids requested'],
])('%s is refused: %s', async (path, error) => {
  expect(await ask(path)).toEqual([400, { error }])
})

test('times of a hundred transactions are told at once', async () => {
  expect(await ask(`/transaction-times?${times(100)}`)).toEqual([200, Array(100).fill(0)])
})

describe('replacements', () => {
  test('are none until there is one', async () => {
    const txid = idOf(sample.single)
    expect(await ask(`/tx/${txid}/rbf`)).toEqual([200, { replacements: null, replaces: null }])
    expect(await ask('/replacements')).toEqual([200, []])
    expect(await ask('/fullrbf/replacements')).toEqual([200, []])
    expect(await ask('/tx/nonsense/rbf')).toEqual([400, { error: 'Invalid transaction ID' }])
  })

  test('are told as trees, from the one that stands', async () => {
    const { ledger, single, replacement, front } = sample
    const before = await (await front.get(`/api/tx/${idOf(single)}`)).json()
    ledger.now += 60_000
    expect(await ledger.send(replacement)).toMatchObject({ kind: 'accepted' })
    const named = (raw: Uint8Array, fee: number, time: number) => {
      const { tx, weight } = parseTransaction(raw)
      const value = tx.outputs.reduce((sum, output) => sum + Number(output.value), 0)
      const vsize = Math.ceil(weight / 4)
      return { txid: idOf(raw), fee, vsize, value, rate: fee / vsize, time, rbf: false }
    }
    const old = named(single, (before as { fee: number }).fee, NOW + 3)
    const now = Math.floor(ledger.now / 1000)
    const tree = {
      tx: { ...named(replacement, 12_000, now), fullRbf: true },
      time: now,
      fullRbf: true,
      replaces: [{ tx: old, time: NOW + 3, interval: now - (NOW + 3), fullRbf: true, replaces: [] }],
    }
    expect(await ask(`/tx/${tree.tx.txid}/rbf`)).toEqual([200, { replacements: tree, replaces: [old.txid] }])
    expect(await ask(`/tx/${old.txid}/rbf`)).toEqual([200, { replacements: tree, replaces: null }])
    expect(await ask('/replacements')).toEqual([200, [tree]])
    expect(await ask('/fullrbf/replacements')).toEqual([200, [tree]])
    ledger.mine([replacement])
    const mined = { ...tree, mined: true, tx: { ...tree.tx, mined: true } }
    expect(await ask('/replacements')).toEqual([200, [mined]])
  })
})
