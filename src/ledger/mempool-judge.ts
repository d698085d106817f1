import type { Millis } from '../peer/ports.ts'
import { hashKey } from '../wire/hash.ts'
import type { Admission, Candidate, IncomingTx } from './admission.ts'
import { improves } from './fee-diagram.ts'
import { type MempoolEntry, spendsFrom } from './mempool-entry.ts'
import { planChange } from './mempool-plan.ts'
import {
  checkAlone,
  checkFee,
  checkFinal,
  type FeeFloors,
  feeAt,
  type MempoolChain,
  type Refusal,
  refuse,
  tooCheap,
} from './mempool-policy.ts'
import { type NewEntry, type TxPool, withDescendants } from './mempool-pool.ts'
import { checkScripts, type TxScripts } from './mempool-scripts.ts'
import { checkEphemeralSpends, checkSpendsConflicting, paysTooLittle, tooManyConflicts } from './replacement-rules.ts'
import { checkPackageTruc, checkTruc } from './truc.ts'

/** What is to be done to take transactions in. */
export interface Verdict {
  kind: 'fits'
  /** Parents first. */
  entries: NewEntry[]
  /** What leaves for it, with all that depends on it. */
  evicted: Set<MempoolEntry>
  /** Who takes whose place among those, directly. */
  replacements: { by: NewEntry; replaced: ReadonlySet<MempoolEntry> }[]
}

/** `all`: what is wrong with the whole. `each`: what is wrong with one of its transactions, by index. */
export interface PackageRefusal {
  kind: 'package-refused'
  all: string
  each: { at: number; refusal: Refusal }[]
}

export interface JudgeOptions {
  floors: FeeFloors
  /** sat/kvB: whoever pays more has made a mistake. */
  maxFeeRate?: number | undefined
  /** A transaction that would replace others is refused. */
  noReplacing?: boolean
  /** Of several each has to pay enough by itself. */
  eachPays?: boolean
}

/** Says whether transactions may come in, by all rules; changes nothing. */
export class Judge {
  readonly #chain: MempoolChain
  readonly #pool: TxPool
  readonly #admission: Admission
  readonly #scripts: TxScripts

  constructor(parts: { chain: MempoolChain; pool: TxPool; admission: Admission; scripts: TxScripts }) {
    this.#chain = parts.chain
    this.#pool = parts.pool
    this.#admission = parts.admission
    this.#scripts = parts.scripts
  }

  /** One by itself. */
  one(incoming: IncomingTx, now: Millis, options: JudgeOptions): Verdict | Refusal | { kind: 'known' } {
    if (this.#pool.byWtxid(hashKey(incoming.wtxid))) return { kind: 'known' }
    const candidate = this.candidate(incoming, now)
    if ('kind' in candidate) return candidate
    const { entry, parents, conflicts } = candidate
    const fee = checkEphemeral(entry) ?? checkFee(entry, options.floors) ?? checkMaxFee(entry, options)
    if (fee) return fee
    const truc = checkTruc(entry, parents, conflicts)
    if ('kind' in truc) return truc
    const broken = checkEphemeralSpends(entry, parents) ?? checkSpendsConflicting(entry, parents, conflicts)
    if (broken) return broken
    const { sibling } = truc
    return this.#alone(candidate, sibling, options)
  }

  /**
   * Several that were not taken one by one, parents before children: together they pay enough. Where something has to
   * leave for them they are a parent and its child, and nothing else.
   */
  together(incoming: readonly IncomingTx[], now: Millis, options: JudgeOptions): Verdict | PackageRefusal {
    const candidates: Candidate[] = []
    for (const [at, each] of incoming.entries()) {
      if (this.#pool.byWtxid(hashKey(each.wtxid))) return failed(at, refuse('txn-already-in-mempool'))
      const candidate = this.candidate(each, now, incoming.slice(0, at))
      if ('kind' in candidate) return failed(at, candidate)
      const { entry, conflicts } = candidate
      candidates.push(candidate)
      const refusal =
        (options.noReplacing && conflicts.size > 0 ? refuse('bip125-replacement-disallowed') : undefined) ??
        checkEphemeral(entry) ??
        (options.eachPays ? checkFee(entry, options.floors) : undefined) ??
        checkMaxFee(entry, options)
      if (refusal) return failed(at, refusal)
    }
    const entries = candidates.map(({ entry }) => entry)
    // Who puts a parent and a child together has seen neither: a link may send two that exclude each other.
    if (spendTheSame(entries)) return { kind: 'package-refused', all: 'conflict-in-package', each: [] }
    for (const [at, { entry, parents }] of candidates.entries()) {
      const refusal =
        checkPackageTruc(entries, at, parents) ??
        checkEphemeralSpends(entry, [...parents, ...entries.slice(0, at).filter((other) => spendsFrom(entry, other))])
      if (refusal) return failed(at, refusal)
    }
    const total = sum(entries)
    const fee = checkFee(total, options.floors)
    if (fee) return failed(entries.length - 1, fee)
    return this.#asPackage(candidates, total)
  }

  /** What can be said before fees, relatives and scripts are looked at. `before`: others of its package. */
  candidate(incoming: IncomingTx, seen: Millis, before: readonly IncomingTx[] = []): Candidate | Refusal {
    const refusal = checkAlone(incoming) ?? checkFinal(incoming.tx, this.#chain)
    return refusal ?? this.#admission.check(incoming, seen, before)
  }

  /** The last thing to be looked at, because it takes the longest. */
  scripts(candidate: Candidate): Refusal | undefined {
    return checkScripts(candidate, this.#scripts)
  }

  #alone(candidate: Candidate, sibling: MempoolEntry | undefined, options: JudgeOptions): Verdict | Refusal {
    const { entry, conflicts } = candidate
    const replaced = new Set(conflicts)
    if (sibling) replaced.add(sibling)
    if (replaced.size > 0 && options.noReplacing) return refuse('bip125-replacement-disallowed')
    const why = sibling ? ' (including sibling eviction)' : ''
    const tooMany = tooManyConflicts(entry.txid, replaced)
    if (tooMany) return tooCheap(`too many potential replacements${why}`, tooMany)
    const evicted = withDescendants(replaced)
    const tooLittle = replaced.size > 0 && paysTooLittle(entry.txid, entry, evicted)
    if (tooLittle) return tooCheap(`insufficient fee${why}`, tooLittle)
    const plan = planChange(this.#pool, [entry], evicted)
    if (!plan) return refuse('too-large-cluster')
    if (replaced.size > 0 && !improves(plan.before, plan.after)) return tooCheap('replacement-failed', NO_BETTER)
    const refusal = this.scripts(candidate)
    if (refusal) return refusal
    return { kind: 'fits', entries: [entry], evicted, replacements: replaced.size > 0 ? [{ by: entry, replaced }] : [] }
  }

  #asPackage(candidates: readonly Candidate[], total: { feeSat: number; vsize: number }): Verdict | PackageRefusal {
    const entries = candidates.map(({ entry }) => entry)
    const replaced = new Set(candidates.flatMap(({ conflicts }) => [...conflicts]))
    const evicted = withDescendants(replaced)
    if (replaced.size > 0) {
      const [parent, child] = entries
      if (entries.length !== 2 || !spendsFrom(child!, parent!)) return noReplacement('package must be 1-parent-1-child')
      if (candidates.some(({ parents }) => parents.length > 0)) {
        return noReplacement('new transaction cannot have mempool ancestors')
      }
      const tooMany = tooManyConflicts(child!.txid, replaced)
      if (tooMany) return noReplacement(`too many potential replacements, ${tooMany}`)
      const tooLittle = paysTooLittle(child!.txid, total, evicted)
      if (tooLittle) return noReplacement(`insufficient anti-DoS fees, ${tooLittle}`)
      if (total.feeSat * parent!.vsize <= parent!.feeSat * total.vsize) {
        return noReplacement('package feerate is less than or equal to parent feerate')
      }
    }
    const plan = planChange(this.#pool, entries, evicted)
    if (!plan) return { kind: 'package-refused', all: 'package-mempool-limits', each: [] }
    if (replaced.size > 0 && !improves(plan.before, plan.after)) return noReplacement(NO_BETTER)
    for (const [at, candidate] of candidates.entries()) {
      const refusal = this.scripts(candidate)
      if (refusal) return failed(at, refusal)
    }
    const replacements = candidates
      .filter(({ conflicts }) => conflicts.size > 0)
      .map(({ entry, conflicts }) => ({ by: entry, replaced: conflicts }))
    return { kind: 'fits', entries, evicted, replacements }
  }
}

const NO_BETTER = 'insufficient feerate: does not improve feerate diagram'

function failed(at: number, refusal: Refusal): PackageRefusal {
  return { kind: 'package-refused', all: 'transaction failed', each: [{ at, refusal }] }
}

function noReplacement(why: string): PackageRefusal {
  return { kind: 'package-refused', all: `package RBF failed: ${why}`, each: [] }
}

/** Dust is let in where nobody gains from it: without a fee, to be spent by the child that brings the fee. */
function checkEphemeral({ dust, feeSat }: NewEntry): Refusal | undefined {
  return dust.length > 0 && feeSat > 0 ? refuse('dust', 'tx with dust output must be 0-fee') : undefined
}

function checkMaxFee({ feeSat, vsize }: NewEntry, { maxFeeRate }: JudgeOptions): Refusal | undefined {
  return maxFeeRate !== undefined && feeSat > feeAt(maxFeeRate, vsize) ? refuse('max-fee-exceeded') : undefined
}

function spendTheSame(entries: readonly NewEntry[]): boolean {
  const spends = entries.flatMap((entry) => entry.spends)
  return new Set(spends).size < spends.length
}

function sum(entries: readonly NewEntry[]): { feeSat: number; vsize: number } {
  let [feeSat, vsize] = [0, 0]
  for (const entry of entries) {
    feeSat += entry.feeSat
    vsize += entry.vsize
  }
  return { feeSat, vsize }
}
