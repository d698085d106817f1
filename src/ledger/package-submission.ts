import type { Millis } from '../peer/ports.ts'
import { hashKey } from '../wire/hash.ts'
import { burns, decodeTx, MAX_FEE_RATE } from './broadcast.ts'
import type { IncomingTx, Mempool } from './mempool.ts'
import { type Refusal, refusalText } from './mempool-policy.ts'
import type {
  EffectiveRate,
  PackageOptions,
  PackageResult,
  PackageTx,
  PackageUndone,
  TestedTx,
  TestResult,
} from './mempool-questions.ts'
import type { Accepted } from './mempool-results.ts'
import { isChildWithParents, MAX_PACKAGE_COUNT, malformedPackage } from './package-rules.ts'

/**
 * Takes in a child and the parents that it may have to pay for, as Bitcoin Core's `submitpackage` does: one by one as far
 * as each is good enough, then what is left together. `accepted` are for whoever announces them, in order.
 */
export function submitPackage(
  mempool: Mempool,
  raws: readonly Uint8Array[],
  now: Millis,
  { maxFeeRate = MAX_FEE_RATE, maxBurn = 0 }: PackageOptions = {},
): { answer: PackageResult; accepted: Accepted[] } {
  const txs = decodeAll(mempool, raws)
  if ('kind' in txs) return { answer: txs, accepted: [] }
  if (txs.some(({ tx }) => burns(tx, maxBurn))) {
    return none(-25, 'Unspendable output exceeds maximum configured by user (maxburnamount)')
  }
  if (!isChildWithParents(txs)) {
    return none(-25, 'package topology disallowed. not child-with-parents or parents depend on each other.')
  }
  const malformed = malformedPackage(txs)
  if (malformed) {
    const results = txs.map(({ txid, wtxid }): PackageTx => ({ txid, wtxid, error: 'package-not-validated' }))
    return { answer: { kind: 'judged', message: malformed, txs: results, replaced: [] }, accepted: [] }
  }
  const submission = new Submission(mempool, txs, now, maxFeeRate > 0 ? { maxFeeRate } : {})
  return { answer: submission.run(), accepted: submission.accepted }
}

class Submission {
  readonly accepted: Accepted[] = []
  readonly #mempool: Mempool
  readonly #txs: readonly IncomingTx[]
  readonly #now: Millis
  readonly #options: { maxFeeRate?: number }
  readonly #results = new Map<IncomingTx, PackageTx>()
  readonly #replaced = new Map<string, Uint8Array>()
  #message = 'success'

  constructor(mempool: Mempool, txs: readonly IncomingTx[], now: Millis, options: { maxFeeRate?: number }) {
    this.#mempool = mempool
    this.#txs = txs
    this.#now = now
    this.#options = options
  }

  run(): PackageResult {
    const left: IncomingTx[] = []
    let isLost = false
    for (const tx of this.#txs) {
      const refusal = this.#alone(tx)
      if (!refusal) continue
      this.#refused(tx, refusal)
      if (refusal.reconsiderable || refusal.missing) left.push(tx)
      // The others may be good by themselves, but together they never will be.
      else isLost = true
    }
    if (isLost) this.#message = 'transaction failed'
    else if (left.length > 0) this.#together(left)
    for (const tx of this.#txs) {
      const result = this.#results.get(tx)!
      if (result.error !== undefined || result.otherWtxid || this.#mempool.get(tx.wtxid)) continue
      this.#results.set(tx, { txid: tx.txid, wtxid: tx.wtxid, error: 'mempool full' })
      this.#message = 'transaction failed'
    }
    const txs = this.#txs.map((tx) => this.#results.get(tx)!)
    return { kind: 'judged', message: this.#message, txs, replaced: [...this.#replaced.values()] }
  }

  #alone(tx: IncomingTx): Refusal | undefined {
    const { txid, wtxid } = tx
    const held = this.#mempool.get(wtxid) ?? this.#mempool.get(txid)
    if (held) {
      const { vsize, feeSat } = held
      const isSame = hashKey(held.wtxid) === hashKey(wtxid)
      this.#results.set(tx, { txid, wtxid, ...(isSame ? { vsize, feeSat } : { otherWtxid: held.wtxid }) })
      return undefined
    }
    const result = this.#mempool.accept(tx, this.#now, this.#options)
    if (result.kind === 'refused') return result
    if (result.kind === 'accepted') this.#took([tx], result)
    return undefined
  }

  #together(txs: readonly IncomingTx[]): void {
    // One by itself has had its answer.
    if (txs.length === 1) {
      this.#message = 'transaction failed'
      return
    }
    const result = this.#mempool.acceptTogether(txs, this.#now, this.#options)
    if (result.kind === 'accepted') {
      this.#took(txs, result)
      return
    }
    this.#message = result.all
    for (const { at, refusal } of result.each) this.#refused(txs[at]!, refusal)
  }

  #took(txs: readonly IncomingTx[], accepted: Accepted): void {
    this.accepted.push(accepted)
    for (const txid of accepted.replaced) this.#replaced.set(hashKey(txid), txid)
    const all = [...accepted.parents, accepted]
    const effective = rateOf(all)
    for (const tx of txs) {
      const { txid, wtxid, vsize, feeSat } = all.find((each) => each.wtxid === tx.wtxid)!
      this.#results.set(tx, { txid, wtxid, vsize, feeSat, effective })
    }
  }

  #refused(tx: IncomingTx, refusal: Refusal): void {
    this.#results.set(tx, { txid: tx.txid, wtxid: tx.wtxid, error: packageText(refusal) })
  }
}

/** Says what `broadcast` would of each transaction, earlier ones taken for granted, as Core's `testmempoolaccept` does. */
export function testAccept(
  mempool: Mempool,
  raws: readonly Uint8Array[],
  now: Millis,
  { maxFeeRate = MAX_FEE_RATE }: Pick<PackageOptions, 'maxFeeRate'> = {},
): TestResult {
  const txs = decodeAll(mempool, raws)
  if ('kind' in txs) return txs
  const malformed = malformedPackage(txs)
  const names = txs.map(({ txid, wtxid }): TestedTx => ({ txid, wtxid }))
  if (malformed) return tested(names.map((name) => ({ ...name, packageError: malformed })))
  const options = maxFeeRate > 0 ? { maxFeeRate } : {}
  if (txs.length === 1) {
    const verdict = mempool.judge(txs[0]!, now, options)
    if (verdict.kind === 'known') return tested([refusedTest(names[0]!, KNOWN)])
    if (verdict.kind === 'refused') return tested([refusedTest(names[0]!, verdict)])
    return tested(verdict.entries.map(allowedTest))
  }
  const verdict = mempool.judgeTogether(txs, now, { ...options, eachPays: true, noReplacing: true })
  if (verdict.kind === 'fits') return tested(verdict.entries.map(allowedTest))
  if (verdict.each.length === 0) return tested(names.map((name) => ({ ...name, packageError: verdict.all })))
  const [{ at, refusal }] = verdict.each as [(typeof verdict.each)[0]]
  return tested(names.map((name, i) => (i === at ? refusedTest(name, refusal) : name)))
}

const KNOWN: Refusal = { kind: 'refused', reason: 'txn-already-in-mempool', punish: false }

function tested(txs: TestedTx[]): TestResult {
  return { kind: 'tested', txs }
}

function allowedTest(tx: { txid: Uint8Array; wtxid: Uint8Array; vsize: number; feeSat: number }): TestedTx {
  const { txid, wtxid, vsize, feeSat } = tx
  return { txid, wtxid, allowed: true, vsize, feeSat, effective: rateOf([tx]) }
}

function refusedTest({ txid, wtxid }: TestedTx, refusal: Refusal): TestedTx {
  const details = refusalText(refusal)
  const reason = refusal.missing ? 'missing-inputs' : refusal.reason
  return { txid, wtxid, allowed: false, reject: { reason, details } }
}

/** What all of them pay together. */
function rateOf(txs: readonly { wtxid: Uint8Array; vsize: number; feeSat: number }[]): EffectiveRate {
  let [feeSat, vsize] = [0, 0]
  for (const tx of txs) {
    feeSat += tx.feeSat
    vsize += tx.vsize
  }
  return { feeRate: Math.floor((feeSat * 1000) / vsize), includes: txs.map(({ wtxid }) => wtxid) }
}

function none(code: PackageUndone['code'], message: string): { answer: PackageUndone; accepted: [] } {
  return { answer: { kind: 'refused', code, message }, accepted: [] }
}

function decodeAll(mempool: Mempool, raws: readonly Uint8Array[]): IncomingTx[] | PackageUndone {
  if (raws.length === 0 || raws.length > MAX_PACKAGE_COUNT) {
    return none(-8, `Array must contain between 1 and ${MAX_PACKAGE_COUNT} transactions.`).answer
  }
  const txs: IncomingTx[] = []
  for (const raw of raws) {
    const tx = decodeTx(mempool, raw)
    if (!tx) return none(-22, 'TX decode failed. Make sure the tx has at least one input.').answer
    txs.push(tx)
  }
  return txs
}

/** `submitpackage` has another name for this than the other calls. */
function packageText(refusal: Refusal): string {
  return refusal.reason === 'max-fee-exceeded' ? 'max feerate exceeded' : refusalText(refusal)
}
