import { hashKey } from '../wire/hash.ts'
import type { TxInfo } from './queries.ts'
import type { HistoryEntry, ScriptHistory } from './script-history.ts'
import { type ConfirmedTx, confirmedInfo } from './tx-reader.ts'

/** Most scripts that one question may name. */
export const MAX_HISTORY_SCRIPTS = 300

/** What the front asks of the histories of several scripts as if they were one. */
export interface HistoryQuestions {
  /**
   * At most `limit` transactions that touch any of the scripts, newest first: those of the mempool, then those of the
   * chain. Strictly after `after` where given; `undefined` when that is in none of the histories.
   */
  historyTxs(scripthashes: readonly Uint8Array[], page: HistoryPage): Promise<TxInfo[] | undefined>
  /** The same of the chain alone, and only what each transaction comes to; an unknown `after` gives none. */
  historySums(scripthashes: readonly Uint8Array[], page: HistoryPage): Promise<HistorySum[]>
}

export interface HistoryPage {
  limit: number
  after?: Uint8Array
}

/** What a transaction brought the scripts, less what it took. */
export interface HistorySum {
  txid: Uint8Array
  /** Satoshi; negative where they paid. */
  value: number
  height: number
  /** Unix seconds, the block's. */
  time: number
  /** Place in the block. */
  pos: number
}

/** The histories of several scripts on the chain, each transaction once. Synchronous; inside one snapshot at a time. */
export class MergedHistory {
  readonly #history: ScriptHistory

  constructor(history: ScriptHistory) {
    this.#history = history
  }

  /** Where in the histories a transaction lies; `undefined` when it is in none. */
  place(scripthashes: readonly Uint8Array[], txid: Uint8Array): number | undefined {
    for (const scripthash of scripthashes) {
      const place = this.#history.place(scripthash, txid)
      if (place !== undefined) return place
    }
    return undefined
  }

  txs(scripthashes: readonly Uint8Array[], limit: number, before?: number): TxInfo[] {
    const txs: TxInfo[] = []
    if (limit <= 0) return txs
    for (const { tx } of this.#newestFirst(scripthashes, before)) if (txs.push(confirmedInfo(tx)) === limit) break
    return txs
  }

  sums(scripthashes: readonly Uint8Array[], limit: number, before?: number): HistorySum[] {
    const sums: HistorySum[] = []
    for (const { tx, value } of this.#newestFirst(scripthashes, before)) {
      const { txid, txNum, block } = tx
      const sum = { txid, value, height: block.height, time: block.time, pos: txNum - block.firstTx }
      if (sums.push(sum) >= limit) break
    }
    return sums
  }

  *#newestFirst(scripthashes: readonly Uint8Array[], before?: number): Generator<{ tx: ConfirmedTx; value: number }> {
    if (scripthashes.length > MAX_HISTORY_SCRIPTS) throw new Error(`more than ${MAX_HISTORY_SCRIPTS} scripts`)
    const distinct = new Map(scripthashes.map((scripthash) => [hashKey(scripthash), scripthash])).values()
    const sources = [...distinct].map((scripthash) => this.#history.newestFirst(scripthash, { before }))
    const heads = sources.map((source) => source.next().value as HistoryEntry | undefined)
    for (;;) {
      let newest: ConfirmedTx | undefined
      for (const head of heads) if (head && (!newest || head.tx.txNum > newest.txNum)) newest = head.tx
      if (!newest) return
      let value = 0
      for (const [i, head] of heads.entries()) {
        if (head?.tx.txNum !== newest.txNum) continue
        value += broughtBy(head)
        heads[i] = sources[i]!.next().value as HistoryEntry | undefined
      }
      yield { tx: newest, value }
    }
  }
}

function broughtBy({ funds, spends }: HistoryEntry): number {
  let value = 0
  for (const { output } of funds) value += Number(output.value)
  for (const spent of spends) value -= spent.value
  return value
}
