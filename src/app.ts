import { Hono } from 'hono'
import { FAVICON } from '../web/pages/layout.tsx'
import { pageRoutes, wantsHtml } from '../web/pages/routes.tsx'
import { API_HEADERS, errorResponse, json, preflightResponse } from './api/answer.ts'
import { AnswerCache } from './api/answer-cache.ts'
import { createApi, type FaultReport, reported } from './api/api.ts'
import { assetLinks, assetResponse } from './api/assets.ts'
import { forSeconds } from './api/cache-rule.ts'
import type { Packer } from './api/coding.ts'
import { contentOf } from './api/content.ts'
import { Delivery } from './api/delivery.ts'
import { type ApiSettings, type Assets, type HubQueries, USUAL_SETTINGS } from './api/deps.ts'
import { ESPLORA, V1 } from './api/dialect.ts'
import { ApiError } from './api/errors.ts'
import { EVENTS_PATH, EventStreams, wishOf } from './api/event-stream.ts'
import { apiGroups } from './api/groups.ts'
import { guarded } from './api/guard.ts'
import { type MetricsSource, metricsResponse } from './api/metrics.ts'
import { openApi } from './api/openapi.ts'
import { StatusCache } from './api/status-cache.ts'
import { SOCKET_PATH } from './api/ws/path.ts'
import type { Network } from './chain/network.ts'
import type { Millis } from './host/ports.ts'
import type { LedgerQueries } from './ledger/queries.ts'

/** What the site is made over. Nothing here knows which runtime it is in. */
export interface AppDeps {
  network: Network
  queries: LedgerQueries
  hub: HubQueries
  /** What this relay calls itself, for people: a host name. */
  name: string
  version: string
  /** `live.js` and whatever else browsers fetch. */
  assets: Assets
  now(): Millis
  /** Without one there is no `/metrics`. */
  metrics?: MetricsSource
  /** Told of every fault; the front itself writes no log. */
  report?: FaultReport
  /**
   * Whether one poll of the ledger serves all listeners, as it should where a timer outlives a request. `each` is for
   * runtimes that tie what a request starts to that request.
   */
  streams?: 'shared' | 'each'
  /** Packs answers and pages; without one they go as they are. */
  packer?: Packer
  /** Memory for answers that do not change; none unless given. Only where requests share it. */
  answerCacheBytes?: number
  settings?: ApiSettings
}

/** Seconds for which the API's document may be kept: it changes with the program. */
const DOCUMENT_TTL = 300

/** What pages and files for browsers are; the API packs its own. */
const FOR_BROWSERS = /^(text\/(html|css|javascript)|image\/svg\+xml)/

/** The whole site: pages for people, the API for programs under `/api` and, where no page stands, under `/`. */
export function createApp(deps: AppDeps): Hono {
  const { network, name, version, now, assets, metrics } = deps
  const report = deps.report ?? (() => {})
  const queries = guarded(deps.queries, 'ledger-unavailable')
  const hub = guarded(deps.hub, 'hub-unavailable')
  const status = new StatusCache(queries, now)
  const delivery = new Delivery(deps.packer)
  const cache = deps.answerCacheBytes ? new AnswerCache(deps.answerCacheBytes, status, queries) : undefined
  const groups = apiGroups({ network, queries, status, name, version, now, settings: deps.settings ?? USUAL_SETTINGS })
  const api = createApi({ groups, status, delivery, cache, version, report })
  const link = assetLinks(assets)
  const site = { name, version, network, script: link('live.js') }
  const document = once(() => openApi(groups, version))
  const documentContent = once(() => contentOf(json(document()), forSeconds(DOCUMENT_TTL)))
  const pages = pageRoutes({ document, network, queries, status, now, hub, site }, report)
  const newStreams = () => new EventStreams(queries, now, report)
  const shared = deps.streams === 'each' ? undefined : newStreams()

  const app = new Hono()
  app.options('*', () => preflightResponse())
  app.use(async (c, next) => {
    await next()
    if (!FOR_BROWSERS.test(c.res.headers.get('Content-Type') ?? '')) return
    const packed = await delivery.repack(c.req.raw, c.res)
    // Else its headers would be overwritten with those of the answer that it takes the place of.
    c.res = undefined
    c.res = packed
  })
  app.get(EVENTS_PATH, (c) => {
    try {
      const wish = wishOf(new URL(c.req.url).searchParams, c.req.raw.headers)
      return (shared ?? newStreams()).open(wish, c.req.raw)
    } catch (error) {
      return errorResponse(reported(error, EVENTS_PATH, report), ESPLORA, c.req.raw)
    }
  })
  app.get(SOCKET_PATH, (c) => {
    const refusal = errorResponse(new ApiError('upgrade-required'), V1, c.req.raw)
    refusal.headers.set('Upgrade', 'websocket')
    return refusal
  })
  app.get('/assets/*', (c) => assetResponse(assets, new URL(c.req.url)) ?? pages.unknown(c))
  app.get('/openapi.json', (c) => delivery.send(c.req.raw, documentContent()))
  if (metrics) app.get('/metrics', () => metricsResponse(metrics))
  app.get('/favicon.svg', () => new Response(FAVICON, { headers: FAVICON_HEADERS }))
  app.route('/', pages.routes)
  app.all('*', async (c) => {
    const { pathname } = new URL(c.req.url)
    if (wantsHtml(c.req.raw) && !api.owns(pathname)) return pages.unknown(c)
    return api.answer(c.req.raw, pathname)
  })
  return app
}

/** Made when it is first asked for, so that a start costs nothing of it. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const FAVICON_HEADERS = {
  'Content-Type': 'image/svg+xml',
  'Cache-Control': 'public, max-age=86400',
  'X-Content-Type-Options': API_HEADERS['X-Content-Type-Options'],
}
