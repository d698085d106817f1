import { connect, createServer, type Server, type Socket } from 'node:net'
import type { HostPort } from '../config.ts'
import type { HubHost, Pipe } from '../host/hub-host.ts'
import type { LinkId } from '../peer/queues.ts'
import type { AcceptOptions } from '../relay/hub.ts'

/** A dial that takes longer has failed. */
export const CONNECT_WITHIN_MS = 10_000
/** After this long a closing socket is cut off, whether its last bytes have left or not. */
const LINGER_MS = 1000
/** What is read at once from a peer that we dialled. */
const READ_BYTES = 65_536

export interface DialEvents {
  /** The connection is there. */
  open(): void
  /** Called once: the dial failed, for the reason given, or the connection is over. Reasons hold no address. */
  gone(failure?: string): void
}

type Take = (chunk: Uint8Array) => void

/** Joins a connected socket to the hub. `onGone` is called once, when it is over; `read` says who takes what comes in. */
function attachSocket(
  hub: HubHost,
  socket: Socket,
  options: AcceptOptions,
  onGone: () => void = () => {},
  read: (take: Take) => void = (take) => socket.on('data', take),
): void {
  socket.setNoDelay(true)
  const pipe: Pipe = {
    write(bytes) {
      socket.write(bytes)
      return socket.writableLength
    },
    close() {
      socket.end()
      setTimeout(() => socket.destroy(), LINGER_MS).unref()
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  }
  let link: LinkId | undefined
  socket.on('error', () => {})
  socket.on('close', () => {
    if (link !== undefined) hub.closed(link)
    onGone()
  })
  link = hub.attach(pipe, { ...options, addressKey: socket.remoteAddress })
  const id = link
  read((chunk) => hub.bytes(id, chunk))
  socket.on('drain', () => hub.buffered(id, socket.writableLength))
}

/** Listens for peers. Rejects when the port cannot be had. `close` ends no link and waits for none: they are the hub's. */
export async function listen(hub: HubHost, { host, port }: HostPort): Promise<{ port: number; close(): void }> {
  const server: Server = createServer((socket) => attachSocket(hub, socket, { inbound: true }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => {
      server.close()
    },
  }
}

/** Dials a peer, `manual` where a person named it. */
export function dial(hub: HubHost, { host, port }: HostPort, kind: 'manual' | 'automatic', on: DialEvents): void {
  let take: Take = () => {}
  const callback = (length: number, buffer: Uint8Array) => {
    take(buffer.subarray(0, length))
    return true
  }
  // One buffer for all that is read: the hub keeps nothing of a chunk, and a first download is many thousands of them.
  const socket = connect({ host, port, onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback } })
  let opened = false
  let failure = 'timeout'
  const late = setTimeout(() => socket.destroy(), CONNECT_WITHIN_MS)
  socket.once('error', (error: NodeJS.ErrnoException) => {
    failure = error.code ?? 'error'
  })
  socket.once('close', () => {
    clearTimeout(late)
    if (!opened) on.gone(failure)
  })
  socket.once('connect', () => {
    clearTimeout(late)
    opened = true
    on.open()
    attachSocket(hub, socket, { inbound: false, kind }, on.gone, (whoever) => {
      take = whoever
    })
  })
}
