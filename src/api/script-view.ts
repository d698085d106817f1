import type { ScriptStats, TxoStats, UtxoInfo } from '../ledger/queries.ts'
import { toDisplay } from '../wire/hash.ts'
import { type StatusJson, statusView } from './tx-view.ts'

/** Alphabetical, unlike the other shapes: the contract builds these two ad hoc. */
export function addressView(address: string, stats: ScriptStats) {
  return { address, chain_stats: statsView(stats.chain), mempool_stats: statsView(stats.mempool) }
}

export function scripthashView(scripthash: string, stats: ScriptStats) {
  return { chain_stats: statsView(stats.chain), mempool_stats: statsView(stats.mempool), scripthash }
}

function statsView(stats: TxoStats) {
  return {
    funded_txo_count: stats.fundedCount,
    funded_txo_sum: stats.fundedSum,
    spent_txo_count: stats.spentCount,
    spent_txo_sum: stats.spentSum,
    tx_count: stats.txCount,
  }
}

export function utxoView(utxo: UtxoInfo): { txid: string; vout: number; status: StatusJson; value: number } {
  return { txid: toDisplay(utxo.txid), vout: utxo.vout, status: statusView(utxo.status), value: utxo.value }
}
