import { exports } from 'cloudflare:workers'
import { DOOR_PATH, SUBPROTOCOL } from '../../src/host/door.ts'
import { ScriptedPeer, type ScriptedPeerOptions } from '../sim/scripted-peer.ts'

export const ORIGIN = 'http://relay.example'

/** A request to the whole relay, as from outside. */
export function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(`${ORIGIN}${path}`, init as never)) as Promise<Response>
}

/** An open WebSocket at the door. */
export async function openDoor(): Promise<WebSocket> {
  const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': SUBPROTOCOL }
  const response = await ask(DOOR_PATH, { headers })
  const ws = response.webSocket
  if (!ws) throw new Error(`the door answers ${response.status}`)
  ws.binaryType = 'arraybuffer'
  return ws
}

/** A scripted peer at the door. */
export class WsPeer {
  readonly peer: ScriptedPeer
  readonly ws: WebSocket
  /** Why the relay closed the connection. */
  closed: { code: number; reason: string } | undefined
  /** Bytes of a message are cut in WebSocket messages of so many. */
  readonly #cut: number

  private constructor(ws: WebSocket, peer: ScriptedPeer, cut: number) {
    this.ws = ws
    this.peer = peer
    this.#cut = cut
    ws.addEventListener('message', ({ data }) => this.send(peer.onBytes(new Uint8Array(data as ArrayBuffer))))
    ws.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason }
    })
    ws.accept()
    this.send(peer.start())
  }

  static async dial(options: ScriptedPeerOptions & { cut?: number } = {}): Promise<WsPeer> {
    const { cut = 100_000, ...rest } = options
    return new WsPeer(await openDoor(), new ScriptedPeer({ ...rest, dials: true }), cut)
  }

  /** What one of the peer's methods returned: `ws.send(ws.peer.mined(block))`. */
  send(frames: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const frame of frames) {
      for (let at = 0; at < frame.length; at += this.#cut) this.ws.send(frame.slice(at, at + this.#cut))
    }
    if (this.peer.hungUp) this.ws.close()
  }

  close(): void {
    this.ws.close()
  }
}
