/** Times kept for the median. */
const KEPT = 2000

/** Times that something took, in milliseconds: all of them in count and worst, the latest in the median. */
export class Latency {
  readonly #latest: number[] = []
  count = 0
  worst = 0

  add(ms: number): void {
    this.count++
    this.worst = Math.max(this.worst, ms)
    this.#latest.push(ms)
    if (this.#latest.length > KEPT) this.#latest.shift()
  }

  /** 0 before the first. */
  get median(): number {
    const sorted = [...this.#latest].sort((a, b) => a - b)
    const middle = sorted.length >> 1
    if (sorted.length === 0) return 0
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  }

  /** For a person to read. */
  get text(): string {
    return this.count === 0 ? 'none' : `median ${inMs(this.median)}, worst ${inMs(this.worst)}`
  }
}

function inMs(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
