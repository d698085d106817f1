import type { Millis } from '../host/ports.ts'
import type { HappeningType } from './happenings.ts'
import { isBefore, type Position, readPosition } from './live-position.ts'

/**
 * Who listens. `home`: a home page that wants its figures. `changes`: a program that wants what happens, of these types,
 * after the event with the id `after`, or from now on.
 */
export type Wish = { view: 'home' } | { view: 'changes'; types: ReadonlySet<HappeningType>; after?: string }

export interface Listener {
  readonly id: number
  readonly wish: Wish
  /** What a program has had, as far as it goes; `undefined` before its first event. */
  at: Position | undefined
  /** The log has this place: until then a client only says so. */
  isKnown: boolean
  /** What a program is told of how things are, before anything else that happens. */
  greet: 'tip' | 'reset' | undefined
  /** A home page that wants figures. */
  isStale: boolean
  /** Since when there is no room in its buffer: until there is, nothing is sent to it. */
  fullSince: Millis | undefined
}

/** Everybody who listens, by how far they are in the ledger's log. Places are compared within one epoch. */
export class Listeners {
  readonly #all = new Map<number, Listener>()
  #nextId = 1

  get size(): number {
    return this.#all.size
  }

  add(wish: Wish): Listener {
    const isHome = wish.view === 'home'
    const after = isHome ? undefined : wish.after
    const at = after === undefined ? undefined : readPosition(after)
    const greet = after === undefined ? 'tip' : at ? undefined : 'reset'
    const listener: Listener = {
      id: this.#nextId++,
      wish,
      at,
      isKnown: false,
      greet: isHome ? undefined : greet,
      isStale: isHome,
      fullSince: undefined,
    }
    this.#all.set(listener.id, listener)
    return listener
  }

  get(id: number): Listener | undefined {
    return this.#all.get(id)
  }

  remove(id: number): void {
    this.#all.delete(id)
  }

  all(): Iterable<Listener> {
    return this.#all.values()
  }

  those(wanted: (listener: Listener) => boolean): Listener[] {
    return [...this.#all.values()].filter(wanted)
  }

  /** Whom `head` is not enough for, the one that is furthest behind; who has no room now can wait. */
  furthestBehind(head: Position): Position | undefined {
    let furthest: Position | undefined
    for (const { at, isKnown, fullSince } of this.#all.values()) {
      if (!at || fullSince !== undefined || (isKnown && !isBefore(at, head))) continue
      if (!furthest || isBefore(at, furthest)) furthest = at
    }
    return furthest
  }

  /** The log reaches from `since` to `end`, so places between are known. */
  recognise(since: Position, end: Position): void {
    for (const listener of this.#all.values()) {
      const { at } = listener
      if (at && !isBefore(at, since) && !isBefore(end, at)) listener.isKnown = true
    }
  }

  /** These places are not in the log: those who stand there start anew. */
  lose(isLost: (at: Position) => boolean): void {
    for (const listener of this.#all.values()) {
      if (!listener.at || !isLost(listener.at)) continue
      listener.at = undefined
      listener.isKnown = false
      listener.greet = 'reset'
    }
  }
}
