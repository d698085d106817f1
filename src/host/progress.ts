import type { LogLine, Millis } from './ports.ts'

const EVERY: Millis = 5000

/** Tells from time to time how far an initial download is. */
export class Progress {
  #at: Millis | undefined
  #height = 0
  #headers = 0

  /** `height` of the connected tip, `headers` of the best header. A line where it is time for one and something moved. */
  report(height: number, headers: number, now: Millis): LogLine | undefined {
    if (this.#at !== undefined && now - this.#at < EVERY) return undefined
    const line = this.#at === undefined ? undefined : this.#line(height, headers, (now - this.#at) / 1000)
    this.#at = now
    this.#height = height
    this.#headers = headers
    return line
  }

  #line(height: number, headers: number, seconds: number): LogLine | undefined {
    const blocks = height - this.#height
    // Headers only, or blocks that have not begun: how many there will be nobody knows yet.
    if (blocks <= 0 || height === headers) {
      const perSecond = Math.round((headers - this.#headers) / seconds)
      return perSecond > 0 ? { level: 'info', text: 'syncing headers', facts: { headers, perSecond } } : undefined
    }
    const rate = blocks / seconds
    const minutesLeft = Math.ceil((headers - height) / rate / 60)
    return { level: 'info', text: 'syncing', facts: { height, headers, perSecond: Math.round(rate), minutesLeft } }
  }
}
