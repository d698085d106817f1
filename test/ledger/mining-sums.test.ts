import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { MAX_SUMMED_BLOCKS, MiningQueries } from '../../src/ledger/mining-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import { storeOf } from './bare-chain.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'

function sample(seed: number) {
  const random = new RandomChain(seed)
  const ledger = new Ledger()
  const early = random.growMany(random.maker.genesis, 101, 0)
  const blocks = [...early, ...random.growMany(early.at(-1)!, 25, 6)]
  ledger.extend(blocks.map(({ bytes }) => bytes))
  return { random, ledger, blocks: [random.maker.genesis, ...blocks] }
}

const paidOut = (blocks: readonly MadeBlock[]) => {
  let sat = 0
  for (const { bytes } of blocks) {
    for (const { value } of decode(block, bytes).transactions[0]!.outputs) sat += Number(value)
  }
  return sat
}

test('rewards of the latest blocks are what their coinbases paid out', () => {
  const { ledger, blocks, random } = sample(9)
  const queries = new MiningQueries(ledger.sql, regtest, nodeHasher)
  for (const count of [1, 2, 20, 127, 500, Number.MAX_SAFE_INTEGER]) {
    const latest = blocks.slice(-Math.min(count, blocks.length))
    const rewardSat = paidOut(latest)
    const subsidies = latest.reduce((sum, { height }) => sum + random.maker.subsidy(height), 0)
    expect(queries.rewardStats(count), `${count} blocks`).toEqual({
      first: latest[0]!.height,
      last: latest.at(-1)!.height,
      rewardSat,
      feeSat: rewardSat - subsidies,
      txCount: latest.reduce((sum, { txids }) => sum + txids.length, 0),
    })
  }
  expect(MAX_SUMMED_BLOCKS).toBeGreaterThan(2016)
  expect(new MiningQueries(storeOf([]), regtest, nodeHasher).rewardStats(5)).toBeUndefined()
})

test('the history of fees is that of the blocks, newest first', () => {
  const { ledger, blocks } = sample(10)
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
  const known = queries.blockStats(undefined, blocks.length)!
  expect(queries.mining.feeHistory(30)).toEqual(
    known.slice(0, 30).map(({ block: { weight, txCount }, stats }) => ({ weight, txCount, rates: stats.feeRates })),
  )
  expect(queries.mining.feeHistory(1000)).toHaveLength(blocks.length)
})

test('blocks come with the headers that compete with them', () => {
  const { ledger, blocks, random } = sample(11)
  const rivals = [120, 120, 123].map((height) => random.grow(blocks[height - 1]!, 0))
  for (const rival of rivals) ledger.store([rival.bytes])
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
  const found = queries.blocksWithForks(124, 6)!
  expect(found.map(({ block: { height }, forks }) => [height, forks.map(({ hash }) => hash)])).toEqual([
    [124, []],
    [123, [rivals[2]!.hash]],
    [122, []],
    [121, []],
    [120, [rivals[0]!.hash, rivals[1]!.hash]],
    [119, []],
  ])
  expect(found.map(({ forks: _, ...rest }) => rest)).toEqual(queries.blockStats(124, 6))
  expect(queries.blocksWithForks(500, 6)).toBeUndefined()
  expect(queries.blocksWithForks(rivals[0]!.hash, 1)).toBeUndefined()
})
