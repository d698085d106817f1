import { parentPort, workerData } from 'node:worker_threads'
import { HttpLine } from './http-line.ts'

export interface Load {
  base: string
  paths: string[]
  headers: string
  /** Connections, each with one request under way. */
  lines: number
  /** So many requests in all, or as many as there is time for. */
  requests?: number
  seconds?: number
}

export interface LoadResult {
  /** Milliseconds of each request, in the order in which they were answered. */
  ms: number[]
  seconds: number
  statuses: Record<number, number>
  bytes: number
}

/** Asks for the paths in turn. */
async function run({ base, paths, headers, lines, requests, seconds }: Load): Promise<LoadResult> {
  const result: LoadResult = { ms: [], seconds: 0, statuses: {}, bytes: 0 }
  const connections = await Promise.all(Array.from({ length: lines }, () => HttpLine.open(base)))
  const start = performance.now()
  let asked = 0
  const isOver = () =>
    (requests !== undefined && asked >= requests) ||
    (seconds !== undefined && performance.now() - start >= seconds * 1000)
  await Promise.all(
    connections.map(async (line) => {
      while (!isOver()) {
        const path = paths[asked++ % paths.length]!
        const sent = performance.now()
        const { status, bytes } = await line.get(path, headers)
        result.ms.push(performance.now() - sent)
        result.statuses[status] = (result.statuses[status] ?? 0) + 1
        result.bytes += bytes
      }
    }),
  )
  result.seconds = (performance.now() - start) / 1000
  for (const line of connections) line.close()
  return result
}

parentPort!.postMessage(await run(workerData as Load))
