import { once } from 'node:events'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../src/host/door.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'

type Frames = Uint8Array<ArrayBuffer>[]

export interface WsPeerOptions extends ScriptedPeerOptions {
  /** Bytes of each WebSocket message; one for each P2P message unless given. */
  piece?: number
}

/** A scripted peer that has come in by a WebSocket door. */
export class WsPeer {
  readonly peer: ScriptedPeer
  readonly ws: WebSocket
  /** What it runs over. */
  readonly socket: Socket
  /** How the door ended it: the code of RFC 6455, 1006 where it said none. */
  closeCode: number | undefined
  readonly #piece: number | undefined

  constructor(ws: WebSocket, socket: Socket, { piece, ...options }: WsPeerOptions) {
    this.ws = ws
    this.socket = socket
    this.peer = new ScriptedPeer(options)
    this.#piece = piece
    ws.on('error', () => {})
    ws.on('message', (data: Buffer) => this.send(this.peer.onBytes(data)))
    ws.on('close', (code) => {
      this.closeCode = code
    })
    this.send(this.peer.start())
  }

  /** What one of the peer's methods returned: `ws.send(ws.peer.mined(block))`. */
  send(frames: Frames): void {
    const piece = this.#piece
    if (piece === undefined) for (const frame of frames) this.ws.send(frame)
    else {
      const bytes = concatBytes(...frames)
      for (let at = 0; at < bytes.length; at += piece) this.ws.send(bytes.subarray(at, at + piece))
    }
    if (this.peer.hungUp) this.ws.close()
  }

  close(): void {
    this.ws.terminate()
  }
}

/** Dials a door, and plays the peer there. */
export async function comeInAsPeer(url: string, options: WsPeerOptions = {}): Promise<WsPeer> {
  const ws = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false })
  const [[{ socket }]] = await Promise.all([once(ws, 'upgrade'), once(ws, 'open')])
  return new WsPeer(ws, socket, { ...options, dials: true })
}
