import type { Millis } from '../../host/ports.ts'
import { FeedTimer } from '../feed-timer.ts'
import { CHANGES_AT_ONCE } from '../live-feed.ts'
import { SOCKET_LIMITS, SocketClose, SocketFeed, type SocketLimits, type SocketOutput } from './feed.ts'
import { gather, type LiveSource } from './need.ts'
import type { About } from './overview.ts'
import { SOCKET_PATH } from './path.ts'

/** Bytes of a client's message. */
export const MAX_MESSAGE = 50_000

/** The way to a client. */
export interface SocketPipe {
  /** Bytes that now wait to leave, where the runtime tells. */
  send(text: string): number | undefined
  close(code: number, reason: string): void
}

/** The other way: what a client does. */
export interface SocketClient {
  message(text: string): void
  closed(): void
}

/** Bytes that may wait for a client that does not read; mempool.space has 10 MB, and more memory. */
const MAX_WAITING = 2 * 2 ** 20

export interface SocketsOptions extends About {
  queries: LiveSource
  now(): Millis
  limits?: Partial<SocketLimits>
  /** Told of faults of our own. */
  report?: (where: string, error: unknown) => void
}

/** Runs a `SocketFeed` over the ledger and a timer. */
export class LiveSockets {
  readonly #feed: SocketFeed
  readonly #queries: LiveSource
  readonly #now: () => Millis
  readonly #report: (where: string, error: unknown) => void
  readonly #pipes = new Map<number, SocketPipe>()
  readonly #timer: FeedTimer

  constructor({ queries, now, limits, report, ...about }: SocketsOptions) {
    this.#feed = new SocketFeed(about, { ...SOCKET_LIMITS, ...limits })
    this.#queries = queries
    this.#now = now
    this.#report = report ?? (() => {})
    this.#timer = new FeedTimer(now, () => this.#perform(this.#feed.wake(now())))
  }

  get count(): number {
    return this.#pipes.size
  }

  /** A client has come in. One too many is sent away, and `undefined`. */
  open(pipe: SocketPipe): SocketClient | undefined {
    const id = this.#feed.open()
    if (id === undefined) {
      pipe.close(SocketClose.TRY_LATER, 'too many clients')
      return undefined
    }
    this.#pipes.set(id, pipe)
    return {
      message: (text) => this.#perform(this.#feed.message(id, text, this.#now())),
      closed: () => this.#gone(id),
    }
  }

  /** Sends everybody away: this relay ends. */
  close(): void {
    this.#closeAll(SocketClose.GOING_AWAY, 'the relay ends')
  }

  #closeAll(code: number, reason: string): void {
    for (const id of [...this.#pipes.keys()]) this.#letGo(id, code, reason)
  }

  #perform(outputs: readonly SocketOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'send') this.#send(output.to, output.text)
      else if (output.do === 'close') this.#letGo(output.to, output.code, output.reason)
      else void this.#ask(output)
    }
    this.#timer.set(this.#feed.deadline)
  }

  async #ask(output: Extract<SocketOutput, { do: 'ask' | 'ask-changes' }>): Promise<void> {
    const feed = this.#feed
    const asked =
      output.do === 'ask'
        ? gather(output.need, this.#queries).then((found) => () => feed.found(found, this.#now()))
        : this.#queries
            .changesSince(output.cursor, CHANGES_AT_ONCE)
            .then((changes) => () => feed.changed(changes, this.#now()))
    const next = await asked.catch(() => () => feed.failed(this.#now()))
    try {
      this.#perform(next())
    } catch (error) {
      // Whatever it is, it would come again with the same news.
      this.#report(SOCKET_PATH, error)
      this.#closeAll(SocketClose.FAULT, 'a fault of the relay')
      this.#perform(feed.failed(this.#now()))
    }
  }

  #send(id: number, text: string): void {
    const waiting = this.#pipes.get(id)?.send(text) ?? 0
    if (waiting > MAX_WAITING) this.#letGo(id, SocketClose.POLICY, 'reads too slowly')
  }

  #letGo(id: number, code: number, reason: string): void {
    const pipe = this.#pipes.get(id)
    this.#gone(id)
    pipe?.close(code, reason)
  }

  #gone(id: number): void {
    if (!this.#pipes.delete(id)) return
    this.#feed.closed(id)
    this.#timer.set(this.#feed.deadline)
  }
}
