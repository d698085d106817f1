import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Takes over a connection that asked for another protocol. */
export type Upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => void

/** Whether a request is for those who speak WebSocket, or to be taken as if it had not asked for another protocol. */
export function isWebSocketRequest({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** Hands requests for WebSockets, of a server whose `shouldUpgradeCallback` is `isWebSocketRequest`, to what stands at their path. */
export function takeUpgrades(server: Server, paths: ReadonlyMap<string, Upgrade>): void {
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const upgrade = paths.get(request.url?.split('?')[0] ?? '')
    if (upgrade) upgrade(request, stream, head)
    else refuseUpgrade(stream, 404, `WebSockets are at ${[...paths.keys()].join(' and ')}`)
  })
}

export function refuseUpgrade(stream: Duplex, status: number, text: string): void {
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
