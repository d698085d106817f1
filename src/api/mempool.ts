import { json, jsonText, SHORT } from './answer.ts'
import { hashListView } from './block-view.ts'
import type { ApiDeps } from './deps.ts'
import { mempoolJson, recentView } from './mempool-view.ts'
import type { Route } from './route.ts'

const RECENT_LIMIT = 10
/** Seconds for which the list of the latest may be kept. */
const RECENT_TTL = 5

export function mempoolRoutes({ queries }: ApiDeps): Route[] {
  return [
    ['GET', '/mempool', async () => jsonText(mempoolJson(await queries.mempool()), SHORT)],
    ['GET', '/mempool/txids', async () => json(hashListView(await queries.mempoolTxids()), SHORT)],
    [
      'GET',
      '/mempool/recent',
      async () => json((await queries.mempoolRecent(RECENT_LIMIT)).map(recentView), RECENT_TTL),
    ],
  ]
}
