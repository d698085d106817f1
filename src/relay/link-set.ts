/** A set of links by their slots (small whole numbers), one bit each. */
export class LinkSet {
  #words = new Uint32Array(0)

  has(slot: number): boolean {
    const word = this.#words[slot >>> 5]
    return word !== undefined && (word & (1 << (slot & 31))) !== 0
  }

  add(slot: number): void {
    const index = slot >>> 5
    if (index >= this.#words.length) this.#grow(index + 1)
    this.#words[index]! |= 1 << (slot & 31)
  }

  delete(slot: number): void {
    const index = slot >>> 5
    if (index < this.#words.length) this.#words[index]! &= ~(1 << (slot & 31))
  }

  addAll(others: LinkSet): void {
    if (others.#words.length > this.#words.length) this.#grow(others.#words.length)
    for (let i = 0; i < others.#words.length; i++) this.#words[i]! |= others.#words[i]!
  }

  deleteAll(others: LinkSet): void {
    const end = Math.min(this.#words.length, others.#words.length)
    for (let i = 0; i < end; i++) this.#words[i]! &= ~others.#words[i]!
  }

  clear(): void {
    this.#words.fill(0)
  }

  get size(): number {
    let size = 0
    for (const _ of this) size++
    return size
  }

  /** The slots, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.#words.length; i++) {
      for (let word = this.#words[i]!; word !== 0; word &= word - 1) yield i * 32 + 31 - Math.clz32(word & -word)
    }
  }

  #grow(length: number): void {
    const words = new Uint32Array(length)
    words.set(this.#words)
    this.#words = words
  }
}
