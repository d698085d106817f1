import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { DOOR_PATH, SUBPROTOCOL } from '../host/door.ts'
import type { HubHost } from '../host/hub-host.ts'
import type { LogLine } from '../host/ports.ts'
import { attachWebSocket, WS_OPTIONS } from './ws-link.ts'

/** Whether a request is for the door to answer, or to be taken as if it had not asked for another protocol. */
export function isWebSocketRequest({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Takes peers in by WebSocket, at `DOOR_PATH` of an HTTP server whose `shouldUpgradeCallback` is `isWebSocketRequest`.
 * `close` takes in no more; it ends no link and waits for none: they are the hub's.
 */
export function openDoor(server: Server, hub: HubHost, log: (line: LogLine) => void): { close(): void } {
  const sockets = new WebSocketServer({
    ...WS_OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (request.url?.split('?')[0] !== DOOR_PATH) return refuse(stream, 404, `the door is ${DOOR_PATH}`)
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim())
    if (!offered?.includes(SUBPROTOCOL)) return refuse(stream, 400, `this door speaks ${SUBPROTOCOL}`)
    const { socket } = request
    sockets.handleUpgrade(request, stream, head, (ws) =>
      attachWebSocket(hub, ws, socket, { inbound: true, addressKey: socket.remoteAddress, log }),
    )
  })
  return { close: () => sockets.close() }
}

function refuse(stream: Duplex, status: number, text: string): void {
  stream.on('error', () => {})
  stream.once('finish', () => stream.destroy())
  stream.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${text.length}`,
      '',
      text,
    ].join('\r\n'),
  )
}
