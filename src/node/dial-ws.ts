import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../host/door.ts'
import type { HubHost } from '../host/hub-host.ts'
import type { LogLine } from '../host/ports.ts'
import { CONNECT_WITHIN_MS, type DialEvents } from './tcp.ts'
import { attachWebSocket, WS_OPTIONS } from './ws-link.ts'

/**
 * Dials the door of a relay, `ws://` or `wss://`; the certificate of the latter is checked as for any web page. A door
 * that points elsewhere or does not speak our subprotocol is a failed dial.
 */
export function dialDoor(
  hub: HubHost,
  url: string,
  kind: 'manual' | 'automatic',
  on: DialEvents & { log(line: LogLine): void },
): void {
  const ws = new WebSocket(url, SUBPROTOCOL, { ...WS_OPTIONS, followRedirects: false })
  let socket: Socket
  let failure: string | undefined
  const late = setTimeout(() => {
    failure = 'timeout'
    ws.terminate()
  }, CONNECT_WITHIN_MS)
  const failed = () => {
    clearTimeout(late)
    on.gone(failure)
  }
  // The system's errors have a code, and a message that may hold the address; those of `ws` have a message without one.
  ws.once('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code ?? error.message
  })
  ws.once('close', failed)
  ws.once('upgrade', (response) => {
    socket = response.socket
  })
  ws.once('open', () => {
    clearTimeout(late)
    ws.off('close', failed)
    on.open()
    attachWebSocket(hub, ws, socket, { inbound: false, kind, log: on.log, onGone: on.gone })
  })
}
