import type { QueuePosition } from '../../ledger/live-questions.ts'
import type { TxInfo } from '../../ledger/queries.ts'
import { hashKey, sha256, toDisplay } from '../../wire/hash.ts'
import { parseNamed, txView } from '../tx-view.ts'
import { type Happened, poolMoved } from './happened.ts'
import type { Found } from './need.ts'
import type { Outbox, ScriptNews } from './outbox.ts'
import type { About, Overview } from './overview.ts'
import type { Session } from './session.ts'
import { ToldTxs } from './told-txs.ts'
import type { Watch, WatchedTx } from './watch.ts'

/** Says to each client what of the news it follows. */
export class Teller {
  readonly #watch: Watch
  readonly #about: About
  readonly #told = new ToldTxs()
  /** Of `mempool-txids`: a gap says that something was missed. */
  #sequence = 0

  constructor(watch: Watch, about: About) {
    this.#watch = watch
    this.#about = about
  }

  /** Nobody follows anything, so what leaves the mempool is not seen. */
  forget(): void {
    this.#told.clear()
  }

  /** Unconfirmed transactions of scripts that somebody has begun to follow. */
  remember(mempoolOf: Found['mempoolOf']): void {
    for (const [script, txs] of mempoolOf) {
      if (!this.#watch.scripts.has(script)) continue
      for (const tx of txs) this.#told.put(hashKey(tx.txid), this.#json(tx), [script])
    }
  }

  /** How a transaction stands that a client has begun to follow. */
  tellFresh(session: Session, key: string, found: Found, outbox: Outbox): void {
    const at = found.whereabouts.get(key)
    const watched = this.#watch.txs.get(key)
    if (!at || !watched?.followers.has(session)) return
    const { txid } = watched
    const position = at.at === 'mempool' ? at.position : undefined
    // Others who follow it hear of a difference with the news.
    if (watched.where === undefined) Object.assign(watched, { where: at.at, position })
    if (session.txs.has(key)) {
      outbox.putTx(session, toDisplay(txid), { confirmed: at.at === 'chain', ...(position && { position }) })
    }
    if (session.tx !== key) return
    const tx = session.waitsForTx ? found.txs.get(key) : undefined
    if (tx) this.#tellTx(session, tx, outbox)
    if (position) outbox.put(session, 'txPosition', positionJson(txid, position))
  }

  tellNews(
    sessions: Iterable<Session>,
    news: Happened,
    found: Found,
    overview: Overview | undefined,
    outbox: Outbox,
  ): void {
    const txids = this.#txidsJson(news)
    for (const session of sessions) {
      if (overview) tellTopics(session, news, overview, outbox)
      if (txids !== undefined && session.wantsTxids) outbox.put(session, 'mempool-txids', txids)
    }
    this.#tellReplaced(news, outbox)
    for (const key of news.added.keys()) {
      const tx = found.txs.get(key)
      if (tx) this.#tellAdded(key, tx, outbox)
    }
    this.#tellRemoved(news, found, outbox)
    for (const [script, txs] of found.inBlocksOf) {
      for (const tx of txs) this.#tellScripts([script], 'confirmed', this.#json(tx), outbox)
    }
    const came = new Set(news.connected.map(hashKey))
    for (const [key, at] of found.whereabouts) {
      const watched = this.#watch.txs.get(key)
      if (!watched || watched.where === undefined) continue
      if (at.at === 'chain') {
        // One that was in the block already when somebody began to follow it may be in one that is news.
        const block = hashKey(at.status.hash)
        if (watched.where !== 'chain' || came.has(block)) this.#tellConfirmed(watched, key, block, outbox)
        watched.position = undefined
      } else if (at.at === 'mempool') this.#tellPosition(watched, key, at.position, outbox)
      watched.where = at.at
    }
  }

  #json(tx: TxInfo): string {
    return JSON.stringify(txView(tx, this.#about.network, this.#about.settings))
  }

  /** New to the mempool; it may be in a block by now. */
  #tellAdded(key: string, tx: TxInfo, outbox: Outbox): void {
    for (const session of this.#watch.txs.get(key)?.followers ?? []) {
      if (session.waitsForTx && session.tx === key) this.#tellTx(session, tx, outbox)
    }
    this.#tellSpent(tx, outbox)
    if (tx.status.confirmed) return
    const scripts = this.#followedScripts(tx)
    if (scripts.length === 0) return
    const json = this.#json(tx)
    this.#told.put(key, json, scripts)
    this.#tellScripts(scripts, 'mempool', json, outbox)
  }

  #tellTx(session: Session, tx: TxInfo, outbox: Outbox): void {
    session.waitsForTx = false
    outbox.put(session, 'tx', this.#json(tx))
  }

  /** Outputs of transactions that somebody follows. */
  #tellSpent({ txid, raw }: TxInfo, outbox: Outbox): void {
    if (this.#watch.txs.size === 0) return
    const spent = new Map<string, Record<number, { vin: number; txid: string }>>()
    for (const [vin, { prevout }] of parseNamed(raw).tx.inputs.entries()) {
      const key = hashKey(prevout.hash)
      if (this.#watch.txs.has(key))
        spent.set(key, { ...spent.get(key), [prevout.index]: { vin, txid: toDisplay(txid) } })
    }
    for (const [key, outspends] of spent) {
      const watched = this.#watch.txs.get(key)!
      for (const session of watched.followers) {
        if (session.tx === key) outbox.put(session, 'utxoSpent', JSON.stringify(outspends))
        if (session.txs.has(key)) outbox.putTx(session, toDisplay(watched.txid), { utxoSpent: outspends })
      }
    }
  }

  #tellReplaced({ removed }: Happened, outbox: Outbox): void {
    for (const removal of removed) {
      const key = hashKey(removal.txid)
      const watched = removal.why === 'replaced' ? this.#watch.txs.get(key) : undefined
      if (!watched || removal.why !== 'replaced') continue
      const by = toDisplay(removal.by)
      for (const session of watched.followers) {
        if (session.tx === key) outbox.put(session, 'rbfTransaction', JSON.stringify({ txid: by }))
        if (session.txs.has(key)) outbox.putTx(session, toDisplay(watched.txid), { replacedBy: by })
      }
    }
  }

  #tellRemoved({ added, removed }: Happened, found: Found, outbox: Outbox): void {
    for (const { txid, why } of removed) {
      const key = hashKey(txid)
      // It went and came back.
      if (added.has(key) && found.txs.get(key)?.status.confirmed === false) continue
      const told = this.#told.take(key)
      // What was mined is told with its block.
      if (told && why !== 'mined') this.#tellScripts(told.scripts, 'removed', told.json, outbox)
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

  #tellScripts(scripts: readonly string[], news: ScriptNews, json: string, outbox: Outbox): void {
    for (const script of scripts) {
      for (const follower of this.#watch.scripts.get(script)?.followers ?? []) {
        outbox.putScriptTx(follower, news, json)
      }
    }
  }

  /** Keys of the scripts that a transaction pays to or spends from and that somebody follows. */
  #followedScripts({ raw, prevouts }: TxInfo): string[] {
    const { scripts } = this.#watch
    if (scripts.size === 0) return []
    const touched = new Set<string>()
    const look = (script: Uint8Array) => {
      const key = hashKey(sha256(script))
      if (scripts.has(key)) touched.add(key)
    }
    for (const prevout of prevouts) if (prevout) look(prevout.script)
    for (const { scriptPubKey } of parseNamed(raw).tx.outputs) look(scriptPubKey)
    return [...touched]
  }

  /** `mined` are those that waited here; `removed` names what was replaced too. */
  #txidsJson(news: Happened): string | undefined {
    if (!poolMoved(news)) return undefined
    this.#sequence += news.isReset ? 2 : 1
    if (news.isReset) return undefined
    const left = (those: (why: string) => boolean) =>
      news.removed.filter(({ why }) => those(why)).map(({ txid }) => toDisplay(txid))
    return JSON.stringify({
      sequence: this.#sequence,
      added: [...news.added.values()].map(toDisplay),
      removed: left((why) => why !== 'mined'),
      mined: left((why) => why === 'mined'),
      replaced: news.removed.flatMap((removal) =>
        removal.why === 'replaced' ? [{ replaced: toDisplay(removal.txid), by: toDisplay(removal.by) }] : [],
      ),
    })
  }
}

/** Each block by itself where it only came on top, all of the latest where others had to go for it. */
function tellTopics(session: Session, news: Happened, { topics, blocks }: Overview, outbox: Outbox): void {
  const putAll = (fields: ReadonlyMap<string, string>) => {
    for (const [field, json] of fields) outbox.put(session, field, json)
  }
  if (session.topics.has('blocks')) {
    if (news.isReset || news.reverted) putAll(topics.blocks)
    else {
      const came = news.connected.flatMap((hash) => blocks.get(hashKey(hash)) ?? [])
      for (const json of came.slice(0, -1)) outbox.first(session, 'block', json)
      if (came.length > 0) outbox.put(session, 'block', came.at(-1)!)
    }
  }
  if (session.topics.has('mempool-blocks')) putAll(topics['mempool-blocks'])
  if (session.topics.has('stats')) putAll(topics.stats)
}

function positionJson(txid: Uint8Array, position: QueuePosition): string {
  return JSON.stringify({ txid: toDisplay(txid), position })
}
