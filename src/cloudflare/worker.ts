import { version } from '../../package.json'
import { createApp } from '../app.ts'
import { DOOR_PATH } from '../host/door.ts'
import { gatherSamples } from '../host/metrics.ts'
import { loadAssets } from './assets.ts'
import { type Env, hubOf } from './env.ts'
import { writeLog } from './log.ts'
import { hubQueries, ledgerQueries, meters } from './queries.ts'
import { readSettings } from './settings.ts'

export { Hub } from './hub.ts'
export { Ledger } from './ledger.ts'

type Site = ReturnType<typeof createApp>

/** The site as last asked for: settings are the isolate's, the name is the request's. */
let made: { host: string; site: Site } | undefined

async function siteFor(host: string, env: Env, network: Parameters<typeof createApp>[0]['network']): Promise<Site> {
  if (made?.host === host) return made.site
  const site = createApp({
    network,
    queries: ledgerQueries(env),
    hub: hubQueries(env),
    name: host,
    version,
    assets: await loadAssets(env.ASSETS),
    metrics: { metrics: () => gatherSamples({ version, network: network.name }, meters(env)) },
    now: Date.now,
    report: (where, error) =>
      writeLog({ level: 'error', text: 'a question could not be answered', facts: { where, error: String(error) } }),
    streams: 'each',
  })
  made = { host, site }
  return site
}

/** The front: stateless, one of many. What it is asked it asks the ledger and the hub. */
export default {
  async fetch(request, env) {
    const settings = readSettings(env)
    if (settings.kind === 'refused') return new Response(settings.text, { status: 503 })
    const { host, pathname } = new URL(request.url)
    if (pathname === DOOR_PATH) return hubOf(env).fetch(request)
    const site = await siteFor(host, env, settings.network)
    return site.fetch(request)
  },
} satisfies ExportedHandler<Env>
