import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** A peer that has one chain and gives it to whoever dials it, in a thread of its own. */
export interface ServingPeer {
  port: number
  /** Resolves with the time (`performance.timeOrigin + now()`) of the first connection. */
  dialled: Promise<number>
  stop(): Promise<void>
}

/** Resolves once the whole chain is in memory, framed, and the port is open. */
export async function servePeer(path: string): Promise<ServingPeer> {
  const thread = new Worker(new URL('./serving-thread.ts', import.meta.url), { workerData: path })
  const [port] = (await once(thread, 'message')) as [number]
  const dialled = once(thread, 'message').then(([time]) => time as number)
  return {
    port,
    dialled,
    async stop() {
      await thread.terminate()
    },
  }
}
