import { type WebSocket, WebSocketServer } from 'ws'
import { SOCKET_PATH } from '../api/ws/path.ts'
import { type LiveSockets, MAX_MESSAGE } from '../api/ws/sockets.ts'
import type { Upgrade } from './upgrades.ts'

/** After this long a closing connection is cut off, whether its last bytes have left or not. */
const LINGER_MS = 1000
/** Connections that are gone without a word are noticed by then. */
const ALIVE_EVERY_MS = 60_000

const WS_OPTIONS = {
  maxPayload: MAX_MESSAGE,
  // What is held of an incomplete message costs memory by the piece, too.
  maxBufferedChunks: 256,
  maxFragments: 64,
  maxPendingAutoPongs: 16,
  closeTimeout: LINGER_MS,
  perMessageDeflate: false,
}

/** Takes in clients of the live WebSocket. `close` sends them away. */
export function openLiveSockets(live: LiveSockets): { path: string; upgrade: Upgrade; close(): void } {
  const sockets = new WebSocketServer({ ...WS_OPTIONS, noServer: true, clientTracking: true })
  const answered = new WeakSet<WebSocket>()
  const alive = setInterval(() => {
    for (const ws of sockets.clients) {
      if (!answered.delete(ws)) ws.terminate()
      else ws.ping()
    }
  }, ALIVE_EVERY_MS)
  alive.unref()
  return {
    path: SOCKET_PATH,
    upgrade: (request, stream, head) => {
      sockets.handleUpgrade(request, stream, head, (ws) => {
        // `ws` says to the client what was wrong.
        ws.on('error', () => {})
        const client = live.open({
          send: (text) => {
            ws.send(text)
            return ws.bufferedAmount
          },
          close: (code, reason) => ws.close(code, reason),
        })
        if (!client) return
        answered.add(ws)
        ws.on('pong', () => answered.add(ws))
        ws.on('message', (data: Buffer) => {
          answered.add(ws)
          client.message(data.toString())
        })
        ws.on('close', () => client.closed())
      })
    },
    close: () => {
      clearInterval(alive)
      live.close()
      sockets.close()
    },
  }
}
