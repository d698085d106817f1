import type { Millis } from './ports.ts'
import type { LinkId } from './queues.ts'

const SHORTEST: Millis = 2000
const LONGEST: Millis = 64_000
/** Each step forward brings the limit this much nearer to the shortest. */
const DECAY = 0.85

/**
 * How long one peer may hold the whole download window up. The limit doubles with each peer that is dropped for it, so
 * that a slow line of our own does not cost us all peers, and falls back while blocks come (as in Bitcoin Core).
 */
export class StallClock {
  #limit: Millis = SHORTEST
  #watched: { link: LinkId; since: Millis } | undefined

  get deadline(): Millis {
    return this.#watched ? this.#watched.since + this.#limit : Number.POSITIVE_INFINITY
  }

  /** This peer holds everything up from now on, or still does. */
  watch(link: LinkId, now: Millis): void {
    if (this.#watched?.link !== link) this.#watched = { link, since: now }
  }

  calm(): void {
    this.#watched = undefined
  }

  /** This peer delivered something. */
  relieve(link: LinkId): void {
    if (this.#watched?.link === link) this.#watched = undefined
  }

  /** The connected tip moved up. */
  progress(): void {
    this.#limit = Math.max(SHORTEST, this.#limit * DECAY)
  }

  /** The peer to drop, told once. */
  expired(now: Millis): LinkId | undefined {
    if (!this.#watched || now < this.deadline) return undefined
    const { link } = this.#watched
    this.#watched = undefined
    this.#limit = Math.min(LONGEST, this.#limit * 2)
    return link
  }
}
