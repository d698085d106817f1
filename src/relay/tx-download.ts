import type { Millis } from '../peer/ports.ts'
import { hashKey } from '../wire/hash.ts'
import { type Inventory, InvType } from '../wire/inventory.ts'
import { LinkSet } from './link-set.ts'

/** A transaction that was asked for and has not come by then is asked of the next who announced it. */
export const TX_WITHIN: Millis = 60_000
/** Transactions asked of one link at a time. */
export const MAX_IN_FLIGHT = 100
/** Announcements of one link that are remembered. */
export const MAX_ANNOUNCED = 5000
/** With so many remembered of all links together, each link has room for only so few. */
const MANY_WANTED = 100_000
const LEAST_SHARE = 200

/** How a transaction was announced is how it is asked for: nodes of some age do not find one by its other name. */
export type TxName = 'txid' | 'wtxid'

interface Wanted {
  name: TxName
  /** The hash as a key. */
  hash: string
  /** Who announced it and has not failed to deliver it. */
  announcers: LinkSet
  asked: { slot: number; until: Millis } | undefined
}

interface Load {
  /** How many wanted transactions it announced. */
  announced: number
  /** What it was asked for, oldest first. */
  readonly inFlight: Set<Wanted>
  /** What it announced and nobody was asked for. */
  queue: Wanted[]
}

/**
 * Fetches announced transactions, each from one link at a time: the first who announced it, then the next when that one
 * does not have it, is gone, or says nothing for a minute. Links are slots.
 */
export class TxDownload {
  /** By name and hash. */
  readonly #wanted = new Map<string, Wanted>()
  readonly #loads = new Map<number, Load>()
  /** Those asked for, in order of time, and so of deadline. */
  readonly #asked = new Set<Wanted>()
  /** To be asked for with the next `take`. */
  #asks = new Map<number, Inventory[]>()

  get deadline(): Millis {
    for (const item of this.#asked) return item.asked!.until
    return Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#wanted.size
  }

  announced(slot: number, name: TxName, hash: Uint8Array, now: Millis): void {
    const load = this.#load(slot)
    const key = keyOf(name, hashKey(hash))
    let item = this.#wanted.get(key)
    if (item?.announcers.has(slot) || load.announced >= this.#share) return
    if (!item) {
      item = { name, hash: hashKey(hash), announcers: new LinkSet(), asked: undefined }
      this.#wanted.set(key, item)
    }
    item.announcers.add(slot)
    load.announced++
    if (item.asked) return
    if (load.inFlight.size < MAX_IN_FLIGHT) this.#ask(item, slot, load, now)
    else load.queue.push(item)
  }

  /** It came, from whomever. Returns who had announced it. */
  received(txid: Uint8Array, wtxid: Uint8Array, now: Millis): LinkSet {
    const announcers = new LinkSet()
    for (const key of [keyOf('txid', hashKey(txid)), keyOf('wtxid', hashKey(wtxid))]) {
      const item = this.#wanted.get(key)
      if (!item) continue
      announcers.addAll(item.announcers)
      this.#drop(item, now)
    }
    return announcers
  }

  /** The link does not have what it announced. */
  notFound(slot: number, name: TxName, hash: Uint8Array, now: Millis): void {
    const item = this.#wanted.get(keyOf(name, hashKey(hash)))
    if (item?.asked?.slot === slot) this.#failed(item, slot, now)
  }

  /** The link answered with nothing that tells for which transaction: take it for the oldest. */
  emptyAnswer(slot: number, now: Millis): void {
    const [oldest] = this.#loads.get(slot)?.inFlight ?? []
    if (oldest) this.#failed(oldest, slot, now)
  }

  linkDown(slot: number, now: Millis): void {
    const load = this.#loads.get(slot)
    if (!load) return
    // From here on its bits in `announcers` mean nothing: without a load a slot is dead.
    this.#loads.delete(slot)
    this.#asks.delete(slot)
    for (const item of load.inFlight) this.#failed(item, slot, now)
    for (const item of load.queue) if (!item.asked && this.#isWanted(item)) this.#failed(item, slot, now)
  }

  wake(now: Millis): void {
    for (const item of this.#asked) {
      if (now < item.asked!.until) return
      this.#failed(item, item.asked!.slot, now)
    }
  }

  /** What is to be asked of whom; each is told once. */
  take(): Map<number, Inventory[]> {
    const asks = this.#asks
    if (asks.size > 0) this.#asks = new Map()
    return asks
  }

  /** Forgets everything. */
  clear(): void {
    this.#wanted.clear()
    this.#loads.clear()
    this.#asked.clear()
    this.#asks.clear()
  }

  deleteLinks(links: LinkSet): void {
    for (const item of this.#wanted.values()) item.announcers.deleteAll(links)
  }

  #ask(item: Wanted, slot: number, load: Load, now: Millis): void {
    item.asked = { slot, until: now + TX_WITHIN }
    this.#asked.add(item)
    load.inFlight.add(item)
    const hash = Uint8Array.from(item.hash, (byte) => byte.charCodeAt(0))
    const asks = this.#asks.get(slot) ?? []
    asks.push({ type: item.name === 'wtxid' ? InvType.WTX : InvType.WITNESS_TX, hash })
    this.#asks.set(slot, asks)
  }

  /** Whoever was asked will not deliver: the next one is asked. Without a next one it is forgotten. */
  #failed(item: Wanted, slot: number, now: Millis): void {
    this.#unask(item)
    if (item.announcers.has(slot)) {
      item.announcers.delete(slot)
      const load = this.#loads.get(slot)
      if (load) load.announced--
    }
    const others: Load[] = []
    for (const other of item.announcers) {
      const load = this.#loads.get(other)
      if (!load) continue
      if (load.inFlight.size < MAX_IN_FLIGHT) {
        this.#ask(item, other, load, now)
        break
      }
      others.push(load)
    }
    if (!item.asked && others.length === 0) this.#wanted.delete(keyOf(item.name, item.hash))
    if (!item.asked) for (const load of others) load.queue.push(item)
    this.#refill(slot, now)
  }

  #drop(item: Wanted, now: Millis): void {
    const slot = item.asked?.slot
    this.#unask(item)
    this.#wanted.delete(keyOf(item.name, item.hash))
    for (const other of item.announcers) {
      const load = this.#loads.get(other)
      if (load) load.announced--
    }
    if (slot !== undefined) this.#refill(slot, now)
  }

  #unask(item: Wanted): void {
    if (!item.asked) return
    this.#loads.get(item.asked.slot)?.inFlight.delete(item)
    this.#asked.delete(item)
    item.asked = undefined
  }

  /** There is room in what the link was asked for. */
  #refill(slot: number, now: Millis): void {
    const load = this.#loads.get(slot)
    while (load && load.queue.length > 0 && load.inFlight.size < MAX_IN_FLIGHT) {
      const item = load.queue.shift()!
      if (this.#isWanted(item) && !item.asked && item.announcers.has(slot)) this.#ask(item, slot, load, now)
    }
  }

  #isWanted(item: Wanted): boolean {
    return this.#wanted.get(keyOf(item.name, item.hash)) === item
  }

  #load(slot: number): Load {
    let load = this.#loads.get(slot)
    if (!load) {
      load = { announced: 0, inFlight: new Set(), queue: [] }
      this.#loads.set(slot, load)
    }
    return load
  }

  get #share(): number {
    return this.#wanted.size < MANY_WANTED ? MAX_ANNOUNCED : LEAST_SHARE
  }
}

function keyOf(name: TxName, hash: string): string {
  return name === 'wtxid' ? `w${hash}` : `t${hash}`
}
