import type { Millis } from '../host/ports.ts'

/** One timer that is set again and again, as a feed's deadline moves. */
export class FeedTimer {
  readonly #now: () => Millis
  readonly #ring: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(now: () => Millis, ring: () => void) {
    this.#now = now
    this.#ring = ring
  }

  /** Rings at `deadline`, and at no time asked for before; infinite is never. */
  set(deadline: Millis): void {
    clearTimeout(this.#timer)
    if (deadline === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(this.#ring, Math.max(0, deadline - this.#now()))
  }
}
