import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { LanePort } from './assemble.ts'
import type { LanePart } from './lane.ts'

export interface LaneThreads {
  lanes: LanePort[]
  stop(): Promise<void>
}

/** So many lanes, each in a thread: nearly all the work of making a chain is signing. */
export async function startLanes(count: number): Promise<LaneThreads> {
  const threads = Array.from(
    { length: count },
    (_, number) => new Worker(new URL('./lane-thread.ts', import.meta.url), { workerData: number }),
  )
  const lanes = await Promise.all(threads.map(laneOf))
  return {
    lanes,
    async stop() {
      await Promise.all(threads.map((thread) => thread.terminate()))
    },
  }
}

async function laneOf(thread: Worker): Promise<LanePort> {
  const [script] = (await once(thread, 'message')) as [Uint8Array]
  const waiting: PromiseWithResolvers<LanePart>[] = []
  thread.on('message', (part: LanePart) => waiting.shift()!.resolve(part))
  thread.on('error', (error) => {
    for (const { reject } of waiting) reject(error)
  })
  return {
    script,
    part(height, count, payouts) {
      const answer = Promise.withResolvers<LanePart>()
      waiting.push(answer)
      thread.postMessage({ height, count, payouts })
      return answer.promise
    },
  }
}
