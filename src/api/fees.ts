import type { LedgerQueries } from '../ledger/queries.ts'
import { jsonText } from './answer.ts'
import { SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { estimateFees, RECENT_BLOCKS } from './fee-estimates.ts'
import { floatJson } from './float.ts'
import { get, inJson, type Route, tagged } from './route.ts'
import { mapOf, number } from './schema.ts'

/** Projected blocks that are looked at; the last one holds the rest. */
const QUEUE = 8

export function feeEstimateRoutes({ queries, status }: ApiDeps): Route[] {
  return tagged('Mempool', [
    get('/fee-estimates', {
      about:
        'Fee rates by the number of blocks within which a transaction is to be mined. Empty where nothing is known.',
      gives: inJson(mapOf('^\\d+$', number('Satoshi per virtual byte.'))),
      fails: [],
      keep: SHORTLY,
      answer: async () => {
        // What a ledger knows before it has caught up is of other times.
        const estimates = (await status.get()).synced ? await estimate(queries) : new Map<number, number>()
        return jsonText(`{${[...estimates].map(([target, rate]) => `"${target}":${floatJson(rate)}`).join()}}`)
      },
    }),
  ])
}

async function estimate(queries: LedgerQueries): Promise<Map<number, number>> {
  const [queue, recent, { minFeeRate }] = await Promise.all([
    queries.projectedBlocks(QUEUE),
    queries.feeHistory(RECENT_BLOCKS),
    queries.mempoolLevels(),
  ])
  const rates = queue.map(({ vsize, rateRange }) => ({ vsize, rates: rateRange }))
  return estimateFees(rates, recent, minFeeRate / 1000)
}
