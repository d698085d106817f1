import type { Millis } from '../peer/ports.ts'

/** What a transaction must pay more, per kvB, than what was evicted to make room: Bitcoin Core's `incrementalrelayfee`. */
export const INCREMENTAL_RATE = 100

const HALF_LIFE_MS = 12 * 3600 * 1000

/**
 * The least fee rate that a mempool which had to evict asks for, in sat/kvB: above what it evicted last, so that nobody
 * fills it again for nothing. From the first block after that it halves every 12 hours, twice as fast while the mempool is
 * not half full, four times while it is not a quarter full.
 */
export class RollingFloor {
  #rate = 0
  #at: Millis = 0
  #falling = false

  /** `fill` is the used part of the byte budget, 0 to 1. */
  rate(now: Millis, fill: number): number {
    if (!this.#falling || this.#rate === 0) return this.#rate
    const halfLife = fill < 0.25 ? HALF_LIFE_MS / 4 : fill < 0.5 ? HALF_LIFE_MS / 2 : HALF_LIFE_MS
    const rate = this.#rate / 2 ** (Math.max(0, now - this.#at) / halfLife)
    return rate < INCREMENTAL_RATE / 2 ? 0 : Math.max(rate, INCREMENTAL_RATE)
  }

  /** Transactions of this rate (sat/kvB) were evicted. */
  raise(evicted: number, now: Millis, fill: number): void {
    const rate = evicted + INCREMENTAL_RATE
    if (rate > this.rate(now, fill)) this.#set(rate, now, false)
  }

  blockConnected(now: Millis, fill: number): void {
    this.#set(this.rate(now, fill), now, true)
  }

  #set(rate: number, now: Millis, falling: boolean): void {
    this.#rate = rate
    this.#at = now
    this.#falling = falling
  }
}
