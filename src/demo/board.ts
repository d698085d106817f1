import type { Millis } from '../host/ports.ts'
import type { Check } from './checks.ts'
import type { DemoNetwork, NodeName } from './network.ts'
import { nodeLines, type Screen } from './screen.ts'

const SHOW_EVERY: Millis = 250
const ASK_MEMPOOLS_EVERY: Millis = 500

/** How the nodes are and how the proof stands, drawn now and then. */
export class Board {
  readonly #network: DemoNetwork
  readonly #screen: Screen
  readonly #mempools = new Map<NodeName, number>()
  #shownAt: Millis = 0
  #askedAt: Millis = 0

  constructor(network: DemoNetwork, screen: Screen) {
    this.#network = network
    this.#screen = screen
  }

  /** To be called often; `doing` says in a few words what goes on. */
  look(now: Millis, doing: string, checks: () => Check[]): void {
    if (now - this.#askedAt >= ASK_MEMPOOLS_EVERY) {
      this.#askedAt = now
      this.#askMempools()
    }
    if (now - this.#shownAt < SHOW_EVERY) return
    this.#shownAt = now
    const nodes = this.#network.all.map((node) => ({
      name: node.name,
      ...node.tip(),
      pool: node.mempool ? `mempool ${this.#mempools.get(node.name) ?? '–'}` : 'headers only',
      links: node.links(),
    }))
    this.#screen.show([...nodeLines(nodes), `  ${this.#summary(doing, checks())}`], now)
  }

  #summary(doing: string, checks: readonly Check[]): string {
    const count = (mark: Check['mark']) => checks.filter((check) => check.mark === mark).length
    const bad = checks.find(({ mark }) => mark === 'no')
    if (bad) return `✗ ${bad.what}: ${bad.figures}`
    const open = count('open') > 0 ? `, ${count('open')} not seen yet` : ''
    return `✓ ${count('yes')} of ${checks.length} things proved${open} · ${doing}`
  }

  #askMempools(): void {
    for (const { name, mempool } of this.#network.all)
      mempool?.().then(
        (count) => (count === undefined ? this.#mempools.delete(name) : this.#mempools.set(name, count)),
        () => this.#mempools.delete(name),
      )
  }
}
