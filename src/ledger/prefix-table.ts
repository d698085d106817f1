const EMPTY = -1
const MIN_SLOTS = 64
const GOLDEN = 0x9e3779b1

/**
 * Numbers prefixes from 0 in the order in which they come: open addressing over typed arrays, as it is asked for every
 * input and output of a batch. Whoever wants to crowd one place of it needs that many busy scripts, each of more than a
 * hundred transactions.
 */
export class PrefixTable {
  /** Prefixes by number. */
  readonly prefixes: number[] = []
  #slots = new Float64Array(MIN_SLOTS).fill(EMPTY)
  #numbers = new Int32Array(MIN_SLOTS)

  /** The prefix's number, new where it has none yet. */
  add(prefix: number): number {
    if (this.prefixes.length * 2 >= this.#slots.length) this.#grow()
    const slot = this.#slotOf(prefix)
    if (this.#slots[slot] === EMPTY) {
      this.#slots[slot] = prefix
      this.#numbers[slot] = this.prefixes.push(prefix) - 1
    }
    return this.#numbers[slot]!
  }

  /** The prefix's number, or -1. */
  find(prefix: number): number {
    const slot = this.#slotOf(prefix)
    return this.#slots[slot] === EMPTY ? -1 : this.#numbers[slot]!
  }

  #slotOf(prefix: number): number {
    const mask = this.#slots.length - 1
    // The low 32 bits of the prefix, stirred: what decides are their upper ones.
    let slot = (Math.imul(prefix >>> 0, GOLDEN) >>> 7) & mask
    while (this.#slots[slot] !== prefix && this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    this.#slots = new Float64Array(this.#slots.length * 2).fill(EMPTY)
    this.#numbers = new Int32Array(this.#slots.length)
    this.prefixes.forEach((prefix, number) => {
      const slot = this.#slotOf(prefix)
      this.#slots[slot] = prefix
      this.#numbers[slot] = number
    })
  }
}
