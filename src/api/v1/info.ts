import { json, jsonText } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { count, FLAG, HASH, list, number, object, SATOSHI, UNIX_TIME } from '../schema.ts'
import { OVERVIEW_BLOCKS, OVERVIEW_TXS } from '../ws/need.ts'
import { overviewOf } from '../ws/overview.ts'
import { BACKEND_INFO, backendInfoView } from './backend-info.ts'
import { EXTENDED_BLOCK } from './block-view.ts'
import { DIFFICULTY } from './difficulty.ts'
import { MEMPOOL_BLOCK, PROJECTED_BLOCKS, RECOMMENDED } from './fees.ts'

const KEEP = forSeconds(2)
const A_MINUTE = forSeconds(60)

const BTC_RATE = number('BTC per 1000 virtual bytes.')
const INIT_DATA = object({
  mempoolInfo: object({
    loaded: FLAG,
    size: count('Transactions.'),
    bytes: number('Virtual bytes.'),
    usage: count('Bytes of memory.'),
    total_fee: number('BTC.'),
    maxmempool: count('Bytes of memory.'),
    mempoolminfee: BTC_RATE,
    minrelaytxfee: BTC_RATE,
    incrementalrelayfee: BTC_RATE,
  }),
  vBytesPerSecond: count('Of late.'),
  transactions: list(
    object({ txid: HASH, fee: SATOSHI, vsize: number(), value: SATOSHI, rate: number(), time: UNIX_TIME }),
  ),
  'fees?': RECOMMENDED,
  'da?': DIFFICULTY,
  blocks: list(EXTENDED_BLOCK, OVERVIEW_BLOCKS),
  'mempool-blocks': list(MEMPOOL_BLOCK, PROJECTED_BLOCKS),
  backendInfo: BACKEND_INFO,
  loadingIndicators: object({ 'blocks?': count('Percent.') }),
})

export function infoRoutes(deps: ApiDeps): Route[] {
  const { queries, now } = deps
  return tagged('This relay', [
    get('/init-data', {
      about: 'How things are at a glance: what the WebSocket answers to `init`. What is not known is left out.',
      gives: inJson(INIT_DATA),
      fails: [],
      keep: KEEP,
      answer: async () => {
        const { init } = overviewOf(await queries.live(OVERVIEW_BLOCKS, OVERVIEW_TXS), deps, now())
        const fields = [...init].map(([field, value]) => `${JSON.stringify(field)}:${value}`)
        return jsonText(`{${fields.join()}}`)
      },
    }),
    get('/backend-info', {
      about: 'What this relay calls itself, and which version it is.',
      gives: inJson(BACKEND_INFO),
      fails: [],
      keep: A_MINUTE,
      answer: async () => json(backendInfoView(deps)),
    }),
  ])
}
