import { DurableObject } from 'cloudflare:workers'

/** Nothing but a broadcast: what comes from one hibernatable WebSocket goes out to all. */
export class BareHub extends DurableObject {
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  webSocketMessage(_, message) {
    for (const ws of this.ctx.getWebSockets()) ws.send(message)
  }
}

export default {
  fetch(request, env) {
    if (request.headers.get('Upgrade') !== 'websocket') return new Response('bare')
    return env.HUB.getByName('hub').fetch(request)
  },
}
