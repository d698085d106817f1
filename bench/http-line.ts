import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  /** Bytes of the body as they came over the wire. */
  bytes: number
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/**
 * One HTTP/1.1 connection that stays open and has one request under way: a raw socket that reads no more of an answer
 * than where it ends, so that the client takes as little of the processor as it can.
 */
export class HttpLine {
  readonly #socket: Socket
  readonly #host: string
  #buffer: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<Answer> | undefined

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    const fail = (error?: Error) => this.#waiting?.reject(error ?? new Error('the connection ended'))
    socket.on('error', fail)
    socket.on('close', () => fail())
  }

  /** `base`: `http://host:port`. */
  static async open(base: string): Promise<HttpLine> {
    const { hostname, port, host } = new URL(base)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new HttpLine(socket, host)
  }

  get(path: string, headers = ''): Promise<Answer> {
    this.#waiting = Promise.withResolvers()
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${headers}\r\n`)
    return this.#waiting.promise
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    const answer = answerIn(this.#buffer)
    if (!answer) return
    this.#buffer = Buffer.alloc(0)
    this.#waiting?.resolve(answer)
  }
}

/** `undefined` while it is not whole. */
function answerIn(buffer: Buffer): Answer | undefined {
  const head = buffer.indexOf(END_OF_HEAD)
  if (head < 0) return undefined
  const body = head + END_OF_HEAD.length
  const text = buffer.toString('latin1', 0, head).toLowerCase()
  const status = Number(text.slice(9, 12))
  const length = /\r\ncontent-length: (\d+)/.exec(text)?.[1]
  if (length !== undefined)
    return buffer.length >= body + Number(length) ? { status, bytes: Number(length) } : undefined
  if (status === 304 || status === 204) return { status, bytes: 0 }
  return wholeChunks(buffer, body) ? { status, bytes: buffer.length - body } : undefined
}

function wholeChunks(buffer: Buffer, from: number): boolean {
  for (let at = from; ; ) {
    const line = buffer.indexOf('\r\n', at)
    if (line < 0) return false
    const size = Number.parseInt(buffer.toString('latin1', at, line), 16)
    at = line + 2 + size + 2
    if (at > buffer.length) return false
    if (size === 0) return true
  }
}
