import { USUAL_SETTINGS } from '../../../src/api/deps.ts'
import { CHANGES_AT_ONCE } from '../../../src/api/live-feed.ts'
import { SOCKET_LIMITS, SocketFeed, type SocketLimits, type SocketOutput } from '../../../src/api/ws/feed.ts'
import { gather, type LiveSource } from '../../../src/api/ws/need.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'

type Ask = Extract<SocketOutput, { do: 'ask' | 'ask-changes' }>
// biome-ignore lint/suspicious/noExplicitAny: what clients read is anybody's guess
type Told = Record<string, any>

export interface TestClient {
  id: number
  told: Told[]
  closedWith: number | undefined
}

/** A feed over a ledger, on a clock of its own. Questions are counted by name. */
export class SocketStage {
  readonly feed: SocketFeed
  readonly queries: LiveSource
  readonly asked: Record<string, number> = {}
  now: number
  failing = false
  readonly #clients = new Map<number, TestClient>()
  #ask: Ask | undefined

  constructor(queries: LiveSource, now: number, limits: Partial<SocketLimits> = {}) {
    this.feed = new SocketFeed(
      { network: regtest, name: 'relay.example', version: '1.2.3', settings: USUAL_SETTINGS },
      { ...SOCKET_LIMITS, ...limits },
    )
    this.now = now
    this.queries = new Proxy(queries, {
      get:
        (_, name: keyof LiveSource) =>
        async (...args: never[]) => {
          this.asked[name] = (this.asked[name] ?? 0) + 1
          if (this.failing) throw new Error('away')
          return (queries[name] as (...args: never[]) => unknown)(...args)
        },
    })
  }

  open(): TestClient | undefined {
    const id = this.feed.open()
    if (id === undefined) return undefined
    const client: TestClient = { id, told: [], closedWith: undefined }
    this.#clients.set(id, client)
    return client
  }

  leave({ id }: TestClient): void {
    this.#clients.delete(id)
    this.feed.closed(id)
  }

  /** Says something without waiting for answers. */
  say({ id }: TestClient, message: unknown): void {
    this.take(this.feed.message(id, typeof message === 'string' ? message : JSON.stringify(message), this.now))
  }

  /** What the client is told in answer, put together. */
  async tell(client: TestClient, message: unknown): Promise<Told> {
    client.told = []
    this.say(client, message)
    await this.settle()
    return told(client)
  }

  take(outputs: readonly SocketOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'send') this.#clients.get(output.to)!.told.push(JSON.parse(output.text))
      else if (output.do === 'close') {
        this.#clients.get(output.to)!.closedWith = output.code
        this.#clients.delete(output.to)
      } else {
        if (this.#ask) throw new Error('two questions at once')
        this.#ask = output
      }
    }
  }

  get isAsking(): boolean {
    return this.#ask !== undefined
  }

  async answer(): Promise<void> {
    const ask = this.#ask
    if (!ask) return
    try {
      const outputs =
        ask.do === 'ask'
          ? await gather(ask.need, this.queries).then((found) => () => this.feed.found(found, this.now))
          : await this.queries
              .changesSince(ask.cursor, CHANGES_AT_ONCE)
              .then((c) => () => this.feed.changed(c, this.now))
      this.#ask = undefined
      this.take(outputs())
    } catch (error) {
      if (!this.failing) throw error
      this.#ask = undefined
      this.take(this.feed.failed(this.now))
    }
  }

  async settle(): Promise<void> {
    while (this.#ask) await this.answer()
  }

  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; ; ) {
      await this.settle()
      if (this.feed.deadline > until) {
        this.now = until
        return
      }
      this.now = Math.max(this.now, this.feed.deadline)
      this.take(this.feed.wake(this.now))
    }
  }
}

/** All that a client was told since it was last looked at, the latest of each field. */
export function told(client: TestClient): Told {
  return Object.assign({}, ...client.told)
}
