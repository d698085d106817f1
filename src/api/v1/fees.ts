import type { ProjectedBlock } from '../../ledger/mempool-questions.ts'
import { json } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { count, list, number, object, SATOSHI } from '../schema.ts'
import { preciseFees, recommendedFees } from './recommended-fees.ts'

/** Projected blocks that are shown; the last one holds the rest. */
export const PROJECTED_BLOCKS = 8
const KEEP_FEES = forSeconds(1)
const KEEP_BLOCKS = forSeconds(2)

const RATE = number('Satoshi per virtual byte.')
export const RECOMMENDED = object({
  fastestFee: RATE,
  halfHourFee: RATE,
  hourFee: RATE,
  economyFee: RATE,
  minimumFee: RATE,
})
export const MEMPOOL_BLOCK = object({
  blockSize: count('Bytes.'),
  blockVSize: number('Virtual bytes.'),
  nTx: count(),
  totalFees: SATOSHI,
  medianFee: RATE,
  feeRange: list(number('Lowest, 10th, 25th, 50th, 75th and 90th percentile, highest.'), 7),
})

export function feeRoutes({ queries, status }: ApiDeps): Route[] {
  const recommend = async (fromQueue: typeof recommendedFees) => {
    // A mempool that has not caught up with the chain would recommend too little.
    if (!(await status.get()).synced) fail('syncing')
    const minimum = (await queries.mempoolLevels()).minFeeRate / 1000
    return json(fromQueue(await queries.projectedBlocks(PROJECTED_BLOCKS), minimum))
  }
  return tagged('Fees', [
    get('/fees/recommended', {
      about: 'Fee rates to pay now, in whole satoshi per virtual byte, told from the blocks that wait to be mined.',
      gives: inJson(RECOMMENDED),
      fails: ['syncing'],
      keep: KEEP_FEES,
      answer: () => recommend(recommendedFees),
    }),
    get('/fees/precise', {
      about: 'The same to three places, with a little more for those in a hurry.',
      gives: inJson(RECOMMENDED),
      fails: ['syncing'],
      keep: KEEP_FEES,
      answer: () => recommend(preciseFees),
    }),
    get('/fees/mempool-blocks', {
      about: `The mempool as at most ${PROJECTED_BLOCKS} blocks, the best paid first; the last one holds the rest.`,
      gives: inJson(list(MEMPOOL_BLOCK, PROJECTED_BLOCKS)),
      fails: [],
      keep: KEEP_BLOCKS,
      answer: async () => json((await queries.projectedBlocks(PROJECTED_BLOCKS)).map(mempoolBlockView)),
    }),
  ])
}

export function mempoolBlockView({ size, weight, count, feeSat, medianRate, rateRange }: ProjectedBlock) {
  return {
    blockSize: size,
    blockVSize: weight / 4,
    nTx: count,
    totalFees: feeSat,
    medianFee: medianRate,
    feeRange: rateRange,
  }
}
