import { parentPort, workerData } from 'node:worker_threads'
import { Lane, type Payout } from './lane.ts'

/** One lane in a thread of its own: says where it is to be paid, then answers requests in order. */
const lane = new Lane(workerData as number)
parentPort!.postMessage(lane.script)
parentPort!.on('message', ({ height, count, payouts }: { height: number; count: number; payouts: Payout[] }) => {
  const part = lane.part(height, count, payouts)
  parentPort!.postMessage(part, [part.bytes.buffer, part.txids.buffer, part.wtxids.buffer])
})
