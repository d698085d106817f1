import { connect } from 'cloudflare:sockets'
import type { TcpTarget } from '../bootstrap/outbound.ts'
import { CloseCode } from '../host/door.ts'
import type { Millis } from '../host/ports.ts'
import { type DialledKind, MARK_EVERY, MAX_UNWRITTEN, WINDOW } from './dialled.ts'

/** A dial that takes longer has failed. */
const CONNECT_WITHIN: Millis = 10_000
/** After this long a connection that ends is cut off, whether its last bytes have left or not. */
const LINGER: Millis = 1000
/** One buffer for all reads: the default reader gives 4 KB at a time. */
const READ_BYTES = 131_072

export interface DialledPorts {
  /** A WebSocket to the hub. */
  join(kind: DialledKind): Promise<WebSocket>
  /** Both ends are there. */
  opened(): void
  /** Once, when the dial failed or the connection is over. */
  gone(): void
  count(what: 'bytesIn' | 'bytesOut' | 'messagesIn' | 'messagesOut', by: number): void
}

/** One TCP connection that was dialled, joined to the hub. Neither side is read faster than the other one takes. */
export class DialledSocket {
  readonly #ports: DialledPorts
  readonly #tcp: Socket
  readonly #late: ReturnType<typeof setTimeout>
  #ws: WebSocket | undefined
  #over = false
  #heardAt: Millis = Date.now()
  /** Bytes sent to the hub; those before the last mark; and those that it has worked off. */
  #sent = 0
  #marked = 0
  #taken = 0
  #goOn: (() => void) | undefined
  /** Bytes given to the TCP connection that have not left. */
  #unwritten = 0

  constructor({ host, port }: TcpTarget, kind: DialledKind, ports: DialledPorts) {
    this.#ports = ports
    this.#tcp = connect({ hostname: host.includes(':') ? `[${host}]` : host, port }, { allowHalfOpen: false })
    this.#tcp.closed.catch(() => {})
    this.#late = setTimeout(() => this.end('connect-timeout'), CONNECT_WITHIN)
    this.#run(kind).then(
      () => this.end(''),
      () => this.end(''),
    )
  }

  /** When the peer was last heard. */
  get heardAt(): Millis {
    return this.#heardAt
  }

  /** Ends both sides. */
  end(reason: string): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#late)
    this.#goOn?.()
    this.#tcp.close().catch(() => {})
    try {
      this.#ws?.close(CloseCode.NORMAL, reason)
    } catch {
      // It is closed.
    }
    this.#ports.gone()
  }

  async #run(kind: DialledKind): Promise<void> {
    await this.#tcp.opened
    if (this.#over) return
    const ws = await this.#ports.join(kind)
    if (this.#over) {
      ws.accept()
      ws.close()
      return
    }
    this.#ws = ws
    clearTimeout(this.#late)
    this.#write(ws, this.#tcp.writable.getWriter())
    ws.binaryType = 'arraybuffer'
    ws.accept()
    this.#ports.opened()
    await this.#read(ws)
  }

  /** The peer's bytes to the hub. Returns when there are no more. */
  async #read(ws: WebSocket): Promise<void> {
    const reader = (this.#tcp.readable as ReadableStream<Uint8Array>).getReader({ mode: 'byob' })
    let buffer = new ArrayBuffer(READ_BYTES)
    while (!this.#over) {
      const { value, done } = await reader.read(new Uint8Array(buffer))
      if (done || this.#over) return
      this.#heardAt = Date.now()
      // A copy: the message may leave after the next read.
      ws.send(value.slice())
      buffer = value.buffer as ArrayBuffer
      this.#sent += value.length
      this.#ports.count('bytesIn', value.length)
      this.#ports.count('messagesOut', 1)
      if (this.#sent - this.#marked >= MARK_EVERY) {
        this.#marked = this.#sent
        ws.send(String(this.#sent))
      }
      if (this.#sent - this.#taken > WINDOW) await new Promise<void>((resolve) => this.#waitsWith(resolve))
    }
  }

  #waitsWith(resolve: () => void): void {
    this.#goOn = resolve
  }

  /** The hub's bytes to the peer, and its word of what it has taken. */
  #write(ws: WebSocket, writer: WritableStreamDefaultWriter<Uint8Array>): void {
    ws.addEventListener('message', ({ data }) => {
      this.#ports.count('messagesIn', 1)
      if (typeof data === 'string') this.#took(Number(data))
      else this.#toPeer(writer, new Uint8Array(data as ArrayBuffer))
    })
    ws.addEventListener('error', () => this.end(''))
    ws.addEventListener('close', () => {
      // What the hub wrote last says why, to peers that read it.
      const cut = setTimeout(() => this.end(''), LINGER)
      writer
        .close()
        .catch(() => {})
        .then(() => {
          clearTimeout(cut)
          this.end('')
        })
    })
  }

  #took(mark: number): void {
    if (!(mark > this.#taken && mark <= this.#sent)) return
    this.#taken = mark
    if (this.#sent - this.#taken > WINDOW) return
    this.#goOn?.()
    this.#goOn = undefined
  }

  #toPeer(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): void {
    if (this.#over) return
    this.#unwritten += bytes.length
    this.#ports.count('bytesOut', bytes.length)
    if (this.#unwritten > MAX_UNWRITTEN) {
      this.end('slow-reader')
      return
    }
    writer.write(bytes).then(
      () => {
        this.#unwritten -= bytes.length
      },
      () => this.end(''),
    )
  }
}
