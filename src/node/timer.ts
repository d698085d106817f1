/** Node's timers end early above this, so longer waits are made of several. */
const LONGEST_MS = 2 ** 31 - 1

/** One timer that is set again and again, as machines ask. */
export class Alarm {
  readonly #ring: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Rings at `at` (milliseconds since the epoch), and at no time asked for before. */
  set(at: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (at === Number.POSITIVE_INFINITY) return
    const wait = Math.max(0, at - Date.now())
    this.#timer = setTimeout(
      () => {
        if (Date.now() < at) this.set(at)
        else this.#ring()
      },
      Math.min(Math.ceil(wait), LONGEST_MS),
    )
  }

  clear(): void {
    this.set(Number.POSITIVE_INFINITY)
  }
}
