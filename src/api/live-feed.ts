import type { Millis } from '../host/ports.ts'
import { cursorText } from '../ledger/cursor.ts'
import type { BlockInfo, Changes, HomeInfo } from '../ledger/queries.ts'
import { hashKey } from '../wire/hash.ts'
import { type Happening, happeningsOf } from './happenings.ts'
import { type Listener, Listeners, type Wish } from './listeners.ts'
import { happeningEvent, heartbeat, homeEvent, pausedEvent, resetEvent, tipEvent } from './live-events.ts'
import { isBefore, isSame, type Position, positionOf } from './live-position.ts'

export type FeedOutput =
  /** Ask the ledger what happened since, `CHANGES_AT_ONCE` at most; the answer comes back through `changed` or `failed`. */
  | { do: 'ask-changes'; cursor: string | undefined }
  /** Ask for these blocks; the answers come back, in this order, through `blocks` or `failed`. */
  | { do: 'ask-blocks'; hashes: Uint8Array[] }
  /** Ask for the figures of a home page; the answer comes back through `home` or `failed`. */
  | { do: 'ask-home' }
  /** Text of an event stream, to each of these listeners. */
  | { do: 'send'; to: number[]; text: string }
  /** They left unread for too long what waits for them, and listen no more. */
  | { do: 'close'; to: number[] }

export interface FeedLimits {
  listeners: number
  pollEveryMs: Millis
  /** A stream is never silent for longer. */
  heartbeatMs: Millis
  /** A listener that has no room for so long is cut off. */
  stalledMs: Millis
}

export const FEED_LIMITS: FeedLimits = { listeners: 1000, pollEveryMs: 1000, heartbeatMs: 15_000, stalledMs: 60_000 }

/** Entries of the log that one question asks for, about 100 KB of text: what a listener may get beyond its buffer. */
export const CHANGES_AT_ONCE = 500
/** Blocks that one question asks for. */
const BLOCKS_AT_ONCE = 100

type State =
  | { at: 'idle' }
  | { at: 'waiting'; until: Millis }
  | { at: 'asking-changes'; since: Position | undefined }
  | { at: 'asking-blocks'; slice: Happening[]; hashes: Uint8Array[] }
  | { at: 'asking-home' }

/** What is being handed out, to those who stand at `from` or later. */
interface Batch {
  from: Position
  rest: Happening[]
}

/**
 * Turns the ledger's changes into event streams: one poll for all listeners, none when nobody listens. Each program has a
 * place in the ledger's log, which every event's id tells, and gets once and in order what comes after it. Whoever reads
 * slowly, or comes back with the id of an earlier event, is caught up by questions of its own until it stands where the
 * others do. One question is asked at a time. A failing ledger is told once (`paused`) and asked again.
 */
export class LiveFeed {
  readonly #limits: FeedLimits
  readonly #listeners = new Listeners()
  #state: State = { at: 'idle' }
  /** How far the log was looked through. */
  #head: Position | undefined
  #batch: Batch | undefined
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
    let at = this.#state.at === 'waiting' ? this.#state.until : Number.POSITIVE_INFINITY
    for (const { fullSince } of this.#listeners.all()) {
      if (fullSince !== undefined) at = Math.min(at, fullSince + this.#limits.stalledMs)
    }
    return Math.min(at, this.#heartbeatAt)
  }

  /** `undefined` when there are as many listeners as there may be. */
  join(wish: Wish, now: Millis): { id: number; outputs: FeedOutput[] } | undefined {
    if (this.#listeners.size >= this.#limits.listeners) return undefined
    if (this.#listeners.size === 0) this.#heartbeatAt = now + this.#limits.heartbeatMs
    const { id } = this.#listeners.add(wish)
    // Whoever comes later is seen to by the next poll: a crowd that comes and goes causes no more of them.
    return { id, outputs: this.#state.at === 'idle' ? this.#poll() : [] }
  }

  leave(id: number): void {
    this.#listeners.remove(id)
    if (this.#listeners.size > 0) return
    this.#heartbeatAt = Number.POSITIVE_INFINITY
    this.#paused = false
    if (this.#state.at === 'waiting') this.#rest(0)
  }

  /** A listener's buffer has no room. */
  full(id: number, now: Millis): void {
    const listener = this.#listeners.get(id)
    if (listener) listener.fullSince ??= now
  }

  /** It has room again. */
  ready(id: number): FeedOutput[] {
    const listener = this.#listeners.get(id)
    if (listener?.fullSince === undefined) return []
    listener.fullSince = undefined
    const goesOn = this.#state.at === 'waiting' && !this.#paused && this.#furthestBehind() !== undefined
    return goesOn ? this.#poll() : []
  }

  wake(now: Millis): FeedOutput[] {
    const outputs: FeedOutput[] = []
    const stalled = idsOf(
      this.#listeners.those(({ fullSince }) => fullSince !== undefined && now >= fullSince + this.#limits.stalledMs),
    )
    if (stalled.length > 0) outputs.push({ do: 'close', to: stalled })
    for (const id of stalled) this.leave(id)
    if (now >= this.#heartbeatAt) outputs.push(...this.#heartbeat(now))
    if (this.#state.at === 'waiting' && now >= this.#state.until) outputs.push(...this.#poll())
    return outputs
  }

  changed(changes: Changes, now: Millis): FeedOutput[] {
    if (this.#state.at !== 'asking-changes') throw new Error('changes without a question')
    const { since } = this.#state
    const end = positionOf(changes.cursor)
    const before = this.#head
    if (before?.epoch !== end.epoch) this.#head = end
    this.#listeners.lose(({ epoch }) => epoch !== end.epoch)
    if (since && changes.reset) this.#reset(since, end)
    else if (since) this.#take(since, end, changes)
    const recovered = this.#paused
    this.#paused = false
    for (const listener of this.#listeners.all()) {
      if (listener.wish.view === 'home') listener.isStale ||= recovered || this.#head !== before
      else if (recovered) listener.greet ??= 'tip'
    }
    return this.#goOn(now)
  }

  /** The blocks asked for, in that order; `undefined` for one that is on the chain no more. */
  blocks(infos: readonly (BlockInfo | undefined)[], now: Millis): FeedOutput[] {
    if (this.#state.at !== 'asking-blocks') throw new Error('blocks without a question')
    const { slice, hashes } = this.#state
    const known = new Map(hashes.map((hash, i) => [hashKey(hash), infos[i]]))
    return [...this.#deliver(slice, known, now), ...this.#goOn(now)]
  }

  home(info: HomeInfo, now: Millis): FeedOutput[] {
    if (this.#state.at !== 'asking-home') throw new Error('figures without a question')
    const head = this.#head!
    const homes = this.#listeners.those(wantsFigures)
    for (const home of homes) home.isStale = false
    const outputs = this.#send(idsOf(homes), homeEvent(info, head), now)
    for (const listener of this.#listeners.those(wantsGreeting)) {
      const greeting = listener.greet === 'reset' ? resetEvent : tipEvent
      listener.greet = undefined
      if (!listener.at) {
        listener.at = head
        listener.isKnown = true
      }
      outputs.push(...this.#send([listener.id], greeting(info.status, listener.at), now))
    }
    return [...outputs, ...this.#next(now)]
  }

  /** The ledger did not answer. */
  failed(now: Millis): FeedOutput[] {
    // Everybody's place is what it has had: what was not handed out is asked for again.
    this.#batch = undefined
    const isNew = !this.#paused && this.#listeners.size > 0
    if (isNew) this.#paused = true
    const outputs = isNew ? this.#send(idsOf(this.#listeners.those(hasRoom)), pausedEvent(), now) : []
    return [...outputs, ...this.#rest(now)]
  }

  #furthestBehind(): Position | undefined {
    return this.#head && this.#listeners.furthestBehind(this.#head)
  }

  #poll(): FeedOutput[] {
    const since = this.#furthestBehind() ?? this.#head
    this.#state = { at: 'asking-changes', since }
    return [{ do: 'ask-changes', cursor: since && cursorText(since) }]
  }

  /** The log does not reach back to `since`, or never had that place. */
  #reset(since: Position, end: Position): void {
    const isTooOld = isBefore(since, end)
    this.#listeners.lose((at) => isSame(at, since) || (isTooOld && isBefore(at, since)))
    if (isSame(this.#head!, since)) this.#head = end
  }

  #take(since: Position, end: Position, changes: Changes): void {
    const from = { ...since, within: 0 }
    const isAtEnd = changes.changes.length === 0
    this.#listeners.recognise(from, end)
    // Nobody can be in the middle of a change that has not come.
    if (isAtEnd) this.#listeners.lose((at) => isBefore(end, at))
    this.#batch = { from, rest: happeningsOf(changes) }
    if (isBefore(this.#head!, end) || (isAtEnd && isBefore(end, this.#head!))) this.#head = end
  }

  /** Hands out the batch, then figures to those who want them, then waits. */
  #goOn(now: Millis): FeedOutput[] {
    const outputs: FeedOutput[] = []
    while (this.#batch) {
      const slice = takeSlice(this.#batch.rest)
      if (slice.length === 0) {
        this.#batch = undefined
        break
      }
      const hashes = this.#listeners.those(wantsBlocks).length > 0 ? blocksOf(slice) : []
      if (hashes.length > 0) {
        this.#state = { at: 'asking-blocks', slice, hashes }
        return [...outputs, { do: 'ask-blocks', hashes }]
      }
      outputs.push(...this.#deliver(slice, new Map(), now))
    }
    if (this.#listeners.those((one) => wantsFigures(one) || wantsGreeting(one)).length > 0) {
      this.#state = { at: 'asking-home' }
      return [...outputs, { do: 'ask-home' }]
    }
    return [...outputs, ...this.#next(now)]
  }

  /** Those who are behind do not wait for the next poll. */
  #next(now: Millis): FeedOutput[] {
    return this.#furthestBehind() ? this.#poll() : this.#rest(now)
  }

  /** Each program that stands in the batch gets what of the slice comes after its place and is of its types. */
  #deliver(slice: Happening[], known: Map<string, BlockInfo | undefined>, now: Millis): FeedOutput[] {
    const { from } = this.#batch!
    const end = slice.at(-1)!.at
    const texts: string[] = []
    const textOf = (i: number) => {
      texts[i] ??= happeningEvent(slice[i]!, known)
      return texts[i]
    }
    const groups = new Map<string, { to: number[]; text: string }>()
    for (const listener of this.#listeners.those(hasRoom)) {
      const { id, wish, at } = listener
      // Whoever joined in the meantime may say anything.
      if (wish.view === 'home' || at?.epoch !== end.epoch || isBefore(at, from) || !isBefore(at, end)) continue
      const first = slice.findIndex((happening) => isBefore(at, happening.at))
      listener.at = end
      const key = `${first} ${[...wish.types].sort()}`
      const group = groups.get(key)
      if (group) {
        group.to.push(id)
        continue
      }
      let text = ''
      for (let i = first; i < slice.length; i++) if (wish.types.has(slice[i]!.type)) text += textOf(i)
      groups.set(key, { to: [id], text })
    }
    return [...groups.values()].flatMap(({ to, text }) => this.#send(to, text, now))
  }

  /** Waits for the next poll, or for somebody to listen: what happens until then is of no interest to them. */
  #rest(now: Millis): FeedOutput[] {
    if (this.#listeners.size > 0) {
      this.#state = { at: 'waiting', until: now + this.#limits.pollEveryMs }
    } else {
      this.#state = { at: 'idle' }
      this.#head = undefined
    }
    return []
  }

  /** Programs are told their place: of those who want little, it may be far from their last event. */
  #heartbeat(now: Millis): FeedOutput[] {
    this.#heartbeatAt = now + this.#limits.heartbeatMs
    const byText = new Map<string, number[]>()
    for (const { id, at } of this.#listeners.those(hasRoom)) {
      const text = heartbeat(at)
      byText.set(text, [...(byText.get(text) ?? []), id])
    }
    return [...byText].map(([text, to]) => ({ do: 'send', to, text }))
  }

  #send(to: number[], text: string, now: Millis): FeedOutput[] {
    if (to.length === 0 || text === '') return []
    // Only what reaches everybody stands in for a heartbeat.
    if (to.length === this.#listeners.size) this.#heartbeatAt = now + this.#limits.heartbeatMs
    return [{ do: 'send', to, text }]
  }
}

const hasRoom = ({ fullSince }: Listener) => fullSince === undefined
const wantsFigures = (listener: Listener) => listener.isStale && hasRoom(listener)
const wantsGreeting = (listener: Listener) => listener.greet !== undefined && hasRoom(listener)
const wantsBlocks = ({ wish }: Listener) => wish.view === 'changes' && wish.types.has('block')

function idsOf(listeners: readonly Listener[]): number[] {
  return listeners.map(({ id }) => id)
}

/** Takes what may be handed out at once off the front. */
function takeSlice(rest: Happening[]): Happening[] {
  let blocks = 0
  const end = rest.findIndex(({ type }) => type === 'block' && ++blocks > BLOCKS_AT_ONCE)
  return rest.splice(0, end < 0 ? rest.length : end)
}

function blocksOf(slice: readonly Happening[]): Uint8Array[] {
  return slice.flatMap((happening) => (happening.type === 'block' ? [happening.block.hash] : []))
}
