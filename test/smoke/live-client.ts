import { once } from 'node:events'
import { WebSocket } from 'ws'
import { poll } from '../poll.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a program reads is its own affair
type Told = Record<string, any>

/** A program that speaks the WebSocket of mempool.space. */
export class LiveClient {
  readonly ws: WebSocket
  /** All that it was told. */
  readonly told: Told[] = []
  closedWith: number | undefined

  private constructor(url: string) {
    this.ws = new WebSocket(url, { perMessageDeflate: false })
    this.ws.on('message', (data) => this.told.push(JSON.parse(String(data))))
    this.ws.on('close', (code) => {
      this.closedWith = code
    })
    this.ws.on('error', () => {})
  }

  /** `http` is where the relay is. */
  static async open(http: string): Promise<LiveClient> {
    const client = new LiveClient(`${http.replace('http', 'ws')}/api/v1/ws`)
    await once(client.ws, 'open')
    return client
  }

  say(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The first value of a field that is right, told already or to come. */
  async hears(field: string, isRight: (value: Told[string]) => boolean = () => true): Promise<Told[string]> {
    const find = () => this.told.find((told) => field in told && isRight(told[field]))
    await poll(`it is told ${field}`, () => find() !== undefined || this.closedWith !== undefined, { within: 10_000 })
    const found = find()
    if (!found) throw new Error(`the connection was closed with ${this.closedWith}`)
    return found[field]
  }

  close(): void {
    this.ws.close()
  }
}
