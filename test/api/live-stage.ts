import type { HappeningType } from '../../src/api/happenings.ts'
import type { Wish } from '../../src/api/listeners.ts'
import { CHANGES_AT_ONCE, type FeedLimits, type FeedOutput, LiveFeed } from '../../src/api/live-feed.ts'
import type { BlockRef } from '../../src/chain/reorg.ts'
import { ChangeLog } from '../../src/ledger/change-log.ts'
import type { Change, HomeInfo } from '../../src/ledger/queries.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { type SseEvent, SseReader } from './sse.ts'

export const LIMITS: FeedLimits = { listeners: 3, pollEveryMs: 1000, heartbeatMs: 15_000, stalledMs: 60_000 }
export const ALL_TYPES: readonly HappeningType[] = ['block', 'reorg', 'tx', 'removed']
export const HOME: Wish = { view: 'home' }

export function wish(after?: string, types: readonly HappeningType[] = ALL_TYPES): Wish {
  return { view: 'changes', types: new Set(types), ...(after !== undefined && { after }) }
}

export function hashOf(n: number): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, n)
  return hash
}

export const ref = (height: number, id = height): BlockRef => ({ hash: hashOf(id), height, id })
export const block = (height: number, id = height): Change => ({
  kind: 'reorg',
  reorg: { reverted: [], connected: [ref(height, id)] },
})
export const removed = (n: number): Change =>
  n % 2
    ? { kind: 'removed', txid: hashOf(n), why: 'mined' }
    : { kind: 'removed', txid: hashOf(n), why: 'replaced', by: hashOf(n + 1) }
export const tx = (n: number): Change => ({ kind: 'tx', txid: hashOf(n), feeSat: n, vsize: 2, value: 3 })

export const HOME_INFO: HomeInfo = {
  status: {
    tip: { height: 7, hash: hashOf(7), time: 1000 },
    headers: 7,
    synced: true,
    mempool: { count: 0, vsize: 0, feeSat: 0 },
  },
  blocks: [],
  recent: [],
}

/** What a program is told of a change, in short; blocks are all unknown here. */
export function toldOf(change: Change): string[] {
  if (change.kind === 'tx') return [`tx ${toDisplay(change.txid)}`]
  if (change.kind === 'removed') return [`removed ${toDisplay(change.txid)}`]
  const { reverted, connected } = change.reorg
  const blocks = connected.map(({ hash }) => `block ${toDisplay(hash)}`)
  return reverted.length > 0 ? [`reorg ${toDisplay(reverted[0]!.hash)}`, ...blocks] : blocks
}

export function inShort({ type, data }: SseEvent): string {
  const told = JSON.parse(data)
  if (type === 'reorg') return `reorg ${told.reverted[0].id}`
  return `${type} ${told.txid ?? told.id}`
}

/** A client with its stream. */
export interface Client {
  id: number
  reader: SseReader
  events: SseEvent[]
}

/** A feed over a real log, whose questions are answered when the test says so, and the clients that it feeds. */
export class Stage {
  readonly feed: LiveFeed
  now = 0
  log: ChangeLog
  asked: Exclude<FeedOutput, { do: 'send' | 'close' }> | undefined
  questions = 0
  readonly clients = new Map<number, Client>()

  constructor(limits: FeedLimits = LIMITS, log = new ChangeLog('a')) {
    this.feed = new LiveFeed(limits)
    this.log = log
  }

  join(wanted: Wish): Client | undefined {
    const joined = this.feed.join(wanted, this.now)
    if (!joined) return undefined
    const client: Client = { id: joined.id, reader: new SseReader(), events: [] }
    this.clients.set(client.id, client)
    this.take(joined.outputs)
    return client
  }

  leave({ id }: Client): void {
    this.clients.delete(id)
    this.feed.leave(id)
  }

  take(outputs: readonly FeedOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'send') {
        for (const id of output.to) {
          const client = this.clients.get(id)
          if (!client) throw new Error(`sent to ${id}, who is gone`)
          client.events.push(...client.reader.read(output.text))
        }
      } else if (output.do === 'close') for (const id of output.to) this.clients.delete(id)
      else {
        if (this.asked) throw new Error(`${output.do} while ${this.asked.do} is open`)
        this.asked = output
        this.questions++
      }
    }
  }

  /** Answers one question. */
  answer(): void {
    const asked = this.asked
    this.asked = undefined
    if (asked?.do === 'ask-changes') {
      this.take(this.feed.changed(this.log.since(asked.cursor, CHANGES_AT_ONCE), this.now))
    } else if (asked?.do === 'ask-blocks')
      this.take(
        this.feed.blocks(
          asked.hashes.map(() => undefined),
          this.now,
        ),
      )
    else if (asked?.do === 'ask-home') this.take(this.feed.home(HOME_INFO, this.now))
  }

  fail(): void {
    this.asked = undefined
    this.take(this.feed.failed(this.now))
  }

  settle(): void {
    while (this.asked) this.answer()
  }

  /** Time goes by, and everything is answered at once. */
  pass(ms: number): void {
    for (const until = this.now + ms; ; ) {
      this.settle()
      const { deadline } = this.feed
      if (deadline > until) {
        this.now = until
        return
      }
      this.now = Math.max(this.now, deadline)
      this.take(this.feed.wake(this.now))
    }
  }
}
