import type { CoreMempoolPort } from './core-mempool.ts'
import type { UnconfirmedTx } from './live-questions.ts'
import type { MempoolQuestions } from './mempool-questions.ts'
import type { BroadcastResult, Changes, MempoolSummary, RecentTx, TxInfo, TxoStats } from './queries.ts'

/**
 * What answers ask of the mempool and of the thread that owns it. It may live elsewhere, so calls are few and coarse,
 * and values are plain: they survive a structured clone, and no view in them drags a larger buffer along. Hashes in wire
 * order.
 *
 * Where the chain is asked too, the answer says on which block the mempool stands, so that both can be made of one
 * moment.
 */
export interface MempoolPort extends MempoolQuestions, CoreMempoolPort {
  overview(recent: number): Promise<MempoolOverview>
  summary(): Promise<MempoolSummary>
  /** 32 bytes each, in no order. */
  txids(): Promise<Uint8Array>
  /** `outputs`: how many outputs the transaction has, where it is known from elsewhere; 0 where not. */
  tx(txid: Uint8Array, outputs: number): Promise<MempoolTx>
  /** `txs`: how many transactions, newest first. `utxos`: how many unspent outputs. */
  script(scripthash: Uint8Array, want: ScriptWant): Promise<MempoolScript>
  /** Transactions that concern each of these scripts, newest first, at most `limit` each. At most `MAX_NAMED` scripts. */
  scriptTxs(scripthashes: readonly Uint8Array[], limit: number): Promise<TxInfo[][]>
  /** Each of these transactions, where it is in the mempool: where it waits, and itself where `whole`. At most `MAX_NAMED`. */
  unconfirmed(txids: readonly Uint8Array[], whole: boolean): Promise<(UnconfirmedTx | undefined)[]>
  /** At most `limit` transactions that touch any of these scripts, newest first, strictly after `after` where given. */
  history(scripthashes: readonly Uint8Array[], limit: number, after?: Uint8Array): Promise<MempoolHistory>
  broadcast(bytes: Uint8Array): Promise<BroadcastResult>
  changesSince(cursor: string | undefined, maxEntries?: number): Promise<Changes>
}

export interface ScriptWant {
  txs: number
  utxos: number
}

export interface OnBlock {
  /** The connected block that the mempool stands on; it may be one that is not committed yet. */
  tip: { hash: Uint8Array; height: number }
  /** Transactions in the mempool. */
  count: number
}

export interface MempoolOverview extends OnBlock {
  /** Initial download is over. */
  synced: boolean
  vsize: number
  feeSat: number
  recent: RecentTx[]
}

export interface MempoolHistory extends OnBlock {
  txs: TxInfo[]
  /** Whether `after` is among those that touch the scripts; true where none was given. */
  found: boolean
}

export interface MempoolTx extends OnBlock {
  /** `undefined`: not in the mempool. */
  tx?: TxInfo
  /** Outputs of `tx`, or as many as were asked for. */
  outputs: number
  /** Who in the mempool spends its outputs, wherever it is itself. */
  spends: { vout: number; txid: Uint8Array; vin: number }[]
}

export interface MempoolScript extends OnBlock {
  stats: TxoStats
  /** Newest first, as many as asked for. */
  txs: TxInfo[]
  /** Outputs of the mempool that nothing in it spends, as many as asked for. */
  created: { txid: Uint8Array; vout: number; value: number }[]
  /** Confirmed outputs that the mempool spends. */
  spent: { txid: Uint8Array; vout: number }[]
}
