import type { Millis } from './ports.ts'

/**
 * What is counted. Rows are those of SQL: on Workers the ones that the platform charges for, entries of indices and rows
 * passed over included; on Node those that a reader was given, and those that `changes` tells of.
 */
export const COUNTS = [
  /** Calls and HTTP requests that came in. */
  'requests',
  /** WebSocket messages. */
  'messagesIn',
  'messagesOut',
  /** Bytes of the P2P streams. */
  'bytesIn',
  'bytesOut',
  'alarmsSet',
  'alarmsFired',
  'statements',
  'rowsRead',
  'rowsWritten',
  /** Blocks and transactions that came from links and were taken up, and those given to links. */
  'blocksIn',
  'blocksOut',
  'transactionsIn',
  'transactionsOut',
  'blocksConnected',
  /** Scripts of inputs of blocks: run; taken as checked below the assumed-valid block; known to pass from the mempool. */
  'scriptsChecked',
  'scriptsAssumed',
  'scriptsKnown',
  'reorgs',
  /** Blocks of which something stored turned out damaged, and those written anew. */
  'blocksDamaged',
  'blocksMended',
] as const
export type Count = (typeof COUNTS)[number]

/** What has a value at a time. */
export type Level =
  | 'linksIn'
  | 'linksOut'
  | 'mempoolTransactions'
  | 'mempoolVbytes'
  | 'tipHeight'
  | 'headersHeight'
  | 'storageBytes'
export type Levels = Partial<Record<Level, number>>

/** What can be refused: a link is closed by us, a transaction or a block is not taken. */
export type Refusable = 'link' | 'transaction' | 'block'

/** Plain numbers, fit to be sent to another thread or object. */
export interface MeterSnapshot {
  /** Counted since then: an object that loses its memory starts over. */
  since: Millis
  awakeMs: Millis
  counts: Record<Count, number>
  refused: { what: Refusable; reason: string; count: number }[]
  levels: Levels
}

/** Reasons counted one by one, of each kind; the rest together. */
const MAX_REASONS = 64
const OTHER = 'other'

/**
 * Counts what an actor does and what it will be charged for. Others add to `counts` themselves: it is met once per
 * message and per SQL statement.
 */
export class Meter {
  readonly counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>
  readonly #now: () => Millis
  readonly #since: Millis
  readonly #refused: Record<Refusable, Map<string, number>> = {
    link: new Map(),
    transaction: new Map(),
    block: new Map(),
  }
  /** What keeps the actor awake at present. */
  #holds = 0
  #awakeSince: Millis = 0
  #awakeMs = 0

  constructor(now: () => Millis) {
    this.#now = now
    this.#since = now()
  }

  /**
   * Something keeps the actor awake until `release`: an input, and, by the rule that Durable Objects are charged by, also
   * a timer, an outbound socket or a call under way. Where several do at once the time counts once. On the platform
   * itself the clock stands still while code runs, so there the sum leaves out processor time.
   */
  hold(): void {
    if (this.#holds++ === 0) this.#awakeSince = this.#now()
  }

  /** Ends one `hold`. */
  release(): void {
    if (--this.#holds === 0) this.#awakeMs += Math.max(0, this.#now() - this.#awakeSince)
  }

  /** Holds until the call is answered. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.hold()
    try {
      return await call
    } finally {
      this.release()
    }
  }

  /** An alarm was set, for which a row is written. */
  alarmSet(): void {
    this.counts.alarmsSet++
    this.counts.rowsWritten++
  }

  /** `reason` comes from a small set and names nobody; what follows a comma in it is dropped. */
  refused(what: Refusable, reason: string): void {
    const reasons = this.#refused[what]
    const [name = ''] = reason.split(',', 1)
    const key = reasons.has(name) || reasons.size < MAX_REASONS ? name : OTHER
    reasons.set(key, (reasons.get(key) ?? 0) + 1)
  }

  snapshot(levels: Levels = {}): MeterSnapshot {
    const open = this.#holds > 0 ? Math.max(0, this.#now() - this.#awakeSince) : 0
    const refused: MeterSnapshot['refused'] = []
    for (const [what, reasons] of Object.entries(this.#refused) as [Refusable, Map<string, number>][]) {
      for (const [reason, count] of reasons) refused.push({ what, reason, count })
    }
    return { since: this.#since, awakeMs: this.#awakeMs + open, counts: { ...this.counts }, refused, levels }
  }
}
