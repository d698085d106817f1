import type { BlockSummary } from '../../ledger/block-summary.ts'
import { toDisplay } from '../../wire/hash.ts'
import { json } from '../answer.ts'
import { BY_DEPTH } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { BLOCK_HASH } from '../params.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { count, HASH, list, number, object, SATOSHI, UNIX_TIME } from '../schema.ts'
import { parseBlockHash } from './params.ts'

const ENTRY = object({
  txid: HASH,
  fee: SATOSHI,
  vsize: number('Virtual bytes.'),
  value: SATOSHI,
  rate: number('Satoshi per virtual byte, of the transaction by itself.'),
  flags: count("Bits of mempool.space's classes: replaceability, version and kinds of scripts are told, nothing else."),
  time: UNIX_TIME,
})

export function summaryRoutes({ queries }: ApiDeps): Route[] {
  return tagged('Blocks', [
    get('/block/:hash/summary', {
      about: 'What each transaction of a block comes to, in its order.',
      params: { hash: BLOCK_HASH },
      gives: inJson(list(ENTRY)),
      fails: ['bad-block-hash', 'block-unknown'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const summary = (await queries.blockSummary(parseBlockHash(params.hash))) ?? fail('block-unknown')
        return json(summaryView(summary), { height: summary.height })
      },
    }),
  ])
}

function summaryView({ txids, weight, feeSat, valueSat, flags, time }: BlockSummary) {
  return Array.from(weight, (units, t) => ({
    txid: toDisplay(txids.subarray(t * 32, t * 32 + 32)),
    fee: feeSat[t]!,
    vsize: units / 4,
    value: valueSat[t]!,
    rate: (feeSat[t]! * 4) / units,
    flags: flags[t]!,
    time,
  }))
}
