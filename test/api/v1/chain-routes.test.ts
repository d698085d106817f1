import { beforeAll, describe, expect, test } from 'vitest'
import { networks } from '../../../src/chain/network.ts'
import { addressOf } from '../../../src/script/address.ts'
import { toDisplay } from '../../../src/wire/hash.ts'
import { P2WSH_TRUE } from '../../sim/chain-maker.ts'
import { type RealSample, realFront } from '../real-front.ts'
import { NOW } from '../sample-chain.ts'
import { asker } from './ask.ts'

let sample: RealSample
const ask = asker(() => sample.front)

beforeAll(async () => {
  sample = await realFront()
})

describe('of the chain', () => {
  test('the tip is told as plain text', async () => {
    const tip = sample.blocks.at(-1)!
    expect(await ask('/blocks/tip/height')).toEqual([200, String(tip.height)])
    expect(await ask('/blocks/tip/hash')).toEqual([200, toDisplay(tip.hash)])
  })

  test('the highest block at or before a time is found', async () => {
    for (const { height, hash, time } of sample.blocks.filter(({ height }) => height % 20 === 0)) {
      const found = { height, hash: toDisplay(hash), timestamp: new Date(time * 1000).toISOString() }
      expect(await ask(`/mining/blocks/timestamp/${time}`)).toEqual([200, found])
      expect(await ask(`/mining/blocks/timestamp/${time + 100}`)).toEqual([200, found])
    }
    expect(await ask(`/mining/blocks/timestamp/${sample.blocks[0]!.time - 1}`)).toEqual([
      404,
      { error: 'No block was found before that time' },
    ])
  })

  test('branches are listed, and the stale ones on their own', async () => {
    const { ledger, blocks } = sample
    const beside = ledger.mine([], {}, blocks[120])
    const active = { height: 130, hash: toDisplay(blocks.at(-1)!.hash), branchlen: 0, status: 'active' }
    const stale = { height: 121, hash: toDisplay(beside.hash), branchlen: 1, status: 'valid-headers' }
    expect(await ask('/chain-tips')).toEqual([200, [active, stale]])
    expect(await ask('/stale-tips')).toEqual([200, [stale]])
  })

  test('a network that keeps its bits has no retargets, and a period all the same', async () => {
    expect(await ask('/mining/difficulty-adjustments')).toEqual([200, []])
    expect(await ask('/mining/difficulty-adjustments/1y')).toEqual([200, []])
    expect(await ask('/difficulty-adjustment')).toEqual([
      200,
      expect.objectContaining({
        progressPercent: (130 / 2016) * 100,
        remainingBlocks: 1886,
        nextRetargetHeight: 2016,
        difficultyChange: 0,
        previousRetarget: 0,
        previousTime: sample.blocks[0]!.time,
      }),
    ])
  })

  test('rewards of the latest blocks are summed up', async () => {
    const { ledger, blocks } = sample
    const latest = blocks.slice(-30)
    const reward = latest.reduce((sum, { height }) => sum + ledger.maker.subsidy(height), 0)
    const fees = (await ledger.queries.blocks(undefined, 30))!.reduce((sum, { fees }) => sum + fees, 0)
    expect(fees).toBeGreaterThan(100_000)
    expect(await ask('/mining/reward-stats/30')).toEqual([
      200,
      {
        startBlock: 101,
        endBlock: 130,
        totalReward: String(reward),
        totalFee: String(fees),
        totalTx: String(latest.reduce((sum, { txids }) => sum + txids.length, 0)),
      },
    ])
    expect(await ask('/mining/reward-stats/4032')).toMatchObject([200, { startBlock: 0, endBlock: 130 }])
  })

  test('hash rates come with what is drawn beside them', async () => {
    const DAY = 86_400
    const [status, body] = await ask('/mining/hashrate/1w')
    expect(status).toBe(200)
    const { hashrates, ...rest } = body as { hashrates: { timestamp: number; avgHashrate: number }[] }
    const last = sample.blocks.at(-1)!.time
    expect(rest).toEqual({
      difficulty: [],
      currentHashrate: (2 * 130) / (last - sample.blocks[0]!.time),
      currentDifficulty: expect.any(Number),
    })
    // Two hashes a block, one block in ten minutes; the chain of 130 blocks crosses midnight once.
    const days = hashrates.map(({ timestamp }) => timestamp)
    expect(days).toEqual([Math.floor(last / DAY) * DAY].filter((midnight) => midnight > sample.blocks[1]!.time))
    for (const { avgHashrate } of hashrates) expect(avgHashrate).toBeCloseTo(2 / 600, 9)
  })
})

test.each([
  ['/mining/hashrate/2w', 'Invalid interval'],
  ['/mining/hashrate/toString', 'Invalid interval'],
  ['/mining/difficulty-adjustments/1Y', 'Invalid interval'],
  ['/mining/blocks/timestamp/0', 'Invalid timestamp, value must be Unix seconds'],
  ['/mining/blocks/timestamp/-5', 'Invalid timestamp, value must be Unix seconds'],
  ['/mining/blocks/timestamp/1e9', 'Invalid timestamp, value must be Unix seconds'],
  ['/mining/blocks/timestamp/', 'Invalid timestamp, value must be Unix seconds'],
  [`/mining/blocks/timestamp/${NOW * 1000}`, 'Invalid timestamp, value must be Unix seconds'],
  [`/mining/blocks/timestamp/${'9'.repeat(400)}`, 'Invalid timestamp, value must be Unix seconds'],
  ['/mining/reward-stats/0', 'Invalid number of blocks'],
  ['/mining/reward-stats/4033', 'Invalid number of blocks'],
  ['/mining/reward-stats/x', 'Invalid number of blocks'],
  ['/mining/reward-stats/', 'Invalid number of blocks'],
  ['/validate-address/x', 'Invalid address'],
  ['/validate-address/%20%20', 'Invalid address'],
  [`/validate-address/${'b'.repeat(121)}`, 'Invalid address'],
])('%s is refused: %s', async (path, error) => {
  expect(await ask(path)).toEqual([400, { error }])
})

test('an address is looked at as validateaddress does', async () => {
  const address = addressOf(P2WSH_TRUE, networks.regtest.address)!
  expect(await ask(`/validate-address/${address}`)).toMatchObject([200, { isvalid: true, address, isscript: true }])
  expect(await ask('/validate-address/nonsense')).toMatchObject([200, { isvalid: false, error_locations: [] }])
})

test('errors are plain text for those who take no JSON', async () => {
  const response = await sample.front.get('/api/v1/mining/hashrate/2w', { Accept: 'text/plain' })
  expect([response.status, response.headers.get('Content-Type'), await response.text()]).toEqual([
    400,
    'text/plain',
    'Invalid interval',
  ])
})

test.each(['/nothing', '/mining', '/mining/hashrate/1y/more', '/blocks/tip/x'])('%s is nowhere', async (path) => {
  expect((await ask(path))[0]).toBe(404)
})

describe('of the relay', () => {
  test('it is said what it is', async () => {
    const about = { hostname: 'relay.example', version: '1.2.3', gitCommit: '', lightning: false, backend: 'esplora' }
    expect(await ask('/backend-info')).toEqual([200, about])
  })

  test('all is told at a glance, each part as it is told alone', async () => {
    const [status, body] = await ask('/init-data')
    const { blocks, ...rest } = body as { blocks: { height: number }[] }
    expect([status, blocks.map(({ height }) => height)]).toEqual([200, [123, 124, 125, 126, 127, 128, 129, 130]])
    const parts = {
      fees: '/fees/recommended',
      da: '/difficulty-adjustment',
      'mempool-blocks': '/fees/mempool-blocks',
      backendInfo: '/backend-info',
    }
    for (const [field, path] of Object.entries(parts)) {
      expect(rest).toMatchObject({ [field]: (await ask(path))[1] })
    }
    const [, page] = await ask('/blocks')
    expect(blocks.toReversed()).toEqual((page as object[]).slice(0, 8))
    expect(rest).toMatchObject({ mempoolInfo: { loaded: true, size: 15 }, loadingIndicators: {} })
  })
})
