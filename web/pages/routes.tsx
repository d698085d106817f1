import { type Context, Hono, type Next } from 'hono'
import type { Child } from 'hono/jsx'
import { type FaultReport, reported } from '../../src/api/api.ts'
import { retryAfter } from '../../src/api/errors.ts'
import type { LedgerStatus } from '../../src/ledger/queries.ts'
import * as pages from './pages.tsx'
import { CONTENT_POLICY } from './policy.ts'
import { type Problem, ProblemPage, problemStatus } from './problem.tsx'
import { type PageDeps, prefsOf, type View } from './view.ts'

export interface PageRoutes {
  /** Every page, those that share their path with the API only for who asks for HTML. */
  routes: Hono
  /** What to say where there is nothing. */
  unknown(c: Context): Promise<Response>
}

/** Seconds for which a page may be kept; it tells ages, so not long. */
const MAX_AGE = 5

export function pageRoutes(deps: PageDeps, report: FaultReport): PageRoutes {
  type Maker = (asked: pages.Asked) => Promise<pages.Outcome>

  const answer = async (c: Context, make: Maker): Promise<Response> => {
    const url = new URL(c.req.url)
    let v = viewOf(url, deps, NOTHING_KNOWN)
    try {
      v = viewOf(url, deps, await deps.status.get())
      const id = c.req.param('id') ?? ''
      const { queries, hub, document } = deps
      const outcome = await make({ v, id, query: url.searchParams, queries, hub, document })
      if ('to' in outcome) return c.redirect(outcome.to)
      if ('page' in outcome) return html(outcome.page, 200)
      return html(<ProblemPage v={v} problem={outcome.problem} />, problemStatus(outcome.problem))
    } catch (error) {
      const id = faultId()
      const { code, status } = reported(error, `page ${c.req.routePath} (fault ${id})`, report)
      const problem: Problem =
        code === 'history-too-long' ? { kind: 'popular' } : status === 503 ? { kind: 'busy' } : { kind: 'fault', id }
      return html(<ProblemPage v={v} problem={problem} />, problemStatus(problem))
    }
  }
  const always = (make: Maker) => (c: Context) => answer(c, make)
  const forPeople = (make: Maker) => (c: Context, next: Next) => (wantsHtml(c.req.raw) ? answer(c, make) : next())

  const routes = new Hono()
    .get('/', always(pages.home))
    .get('/network', always(pages.network))
    .get('/docs', always(pages.docs))
    .get('/search', always(pages.search))
    .get('/blocks', forPeople(pages.blocks))
    .get('/mempool', forPeople(pages.mempool))
    .get('/block/:id', forPeople(pages.block))
    .get('/tx/:id', forPeople(pages.transaction))
    .get('/address/:id', forPeople(pages.address))
    .get('/scripthash/:id', forPeople(pages.scripthash))
  return { routes, unknown: always(pages.unknown) }
}

/** Browsers name HTML in what they accept; programs that read JSON do not. */
export function wantsHtml(request: Request): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  return /(^|,)\s*text\/html\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(request.headers.get('Accept') ?? '')
}

const NOTHING_KNOWN: LedgerStatus = {
  tip: { height: 0, hash: new Uint8Array(32), time: 0 },
  headers: 0,
  synced: true,
  mempool: { count: 0, vsize: 0, feeSat: 0 },
}

function viewOf(url: URL, deps: PageDeps, status: LedgerStatus): View {
  const query: Record<string, string> = {}
  for (const [name, value] of url.searchParams) if (name !== 'unit' && name !== 'theme') query[name] = value
  const prefs = prefsOf(url.searchParams)
  // Two slashes at the start would be the name of another host in a link.
  const path = url.pathname.replace(/^\/+/, '/')
  return { site: deps.site, prefs, path, query, now: Math.floor(deps.now() / 1000), status }
}

function html(page: Child, status: number): Response {
  const after = retryAfter(status)
  return new Response(`<!doctype html>${page}`, {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': CONTENT_POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      // The same path answers programs with JSON.
      Vary: 'Accept',
      'Cache-Control': status === 200 ? `public, max-age=${MAX_AGE}` : 'no-store',
      ...(after && { 'Retry-After': String(after) }),
    },
  })
}

/** Enough digits to find a fault in the log by. */
function faultId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
