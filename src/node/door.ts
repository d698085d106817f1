import { WebSocketServer } from 'ws'
import { DOOR_PATH, SUBPROTOCOL } from '../host/door.ts'
import type { HubHost } from '../host/hub-host.ts'
import type { LogLine } from '../host/ports.ts'
import { refuseUpgrade, type Upgrade } from './upgrades.ts'
import { attachWebSocket, WS_OPTIONS } from './ws-link.ts'

/** Takes peers in by WebSocket. `close` takes in no more; it ends no link and waits for none: they are the hub's. */
export function openDoor(
  hub: HubHost,
  log: (line: LogLine) => void,
): { path: string; upgrade: Upgrade; close(): void } {
  const sockets = new WebSocketServer({
    ...WS_OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  return {
    path: DOOR_PATH,
    upgrade: (request, stream, head) => {
      const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim())
      if (!offered?.includes(SUBPROTOCOL)) return refuseUpgrade(stream, 400, `this door speaks ${SUBPROTOCOL}`)
      const { socket } = request
      sockets.handleUpgrade(request, stream, head, (ws) =>
        attachWebSocket(hub, ws, socket, { inbound: true, addressKey: socket.remoteAddress, log }),
      )
    },
    close: () => sockets.close(),
  }
}
