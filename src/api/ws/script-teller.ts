import type { TxInfo } from '../../ledger/queries.ts'
import { hashKey, sha256 } from '../../wire/hash.ts'
import { parseNamed } from '../tx-view.ts'
import type { Happened } from './happened.ts'
import type { Found } from './need.ts'
import type { Outbox, ScriptNews } from './outbox.ts'
import { ToldTxs } from './told-txs.ts'
import type { Watch } from './watch.ts'

/** Tells clients what comes to the scripts that they follow, is mined, and leaves the mempool otherwise. */
export class ScriptTeller {
  readonly #watch: Watch
  readonly #jsonOf: (tx: TxInfo) => string
  readonly #told = new ToldTxs()

  constructor(watch: Watch, jsonOf: (tx: TxInfo) => string) {
    this.#watch = watch
    this.#jsonOf = jsonOf
  }

  /** Nobody follows anything, so what leaves the mempool is not seen. */
  forget(): void {
    this.#told.clear()
  }

  /** Unconfirmed transactions of scripts that somebody has begun to follow. */
  remember(mempoolOf: Found['mempoolOf']): void {
    for (const [script, txs] of mempoolOf) {
      if (!this.#watch.scripts.has(script)) continue
      for (const tx of txs) this.#told.put(tx.txid, this.#jsonOf(tx), [script])
    }
  }

  /** Those that were told as waiting. */
  get waiting(): Uint8Array[] {
    return this.#told.all().map(([, { txid }]) => txid)
  }

  tellNews(news: Happened, found: Found, outbox: Outbox): void {
    if (news.isReset) this.#tellDifference(found, outbox)
    for (const key of news.came.keys()) {
      const tx = found.txs.get(key)
      // It may be in a block by now, and is told with that.
      if (tx?.status.confirmed === false) this.#tellAdded(tx, outbox)
    }
    for (const [key, { why }] of news.left) {
      // It has come back.
      if (found.txs.get(key)?.status.confirmed === false) continue
      const told = this.#told.take(key)
      // What was mined is told with its block.
      if (told && why !== 'mined') this.#tell(told.scripts, 'removed', told.json, outbox)
    }
    for (const [script, txs] of found.inBlocksOf) {
      for (const tx of txs) this.#tell([script], 'confirmed', this.#jsonOf(tx), outbox)
    }
  }

  /** Nobody knows what happened: what is told is how it differs now from what was told before. */
  #tellDifference(found: Found, outbox: Outbox): void {
    for (const [key, { scripts, json }] of this.#told.all()) {
      const tx = found.txs.get(key)
      if (tx?.status.confirmed === false) continue
      this.#told.take(key)
      if (tx) this.#tell(scripts, 'confirmed', this.#jsonOf(tx), outbox)
      else this.#tell(scripts, 'removed', json, outbox)
    }
    for (const [script, txs] of found.mempoolOf) {
      for (const tx of txs) {
        if (this.#told.has(hashKey(tx.txid), script)) continue
        const json = this.#jsonOf(tx)
        this.#told.put(tx.txid, json, [script])
        this.#tell([script], 'mempool', json, outbox)
      }
    }
  }

  #tellAdded(tx: TxInfo, outbox: Outbox): void {
    const scripts = this.#followedOf(tx)
    if (scripts.length === 0) return
    const json = this.#jsonOf(tx)
    this.#told.put(tx.txid, json, scripts)
    this.#tell(scripts, 'mempool', json, outbox)
  }

  #tell(scripts: readonly string[], news: ScriptNews, json: string, outbox: Outbox): void {
    for (const script of scripts) {
      for (const follower of this.#watch.scripts.get(script)?.followers ?? []) {
        outbox.putScriptTx(follower, news, json)
      }
    }
  }

  /** Keys of the scripts that a transaction pays to or spends from and that somebody follows. */
  #followedOf({ raw, prevouts }: TxInfo): string[] {
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
}
