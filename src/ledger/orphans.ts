import type { Millis } from '../peer/ports.ts'
import type { LinkId } from '../peer/queues.ts'

/** How long a transaction waits for what it spends. */
const WAIT_MS = 20 * 60 * 1000

export interface OrphanLimits {
  count: number
  /** Raw bytes of all; what is kept besides takes up to three times as much. */
  bytes: number
}

/** A transaction that spends outputs which nobody has shown yet. */
export interface Orphan {
  raw: Uint8Array<ArrayBuffer>
  /** `hashKey` of the wtxid. */
  key: string
  /** `outpointKey` of what each input spends. */
  spends: readonly string[]
  from: LinkId
  since: Millis
  /** Keys of the transactions that it waits for. */
  missing: readonly string[]
}

/**
 * Transactions that came before their parents, within bounds of count and bytes. Where there are too many, the link that
 * holds the most bytes loses its oldest, so that one peer cannot push out what the others sent.
 */
export class Orphans {
  readonly #limits: OrphanLimits
  /** By wtxid, oldest first. */
  readonly #orphans = new Map<string, Orphan>()
  /** txid of a parent -> wtxids of those that wait for it, oldest first. */
  readonly #waiting = new Map<string, Set<string>>()
  /** outpointKey -> wtxids of those that spend it. */
  readonly #spenders = new Map<string, Set<string>>()
  readonly #bytesOf = new Map<LinkId, number>()
  #bytes = 0

  constructor(limits: OrphanLimits) {
    this.#limits = limits
  }

  get count(): number {
    return this.#orphans.size
  }

  get bytes(): number {
    return this.#bytes
  }

  has(wtxidKey: string): boolean {
    return this.#orphans.has(wtxidKey)
  }

  get(wtxidKey: string): Orphan | undefined {
    return this.#orphans.get(wtxidKey)
  }

  /** Those that wait for this transaction, oldest first. */
  children(txidKey: string): Orphan[] {
    return [...(this.#waiting.get(txidKey) ?? [])].map((key) => this.#orphans.get(key)!)
  }

  add(orphan: Orphan): void {
    const { key } = orphan
    this.remove(key)
    this.#orphans.set(key, orphan)
    for (const parent of orphan.missing) into(this.#waiting, parent, key)
    for (const outpoint of orphan.spends) into(this.#spenders, outpoint, key)
    this.#account(orphan.from, orphan.raw.length)
    this.#expire(orphan.since)
    while (this.#orphans.size > this.#limits.count || this.#bytes > this.#limits.bytes) this.#evict()
  }

  remove(wtxidKey: string): void {
    const orphan = this.#orphans.get(wtxidKey)
    if (!orphan) return
    this.#orphans.delete(wtxidKey)
    for (const parent of orphan.missing) outOf(this.#waiting, parent, wtxidKey)
    for (const outpoint of orphan.spends) outOf(this.#spenders, outpoint, wtxidKey)
    this.#account(orphan.from, -orphan.raw.length)
  }

  /** Takes out those that wait for this transaction, oldest first. */
  takeChildren(txidKey: string): Orphan[] {
    return this.#take(this.#waiting.get(txidKey))
  }

  /** Drops those that spend one of these outputs, because a block did. */
  spent(outpoints: Iterable<string>): void {
    for (const outpoint of outpoints) this.#take(this.#spenders.get(outpoint))
  }

  /** Drops what this link sent. */
  forgetLink(link: LinkId): void {
    if (!this.#bytesOf.has(link)) return
    for (const [key, { from }] of this.#orphans) if (from === link) this.remove(key)
  }

  #take(keys: ReadonlySet<string> | undefined): Orphan[] {
    const taken = [...(keys ?? [])].map((key) => [key, this.#orphans.get(key)!] as const)
    for (const [key] of taken) this.remove(key)
    return taken.map(([, orphan]) => orphan)
  }

  #expire(now: Millis): void {
    for (const [key, { since }] of this.#orphans) {
      if (now - since >= WAIT_MS) this.remove(key)
    }
  }

  #evict(): void {
    const [link] = [...this.#bytesOf].reduce((most, next) => (next[1] > most[1] ? next : most))
    for (const [key, { from }] of this.#orphans) {
      if (from !== link) continue
      this.remove(key)
      return
    }
  }

  #account(link: LinkId, bytes: number): void {
    this.#bytes += bytes
    const held = (this.#bytesOf.get(link) ?? 0) + bytes
    if (held === 0) this.#bytesOf.delete(link)
    else this.#bytesOf.set(link, held)
  }
}

function into(index: Map<string, Set<string>>, key: string, value: string): void {
  const set = index.get(key)
  if (set) set.add(value)
  else index.set(key, new Set([value]))
}

function outOf(index: Map<string, Set<string>>, key: string, value: string): void {
  const set = index.get(key)
  if (!set) return
  set.delete(value)
  if (set.size === 0) index.delete(key)
}
