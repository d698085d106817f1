import { parentPort, workerData } from 'node:worker_threads'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../src/host/door.ts'
import { ServedChain } from '../chain/served-chain.ts'

/** Bytes of a WebSocket message. */
const PIECE = 262_144

export interface Visit {
  /** `ws://…/p2p` */
  door: string
  path: string
  /** Of the chain's blocks so many from the first on; all of them unless given. */
  blocks?: number
}

/** Comes in by a relay's door and gives it a chain. */
const { door, path, blocks } = workerData as Visit
const chain = new ServedChain(path, blocks)
const ws = new WebSocket(door, SUBPROTOCOL, { perMessageDeflate: false })
const write = (frame: Uint8Array) => {
  for (let at = 0; at < frame.length; at += PIECE) ws.send(frame.subarray(at, at + PIECE))
}
const listen = chain.listener(write, { greeted: true })
ws.on('message', (data: Buffer) => listen(data))
ws.on('open', () => {
  parentPort!.postMessage(performance.timeOrigin + performance.now())
  write(chain.hello())
})
ws.on('close', (code) => parentPort!.postMessage(`the door was shut with ${code}`))
ws.on('error', (error) => parentPort!.postMessage(error.message))
