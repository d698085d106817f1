/** Remembers at least the last `size` ids, at most twice as many. */
export class RecentIds {
  readonly #size: number
  #young = new Set<string>()
  #old = new Set<string>()

  constructor(size: number) {
    this.#size = size
  }

  add(key: string): void {
    this.#young.add(key)
    if (this.#young.size < this.#size) return
    this.#old = this.#young
    this.#young = new Set()
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
