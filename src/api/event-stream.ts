import type { Millis } from '../host/ports.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import { API_HEADERS, errorResponse } from './answer.ts'
import type { FaultReport } from './api.ts'
import { ESPLORA } from './dialect.ts'
import { ApiError } from './errors.ts'
import { FeedTimer } from './feed-timer.ts'
import type { HappeningType } from './happenings.ts'
import type { Wish } from './listeners.ts'
import { CHANGES_AT_ONCE, FEED_LIMITS, type FeedLimits, type FeedOutput, LiveFeed } from './live-feed.ts'

/** Bytes that may wait for a listener; what comes then it is told when it has read on. */
const UNREAD_LIMIT = 64 * 1024
/** What a home page shows. */
export const HOME_BLOCKS = 8
export const HOME_TXS = 10

type Questions = Pick<LedgerQueries, 'changesSince' | 'home' | 'block'>

/** Where streams are. */
export const EVENTS_PATH = '/events'
/** What `types` may name. */
export const EVENT_TYPES: readonly HappeningType[] = ['block', 'reorg', 'tx', 'removed']
/** What is told where it names nothing: what leaves the mempool is of interest to few, and much with every block. */
const USUAL_TYPES: readonly HappeningType[] = ['block', 'reorg', 'tx']

/**
 * What a request for `/events` wishes. Browsers give the last id that they had as a header by themselves; who cannot gives
 * `lastEventId`. Throws ApiError for types that are none.
 */
export function wishOf(query: URLSearchParams, headers: Headers): Wish {
  if (query.get('view') === 'home') return { view: 'home' }
  const named = query.get('types')?.split(',') ?? USUAL_TYPES
  const types = new Set(EVENT_TYPES.filter((type) => named.includes(type)))
  if (named.some((name) => !types.has(name as HappeningType))) throw new ApiError('event-type-unknown')
  const after = headers.get('Last-Event-ID') ?? query.get('lastEventId')
  return { view: 'changes', types, ...(after && { after }) }
}

interface Stream {
  writer: ReadableStreamDefaultController<Uint8Array>
  /** Held because Node's requests know their client's signal weakly: one that is collected never tells that it went. */
  request: Request
}

/** Runs a `LiveFeed` over the ledger and a timer, and hands out its streams. */
export class EventStreams {
  readonly #feed: LiveFeed
  readonly #queries: Questions
  readonly #now: () => Millis
  readonly #report: FaultReport
  readonly #streams = new Map<number, Stream>()
  readonly #encoder = new TextEncoder()
  readonly #timer: FeedTimer

  constructor(queries: Questions, now: () => Millis, report: FaultReport, limits: FeedLimits = FEED_LIMITS) {
    this.#queries = queries
    this.#now = now
    this.#report = report
    this.#feed = new LiveFeed(limits)
    this.#timer = new FeedTimer(now, () => this.#perform(this.#feed.wake(now())))
  }

  get listeners(): number {
    return this.#feed.listeners
  }

  /** An endless `text/event-stream`, until the client goes. */
  open(wish: Wish, request: Request): Response {
    const headers = { ...API_HEADERS, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }
    if (request.method === 'HEAD') return new Response(null, { headers })
    const joined = this.#feed.join(wish, this.#now())
    if (!joined) return errorResponse(new ApiError('too-many-listeners'), ESPLORA, request)
    const { id } = joined
    const body = new ReadableStream<Uint8Array>(
      {
        start: (writer) => void this.#streams.set(id, { writer, request }),
        pull: () => this.#perform(this.#feed.ready(id)),
        cancel: () => this.#close(id),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_LIMIT }),
    )
    request.signal.addEventListener('abort', () => this.#close(id), { once: true })
    this.#perform(joined.outputs)
    return new Response(body, { headers })
  }

  #perform(outputs: readonly FeedOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'send') this.#write(output.to, output.text)
      else if (output.do === 'close') for (const id of output.to) this.#close(id)
      else void this.#ask(output)
    }
    this.#timer.set(this.#feed.deadline)
  }

  async #ask(output: Exclude<FeedOutput, { do: 'send' | 'close' }>): Promise<void> {
    const next = await this.#answer(output).catch(() => () => this.#feed.failed(this.#now()))
    try {
      this.#perform(next())
    } catch (error) {
      // Whatever it is, it would come again with the same changes: those who listen have to begin anew.
      this.#report(EVENTS_PATH, error)
      for (const id of [...this.#streams.keys()]) this.#close(id)
      this.#perform(this.#feed.failed(this.#now()))
    }
  }

  async #answer(output: Exclude<FeedOutput, { do: 'send' | 'close' }>): Promise<() => FeedOutput[]> {
    const feed = this.#feed
    switch (output.do) {
      case 'ask-changes': {
        const changes = await this.#queries.changesSince(output.cursor, CHANGES_AT_ONCE)
        return () => feed.changed(changes, this.#now())
      }
      case 'ask-blocks': {
        const blocks = await Promise.all(output.hashes.map((hash) => this.#queries.block(hash)))
        return () => feed.blocks(blocks, this.#now())
      }
      case 'ask-home': {
        const info = await this.#queries.home(HOME_BLOCKS, HOME_TXS)
        return () => feed.home(info, this.#now())
      }
    }
  }

  #write(to: readonly number[], text: string): void {
    const bytes = this.#encoder.encode(text)
    for (const id of to) {
      const writer = this.#streams.get(id)?.writer
      if (!writer) continue
      try {
        writer.enqueue(bytes)
      } catch {
        // The client is gone, and nobody has said so yet.
        this.#close(id)
        continue
      }
      if ((writer.desiredSize ?? 0) <= 0) this.#feed.full(id, this.#now())
    }
  }

  #close(id: number): void {
    const writer = this.#streams.get(id)?.writer
    if (!writer) return
    this.#streams.delete(id)
    this.#feed.leave(id)
    try {
      writer.close()
    } catch {
      // The client closed it first.
    }
    this.#timer.set(this.#feed.deadline)
  }
}
