import type { Millis } from '../../host/ports.ts'
import type { NamedScripts, Topic, TrackKind } from './command.ts'

/** Messages that a client may send in so many milliseconds. */
export const MAX_MESSAGES = 100
export const MESSAGES_WITHIN_MS = 10_000

/** What a client is told as soon as it is known how things are. */
export type Owed = 'init' | Topic

/** What one client wants. Transactions by the key of their txid. */
export class Session {
  readonly id: number
  topics: ReadonlySet<Topic> = new Set()
  readonly owed = new Set<Owed>()
  tx: string | undefined
  /** The client has looked `tx` up and it was nowhere: it wants it when it comes. */
  waitsForTx = false
  txs: ReadonlySet<string> = new Set()
  readonly scripts: Record<TrackKind, NamedScripts> = {
    address: new Map(),
    addresses: new Map(),
    scriptpubkeys: new Map(),
  }
  wantsTxids = false
  /** Of what it follows, what it has not been told of since it does: transactions and scripts by key. */
  readonly freshTxs = new Set<string>()
  readonly freshScripts = new Set<string>()
  #windowFrom: Millis = Number.NEGATIVE_INFINITY
  #messages = 0

  constructor(id: number) {
    this.id = id
  }

  /** Whether anything that happens is of interest to it. */
  get follows(): boolean {
    return this.topics.size > 0 || this.wantsTxids || this.tx !== undefined || this.txs.size > 0 || this.scriptCount > 0
  }

  /** It waits for something that has to be asked for. */
  get asks(): boolean {
    return this.owed.size + this.freshTxs.size + this.freshScripts.size > 0
  }

  get scriptCount(): number {
    return this.scripts.address.size + this.scripts.addresses.size + this.scripts.scriptpubkeys.size
  }

  /** Counts a message; false for one too many. */
  mayAsk(now: Millis): boolean {
    if (now - this.#windowFrom >= MESSAGES_WITHIN_MS) {
      this.#windowFrom = now
      this.#messages = 0
    }
    return ++this.#messages <= MAX_MESSAGES
  }
}
