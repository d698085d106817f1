import type { Millis } from '../host/ports.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import { API_HEADERS, errorResponse } from './answer.ts'
import { ESPLORA } from './dialect.ts'
import { ApiError } from './errors.ts'
import { FEED_LIMITS, type FeedLimits, type FeedOutput, type ListenerKind, LiveFeed } from './live-feed.ts'

/** Bytes that a listener may leave unread before it is cut off; it comes back by itself and is told how things are. */
const UNREAD_LIMIT = 64 * 1024
/** What a home page shows. */
export const HOME_BLOCKS = 8
export const HOME_TXS = 10

type Questions = Pick<LedgerQueries, 'changesSince' | 'home'>

/** Runs a `LiveFeed` over the ledger and a timer, and hands out its streams. */
export class EventStreams {
  readonly #feed: LiveFeed
  readonly #queries: Questions
  readonly #now: () => Millis
  readonly #writers = new Map<number, ReadableStreamDefaultController<Uint8Array>>()
  readonly #encoder = new TextEncoder()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(queries: Questions, now: () => Millis, limits: FeedLimits = FEED_LIMITS) {
    this.#queries = queries
    this.#now = now
    this.#feed = new LiveFeed(limits)
  }

  get listeners(): number {
    return this.#feed.listeners
  }

  /** An endless `text/event-stream`, until the client goes. */
  open(kind: ListenerKind, request: Request): Response {
    const headers = { ...API_HEADERS, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }
    if (request.method === 'HEAD') return new Response(null, { headers })
    const joined = this.#feed.join(kind, this.#now())
    if (!joined) return errorResponse(new ApiError('too-many-listeners'), ESPLORA, request)
    const { id } = joined
    const body = new ReadableStream<Uint8Array>(
      { start: (controller) => void this.#writers.set(id, controller), cancel: () => this.#close(id) },
      new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_LIMIT }),
    )
    request.signal.addEventListener('abort', () => this.#close(id), { once: true })
    this.#perform(joined.outputs)
    return new Response(body, { headers })
  }

  #perform(outputs: readonly FeedOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'send') this.#write(output.to, output.text)
      else void this.#ask(output)
    }
    this.#setTimer()
  }

  async #ask(output: Exclude<FeedOutput, { do: 'send' }>): Promise<void> {
    const feed = this.#feed
    const next = await (output.do === 'ask-changes'
      ? this.#queries.changesSince(output.cursor).then((changes) => () => feed.changed(changes, this.#now()))
      : this.#queries.home(HOME_BLOCKS, HOME_TXS).then((info) => () => feed.home(info, this.#now()))
    ).catch(() => () => feed.failed(this.#now()))
    this.#perform(next())
  }

  #write(to: readonly number[], text: string): void {
    const bytes = this.#encoder.encode(text)
    for (const id of to) {
      const writer = this.#writers.get(id)
      if (!writer) continue
      writer.enqueue(bytes)
      if ((writer.desiredSize ?? 0) <= 0) this.#close(id)
    }
  }

  #close(id: number): void {
    const writer = this.#writers.get(id)
    if (!writer) return
    this.#writers.delete(id)
    this.#feed.leave(id)
    try {
      writer.close()
    } catch {
      // The client closed it first.
    }
    this.#setTimer()
  }

  #setTimer(): void {
    clearTimeout(this.#timer)
    const { deadline } = this.#feed
    if (deadline === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.#perform(this.#feed.wake(this.#now())), Math.max(0, deadline - this.#now()))
  }
}
