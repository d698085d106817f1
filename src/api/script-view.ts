import type { ScriptStats, TxoStats, UtxoInfo } from '../ledger/queries.ts'
import { toDisplay } from '../wire/hash.ts'
import { component, count, HASH, object, SATOSHI, string, U32 } from './schema.ts'
import { STATUS, type StatusJson, statusView } from './tx-view.ts'

const STATS = component(
  'ScriptStats',
  object({
    funded_txo_count: count('Outputs that pay it.'),
    funded_txo_sum: SATOSHI,
    spent_txo_count: count('Those of them that are spent.'),
    spent_txo_sum: SATOSHI,
    tx_count: count('Transactions that touch it.'),
  }),
)
const BOTH = { chain_stats: STATS, mempool_stats: STATS }
export const ADDRESS = component('Address', object({ address: string(), ...BOTH }))
export const SCRIPTHASH = component('Scripthash', object({ ...BOTH, scripthash: string('^[0-9a-fA-F]{64}$') }))
export const UTXO = component('Utxo', object({ txid: HASH, vout: U32, status: STATUS, value: SATOSHI }))

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
