import type { Millis } from '../peer/ports.ts'
import type { ToHub } from '../peer/queues.ts'
import type { Hasher } from '../wire/hash.ts'
import { type Inventory, InvType } from '../wire/inventory.ts'
import type { Message } from '../wire/messages.ts'
import { isEmptyMwebTx, parseTransaction } from '../wire/transaction.ts'
import type { HubLink } from './hub-link.ts'
import type { LinkSet } from './link-set.ts'
import { TxDownload } from './tx-download.ts'
import { TxGiver } from './tx-giver.ts'
import { TxInventory, type TxItem } from './tx-inventory.ts'

/** More than any standard transaction has; longer ones are dropped before anything is computed. */
const MAX_TX_BYTES = 400_000

/** Counts of announcements wait so long for something else that goes to the ledger; nothing wakes for them. */
const HEARD_WITHIN: Millis = 10_000
/** Of more transactions at a time no counts are kept for the ledger. */
const MAX_NEWS = 10_000

export interface TxRelayOptions {
  maxItems: number
  maxBytes: number
  hasher: Hasher
  send(link: HubLink, message: Message): void
  isSlow(link: HubLink): boolean
}

/**
 * Transactions between links and ledger: what is announced is fetched once, what comes is handed up once, what the ledger
 * took is given to those who ask.
 */
export class TxRelay {
  readonly #hasher: Hasher
  readonly #inventory: TxInventory
  readonly #download = new TxDownload()
  readonly #giver: TxGiver
  /** Of which it is to be told how many links told of them. */
  readonly #news = new Set<TxItem>()
  #heardBy: Millis = Number.POSITIVE_INFINITY
  /** Whether the ledger could judge a transaction now. */
  fetching = false

  constructor({ maxItems, maxBytes, hasher, send, isSlow }: TxRelayOptions) {
    this.#hasher = hasher
    this.#inventory = new TxInventory({ maxItems, maxBytes })
    this.#giver = new TxGiver({ inventory: this.#inventory, send, isSlow })
  }

  get deadline(): Millis {
    return this.#download.deadline
  }

  /** Announced by a peer, in the one way that was agreed on with it (BIP339). */
  announcedBy(link: HubLink, items: readonly Inventory[], now: Millis): void {
    const name = link.info!.wtxidrelay ? 'wtxid' : 'txid'
    const type = name === 'wtxid' ? InvType.WTX : InvType.TX
    for (const item of items) {
      if (item.type !== type) continue
      const known = this.#inventory.find(item.hash)
      if (known) this.#heard(known, link.slot, now)
      if (!this.fetching || (known && !this.#inventory.worthFetching(known))) continue
      this.#download.announced(link.slot, name, item.hash, now)
    }
  }

  /** Whether it is for the ledger to judge. */
  received(link: HubLink, bytes: Uint8Array, now: Millis): boolean {
    // What Litecoin sends of a transaction that lives in its extension block, and one too long to be relayed.
    if (isEmptyMwebTx(bytes) || bytes.length > MAX_TX_BYTES) {
      this.#download.emptyAnswer(link.slot, now)
      return false
    }
    const { txid, wtxid } = parseTransaction(bytes, this.#hasher)
    const item = this.#inventory.received(txid, wtxid)
    for (const slot of this.#download.received(txid, wtxid, now)) this.#heard(item, slot, now)
    this.#heard(item, link.slot, now)
    // It goes up with the transaction itself, which tells of one link already.
    if (!item.announced && item.heard > 1) this.#tellOf(item, now)
    return !item.announced
  }

  /** The link sent what spends from these; they are asked of it unless they are here, or were of no use. */
  wanted(link: HubLink, txids: readonly Uint8Array[], now: Millis): void {
    if (!this.fetching) return
    for (const txid of txids) {
      const known = this.#inventory.find(txid)
      if (!known || this.#inventory.worthFetching(known)) this.#download.announced(link.slot, 'txid', txid, now)
    }
  }

  /** Other forms of these transactions are worth fetching. */
  reopen(txids: readonly Uint8Array[]): void {
    for (const txid of txids) this.#inventory.reopen(txid)
  }

  /** When those who count are to be told of `takeHeard` at the latest. */
  get heardBy(): Millis {
    return this.#heardBy
  }

  /** How many links have told of transactions that the ledger took, where that has changed since this was last asked. */
  takeHeard(): { txid: Uint8Array; links: number }[] {
    const txs = [...this.#news].map(({ txid, heard }) => ({ txid: txid.slice(), links: heard }))
    this.#news.clear()
    this.#heardBy = Number.POSITIVE_INFINITY
    return txs
  }

  notFound(link: HubLink, { type, hash }: Inventory, now: Millis): void {
    this.#download.notFound(link.slot, type === InvType.WTX ? 'wtxid' : 'txid', hash, now)
  }

  /** False where the link asks for far more than it takes. */
  askedFor(link: HubLink, items: readonly Inventory[]): boolean {
    return this.#giver.ask(link, items)
  }

  /** The link has room again. */
  writable(link: HubLink): void {
    this.#giver.goOn(link)
  }

  /** The ledger took it: to be announced to whoever does not know it. */
  accepted(value: Extract<ToHub, { kind: 'announce-tx' }>, from: HubLink | undefined, now: Millis): TxItem {
    const { txid, wtxid, feeRate, bytes } = value
    const item = this.#inventory.accepted(txid, wtxid, feeRate, bytes)
    for (const slot of this.#download.received(txid, wtxid, now)) this.#heard(item, slot, now)
    if (from) this.#heard(item, from.slot, now)
    // Of one that came from no link the ledger knows of none.
    if (!from && item.heard > 0) this.#tellOf(item, now)
    return item
  }

  /** What the ledger refused before may be fine now. */
  newTip(): void {
    this.#inventory.newTip()
  }

  linkDown(slot: number, now: Millis): void {
    this.#download.linkDown(slot, now)
  }

  wake(now: Millis): void {
    this.#download.wake(now)
  }

  /** What is to be asked of which slot, each told once. */
  requests(): Map<number, Inventory[]> {
    return this.#download.take()
  }

  #heard(item: TxItem, slot: number, now: Millis): void {
    if (item.known.has(slot)) return
    item.known.add(slot)
    item.heard++
    if (item.announced && item.heard > 1) this.#tellOf(item, now)
  }

  #tellOf(item: TxItem, now: Millis): void {
    if (this.#news.size >= MAX_NEWS) return
    this.#news.add(item)
    this.#heardBy = Math.min(this.#heardBy, now + HEARD_WITHIN)
  }

  deleteLinks(links: LinkSet): void {
    this.#inventory.deleteLinks(links)
    this.#download.deleteLinks(links)
  }
}

/** Whether an inventory entry names a transaction. */
export function isTx(type: number): boolean {
  return type === InvType.TX || type === InvType.WITNESS_TX || type === InvType.WTX
}
