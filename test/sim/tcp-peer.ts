import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'

type Frames = Uint8Array<ArrayBuffer>[]

/** One connection of a scripted peer. */
export class TcpPeer {
  readonly peer: ScriptedPeer
  readonly socket: Socket

  constructor(socket: Socket, peer: ScriptedPeer) {
    this.peer = peer
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk) => this.send(peer.onBytes(chunk)))
    this.send(peer.start())
  }

  /** What one of the peer's methods returned: `tcp.send(tcp.peer.mined(block))`. */
  send(frames: Frames): void {
    for (const frame of frames) this.socket.write(frame)
    if (this.peer.hungUp) this.socket.end()
  }

  get closed(): boolean {
    return this.socket.closed
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Dials 127.0.0.1 and plays the peer there. */
export async function dialAsPeer(port: number, options: ScriptedPeerOptions = {}): Promise<TcpPeer> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return new TcpPeer(socket, new ScriptedPeer({ ...options, dials: true }))
}

/** A scripted node that listens on 127.0.0.1: every connection gets a peer of its own with the same blocks. */
export class TcpPeerServer {
  readonly port: number
  readonly connections: TcpPeer[] = []
  readonly #server: Server

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** Port 0 takes a free one. */
  static async listen(options: ScriptedPeerOptions = {}, port = 0): Promise<TcpPeerServer> {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const self = new TcpPeerServer(server, address.port)
    server.on('connection', (socket) => self.connections.push(new TcpPeer(socket, new ScriptedPeer(options))))
    return self
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.close()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
