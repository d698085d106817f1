import { difficultyOf } from '../../chain/target.ts'
import { MAX_SUMMED_BLOCKS } from '../../ledger/mining-queries.ts'
import type { Retarget } from '../../ledger/retargets.ts'
import { toDisplay } from '../../wire/hash.ts'
import { json } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { HASH, HEIGHT, list, number, object, string, tuple, UNIX_TIME } from '../schema.ts'
import { adjustmentOf, DIFFICULTY, difficultyView } from './difficulty.ts'
import { INTERVAL, sinceOf } from './interval.ts'
import { readWhole } from './params.ts'

/** What only blocks change. */
const MINING = forSeconds(10)
/** What the clock changes too. */
const CLOCKED = forSeconds(2)
/** A block may be dated two hours ahead; whoever asks for a time beyond this meant milliseconds. */
const DAY = 86_400

const BLOCK_TIME = object({ height: HEIGHT, hash: HASH, timestamp: string('^\\d{4,}-.*Z$', 'ISO 8601.') })
const ADJUSTMENT = tuple(UNIX_TIME, HEIGHT, number('Difficulty.'), number('New by old difficulty; 0 for the first.'))
const DIGITS = string('^\\d+$')
const REWARDS = object({
  startBlock: HEIGHT,
  endBlock: HEIGHT,
  totalReward: DIGITS,
  totalFee: DIGITS,
  totalTx: DIGITS,
})
const HASH_RATES = object({
  hashrates: list(
    object({ timestamp: UNIX_TIME, avgHashrate: number('Hashes a second, over the day that ends then.') }),
  ),
  difficulty: list(object({ time: UNIX_TIME, height: HEIGHT, difficulty: number(), adjustment: number() })),
  currentHashrate: number('Over the last 1008 blocks.'),
  currentDifficulty: number(),
})

export function miningRoutes({ queries, network, now }: ApiDeps): Route[] {
  const seconds = () => Math.floor(now() / 1000)
  return tagged('Mining', [
    get('/difficulty-adjustment', {
      about: 'How far the present difficulty period has come, and what it may end with.',
      gives: inJson(DIFFICULTY),
      fails: ['syncing'],
      keep: CLOCKED,
      answer: async () => {
        const period = (await queries.difficultyPeriod()) ?? fail('syncing')
        return json(difficultyView(period, network.pow, seconds()))
      },
    }),
    get('/mining/difficulty-adjustments/:interval?', {
      about: 'Retargets, newest first: time, height, difficulty and what it was multiplied by.',
      params: { interval: INTERVAL },
      gives: inJson(list(ADJUSTMENT)),
      fails: ['bad-interval'],
      keep: MINING,
      answer: async ({ params }) => {
        const retargets = await queries.retargets(sinceOf(params.interval, seconds()))
        return json(retargets.toReversed().map((at) => Object.values(adjustmentView(at))))
      },
    }),
    get('/mining/hashrate/:interval?', {
      about: 'Mean hash rates by day, retargets, and the rate of late. Far back, days are sampled.',
      params: { interval: INTERVAL },
      gives: inJson(HASH_RATES),
      fails: ['bad-interval'],
      keep: MINING,
      answer: async ({ params }) => {
        const { days, retargets, present, bits } = await queries.hashRates(sinceOf(params.interval, seconds()))
        return json({
          hashrates: days.map(({ time, hashesPerSecond }) => ({ timestamp: time, avgHashrate: hashesPerSecond })),
          difficulty: retargets.map(adjustmentView),
          currentHashrate: present,
          currentDifficulty: difficultyOf(bits),
        })
      },
    }),
    get('/mining/reward-stats/:blocks', {
      about: 'What the latest blocks paid to their miners. Sums are strings of digits.',
      params: {
        blocks: { about: `How many, up to ${MAX_SUMMED_BLOCKS}.`, schema: string('^[0-9]+$'), example: '144' },
      },
      gives: inJson(REWARDS),
      fails: ['bad-block-count', 'syncing'],
      keep: MINING,
      answer: async ({ params }) => {
        const blocks = readWhole(params.blocks) ?? 0
        if (blocks < 1 || blocks > MAX_SUMMED_BLOCKS) fail('bad-block-count')
        const { first, last, rewardSat, feeSat, txCount } = (await queries.rewardStats(blocks)) ?? fail('syncing')
        return json({
          startBlock: first,
          endBlock: last,
          totalReward: String(rewardSat),
          totalFee: String(feeSat),
          totalTx: String(txCount),
        })
      },
    }),
    get('/mining/blocks/timestamp/:timestamp', {
      about: 'The highest block dated at or before a time.',
      params: { timestamp: { about: 'Unix seconds.', schema: string('^[1-9][0-9]*$'), example: '1700000000' } },
      gives: inJson(BLOCK_TIME),
      fails: ['bad-timestamp', 'no-block-yet'],
      keep: MINING,
      answer: async ({ params }) => {
        const time = Number(params.timestamp)
        if (!/^[1-9]\d*$/.test(params.timestamp) || time > seconds() + DAY) fail('bad-timestamp')
        const block = (await queries.blockAtTime(time)) ?? fail('no-block-yet')
        const timestamp = new Date(block.time * 1000).toISOString()
        return json({ height: block.height, hash: toDisplay(block.hash), timestamp })
      },
    }),
  ])
}

function adjustmentView(retarget: Retarget) {
  const { time, height, bits } = retarget
  return { time, height, difficulty: difficultyOf(bits), adjustment: adjustmentOf(retarget) }
}
