/**
 * Decides whom to dial, and when: the peers that were named, or as many as wanted out of the addresses that DNS seeds
 * gave. A machine: it holds no socket and no timer.
 */

type Millis = number

/** A TCP port, or the WebSocket door of a relay. */
export type DialTarget = TcpTarget | { url: string }

export interface TcpTarget {
  host: string
  port: number
}

export type OutboundOutput = { do: 'dial'; target: DialTarget } | { do: 'resolve'; seed: string }

/** First wait before a lost or refused peer is dialled again; doubled on each failure. */
const RETRY_FIRST: Millis = 500
/** No named peer waits longer than this: it may be the only one there is. */
const RETRY_MOST: Millis = 60_000
/** A connection that lasted this long was a good one: the next wait starts small again. */
const LASTED: Millis = 10_000
/** Seeds asked at one time (Core asks three). */
const SEEDS_AT_ONCE = 3
/** Addresses taken from one seed's answer, so that no seed alone fills the pool (Core's limit). */
const MAX_PER_SEED = 32
/** Addresses kept waiting; a bound on what hostile name servers can make us hold. */
const MAX_POOL = 1024
/** A seed is asked again after this long at the soonest. */
const SEED_AGAIN: Millis = 60_000

interface Named {
  target: DialTarget
  state: 'waiting' | 'busy'
  at: Millis
  wait: Millis
  openedAt: Millis | undefined
}

export interface OutboundOptions {
  /** Only these; when empty, the seeds are used. */
  named: readonly DialTarget[]
  seeds: readonly string[]
  /** The network's own port, for what seeds give. */
  port: number
  /** Outbound links to hold when seeds are used. */
  want: number
  /** A float in [0, 1). */
  random: () => number
}

export class Outbound {
  readonly #named = new Map<string, Named>()
  readonly #options: OutboundOptions
  readonly #pool = new Map<string, DialTarget>()
  readonly #busy = new Map<string, Millis | undefined>()
  readonly #seeds: { name: string; state: 'idle' | 'asking'; at: Millis }[]

  constructor(options: OutboundOptions) {
    this.#options = options
    for (const target of options.named)
      this.#named.set(keyOf(target), { target, state: 'waiting', at: 0, wait: RETRY_FIRST, openedAt: undefined })
    this.#seeds = options.named.length > 0 ? [] : options.seeds.map((name) => ({ name, state: 'idle', at: 0 }))
  }

  /** When `wake` has something to do next; `Infinity` while all that is wanted is under way. */
  get deadline(): Millis {
    let at = Number.POSITIVE_INFINITY
    for (const named of this.#named.values()) if (named.state === 'waiting') at = Math.min(at, named.at)
    if (this.#short()) {
      if (this.#pool.size > 0) return 0
      if (this.#asking() < SEEDS_AT_ONCE)
        for (const seed of this.#seeds) if (seed.state === 'idle') at = Math.min(at, seed.at)
    }
    return at
  }

  wake(now: Millis): OutboundOutput[] {
    const out: OutboundOutput[] = []
    for (const named of this.#named.values()) {
      if (named.state !== 'waiting' || named.at > now) continue
      named.state = 'busy'
      out.push({ do: 'dial', target: named.target })
    }
    while (this.#short() && this.#pool.size > 0) {
      const keys = [...this.#pool.keys()]
      const key = keys[Math.floor(this.#options.random() * keys.length)]!
      const target = this.#pool.get(key)!
      this.#pool.delete(key)
      this.#busy.set(key, undefined)
      out.push({ do: 'dial', target })
    }
    if (this.#short())
      for (const seed of this.#seeds) {
        if (this.#asking() >= SEEDS_AT_ONCE) break
        if (seed.state !== 'idle' || seed.at > now) continue
        seed.state = 'asking'
        out.push({ do: 'resolve', seed: seed.name })
      }
    return out
  }

  /** The dial succeeded. */
  opened(target: DialTarget, now: Millis): void {
    const named = this.#named.get(keyOf(target))
    if (named) named.openedAt = now
    else this.#busy.set(keyOf(target), now)
  }

  /** The dial failed, or the link it led to is gone. */
  closed(target: DialTarget, now: Millis): void {
    const key = keyOf(target)
    const named = this.#named.get(key)
    if (!named) {
      this.#busy.delete(key)
      return
    }
    if (named.openedAt !== undefined && now - named.openedAt >= LASTED) named.wait = RETRY_FIRST
    named.openedAt = undefined
    named.state = 'waiting'
    // Jitter between one half and one wait: relays that restart are not stormed by all their nodes at once.
    named.at = now + named.wait * (0.5 + this.#options.random() / 2)
    named.wait = Math.min(named.wait * 2, RETRY_MOST)
  }

  /** A seed answered with addresses (none: it failed). */
  resolved(seed: string, hosts: readonly string[], now: Millis): void {
    const asked = this.#seeds.find((s) => s.name === seed)
    if (asked?.state !== 'asking') return
    asked.state = 'idle'
    asked.at = now + SEED_AGAIN
    for (const host of hosts.slice(0, MAX_PER_SEED)) {
      if (this.#pool.size >= MAX_POOL) break
      const target = { host, port: this.#options.port }
      const key = keyOf(target)
      if (!this.#busy.has(key)) this.#pool.set(key, target)
    }
  }

  #short(): boolean {
    return this.#seeds.length > 0 && this.#busy.size < this.#options.want
  }

  #asking(): number {
    return this.#seeds.filter((seed) => seed.state === 'asking').length
  }
}

function keyOf(target: DialTarget): string {
  return 'url' in target ? target.url : `${target.host.toLowerCase()} ${target.port}`
}
