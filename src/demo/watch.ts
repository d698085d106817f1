import type { Millis } from '../host/ports.ts'
import type { Changes } from '../ledger/queries.ts'
import { toDisplay } from '../wire/hash.ts'
import type { FullDemoNode } from './network.ts'
import type { FullNode } from './proof.ts'

/** How often the nodes are looked at: what is measured here is not finer than this. */
const LOOK_EVERY_MS = 20

export interface WatchPorts {
  nodes: readonly FullDemoNode<FullNode>[]
  now(): Millis
  /** A node has taken a transaction into its mempool. */
  onTransaction(txidHex: string, node: FullNode): void
  /** At every look. */
  onLook(): void
}

interface Waiting {
  met(): boolean
  resolve(met: boolean): void
  until: Millis
}

/** Looks at the nodes all the time, as a person would by asking each of them what is new. */
export class Watch {
  readonly #ports: WatchPorts
  readonly #cursors = new Map<FullNode, string>()
  readonly #asking = new Set<FullNode>()
  #timer: NodeJS.Timeout | undefined
  #waiting: Waiting[] = []
  #over = false

  constructor(ports: WatchPorts) {
    this.#ports = ports
  }

  /** Transactions are told of from now on. */
  async start(): Promise<void> {
    for (const { name, queries } of this.#ports.nodes)
      this.#cursors.set(name, (await queries.changesSince(undefined)).cursor)
    if (!this.#over) this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  /** Waits until `met`, at most so long; whether it was. Not once the watch is stopped. */
  until(met: () => boolean, within: Millis): Promise<boolean> {
    if (this.#over) return Promise.resolve(false)
    if (met()) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiting.push({ met, resolve, until: this.#ports.now() + within }))
  }

  /** Waits so long, or until the watch is stopped. */
  async pause(ms: Millis): Promise<void> {
    if (ms > 0) await this.until(() => false, ms)
  }

  stop(): void {
    this.#over = true
    clearInterval(this.#timer)
    for (const { resolve } of this.#waiting.splice(0)) resolve(false)
  }

  #look(): void {
    for (const node of this.#ports.nodes) this.#ask(node)
    this.#ports.onLook()
    const now = this.#ports.now()
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) {
      const met = one.met()
      if (met || now >= one.until) one.resolve(met)
      else this.#waiting.push(one)
    }
  }

  /** One question to a node at a time. One that answers no more has failed, and says so elsewhere. */
  #ask({ name, queries }: FullDemoNode<FullNode>): void {
    if (this.#asking.has(name)) return
    this.#asking.add(name)
    queries
      .changesSince(this.#cursors.get(name))
      .then(async (changes) => {
        this.#cursors.set(name, changes.cursor)
        await this.#take(name, changes, queries)
        this.#asking.delete(name)
      })
      .catch(() => {})
  }

  async #take(name: FullNode, { reset, changes }: Changes, queries: FullDemoNode['queries']): Promise<void> {
    for (const change of changes) if (change.kind === 'tx') this.#ports.onTransaction(toDisplay(change.txid), name)
    if (!reset) return
    const txids = await queries.mempoolTxids()
    for (let at = 0; at < txids.length; at += 32) this.#ports.onTransaction(toDisplay(txids.slice(at, at + 32)), name)
  }
}
