import type { Millis } from '../peer/ports.ts'

interface Entry {
  key: number
  at: Millis
  /** The time of the one heap node that counts for it; never later than `at`. */
  queued: Millis
}

/**
 * One deadline each for many keys, and which comes first. Moving a deadline back, as every message on a link does, costs
 * nothing until the old time has come.
 */
export class Deadlines {
  readonly #entries = new Map<number, Entry>()
  /** Binary heap by time. A node whose time is not its entry's `queued` is a leftover. */
  readonly #heap: { at: Millis; entry: Entry }[] = []

  /** `Infinity` is no deadline. */
  set(key: number, at: Millis): void {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = { key, at, queued: Number.POSITIVE_INFINITY }
      this.#entries.set(key, entry)
    }
    entry.at = at
    if (at < entry.queued) this.#queue(entry)
  }

  delete(key: number): void {
    const entry = this.#entries.get(key)
    if (entry) entry.queued = Number.NaN
    this.#entries.delete(key)
  }

  /** `Infinity` when there is none. */
  get earliest(): Millis {
    this.#settle()
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** A key whose deadline has come, which has none until it is set again. */
  due(now: Millis): number | undefined {
    if (this.earliest > now) return undefined
    const { entry } = this.#pop()
    entry.queued = Number.POSITIVE_INFINITY
    entry.at = Number.POSITIVE_INFINITY
    return entry.key
  }

  /** Brings a node to the top that counts. */
  #settle(): void {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      const { at, entry } = top
      if (at === entry.queued && at === entry.at) return
      this.#pop()
      if (at === entry.queued) {
        entry.queued = Number.POSITIVE_INFINITY
        if (entry.at !== Number.POSITIVE_INFINITY) this.#queue(entry)
      }
    }
  }

  #queue(entry: Entry): void {
    entry.queued = entry.at
    const heap = this.#heap
    const node = { at: entry.at, entry }
    let index = heap.length
    heap.push(node)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (heap[parent]!.at <= node.at) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = node
  }

  #pop(): { at: Millis; entry: Entry } {
    const heap = this.#heap
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= last.at) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return top
  }
}
