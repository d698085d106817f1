import { readFileSync } from 'node:fs'

const EVERY_MS = 5

/** Processor time that a process's main thread has used, as a function of the time of day. */
export class CpuClock {
  readonly #path: string
  readonly #timer: NodeJS.Timeout
  /** Milliseconds since 1970, and of processor. */
  readonly #times: number[] = []
  readonly #used: number[] = []

  constructor(pid: number) {
    this.#path = `/proc/${pid}/task/${pid}/schedstat`
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
    this.#look()
  }

  /** It knows nothing of what was before. */
  get since(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY
  }

  stop(): void {
    this.#look()
    clearInterval(this.#timer)
  }

  /** Milliseconds of processor between two times, about: looks are some milliseconds apart. */
  between(start: number, end: number): number {
    return Math.max(0, this.#at(end) - this.#at(start))
  }

  #look(): void {
    const time = performance.timeOrigin + performance.now()
    try {
      this.#used.push(Number(readFileSync(this.#path, 'utf8').split(' ')[0]) / 1e6)
      this.#times.push(time)
    } catch {
      // It has ended.
      clearInterval(this.#timer)
    }
  }

  #at(time: number): number {
    const times = this.#times
    let low = 0
    let high = times.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (times[middle]! <= time) low = middle
      else high = middle - 1
    }
    const [since, used] = [times[low]!, this.#used[low]!]
    const next = times[low + 1]
    if (next === undefined || time <= since) return used
    return used + ((time - since) / (next - since)) * (this.#used[low + 1]! - used)
  }
}
