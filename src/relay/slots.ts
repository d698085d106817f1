import { LinkSet } from './link-set.ts'

/** Slots set free are cleared out of all sets together, this many at a time. */
const SWEEP_AT = 64

/**
 * Hands out the small numbers by which sets know links. A number comes back into use only after it has been cleared out
 * of every set, which `sweep` does for many at once: closing a link does not walk through everything that was announced.
 */
export class Slots {
  readonly #sweep: (freed: LinkSet) => void
  #next = 0
  #free: number[] = []
  readonly #freed = new LinkSet()
  #freedCount = 0

  constructor(sweep: (freed: LinkSet) => void) {
    this.#sweep = sweep
  }

  take(): number {
    if (this.#free.length === 0 && this.#freedCount >= SWEEP_AT) {
      this.#sweep(this.#freed)
      this.#free = [...this.#freed].reverse()
      this.#freed.clear()
      this.#freedCount = 0
    }
    return this.#free.pop() ?? this.#next++
  }

  release(slot: number): void {
    this.#freed.add(slot)
    this.#freedCount++
  }
}
