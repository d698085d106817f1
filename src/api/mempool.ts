import { json, jsonText } from './answer.ts'
import { hashListView } from './block-view.ts'
import { forSeconds, SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { pageOfHashes } from './hash-page.ts'
import { MEMPOOL, mempoolJson, RECENT_TX, recentView } from './mempool-view.ts'
import { parseHash, TXID } from './params.ts'
import { get, inJson, type Route, tagged } from './route.ts'
import { HASH, list } from './schema.ts'

/** Txids on one page. */
const TXIDS_PAGE = 10_000
const RECENT_LIMIT = 10
/** Seconds for which the list of the latest may be kept. */
const RECENT_TTL = 5

export function mempoolRoutes({ queries }: ApiDeps): Route[] {
  return tagged('Mempool', [
    get('/mempool', {
      about: 'How much waits, and for which fee rates.',
      gives: inJson(MEMPOOL),
      fails: [],
      keep: SHORTLY,
      answer: async () => jsonText(mempoolJson(await queries.mempool())),
    }),
    get('/mempool/txids', {
      about: 'All txids that wait, in no order.',
      gives: inJson(list(HASH)),
      fails: [],
      keep: SHORTLY,
      answer: async () => json(hashListView(await queries.mempoolTxids())),
    }),
    get('/mempool/txids/page/:last?', {
      about: `Up to ${TXIDS_PAGE} of them, in an order that stays.`,
      params: { last: { ...TXID, about: 'The last txid of the page before.' } },
      gives: inJson(list(HASH, TXIDS_PAGE)),
      fails: ['bad-hex'],
      keep: SHORTLY,
      answer: async ({ params }) => {
        const after = params.last === '' ? undefined : parseHash(params.last)
        return json(hashListView(pageOfHashes(await queries.mempoolTxids(), after, TXIDS_PAGE)))
      },
    }),
    get('/mempool/recent', {
      about: `The latest ${RECENT_LIMIT} that came, newest first.`,
      gives: inJson(list(RECENT_TX, RECENT_LIMIT)),
      fails: [],
      keep: forSeconds(RECENT_TTL),
      answer: async () => json((await queries.mempoolRecent(RECENT_LIMIT)).map(recentView)),
    }),
  ])
}
