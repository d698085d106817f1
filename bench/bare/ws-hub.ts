// Nothing but a broadcast on Node: what comes from one WebSocket goes out to all. Port as argument.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), perMessageDeflate: false })
server.on('connection', (ws) => {
  ws.on('message', (data: Buffer) => {
    for (const other of server.clients) other.send(data)
  })
})
