import { waitUntil } from 'cloudflare:workers'
import { version } from '../../package.json'
import type { FaultReport } from '../api/api.ts'
import { SOCKET_PATH } from '../api/ws/path.ts'
import { createApp } from '../app.ts'
import { DOOR_PATH } from '../host/door.ts'
import { gatherSamples } from '../host/metrics.ts'
import { loadAssets } from './assets.ts'
import { sharesOf, startDialers } from './dialer.ts'
import { type Env, hubOf } from './env.ts'
import { openLiveSocket } from './live-socket.ts'
import { writeLog } from './log.ts'
import { hubQueries, ledgerQueries, meters } from './queries.ts'
import { type Dialling, type EdgeSettings, readSettings } from './settings.ts'

export { Dialer } from './dialer.ts'
export { Hub } from './hub.ts'
export { Ledger } from './ledger.ts'

type Site = ReturnType<typeof createApp>
type Settings = Extract<EdgeSettings, { kind: 'ok' }>

/** The site as last asked for: settings are the isolate's, the name is the request's. */
let made: { host: string; site: Site } | undefined

const report: FaultReport = (where, error) =>
  writeLog({ level: 'error', text: 'a question could not be answered', facts: { where, error: String(error) } })

async function siteFor(host: string, env: Env, { network, dialling, api }: Settings): Promise<Site> {
  if (made?.host === host) return made.site
  const site = createApp({
    network,
    queries: ledgerQueries(env),
    hub: hubQueries(env),
    name: host,
    version,
    assets: await loadAssets(env.ASSETS),
    metrics: { metrics: () => gatherSamples({ version, network: network.name }, meters(env, sharesOf(dialling))) },
    now: Date.now,
    report,
    streams: 'each',
    settings: api,
    // The runtime packs what a header says is packed.
    packer: { pack: async (_, body) => body },
  })
  made = { host, site }
  return site
}

/** This isolate has told the dialers, or is about to. */
let dialersKnow = false

function seeToDialers(env: Env, dialling: Dialling): void {
  if (dialersKnow || sharesOf(dialling) === 0) return
  dialersKnow = true
  const failed = (error: unknown) => {
    dialersKnow = false
    writeLog({ level: 'warn', text: 'a dialer does not answer', facts: { error: String(error) } })
  }
  waitUntil(startDialers(env, dialling).catch(failed))
}

function isWebSocketRequest({ headers }: Request): boolean {
  return headers.get('Upgrade')?.toLowerCase() === 'websocket'
}

/** The front: stateless, one of many. What it is asked it asks the ledger and the hub. */
export default {
  async fetch(request, env) {
    const settings = readSettings(env)
    if (settings.kind === 'refused') return new Response(settings.text, { status: 503 })
    seeToDialers(env, settings.dialling)
    const { host, pathname } = new URL(request.url)
    if (pathname === DOOR_PATH) return hubOf(env).fetch(request)
    if (pathname === SOCKET_PATH && isWebSocketRequest(request)) {
      const { network, api, trackedAddresses } = settings
      const about = { network, name: host, version, settings: api }
      return openLiveSocket({
        ...about,
        queries: ledgerQueries(env),
        now: Date.now,
        report,
        limits: { scripts: trackedAddresses },
      })
    }
    const site = await siteFor(host, env, settings)
    return site.fetch(request)
  },
} satisfies ExportedHandler<Env>
