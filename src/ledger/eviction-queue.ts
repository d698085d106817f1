import { type Cluster, worstRate } from './clusters.ts'

/**
 * Finds the cluster whose last chunk pays worst, of equals the one changed latest: a binary heap. A dead cluster stays in
 * it until it comes up, or until most of the heap is dead.
 */
export class EvictionQueue {
  #heap: { cluster: Cluster; rate: number; age: number }[] = []
  #age = 0
  #live = 0

  add(cluster: Cluster): void {
    this.#live++
    this.#push({ cluster, rate: worstRate(cluster), age: this.#age++ })
    if (this.#heap.length > 2 * this.#live + 64) this.#compact()
  }

  /** To be called when a cluster that was added is marked dead. */
  died(): void {
    this.#live--
  }

  /** `undefined` when no cluster lives. */
  worst(): Cluster | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.cluster.dead) this.#pop()
    return this.#heap[0]?.cluster
  }

  #compact(): void {
    const live = this.#heap.filter(({ cluster }) => !cluster.dead)
    this.#heap = []
    for (const item of live) this.#push(item)
  }

  #push(item: { cluster: Cluster; rate: number; age: number }): void {
    const heap = this.#heap
    let at = heap.push(item) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#before(at, above)) break
      this.#swap(at, above)
      at = above
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    heap[0] = last
    for (let at = 0; ; ) {
      let next = at
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < heap.length && this.#before(below, next)) next = below
      }
      if (next === at) return
      this.#swap(at, next)
      at = next
    }
  }

  #before(a: number, b: number): boolean {
    const x = this.#heap[a]!
    const y = this.#heap[b]!
    return x.rate < y.rate || (x.rate === y.rate && x.age > y.age)
  }

  #swap(a: number, b: number): void {
    const item = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = item
  }
}
