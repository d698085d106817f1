import { lookup } from 'node:dns/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { FaultReport } from '../api/api.ts'
import type { MetricsSource } from '../api/metrics.ts'
import { LiveSockets } from '../api/ws/sockets.ts'
import { createApp } from '../app.ts'
import { Outbound } from '../bootstrap/outbound.ts'
import type { Config } from '../config.ts'
import { DOOR_PATH } from '../host/door.ts'
import { HubHost } from '../host/hub-host.ts'
import type { SubmitResult } from '../host/ledger-host.ts'
import { Meter } from '../host/meter.ts'
import { meteredSql } from '../host/metered-sql.ts'
import { gatherSamples } from '../host/metrics.ts'
import type { LogLine } from '../host/ports.ts'
import { LedgerAnswers } from '../ledger/answers.ts'
import { ChainQueries } from '../ledger/chain-queries.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import type { ToHub } from '../peer/queues.ts'
import { Hub, type LinkStatus } from '../relay/hub.ts'
import { VERSION } from '../version.ts'
import { toDisplay } from '../wire/hash.ts'
import { Services } from '../wire/services.ts'
import { loadAssets } from './assets.ts'
import { takeDataDir } from './data-dir.ts'
import { dialDoor } from './dial-ws.ts'
import { openDoor } from './door.ts'
import { nodeHasher } from './hasher.ts'
import { LedgerClient } from './ledger-client.ts'
import { openLiveSockets } from './live-socket.ts'
import type { Log } from './log.ts'
import { zlibPacker } from './packer.ts'
import { systemRandom } from './random.ts'
import { openSqlite, type SqliteFile } from './sqlite.ts'
import { type DialEvents, dial, listen } from './tcp.ts'
import { Alarm } from './timer.ts'
import { isWebSocketRequest, takeUpgrades } from './upgrades.ts'

/** Outbound links to hold when nobody was named (Core holds ten). */
const OUTBOUND = 8
/** Open HTTP connections end by themselves for so long before they are cut. */
const HTTP_GRACE_MS = 500
/** A client that has not sent the head of its request by then is cut off, within the time from one look to the next. */
const HTTP_HEAD_WITHIN_MS = 10_000
const HTTP_LOOK_MS = 5000
/** Answers that do not change are kept in so much memory. */
const ANSWER_CACHE_BYTES = 16 * 2 ** 20

export interface Running {
  /** Where the API and pages are, if they are served. */
  http: string | undefined
  /** Port of the P2P listener, if there is one. */
  p2p: number | undefined
  /** Where peers come in by WebSocket, if they do: `ws://host:port/p2p`. */
  door: string | undefined
  /** The connected tip as last told by the ledger; an SPV node's best header. Display hex. */
  tip(): { height: number; hashHex: string; synced: boolean }
  /** `undefined` for an SPV node, which has no blocks to ask about. */
  queries: LedgerQueries | undefined
  links(): LinkStatus[]
  /** Hands a mined block to the ledger. */
  submitBlock(bytes: Uint8Array<ArrayBuffer>): Promise<SubmitResult>
  /** Resolves with the reason when the relay can go on no more. */
  failed: Promise<Error>
  /** Stops accepting, commits, closes. Rejects with the reason when something could not be kept. */
  stop(): Promise<void>
}

/**
 * A whole relay in this process: hub and front in this thread, the ledger, the taking apart of blocks and the writing of
 * batches each in one of their own, the scripts of large blocks in as many as the machine has processors, the ledger's among
 * them. Rejects, with everything closed again, when the store cannot be used or a port cannot be had.
 */
export async function startRelay(config: Config, { log }: { log: Log }): Promise<Running> {
  const undo: (() => Promise<void> | void)[] = []
  const stop = async () => {
    let failure: { error: unknown } | undefined
    // Whatever one step comes to, the others are taken.
    for (const step of undo.splice(0).reverse()) {
      try {
        await step()
      } catch (error) {
        failure ??= { error }
      }
    }
    if (failure) throw failure.error
  }
  try {
    return await start(config, log, undo, stop)
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

async function start(
  config: Config,
  log: Log,
  undo: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Running> {
  const { network, spv, filters } = config
  const say = ({ level, text, facts }: LogLine) => log[level](facts, text)
  const dir = takeDataDir(config.data)
  undo.push(dir.release)

  const epoch = Date.now()
  let tip: Extract<ToHub, { kind: 'tip' }> | undefined
  const ledger = new LedgerClient({
    file: new URL('./ledger-thread.js', import.meta.url),
    data: {
      path: dir.ledger,
      network: network.name,
      minChainWork: network.minChainWork,
      assumeValid: network.assumeValid,
      spv,
      filters,
      epoch,
    },
    onQueue: (values) => {
      for (const value of values) if (value.kind === 'tip') tip = value
      hubHost.fromLedger(values)
    },
    onLog: say,
  })
  const alarm = new Alarm(() => hubHost.wake())
  const hub = new Hub({
    network,
    random: systemRandom,
    hasher: nodeHasher,
    userAgent: `/Causeway:${VERSION}/`,
    services: spv ? 0n : Services.NETWORK | Services.WITNESS,
    relayTransactions: !spv,
  })
  const hubHost = new HubHost({
    hub,
    toLedger: (values) => ledger.queue(values),
    schedule: (at) => alarm.set(at),
    now: Date.now,
    log: say,
  })
  undo.push(() => ledger.stop())
  await ledger.ready
  undo.push(() => alarm.clear())

  const front = new Meter(Date.now)
  let sqlite: SqliteFile | undefined
  if (!spv) {
    sqlite = openSqlite(dir.ledger, { readOnly: true })
    undo.push(() => sqlite?.close())
  }
  // The ledger looks for itself, and tells of what it finds.
  const onDamage = (blockId: number) => void ledger.calls.reportDamage(blockId).catch(() => {})
  const queries = sqlite
    ? new LedgerAnswers(
        new ChainQueries({ sql: meteredSql(sqlite, front), network, hasher: nodeHasher, onDamage }),
        ledger.calls,
      )
    : undefined

  let http: Http | undefined
  // Links that came in by the door end with the hub.
  undo.push(() => http?.closed())
  undo.push(() => hubHost.stop())
  const p2p = config.p2p && (await listen(hubHost, config.p2p))
  if (p2p) undo.push(p2p.close)

  if (config.http && queries) {
    const metrics = () =>
      gatherSamples(
        { version: VERSION, network: network.name },
        { hub: () => hubHost.measure(), ledger: () => ledger.calls.measure(), front: () => front.snapshot() },
      )
    http = await serveHttp({ config, queries, hub, log, front, metrics: { metrics } })
  }
  if (http) {
    undo.push(http.close)
    const doors = [openLiveSockets(http.live), ...(config.door ? [openDoor(hubHost, say)] : [])]
    takeUpgrades(http.server, new Map(doors.map(({ path, upgrade }) => [path, upgrade])))
    undo.push(...doors.map(({ close }) => close))
  }
  const door = http && config.door ? `${http.url.replace('http', 'ws')}${DOOR_PATH}` : undefined

  const dialling = dialOut(config, hubHost, say)
  undo.push(dialling)

  log.info(
    {
      version: VERSION,
      network: network.name,
      data: config.data,
      ...(p2p ? { p2p: p2p.port } : {}),
      ...(http ? { http: http.url } : {}),
      ...(door ? { door } : {}),
    },
    spv ? 'SPV node' : p2p || door ? 'relay' : 'node',
  )
  return {
    http: http?.url,
    p2p: p2p?.port,
    door,
    tip: () => ({
      height: tip?.height ?? 0,
      hashHex: toDisplay(tip?.hash ?? network.genesisHash),
      synced: tip?.synced ?? false,
    }),
    queries,
    links: () => hub.links(),
    submitBlock: (bytes) => ledger.calls.submitBlock(bytes),
    failed: ledger.failed,
    stop,
  }
}

interface Http {
  url: string
  server: Server
  live: LiveSockets
  /** Accepts no more. */
  close(): void
  /** Resolves when all connections are gone; those that asked for another protocol are for others to end. */
  closed(): Promise<void>
}

interface Site {
  config: Config
  queries: LedgerQueries
  hub: Hub
  log: Log
  metrics: MetricsSource
  /** Counts requests. */
  front: Meter
}

async function serveHttp({ config, queries, hub, log, metrics, front }: Site): Promise<Http> {
  const report: FaultReport = (where, error) =>
    log.error({ where, error: String(error) }, 'a question could not be answered')
  const site = {
    network: config.network,
    queries,
    name: config.http!.host,
    version: VERSION,
    settings: { sigops: config.esploraSigops },
    now: Date.now,
    report,
  }
  const app = createApp({
    ...site,
    hub: { links: async () => hub.links() },
    assets: await loadAssets(),
    metrics,
    packer: zlibPacker,
    answerCacheBytes: ANSWER_CACHE_BYTES,
  })
  const { host, port } = config.http!
  const fetch: typeof app.fetch = (...request) => {
    front.counts.requests++
    return front.during(Promise.resolve(app.fetch(...request)))
  }
  const serverOptions = {
    headersTimeout: HTTP_HEAD_WITHIN_MS,
    connectionsCheckingInterval: HTTP_LOOK_MS,
    shouldUpgradeCallback: isWebSocketRequest,
  }
  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch, hostname: host, port, serverOptions }, () => resolve(starting)) as Server
    starting.once('error', reject)
  })
  const actual = (server.address() as AddressInfo).port
  let closed = Promise.resolve()
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    server,
    live: new LiveSockets({ ...site, limits: { scripts: config.trackedAddresses } }),
    close: () => {
      const cut = setTimeout(() => server.closeAllConnections(), HTTP_GRACE_MS)
      closed = new Promise((resolve) => server.close(() => resolve()))
      closed.then(() => clearTimeout(cut))
    },
    closed: () => closed,
  }
}

/** Keeps outbound links as the settings say. Gives the way to stop that. */
function dialOut({ connect, network }: Config, hub: HubHost, log: (line: LogLine) => void): () => void {
  const kind = connect.length > 0 ? 'manual' : 'automatic'
  const outbound = new Outbound({
    named: connect,
    seeds: network.dnsSeeds,
    port: network.port,
    want: OUTBOUND,
    random: () => systemRandom.below(2 ** 32) / 2 ** 32,
  })
  let over = false
  const alarm = new Alarm(() => wake())
  const wake = () => {
    if (over) return
    for (const output of outbound.wake(Date.now())) {
      if (output.do === 'resolve') resolve(output.seed)
      else {
        const { target } = output
        const on: DialEvents = {
          open: () => outbound.opened(target, Date.now()),
          gone: (reason) => {
            outbound.closed(target, Date.now())
            if (over) return
            const level = kind === 'manual' ? 'info' : 'debug'
            if (reason) log({ level, text: 'peer not reached', facts: { reason } })
            alarm.set(outbound.deadline)
          },
        }
        if ('url' in target) dialDoor(hub, target.url, kind, { ...on, log })
        else dial(hub, target, kind, on)
      }
    }
    alarm.set(outbound.deadline)
  }
  const resolve = (seed: string) => {
    lookup(seed, { all: true })
      .catch(() => [])
      .then((addresses) => {
        outbound.resolved(
          seed,
          addresses.map(({ address }) => address),
          Date.now(),
        )
        wake()
      })
  }
  wake()
  return () => {
    over = true
    alarm.clear()
  }
}
