import { toDisplay } from '../wire/hash.ts'
import { type MempoolEntry, spendsFrom } from './mempool-entry.ts'
import { type Refusal, refuse } from './mempool-policy.ts'
import type { NewEntry } from './mempool-pool.ts'

/** Transactions of this version keep to a topology in which one cannot pin another (BIP431). */
export const TRUC_VERSION = 3
/** Virtual bytes of one, and of one that has an unconfirmed parent. */
const MAX_VSIZE = 10_000
const MAX_CHILD_VSIZE = 1000

type Named = Pick<NewEntry, 'txid' | 'wtxid' | 'version'>

/**
 * Whether BIP431 lets a transaction in among what is in the mempool: one of version 3 hangs together with at most one
 * other, and versions do not mix. `parents` are those in the mempool, `conflicts` what it would replace. A sibling that
 * is in the way is named where it may be replaced too, although the two have no input in common.
 */
export function checkTruc(
  entry: NewEntry,
  parents: readonly MempoolEntry[],
  conflicts: ReadonlySet<MempoolEntry>,
): Refusal | { sibling: MempoolEntry | undefined } {
  for (const parent of parents) {
    const mixed = checkVersions(entry, parent)
    if (mixed) return mixed
  }
  if (entry.version !== TRUC_VERSION) return { sibling: undefined }
  const tooLarge = checkSize(entry, parents.length > 0)
  if (tooLarge) return tooLarge
  if (parents.length > 1) return violation(`tx ${names(entry)} would have too many ancestors`)
  const [parent] = parents
  if (!parent) return { sibling: undefined }
  if (parent.parents.length > 0) return violation(`tx ${names(entry)} would have too many ancestors`)
  const others = parent.children.filter((child) => !conflicts.has(child))
  if (others.length === 0) return { sibling: undefined }
  const [sibling] = others
  const isPair = parent.children.length === 1 && sibling!.parents.length === 1 && sibling!.children.length === 0
  if (isPair) return { sibling }
  return violation(`tx ${names(parent)} would exceed descendant count limit`)
}

/** The same for `entries[at]` of a package, whose others are not in the mempool yet; nothing is said of siblings to replace. */
export function checkPackageTruc(
  entries: readonly NewEntry[],
  at: number,
  parents: readonly MempoolEntry[],
): Refusal | undefined {
  const entry = entries[at]!
  const inPackage = entries.slice(0, at).filter((other) => spendsFrom(entry, other))
  for (const parent of [...parents, ...inPackage]) {
    const mixed = checkVersions(entry, parent)
    if (mixed) return mixed
  }
  if (entry.version !== TRUC_VERSION) return undefined
  const tooLarge = checkSize(entry, parents.length + inPackage.length > 0)
  if (tooLarge) return tooLarge
  const hasGrandparent =
    parents.some((parent) => parent.parents.length > 0) ||
    inPackage.some((parent) => entries.some((other) => spendsFrom(parent, other)))
  if (parents.length + inPackage.length > 1 || hasGrandparent) {
    return violation(`tx ${names(entry)} would have too many ancestors`)
  }
  const parent = parents[0] ?? inPackage[0]
  const isCrowded =
    parents.some(({ children }) => children.length > 0) ||
    (parent && entries.some((other) => other !== entry && spendsFrom(other, parent)))
  return isCrowded ? violation(`tx ${names(parent!)} would exceed descendant count limit`) : undefined
}

function checkVersions(entry: Named, parent: Named): Refusal | undefined {
  const [isTruc, hasTrucParent] = [entry.version === TRUC_VERSION, parent.version === TRUC_VERSION]
  if (isTruc === hasTrucParent) return undefined
  return isTruc
    ? violation(`version=3 tx ${names(entry)} cannot spend from non-version=3 tx ${names(parent)}`)
    : violation(`non-version=3 tx ${names(entry)} cannot spend from version=3 tx ${names(parent)}`)
}

function checkSize(entry: NewEntry, isChild: boolean): Refusal | undefined {
  const { vsize } = entry
  if (vsize > MAX_VSIZE) {
    return violation(`version=3 tx ${names(entry)} is too big: ${vsize} > ${MAX_VSIZE} virtual bytes`)
  }
  if (isChild && vsize > MAX_CHILD_VSIZE) {
    return violation(`version=3 child tx ${names(entry)} is too big: ${vsize} > ${MAX_CHILD_VSIZE} virtual bytes`)
  }
  return undefined
}

function names({ txid, wtxid }: Named): string {
  return `${toDisplay(txid)} (wtxid=${toDisplay(wtxid)})`
}

function violation(detail: string): Refusal {
  return refuse('TRUC-violation', detail)
}
