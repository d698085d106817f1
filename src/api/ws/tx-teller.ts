import type { QueuePosition } from '../../ledger/live-questions.ts'
import type { ReplacementTree } from '../../ledger/mempool-questions.ts'
import type { TxInfo } from '../../ledger/queries.ts'
import { hashKey, toDisplay } from '../../wire/hash.ts'
import { parseNamed } from '../tx-view.ts'
import { replacementTreeView } from '../v1/replacements.ts'
import type { Happened } from './happened.ts'
import type { Found } from './need.ts'
import type { Outbox } from './outbox.ts'
import type { Session } from './session.ts'
import type { Watch, WatchedTx } from './watch.ts'

/** Tells clients how the transactions that they follow stand: the one by fields of its own, several together. */
export class TxTeller {
  readonly #watch: Watch
  readonly #jsonOf: (tx: TxInfo) => string

  constructor(watch: Watch, jsonOf: (tx: TxInfo) => string) {
    this.#watch = watch
    this.#jsonOf = jsonOf
  }

  /** One that a client has just begun to follow. */
  tellFresh(session: Session, key: string, found: Found, outbox: Outbox): void {
    const at = found.whereabouts.get(key)
    const watched = this.#watch.txs.get(key)
    if (!at || !watched?.followers.has(session)) return
    const { txid } = watched
    const position = at.at === 'mempool' ? at.position : undefined
    // Others who follow it hear of a difference with the news.
    if (watched.where === undefined) Object.assign(watched, { where: at.at, position })
    const tree = at.at === 'nowhere' ? found.replacements.get(key) : undefined
    const by = tree && replacerOf(tree, key)
    if (session.txs.has(key)) {
      const facts = { ...(position && { position }), ...(by && { replacedBy: toDisplay(by) }) }
      outbox.putTx(session, toDisplay(txid), { confirmed: at.at === 'chain', ...facts })
    }
    if (session.tx !== key) return
    if (session.waitsForTx) this.#tellSought(session, by, found.txs.get(key), outbox)
    if (position) outbox.put(session, 'txPosition', positionJson(txid, position))
  }

  tellNews(news: Happened, found: Found, outbox: Outbox): void {
    this.#tellReplaced(news, found, outbox)
    for (const key of news.came.keys()) {
      const tx = found.txs.get(key)
      if (!tx) continue
      for (const session of this.#watch.txs.get(key)?.followers ?? []) {
        if (session.waitsForTx && session.tx === key) this.#tellSought(session, undefined, tx, outbox)
      }
      this.#tellSpent(tx, outbox)
    }
    const came = new Set(news.connected.map(hashKey))
    for (const [key, at] of found.whereabouts) {
      const watched = this.#watch.txs.get(key)
      if (!watched || watched.where === undefined) continue
      if (at.at === 'mempool') this.#tellPosition(watched, key, at.position, outbox)
      else watched.position = undefined
      if (at.at === 'chain') {
        // One that was in a block already when somebody began to follow it may be in one that is news.
        const block = hashKey(at.status.hash)
        if (watched.where !== 'chain' || came.has(block)) this.#tellConfirmed(watched, key, block, outbox)
      }
      watched.where = at.at
    }
  }

  /** To a client that has looked it up and not found it. */
  #tellSought(session: Session, by: Uint8Array | undefined, tx: TxInfo | undefined, outbox: Outbox): void {
    if (by) outbox.put(session, 'txReplaced', JSON.stringify({ txid: toDisplay(by) }))
    if (tx) outbox.put(session, 'tx', this.#jsonOf(tx))
    if (by || tx) session.waitsForTx = false
  }

  /** Outputs of transactions that somebody follows. */
  #tellSpent({ txid, raw }: TxInfo, outbox: Outbox): void {
    if (this.#watch.txs.size === 0) return
    const by = toDisplay(txid)
    const spent = new Map<string, Record<number, { vin: number; txid: string }>>()
    for (const [vin, { prevout }] of parseNamed(raw).tx.inputs.entries()) {
      const key = hashKey(prevout.hash)
      if (this.#watch.txs.has(key)) spent.set(key, { ...spent.get(key), [prevout.index]: { vin, txid: by } })
    }
    for (const [key, outspends] of spent) {
      const watched = this.#watch.txs.get(key)!
      for (const session of watched.followers) {
        if (session.tx === key) outbox.put(session, 'utxoSpent', JSON.stringify(outspends))
        if (session.txs.has(key)) outbox.putTx(session, toDisplay(watched.txid), { utxoSpent: outspends })
      }
    }
  }

  #tellReplaced({ left }: Happened, found: Found, outbox: Outbox): void {
    for (const [key, removal] of left) {
      if (removal.why !== 'replaced') continue
      const watched = this.#watch.txs.get(key)
      if (!watched) continue
      const by = toDisplay(removal.by)
      const tree = found.replacements.get(key)
      for (const session of watched.followers) {
        if (session.txs.has(key)) outbox.putTx(session, toDisplay(watched.txid), { replacedBy: by })
        if (session.tx !== key) continue
        outbox.put(session, 'rbfTransaction', JSON.stringify({ txid: by }))
        if (tree) outbox.put(session, 'rbfInfo', JSON.stringify(replacementTreeView(tree)))
      }
    }
  }

  #tellConfirmed(watched: WatchedTx, key: string, block: string, outbox: Outbox): void {
    if (watched.toldIn === block) return
    watched.toldIn = block
    const txidHex = toDisplay(watched.txid)
    for (const session of watched.followers) {
      if (session.tx === key) outbox.put(session, 'txConfirmed', JSON.stringify(txidHex))
      if (session.txs.has(key)) outbox.putTx(session, txidHex, { confirmed: true })
    }
  }

  #tellPosition(watched: WatchedTx, key: string, position: QueuePosition, outbox: Outbox): void {
    const before = watched.position
    watched.position = position
    if (before?.block === position.block && before.vsize === position.vsize) return
    for (const session of watched.followers) {
      if (session.tx === key) outbox.put(session, 'txPosition', positionJson(watched.txid, position))
      if (session.txs.has(key)) outbox.putTx(session, toDisplay(watched.txid), { position })
    }
  }
}

function positionJson(txid: Uint8Array, position: QueuePosition): string {
  return JSON.stringify({ txid: toDisplay(txid), position })
}

/** What took the place of a transaction. */
function replacerOf({ tx, replaces }: ReplacementTree, key: string): Uint8Array | undefined {
  for (const below of replaces) {
    if (hashKey(below.tx.txid) === key) return tx.txid
    const by = replacerOf(below, key)
    if (by) return by
  }
  return undefined
}
