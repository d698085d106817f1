import { toDisplay } from '../wire/hash.ts'
import { type MempoolEntry, outpointIndex } from './mempool-entry.ts'
import { coinAmount, feeAt, invalid, type Refusal, refuse } from './mempool-policy.ts'
import type { NewEntry } from './mempool-pool.ts'
import { INCREMENTAL_RATE } from './rolling-floor.ts'

/** Clusters that one replacement may tear at: each has to be ordered anew. */
const MAX_CONFLICTING_CLUSTERS = 100

/**
 * Whether a transaction spends what it would itself push out, which makes it impossible. `parents` are in the mempool,
 * `conflicts` spend what it spends.
 */
export function checkSpendsConflicting(
  { txid }: NewEntry,
  parents: readonly MempoolEntry[],
  conflicts: ReadonlySet<MempoolEntry>,
): Refusal | undefined {
  if (conflicts.size === 0) return undefined
  const ancestors = new Set(parents)
  for (const each of ancestors) {
    if (conflicts.has(each)) {
      const detail = `${toDisplay(txid)} spends conflicting transaction ${toDisplay(each.txid)}`
      return invalid('bad-txns-spends-conflicting-tx', detail)
    }
    for (const parent of each.parents) ancestors.add(parent)
  }
  return undefined
}

/** Why `conflicts` are too many to be replaced by this transaction. */
export function tooManyConflicts(txid: Uint8Array, conflicts: ReadonlySet<MempoolEntry>): string | undefined {
  const clusters = new Set([...conflicts].map(({ cluster }) => cluster)).size
  if (clusters <= MAX_CONFLICTING_CLUSTERS) return undefined
  return `rejecting replacement ${toDisplay(txid)}; too many conflicting clusters (${clusters} > ${MAX_CONFLICTING_CLUSTERS})`
}

/** Why so high a fee for so many virtual bytes is too little to replace `evicted` and to be sent around once more. */
export function paysTooLittle(
  txid: Uint8Array,
  { feeSat, vsize }: { feeSat: number; vsize: number },
  evicted: Iterable<MempoolEntry>,
): string | undefined {
  let lost = 0
  for (const entry of evicted) lost += entry.feeSat
  const start = `rejecting replacement ${toDisplay(txid)}`
  if (feeSat < lost) return `${start}, less fees than conflicting txs; ${coinAmount(feeSat)} < ${coinAmount(lost)}`
  const more = feeSat - lost
  const least = feeAt(INCREMENTAL_RATE, vsize)
  if (more >= least) return undefined
  return `${start}, not enough additional fees to relay; ${coinAmount(more)} < ${coinAmount(least)}`
}

/** A parent's dust is gone with the parent's child or not at all: whoever spends from the parent spends it. */
export function checkEphemeralSpends(
  { txid, wtxid, spends }: NewEntry,
  parents: readonly Pick<NewEntry, 'key' | 'dust'>[],
): Refusal | undefined {
  for (const parent of parents) {
    if (parent.dust.length === 0) continue
    const spent = new Set(spends.filter((outpoint) => outpoint.startsWith(parent.key)).map(outpointIndex))
    if (parent.dust.every((index) => spent.has(index))) continue
    const detail = `tx ${toDisplay(txid)} (wtxid=${toDisplay(wtxid)}) did not spend parent's ephemeral dust`
    return refuse('missing-ephemeral-spends', detail)
  }
  return undefined
}
