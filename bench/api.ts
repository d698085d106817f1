import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { regtest } from '../src/chain/networks/regtest.ts'
import { addressOf } from '../src/script/address.ts'
import type { Program } from '../test/program.ts'
import { BIG, chainFile } from './chain/chain-file.ts'
import { BUSY_SCRIPT } from './chain/lane.ts'
import type { Load, LoadResult } from './load-thread.ts'
import { median } from './median.ts'
import { ProcessWatch } from './process-watch.ts'
import { takeIn } from './take-in.ts'

/** Requests of a kind before any is timed, and then. */
const WARM_UP = 200
const TIMED = 400
const LINES = 10
/** The first answer of a kind may have to look at much. */
const FIRST_WITHIN_MS = 120_000
const SECONDS = 3
/** Things of the chain that are asked for in turn. */
const SAMPLES = 50

export interface RouteFigures {
  route: string
  /** Milliseconds, one request at a time on a connection that stays open. */
  medianMs: number
  p95Ms: number
  /** Of the server's processors, for one answer. */
  cpuUs: number
  bytes: number
}

export interface ApiFigures {
  routes: RouteFigures[]
  /** Answers of an immutable route a second over ten connections, asked again and again, and with If-None-Match. */
  cached: { perSecond: number; cpuUs: number; notModifiedPerSecond: number | undefined }
}

interface Route {
  route: string
  paths: string[]
  /** Milliseconds that its median may take. */
  atMost?: number
}

/**
 * A relay process that has taken the big chain in answers over its real HTTP port; the client is a thread of this process
 * with raw sockets. Routes that this version does not have are left out.
 */
export async function benchApi(say: (text: string) => void): Promise<ApiFigures> {
  const { path } = await chainFile(BIG)
  const { program } = await takeIn(BIG, path, { scripts: false })
  try {
    const routes: RouteFigures[] = []
    const known = await routesOf(program)
    say('one request after the other on one connection, other things of the chain in turn')
    for (const { route, paths, atMost } of known) {
      const figures = await timed(program, route, paths)
      if (!figures) continue
      routes.push(figures)
      const { medianMs, p95Ms, cpuUs, bytes } = figures
      say(
        `  ${route.padEnd(44)} median ${medianMs.toFixed(2).padStart(6)} ms, 95 % ${p95Ms.toFixed(2).padStart(6)} ms, ` +
          `processor ${(cpuUs / 1000).toFixed(2).padStart(5)} ms, ${Math.round(bytes)} B` +
          (atMost === undefined ? '' : ` (at most ${atMost} ms)`),
      )
    }
    // The last one is buried deep enough for its answer to be kept.
    const cached = await cachedAnswers(program, known[0]!.paths.at(-1)!)
    say(`an old transaction's JSON over ${LINES} connections, again and again`)
    say(`  ${Math.round(cached.perSecond)}/s (at least 5000), processor ${Math.round(cached.cpuUs)} µs an answer`)
    if (cached.notModifiedPerSecond !== undefined) {
      say(`  ${Math.round(cached.notModifiedPerSecond)}/s answered by 304`)
    }
    return { routes, cached }
  } finally {
    await program.remove()
  }
}

async function routesOf(program: Program): Promise<Route[]> {
  const heights = Array.from({ length: SAMPLES }, (_, i) => 420 - i * 3)
  const hashes = await Promise.all(heights.map((height) => program.text(`/api/block-height/${height}`)))
  const txids = await Promise.all(
    hashes.map(async (hash, i) => (await program.json<string[]>(`/api/block/${hash}/txids`))[1 + i * 7]!),
  )
  const txs = await Promise.all(
    txids.map((txid) => program.json<{ vout: { scriptpubkey_address?: string }[] }>(`/api/tx/${txid}`)),
  )
  const addresses = txs.flatMap(({ vout }) => vout.map((output) => output.scriptpubkey_address ?? [])).flat()
  const busy = addressOf(BUSY_SCRIPT, regtest.address)!
  const some = addresses.filter((address) => address !== busy).slice(0, SAMPLES)
  const middle = (await program.json<{ txid: string }[]>(`/api/address/${busy}/txs`)).at(-1)!.txid
  const each = (values: string[], path: (value: string) => string) => values.map(path)
  return [
    { route: 'tx', paths: each(txids, (id) => `/api/tx/${id}`), atMost: 1.5 },
    { route: 'tx/hex', paths: each(txids, (id) => `/api/tx/${id}/hex`) },
    { route: 'tx/status', paths: each(txids, (id) => `/api/tx/${id}/status`) },
    { route: 'tx/outspends', paths: each(txids, (id) => `/api/tx/${id}/outspends`) },
    { route: 'tx/merkle-proof', paths: each(txids, (id) => `/api/tx/${id}/merkle-proof`) },
    { route: 'address', paths: each(some, (address) => `/api/address/${address}`) },
    { route: 'address/txs', paths: each(some, (address) => `/api/address/${address}/txs`) },
    { route: 'address/utxo', paths: each(some, (address) => `/api/address/${address}/utxo`) },
    { route: 'busy address (30,000 transactions)', paths: [`/api/address/${busy}`] },
    { route: 'busy address/txs, first page', paths: [`/api/address/${busy}/txs`], atMost: 5 },
    { route: 'busy address/txs, after a page', paths: [`/api/address/${busy}/txs/chain/${middle}`] },
    { route: 'block', paths: each(hashes, (hash) => `/api/block/${hash}`) },
    { route: 'block/txids', paths: each(hashes, (hash) => `/api/block/${hash}/txids`) },
    { route: 'block/txs', paths: each(hashes, (hash) => `/api/block/${hash}/txs`) },
    { route: 'blocks', paths: each(heights.map(String), (height) => `/api/blocks/${height}`) },
    { route: 'v1/blocks', paths: each(heights.map(String), (height) => `/api/v1/blocks/${height}`) },
    { route: 'v1/block', paths: each(hashes, (hash) => `/api/v1/block/${hash}`) },
    { route: 'v1/fees/recommended', paths: ['/api/v1/fees/recommended'] },
    { route: 'v1/difficulty-adjustment', paths: ['/api/v1/difficulty-adjustment'] },
    { route: 'blocks/tip/height', paths: ['/api/blocks/tip/height'] },
    { route: 'mempool', paths: ['/api/mempool'] },
    { route: 'page of a block', paths: each(hashes, (hash) => `/block/${hash}`) },
    { route: 'page of a transaction', paths: each(txids, (id) => `/tx/${id}`) },
  ]
}

async function timed(program: Program, route: string, paths: string[]): Promise<RouteFigures | undefined> {
  const base = program.http
  const asked = await program.fetch(paths[0]!, { signal: AbortSignal.timeout(FIRST_WITHIN_MS) })
  await asked.arrayBuffer()
  if (asked.status === 404) return undefined
  const accept = route.startsWith('page') ? 'Accept: text/html\r\n' : ''
  await load({ base, paths, headers: accept, lines: 1, requests: WARM_UP })
  const { ms, statuses, bytes, cpuUs } = await watched(program, {
    base,
    paths,
    headers: accept,
    lines: 1,
    requests: TIMED,
  })
  if (statuses[200] !== ms.length) throw new Error(`${route} answers ${JSON.stringify(statuses)}`)
  const sorted = ms.toSorted((a, b) => a - b)
  return {
    route,
    medianMs: median(ms),
    p95Ms: sorted[Math.floor(sorted.length * 0.95)]!,
    cpuUs,
    bytes: bytes / ms.length,
  }
}

async function cachedAnswers(program: Program, path: string): Promise<ApiFigures['cached']> {
  const base = program.http
  const many = { base, paths: [path], headers: '', lines: LINES, seconds: SECONDS }
  await load({ ...many, seconds: 1 })
  const { ms, seconds, cpuUs } = await watched(program, many)
  const etag = (await program.fetch(path)).headers.get('etag')
  const perSecond = ms.length / seconds
  if (!etag) return { perSecond, cpuUs, notModifiedPerSecond: undefined }
  const again = await load({ ...many, headers: `If-None-Match: ${etag}\r\n` })
  return { perSecond, cpuUs, notModifiedPerSecond: (again.statuses[304] ?? 0) / again.seconds }
}

/** With the server's processor time for one answer. */
async function watched(program: Program, what: Load): Promise<LoadResult & { cpuUs: number }> {
  const watch = new ProcessWatch(program.pid!)
  try {
    const before = watch.cpu()
    const result = await load(what)
    const after = watch.cpu()
    const cpu = after.user + after.system - before.user - before.system
    return { ...result, cpuUs: (cpu * 1e6) / result.ms.length }
  } finally {
    watch.stop()
  }
}

async function load(what: Load): Promise<LoadResult> {
  const thread = new Worker(new URL('./load-thread.ts', import.meta.url), { workerData: what })
  const [result] = (await once(thread, 'message')) as [LoadResult]
  await thread.terminate()
  return result
}
