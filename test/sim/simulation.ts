import { SeededRandom } from './random.ts'

interface Event {
  at: number
  order: number
  action: () => void
}

/** A clock that jumps from event to event, and the chance that goes with it. */
export class Simulation {
  readonly random: SeededRandom
  /** Milliseconds since 1970. */
  now: number
  readonly #events: Event[] = []
  #order = 0

  constructor(seed: number, start = 1_700_000_000_000) {
    this.random = new SeededRandom(seed)
    this.now = start
  }

  /** Events of one time happen in the order in which they were made. */
  at(time: number, action: () => void): void {
    const event = { at: Math.max(time, this.now), order: this.#order++, action }
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.at <= event.at) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.now + delayMs, action)
  }

  /** Runs until it is done, nothing is left to happen, or the time is over. Returns whether it is done. */
  run(withinMs: number, done: () => boolean = () => false): boolean {
    const end = this.now + withinMs
    while (!done()) {
      const next = this.#events[0]
      if (!next || next.at > end) {
        this.now = Math.max(this.now, end)
        return done()
      }
      this.#events.shift()
      this.now = next.at
      next.action()
    }
    return true
  }
}

/** A timer that follows a machine's deadline. */
export class DeadlineTimer {
  readonly #simulation: Simulation
  readonly #wake: () => void
  #set = Number.POSITIVE_INFINITY

  constructor(simulation: Simulation, wake: () => void) {
    this.#simulation = simulation
    this.#wake = wake
  }

  follow(deadline: number): void {
    if (deadline === this.#set || deadline === Number.POSITIVE_INFINITY) {
      this.#set = deadline
      return
    }
    this.#set = deadline
    this.#simulation.at(deadline, () => {
      if (this.#set !== deadline) return
      this.#set = Number.POSITIVE_INFINITY
      this.#wake()
    })
  }
}
