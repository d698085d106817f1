import { setTimeout as delay } from 'node:timers/promises'
import { regtest } from '../chain/networks/regtest.ts'
import type { Millis } from '../host/ports.ts'
import { toDisplay } from '../wire/hash.ts'
import type { Tip } from './network.ts'
import { Site } from './site.ts'

/** How often it is asked for its tip: what is measured of it is not finer than this. */
const LOOK_EVERY: Millis = 40
/** How often it is asked for its figures. */
const COUNT_EVERY: Millis = 400

/**
 * How the edge relay is, by what it tells anybody over HTTP. Where it does not answer things stay as they were: it falls
 * behind the others then, and that is noticed.
 */
export class EdgeView {
  readonly #site: Site
  readonly #over = new AbortController()
  #tip: Tip = { height: 0, hashHex: toDisplay(regtest.genesisHash) }
  #links = 0
  #mempool: number | undefined
  #countAt: Millis = 0

  constructor(http: string) {
    this.#site = new Site(http)
    this.#lookOn()
  }

  get tip(): Tip {
    return this.#tip
  }

  /** Established ones. */
  get links(): number {
    return this.#links
  }

  get mempool(): number | undefined {
    return this.#mempool
  }

  stop(): void {
    this.#over.abort()
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      await this.#look()
      await delay(LOOK_EVERY, undefined, { signal }).catch(() => {})
    }
  }

  async #look(): Promise<void> {
    const hashHex = await this.#site.tipHash()
    if (hashHex && hashHex !== this.#tip.hashHex) {
      const height = await this.#site.heightOf(hashHex)
      if (height !== undefined) this.#tip = { height, hashHex }
    }
    if (Date.now() < this.#countAt) return
    const metrics = await this.#site.metrics()
    if (!metrics) return
    this.#countAt = Date.now() + COUNT_EVERY
    const sum = (name: string) =>
      metrics.filter((metric) => metric.name === name).reduce((n, { value }) => n + value, 0)
    this.#links = sum('causeway_links')
    this.#mempool = sum('causeway_mempool_transactions')
  }
}
