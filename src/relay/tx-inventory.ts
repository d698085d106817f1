import { hashKey } from '../wire/hash.ts'
import { LinkSet } from './link-set.ts'

/** A transaction that came by or was announced. */
export interface TxItem {
  readonly txid: Uint8Array
  readonly wtxid: Uint8Array
  /** Links that have it or have been told of it. */
  readonly known: LinkSet
  /** How many links told of it, each before it was told. */
  heard: number
  /** The ledger took it. Until then it may have been refused. */
  announced: boolean
  /** Satoshi per 1,000 virtual bytes. */
  feeRate: number
  /** As on the wire, while there is room for it. */
  bytes: Uint8Array<ArrayBuffer> | undefined
  /** How many tips had been seen when it last came in. */
  tips: number
}

/**
 * What is known of transactions, by txid and wtxid: who has them, and the bytes of those announced. Both in bounded
 * amounts, the oldest going first.
 */
export class TxInventory {
  readonly #maxItems: number
  readonly #maxBytes: number
  /** By both names, which are equal without witness data. */
  readonly #byHash = new Map<string, TxItem>()
  /** By txid, oldest first. */
  readonly #items = new Map<string, TxItem>()
  /** Those with bytes, oldest first. */
  readonly #cached = new Set<TxItem>()
  #bytes = 0
  #tips = 0

  constructor({ maxItems, maxBytes }: { maxItems: number; maxBytes: number }) {
    this.#maxItems = maxItems
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#items.size
  }

  /** Bytes of transactions held to be given away. */
  get cachedBytes(): number {
    return this.#bytes
  }

  find(hash: Uint8Array): TxItem | undefined {
    return this.#byHash.get(hashKey(hash))
  }

  /**
   * It came in from a link: whatever the ledger says, it need not be fetched again before the next block. Where the
   * ledger took the same transaction with other witness data, that one stays.
   */
  received(txid: Uint8Array, wtxid: Uint8Array): TxItem {
    const taken = this.find(txid)
    if (taken?.announced) return taken
    const item = this.#named(txid, wtxid)
    item.tips = this.#tips
    return item
  }

  /** Of the form that came nothing will come: who announces the transaction by its txid may have a better one. */
  reopen(txid: Uint8Array): void {
    const key = hashKey(txid)
    if (!this.#byHash.get(key)?.announced) this.#byHash.delete(key)
  }

  /** The ledger took it, and these are its bytes. */
  accepted(txid: Uint8Array, wtxid: Uint8Array, feeRate: number, bytes: Uint8Array<ArrayBuffer>): TxItem {
    const item = this.#named(txid, wtxid)
    item.announced = true
    item.feeRate = feeRate
    if (!item.bytes) {
      item.bytes = bytes
      this.#cached.add(item)
      this.#bytes += bytes.length
    }
    for (const old of this.#cached) {
      if (this.#bytes <= this.#maxBytes) break
      this.#uncache(old)
    }
    return item
  }

  /** What was refused before the tip moved may be fine now. */
  newTip(): void {
    this.#tips++
  }

  /** Whether fetching it once more could lead to anything. */
  worthFetching(item: TxItem): boolean {
    return !item.announced && item.tips !== this.#tips
  }

  deleteLinks(links: LinkSet): void {
    for (const item of this.#items.values()) item.known.deleteAll(links)
  }

  /** As both names say from now on. */
  #named(txid: Uint8Array, wtxid: Uint8Array): TxItem {
    const item = this.find(wtxid)
    if (!item) return this.#add(txid, wtxid)
    this.#byHash.set(hashKey(txid), item)
    return item
  }

  #add(txid: Uint8Array, wtxid: Uint8Array): TxItem {
    const item: TxItem = {
      txid,
      wtxid,
      known: new LinkSet(),
      heard: 0,
      announced: false,
      feeRate: 0,
      bytes: undefined,
      tips: this.#tips,
    }
    const key = hashKey(txid)
    // Another form of the same transaction, with other witness data, steps aside.
    const twin = this.#items.get(key)
    if (twin) this.#remove(twin, key)
    this.#items.set(key, item)
    this.#byHash.set(key, item)
    this.#byHash.set(hashKey(wtxid), item)
    for (const [oldKey, old] of this.#items) {
      if (this.#items.size <= this.#maxItems) break
      this.#remove(old, oldKey)
    }
    return item
  }

  #remove(item: TxItem, key: string): void {
    this.#uncache(item)
    this.#items.delete(key)
    this.#byHash.delete(key)
    this.#byHash.delete(hashKey(item.wtxid))
  }

  #uncache(item: TxItem): void {
    if (!this.#cached.delete(item)) return
    this.#bytes -= item.bytes!.length
    item.bytes = undefined
  }
}
