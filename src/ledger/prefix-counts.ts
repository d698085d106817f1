/** Counters, a byte each: enough for some hundred million rows, after which more and more prefixes share a high one. */
const COUNTERS = 2 ** 21
/** Prefixes that share one: neighbours, so that counting them in order goes through memory in order. */
const SHARING = 2 ** 48 / COUNTERS
const FULL = 255

/**
 * Counts rows by prefix, never too low: several prefixes share a counter, counters stop when they are full, and rows that
 * are taken away stay counted. So a low count is proof that a prefix is not busy, and spares a look into the store.
 */
export class PrefixCounts {
  readonly #counters = new Uint8Array(COUNTERS)

  add(prefix: number): void {
    const at = Math.floor(prefix / SHARING)
    if (this.#counters[at]! < FULL) this.#counters[at]!++
  }

  /** At most 254 is told apart from more. */
  mayExceed(prefix: number, rows: number): boolean {
    return this.#counters[Math.floor(prefix / SHARING)]! > Math.min(rows, FULL - 1)
  }
}
