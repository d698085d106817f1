import { equalBytes, hashKey } from '../wire/hash.ts'
import type { IncomingTx } from './admission.ts'
import { MAX_CLUSTER_WEIGHT } from './clusters.ts'
import { outpointKey } from './mempool-entry.ts'

/** Most transactions in one package: Bitcoin Core's bound. */
export const MAX_PACKAGE_COUNT = 25

/** What is wrong with a list of transactions as such, in Core's words. */
export function malformedPackage(txs: readonly IncomingTx[]): string | undefined {
  if (txs.length > MAX_PACKAGE_COUNT) return 'package-too-many-transactions'
  const weight = txs.reduce((sum, tx) => sum + tx.weight, 0)
  if (txs.length > 1 && weight > MAX_CLUSTER_WEIGHT) return 'package-too-large'
  if (new Set(txs.map(({ txid }) => hashKey(txid))).size < txs.length) return 'package-contains-duplicates'
  const later = new Set(txs.map(({ txid }) => hashKey(txid)))
  const spent = new Set<string>()
  for (const { tx, txid } of txs) {
    for (const { prevout } of tx.inputs) if (later.has(hashKey(prevout.hash))) return 'package-not-sorted'
    later.delete(hashKey(txid))
  }
  for (const { tx } of txs) {
    const outpoints = tx.inputs.map(({ prevout }) => outpointKey(hashKey(prevout.hash), prevout.index))
    if (tx.inputs.length === 0 || outpoints.some((outpoint) => spent.has(outpoint))) return 'conflict-in-package'
    for (const outpoint of outpoints) spent.add(outpoint)
  }
  return undefined
}

/** Whether the last one spends from each of the others, and none of those from another. */
export function isChildWithParents(txs: readonly IncomingTx[]): boolean {
  const parents = txs.slice(0, -1)
  const child = txs.at(-1)!
  const spends = (tx: IncomingTx, from: IncomingTx) =>
    tx.tx.inputs.some(({ prevout }) => equalBytes(prevout.hash, from.txid))
  return parents.every((parent) => spends(child, parent) && !parents.some((other) => spends(parent, other)))
}
