import type { Millis } from '../host/ports.ts'
import type { Changes, HomeInfo } from '../ledger/queries.ts'
import { homeEvent, pausedEvent, reorgEvent, tipEvent, txsEvent } from './live-events.ts'

/** Who listens. `home`: a home page that wants its figures; `changes`: a program that wants what happened. */
export type ListenerKind = 'home' | 'changes'

export type FeedOutput =
  /** Ask the ledger what happened since; the answer comes back through `changed` or `failed`. */
  | { do: 'ask-changes'; cursor: string | undefined }
  /** Ask for the figures of a home page; the answer comes back through `home` or `failed`. */
  | { do: 'ask-home' }
  /** Text of an event stream, to each of these listeners. */
  | { do: 'send'; to: number[]; text: string }

export interface FeedLimits {
  listeners: number
  pollEveryMs: Millis
  /** A stream is never silent for longer. */
  heartbeatMs: Millis
}

export const FEED_LIMITS: FeedLimits = { listeners: 1000, pollEveryMs: 1000, heartbeatMs: 15_000 }

interface Listener {
  kind: ListenerKind
  /** Has had its first event. */
  greeted: boolean
}

type State =
  | { at: 'idle' }
  | { at: 'waiting'; until: Millis }
  | { at: 'asking-changes' }
  | { at: 'asking-home'; changes: Changes }

const HEARTBEAT = ': here\n\n'

/**
 * Turns the ledger's changes into event streams: one poll for all listeners, none when nobody listens. Every event
 * tells how things are now, so a listener that missed some is right again with the next. A failing ledger is told
 * once (`paused`) and asked again.
 */
export class LiveFeed {
  readonly #limits: FeedLimits
  readonly #listeners = new Map<number, Listener>()
  #nextId = 1
  #state: State = { at: 'idle' }
  #cursor: string | undefined
  #paused = false
  #heartbeatAt: Millis = Number.POSITIVE_INFINITY

  constructor(limits: FeedLimits = FEED_LIMITS) {
    this.#limits = limits
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** When `wake` wants to be called; infinite while nobody listens. */
  get deadline(): Millis {
    const poll = this.#state.at === 'waiting' ? this.#state.until : Number.POSITIVE_INFINITY
    return Math.min(poll, this.#heartbeatAt)
  }

  /** `undefined` when there are as many listeners as there may be. */
  join(kind: ListenerKind, now: Millis): { id: number; outputs: FeedOutput[] } | undefined {
    if (this.#listeners.size >= this.#limits.listeners) return undefined
    const id = this.#nextId++
    if (this.#listeners.size === 0) this.#heartbeatAt = now + this.#limits.heartbeatMs
    this.#listeners.set(id, { kind, greeted: false })
    // Whoever comes later is told how things are by the next poll: a crowd that comes and goes causes no more of them.
    return { id, outputs: this.#state.at === 'idle' ? this.#poll() : [] }
  }

  leave(id: number): void {
    this.#listeners.delete(id)
    if (this.#listeners.size > 0) return
    this.#heartbeatAt = Number.POSITIVE_INFINITY
    this.#paused = false
    if (this.#state.at === 'waiting') this.#rest(0)
  }

  wake(now: Millis): FeedOutput[] {
    const outputs: FeedOutput[] = []
    if (now >= this.#heartbeatAt) outputs.push(...this.#send(this.#everybody(), HEARTBEAT, now))
    if (this.#state.at === 'waiting' && now >= this.#state.until) outputs.push(...this.#poll())
    return outputs
  }

  changed(changes: Changes, now: Millis): FeedOutput[] {
    if (this.#state.at !== 'asking-changes') throw new Error('changes without a question')
    this.#cursor = changes.cursor
    const recovered = this.#paused
    const news = changes.reset || recovered || changes.changes.length > 0
    const newcomers = [...this.#listeners.values()].some(({ greeted }) => !greeted)
    if (!news && !newcomers) return this.#rest(now)
    this.#state = { at: 'asking-home', changes: { ...changes, reset: changes.reset || recovered } }
    return [{ do: 'ask-home' }]
  }

  home(info: HomeInfo, now: Millis): FeedOutput[] {
    if (this.#state.at !== 'asking-home') throw new Error('figures without a question')
    const { changes, reset } = this.#state.changes
    this.#paused = false
    const news = reset || changes.length > 0
    const homes = this.#those(({ kind, greeted }) => kind === 'home' && (news || !greeted))
    const newcomers = this.#those(({ kind, greeted }) => kind === 'changes' && !greeted)
    const told = this.#those(({ kind, greeted }) => kind === 'changes' && greeted)
    for (const id of [...homes, ...newcomers]) this.#listeners.get(id)!.greeted = true
    const outputs = [
      ...this.#send(homes, homeEvent(info), now),
      ...this.#send(newcomers, tipEvent(info.status), now),
      ...this.#send(told, changeEvents({ changes, reset }, info), now),
    ]
    return [...outputs, ...this.#rest(now)]
  }

  /** The ledger did not answer. */
  failed(now: Millis): FeedOutput[] {
    const outputs: FeedOutput[] = []
    if (!this.#paused && this.#listeners.size > 0) {
      this.#paused = true
      outputs.push(...this.#send(this.#everybody(), pausedEvent(), now))
    }
    return [...outputs, ...this.#rest(now)]
  }

  #poll(): FeedOutput[] {
    this.#state = { at: 'asking-changes' }
    return [{ do: 'ask-changes', cursor: this.#cursor }]
  }

  /** Waits for the next poll, or for somebody to listen: what happens until then is of no interest to them. */
  #rest(now: Millis): FeedOutput[] {
    if (this.#listeners.size > 0) {
      this.#state = { at: 'waiting', until: now + this.#limits.pollEveryMs }
    } else {
      this.#state = { at: 'idle' }
      this.#cursor = undefined
    }
    return []
  }

  #everybody(): number[] {
    return [...this.#listeners.keys()]
  }

  #those(wanted: (listener: Listener) => boolean): number[] {
    return [...this.#listeners].filter(([, listener]) => wanted(listener)).map(([id]) => id)
  }

  #send(to: number[], text: string, now: Millis): FeedOutput[] {
    if (to.length === 0 || text === '') return []
    // Only what reaches everybody stands in for a heartbeat.
    if (to.length === this.#listeners.size) this.#heartbeatAt = now + this.#limits.heartbeatMs
    return [{ do: 'send', to, text }]
  }
}

/** What happened, and how things are after blocks came or went. */
function changeEvents({ changes, reset }: Pick<Changes, 'changes' | 'reset'>, { status }: HomeInfo): string {
  const reorgs = changes.filter((change) => change.kind === 'reorg')
  const txs = changes.filter((change) => change.kind === 'tx')
  return [
    ...reorgs.map(({ reorg }) => reorgEvent(reorg)),
    ...(txs.length > 0 ? [txsEvent(txs)] : []),
    ...(reset || reorgs.length > 0 ? [tipEvent(status)] : []),
  ].join('')
}
