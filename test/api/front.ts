import type { LinkStatus } from '../../src/api/deps.ts'
import { type AppDeps, createApp } from '../../src/app.ts'
import type { Network } from '../../src/chain/network.ts'
import type { LedgerQueries } from '../../src/ledger/queries.ts'
import { NOW } from './sample-chain.ts'

export interface Front {
  get(path: string, headers?: Record<string, string>): Promise<Response>
  post(path: string, body: string): Promise<Response>
  fetch(request: Request): Promise<Response>
  /** Moves the site's clock, in ms. */
  pass(ms: number): void
}

/** The whole site over these queries, without a socket. A question that is not among them is a fault. */
export function frontOver(
  network: Network,
  queries: Partial<LedgerQueries>,
  rest: Partial<AppDeps> & { links?: LinkStatus[] } = {},
): Front {
  let now = NOW * 1000
  const app = createApp({
    network,
    queries: queries as LedgerQueries,
    hub: { links: async () => rest.links ?? [] },
    name: 'relay.example',
    version: '1.2.3',
    assets: { get: (path) => (path === 'live.js' ? { body: 'void 0', type: 'text/javascript' } : undefined) },
    now: () => now,
    ...rest,
  })
  const ask = async (request: Request) => app.fetch(request)
  return {
    fetch: ask,
    get: (path, headers = {}) => ask(new Request(`http://relay.example${path}`, { headers })),
    post: (path, body) => ask(new Request(`http://relay.example${path}`, { method: 'POST', body })),
    pass: (ms) => {
      now += ms
    },
  }
}
