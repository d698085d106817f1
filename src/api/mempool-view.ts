import type { MempoolSummary, RecentTx } from '../ledger/queries.ts'
import { toDisplay } from '../wire/hash.ts'
import { floatJson } from './float.ts'
import { component, count, HASH, list, number, object, SATOSHI, tuple } from './schema.ts'

export const MEMPOOL = component(
  'Mempool',
  object({
    count: count('Transactions.'),
    vsize: count('Virtual bytes.'),
    total_fee: SATOSHI,
    fee_histogram: list(tuple(number('Lowest fee rate in the bin, sat/vB.'), count('Virtual bytes in the bin.'))),
  }),
)

export const RECENT_TX = component(
  'RecentTx',
  object({ txid: HASH, fee: SATOSHI, vsize: count('Virtual bytes.'), value: SATOSHI }),
)

/** Already text, because fee rates always carry a point. */
export function mempoolJson({ count, vsize, feeSat, histogram }: MempoolSummary): string {
  const bins = histogram.map(([rate, size]) => `[${floatJson(rate)},${size}]`)
  return `${JSON.stringify({ count, vsize, total_fee: feeSat }).slice(0, -1)},"fee_histogram":[${bins.join(',')}]}`
}

/** `value` is what the transaction spends, fee included, as the Esplora servers have it. */
export function recentView(tx: Omit<RecentTx, 'time'>) {
  return { txid: toDisplay(tx.txid), fee: tx.feeSat, vsize: tx.vsize, value: tx.value }
}
