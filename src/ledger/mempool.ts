import type { Millis } from '../peer/ports.ts'
import type { LinkId } from '../peer/queues.ts'
import { WireError } from '../wire/error.ts'
import { type Hasher, hashKey, nobleHasher } from '../wire/hash.ts'
import { isEmptyMwebTx, type ParsedTransaction, parseTransaction } from '../wire/transaction.ts'
import { Admission, type IncomingTx } from './admission.ts'
import { type MempoolEntry, outpointKey, outpointKeyAt } from './mempool-entry.ts'
import { type HoldingLimits, MempoolHoldings } from './mempool-holdings.ts'
import { Judge, type JudgeOptions, type PackageRefusal, type Verdict } from './mempool-judge.ts'
import { type MempoolChain, type Refusal, refuse, tooCheap } from './mempool-policy.ts'
import { type TxPool, withDescendants } from './mempool-pool.ts'
import type { Accepted, AcceptedTx, AcceptResult, ChainUpdate, ReceiveResult, Released } from './mempool-results.ts'
import type { TxScripts } from './mempool-scripts.ts'
import { type OrphanLimits, Orphans } from './orphans.ts'
import type { MempoolChange, RecentTx } from './queries.ts'
import { RecentIds } from './recent-ids.ts'
import { RefusedTxs } from './refused-txs.ts'
import type { ReplacementHistory } from './replacement-history.ts'
import { MAX_STANDARD_WEIGHT } from './standardness.ts'

export type { IncomingTx } from './admission.ts'
export type * from './mempool-results.ts'

export interface MempoolLimits extends HoldingLimits {
  /** Those whose parents are missing; and, of a quarter of the bytes, as many that pay too little by themselves. */
  orphans: OrphanLimits
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  bytes: 128 * 2 ** 20,
  minFeeRate: 100,
  expiry: 336 * 3_600_000, // Bitcoin Core's
  orphans: { count: 100, bytes: 4 * 2 ** 20 },
}

/** Ids that `wants` remembers as mined. */
const MAX_MINED = 10_000
/** Waiting children that are tried with a parent that pays too little. */
const CHILDREN_TRIED = 10

/** What came of a transaction: those taken in, parents first. */
type Entered = { kind: 'entered'; txs: AcceptedTx[]; replaced: Uint8Array[] }

/**
 * Unconfirmed transactions that the next block could hold: whatever is in here spends outputs that exist, once, mature
 * and unlocked, with scripts that let it, is of the kinds that nodes relay, and pays for its bytes, or has a child that pays
 * for both. In memory and deterministic: the same calls make the same mempool. Of two that spend the same output the better
 * one for miners stays, by the rules of Bitcoin Core.
 *
 * `accept`, `receive` and `update` rely on `chain` to stand where the caller says it stands: it moves, then `update` is
 * called, before anything else is.
 */
export class Mempool {
  readonly limits: Readonly<MempoolLimits>
  readonly #chain: MempoolChain
  readonly #hasher: Hasher
  readonly #holdings: MempoolHoldings
  readonly #admission: Admission
  readonly #judge: Judge
  readonly #orphans: Orphans
  /** Those that pay too little by themselves, by txid: a child that pays for them may be on its way. */
  readonly #underpaid: Orphans
  readonly #refused = new RefusedTxs()
  readonly #mined = new RecentIds(MAX_MINED)
  #tip: { hash: Uint8Array; height: number }

  constructor(options: {
    chain: MempoolChain
    scripts: TxScripts
    hasher?: Hasher
    limits?: Partial<MempoolLimits>
  }) {
    const { chain, scripts, hasher = nobleHasher } = options
    this.limits = { ...MEMPOOL_LIMITS, ...options.limits }
    this.#chain = chain
    this.#hasher = hasher
    this.#holdings = new MempoolHoldings(this.limits)
    const { pool } = this.#holdings
    this.#admission = new Admission(pool, chain, hasher)
    this.#judge = new Judge({ chain, pool, admission: this.#admission, scripts })
    this.#orphans = new Orphans(this.limits.orphans)
    const { count, bytes } = this.limits.orphans
    this.#underpaid = new Orphans({ count, bytes: bytes / 4 })
    this.#tip = this.#standing()
  }

  /** For those who read; changed only here. */
  get pool(): TxPool {
    return this.#holdings.pool
  }

  /** The block that the mempool stands on: the chain's tip at the last `update`. */
  get tip(): { readonly hash: Uint8Array; readonly height: number } {
    return this.#tip
  }

  /** The latest taken in, newest first; some may have left since. */
  get recent(): readonly RecentTx[] {
    return this.#holdings.recent
  }

  get replacements(): ReplacementHistory {
    return this.#holdings.history
  }

  get orphanCount(): number {
    return this.#orphans.count
  }

  /** What came and left since this was last asked. */
  takeChanges(): MempoolChange[] {
    return this.#holdings.takeChanges()
  }

  /** txids of transactions refused in a form beside which there may be a good one, since this was last asked. */
  takeOpen(): Uint8Array[] {
    return this.#refused.takeOpen()
  }

  /** Whether an announced transaction (txid or wtxid) is worth asking for. */
  wants(id: Uint8Array): boolean {
    const key = hashKey(id)
    if (this.pool.byKey(key) || this.pool.byWtxid(key)) return false
    return !this.#orphans.has(key) && !this.#refused.has(key) && !this.#mined.has(key)
  }

  /** A transaction by txid or wtxid. */
  get(id: Uint8Array): MempoolEntry | undefined {
    const key = hashKey(id)
    return this.pool.byWtxid(key) ?? this.pool.byKey(key)
  }

  /** sat/kvB below which nothing is taken in now: the figure for `feefilter`. */
  minFeeRate(now: Millis): number {
    const { rolling, least } = this.#holdings.floors(now)
    return Math.max(least, Math.ceil(rolling))
  }

  /** The transaction with these bytes. Throws WireError. */
  parse(bytes: Uint8Array): IncomingTx {
    // Views into the bytes are kept: they must not keep a whole network buffer.
    const raw = bytes.byteLength === bytes.buffer.byteLength ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice()
    return { ...parseTransaction(raw, this.#hasher), raw }
  }

  /** Whether the connected chain has unspent outputs of this transaction, as far as the first ones tell. */
  isMined(tx: ParsedTransaction): boolean {
    return this.#admission.isMined(tx)
  }

  /** What `accept` would say, with nothing done. */
  judge(incoming: IncomingTx, now: Millis, options: Omit<JudgeOptions, 'floors'> = {}): ReturnType<Judge['one']> {
    return this.#judge.one(incoming, now, { ...options, floors: this.#holdings.floors(now) })
  }

  /** What `acceptTogether` would say, with nothing done. */
  judgeTogether(
    incoming: readonly IncomingTx[],
    now: Millis,
    options: Omit<JudgeOptions, 'floors'> = {},
  ): Verdict | PackageRefusal {
    return this.#judge.together(incoming, now, { ...options, floors: this.#holdings.floors(now) })
  }

  /** Takes in a transaction whose parents are known, or says why not. */
  accept(bytes: Uint8Array | IncomingTx, now: Millis, options: { maxFeeRate?: number } = {}): AcceptResult {
    const incoming = this.#read(bytes)
    if ('kind' in incoming) return incoming
    const result = this.#enter(incoming, now, options.maxFeeRate)
    return result.kind === 'entered' ? this.#accepted(incoming, result, now) : result
  }

  /** Takes in several that pay enough together, parents first; none of them is in here. */
  acceptTogether(
    incoming: readonly IncomingTx[],
    now: Millis,
    options: { maxFeeRate?: number } = {},
  ): Accepted | PackageRefusal {
    const result = this.#enterTogether(incoming, now, options.maxFeeRate)
    return result.kind === 'entered' ? this.#accepted(incoming.at(-1)!, result, now) : result
  }

  /**
   * Takes in a transaction that a peer sent; one whose parents are unknown waits for them, within bounds. One that pays
   * too little is taken together with a child that pays for it, whichever comes first. What was refused since the last
   * block, and would be again, is not looked at.
   */
  receive(bytes: Uint8Array, from: LinkId, now: Millis): ReceiveResult {
    const incoming = this.#read(bytes)
    if ('kind' in incoming) return incoming
    if (this.#refused.isRepeated(incoming)) return { kind: 'known' }
    const result = this.#offer(incoming, from, now, now)
    return result.kind === 'entered' ? this.#accepted(incoming, result, now) : result
  }

  /**
   * Takes back a transaction that was in here in an earlier life. Fees are not asked for one by one: a child that comes
   * later may pay; `restored` is to be called once all are through. `early`: what it spends may come later too.
   */
  restore(bytes: Uint8Array, seen: Millis, now: Millis): { kind: 'in' | 'early' | 'gone'; key: string } {
    const incoming = this.#read(bytes)
    if ('kind' in incoming) return { kind: 'gone', key: '' }
    const key = hashKey(incoming.txid)
    const held = this.pool.byKey(key)
    if (held) {
      this.pool.seenBefore(held, seen)
      return { kind: 'in', key }
    }
    if (seen <= now - this.limits.expiry) return { kind: 'gone', key }
    const candidate = this.#judge.candidate(incoming, seen)
    if ('kind' in candidate) return { kind: candidate.missing ? 'early' : 'gone', key }
    const fits =
      candidate.conflicts.size === 0 &&
      !this.#judge.scripts(candidate) &&
      this.#holdings.takeBack(candidate.entry, { exempt: false })
    this.#holdings.makeRoom(now)
    return { kind: fits && this.pool.byKey(key) ? 'in' : 'gone', key }
  }

  restored(now: Millis): void {
    this.#holdings.trim(now)
  }

  /** Takes in what waits for these transactions (txids as keys), as far as it can come in now. */
  release(parents: readonly string[], now: Millis): Released {
    return this.#release([...parents], now)
  }

  /** So many links have told of it. */
  heard(txid: Uint8Array, links: number): void {
    const entry = this.pool.byKey(hashKey(txid))
    if (entry) this.pool.heardFrom(entry, links)
  }

  /** A link is gone: what it sent and nobody could use yet goes too. */
  forgetLink(link: LinkId): void {
    this.#orphans.forgetLink(link)
    this.#underpaid.forgetLink(link)
  }

  /**
   * Follows the chain, which stands on its new tip already: drops what was mined or is impossible now, takes back what
   * reverted blocks held. What comes in because a block brought its parent is returned.
   */
  update({ reverted, connected }: ChainUpdate, now: Millis): Released {
    const before = this.#tip.height
    this.#tip = this.#standing()
    this.#refused.clear()
    this.#holdings.blockConnected(now)
    const parents: string[] = []
    let blocks = 0
    if (this.pool.count + this.#orphans.count + this.#underpaid.count + this.replacements.size > 0) {
      for (const block of connected) {
        this.#blockConnected(block, parents)
        blocks++
      }
    }
    for (const bytes of reverted) this.#takeBack(bytes, now)
    if (this.#tip.height !== before + blocks) this.#recheck()
    this.#holdings.expire(now)
    this.#holdings.trim(now)
    return this.#release(parents, now)
  }

  #standing() {
    const { hash, height } = this.#chain.tip
    return { hash: hash.slice(), height }
  }

  #read(bytes: Uint8Array | IncomingTx): IncomingTx | Refusal {
    if (!(bytes instanceof Uint8Array)) return bytes
    if (isEmptyMwebTx(bytes)) return refuse('mweb')
    // No transaction weighs less than its bytes.
    if (bytes.length > MAX_STANDARD_WEIGHT) return refuse('tx-size')
    try {
      return this.parse(bytes)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return { kind: 'refused', reason: 'decode-failed', detail: error.message, punish: true }
    }
  }

  #enter(incoming: IncomingTx, now: Millis, maxFeeRate?: number): Entered | Refusal | { kind: 'known' } {
    this.#holdings.expire(now)
    const verdict = this.judge(incoming, now, { maxFeeRate })
    if (verdict.kind !== 'fits') return verdict
    return this.#admit(verdict, now) ?? tooCheap('mempool full')
  }

  #enterTogether(incoming: readonly IncomingTx[], now: Millis, maxFeeRate?: number): Entered | PackageRefusal {
    this.#holdings.expire(now)
    const verdict = this.judgeTogether(incoming, now, { maxFeeRate })
    if (verdict.kind !== 'fits') return verdict
    const full = () => incoming.map((_, at) => ({ at, refusal: tooCheap('mempool full') }))
    return this.#admit(verdict, now) ?? { kind: 'package-refused', all: 'transaction failed', each: full() }
  }

  #admit(verdict: Verdict, now: Millis): Entered | undefined {
    if (!this.#holdings.admit(verdict, now)) return undefined
    const txs = verdict.entries.map(
      ({ txid, wtxid, raw, feeSat, vsize, value }): AcceptedTx => ({ txid, wtxid, raw, feeSat, vsize, value }),
    )
    return { kind: 'entered', txs, replaced: [...verdict.evicted].map(({ txid }) => txid) }
  }

  /** What `incoming` brought about, and what had waited for any of it. */
  #accepted(incoming: IncomingTx, { txs, replaced }: Entered, now: Millis): Accepted {
    const at = txs.findIndex(({ wtxid }) => wtxid === incoming.wtxid)
    const { txs: more, blamed } = this.#release(
      txs.map(({ txid }) => hashKey(txid)),
      now,
    )
    const released = { txs: [...txs.slice(at + 1), ...more], blamed }
    return { kind: 'accepted', ...txs[at]!, parents: txs.slice(0, at), released, replaced }
  }

  /** Takes in one that a link sent; with a parent or a child, where only both together pay enough. */
  #offer(incoming: IncomingTx, from: LinkId, since: Millis, now: Millis): Entered | Exclude<ReceiveResult, Accepted> {
    const result = this.#offered(incoming, from, since, now)
    if (result.kind === 'entered') for (const { txid } of result.txs) this.heard(txid, 1)
    return result
  }

  #offered(incoming: IncomingTx, from: LinkId, since: Millis, now: Millis): Entered | Exclude<ReceiveResult, Accepted> {
    const result = this.#enter(incoming, now)
    if (result.kind !== 'refused') return result
    if (result.missing) return this.#withoutParents(incoming, result, from, since, now)
    const key = hashKey(incoming.txid)
    // Children that came after it have been tried with it already.
    if (result.reconsiderable && !this.#underpaid.has(key)) {
      const paid = this.#withChild(incoming, now)
      if (paid) return paid
      const isHopeless = this.#refused.isFinal(hashKey(incoming.wtxid))
      if (!isHopeless) this.#underpaid.add(this.#waiting(incoming, key, from, since, []))
    }
    this.#refused.add(incoming, result)
    return result
  }

  #withoutParents(
    incoming: IncomingTx,
    refusal: Refusal,
    from: LinkId,
    since: Millis,
    now: Millis,
  ): Entered | Refusal | { kind: 'orphan'; missing: Uint8Array[] } {
    const missing = refusal.missing!
    const key = hashKey(incoming.wtxid)
    const parent = missing.length === 1 ? this.#underpaid.get(hashKey(missing[0]!)) : undefined
    if (parent) {
      const result = this.#enterPair(this.parse(parent.raw), incoming, now)
      if (result.kind === 'entered') {
        this.#underpaid.remove(parent.key)
        return result
      }
      const own = result.each.find(({ at }) => at === 1)?.refusal ?? refuse(result.all)
      this.#refused.add(incoming, own)
      return own
    }
    const isRefused = (txid: string) => this.#refused.has(txid) && !this.#underpaid.has(txid)
    if (missing.map(hashKey).some(isRefused)) {
      // Whatever its witness, it will have no parent.
      this.#refused.add(incoming, { ...refusal, condemns: 'txid' })
      return refusal
    }
    if (!this.#orphans.has(key)) this.#orphans.add(this.#waiting(incoming, key, from, since, missing.map(hashKey)))
    return { kind: 'orphan', missing }
  }

  /** With the first of those that wait for it, latest first, which pays for both. */
  #withChild(parent: IncomingTx, now: Millis): Entered | undefined {
    const children = this.#orphans.children(hashKey(parent.txid)).slice(-CHILDREN_TRIED)
    for (const { raw, key } of children.reverse()) {
      const result = this.#enterPair(parent, this.parse(raw), now)
      if (result.kind === 'entered' || this.#refused.isFinal(key)) this.#orphans.remove(key)
      if (result.kind === 'entered') return result
      if (this.#refused.isFinal(hashKey(parent.wtxid))) return undefined
    }
    return undefined
  }

  /** A parent that pays too little by itself, and a child. Where one is of no use whoever pays, that is remembered. */
  #enterPair(parent: IncomingTx, child: IncomingTx, now: Millis): Entered | PackageRefusal {
    const result = this.#enterTogether([parent, child], now)
    if (result.kind === 'entered') return result
    for (const { at, refusal } of result.each) {
      if (refusal.reconsiderable || refusal.missing) continue
      this.#refused.add(at === 0 ? parent : child, refusal)
      if (at === 0) this.#underpaid.remove(hashKey(parent.txid))
    }
    return result
  }

  /** Tries again those that wait for these transactions, and then those that wait for them, and so on. */
  #release(parents: string[], now: Millis): Released {
    const released: Released = { txs: [], blamed: [] }
    for (const parent of parents) {
      for (const { raw, from, since } of this.#orphans.takeChildren(parent)) {
        const result = this.#offer(this.parse(raw), from, since, now)
        if (result.kind === 'entered') {
          released.txs.push(...result.txs)
          parents.push(...result.txs.map(({ txid }) => hashKey(txid)))
        } else if (result.kind === 'refused' && result.punish) {
          released.blamed.push({ from, reason: result.reason })
        }
      }
    }
    return released
  }

  #waiting({ raw, tx }: IncomingTx, key: string, from: LinkId, since: Millis, missing: string[]) {
    const spends = tx.inputs.map(({ prevout }) => outpointKey(hashKey(prevout.hash), prevout.index))
    return { raw, key, spends, from, since, missing }
  }

  #blockConnected({ txids, outpoints }: { txids: Uint8Array; outpoints: Uint8Array }, parents: string[]): void {
    const mined: MempoolEntry[] = []
    for (let at = 0; at < txids.length; at += 32) {
      const key = hashKey(txids.subarray(at, at + 32))
      parents.push(key)
      this.#mined.add(key)
      this.replacements.mined(key, true)
      const entry = this.pool.byKey(key)
      if (!entry) continue
      mined.push(entry)
      this.#mined.add(hashKey(entry.wtxid))
    }
    this.#holdings.remove(mined, 'mined')
    const conflicting: MempoolEntry[] = []
    const spent: string[] = []
    for (let at = 0; at < outpoints.length; at += 36) {
      const outpoint = outpointKeyAt(outpoints, at)
      spent.push(outpoint)
      const entry = this.pool.spender(outpoint)
      if (entry) conflicting.push(entry)
    }
    this.#holdings.remove(withDescendants(conflicting), 'conflict')
    this.#orphans.spent(spent)
    this.#underpaid.spent(spent)
  }

  /** A transaction of a reverted block. Fees and room are not asked for: it was good enough to be mined. */
  #takeBack(bytes: Uint8Array, now: Millis): void {
    const incoming = this.#read(bytes)
    if ('kind' in incoming) return
    this.replacements.mined(hashKey(incoming.txid), false)
    const candidate = this.#judge.candidate(incoming, now)
    if ('kind' in candidate || candidate.conflicts.size > 0 || this.#judge.scripts(candidate)) return
    this.#holdings.takeBack(candidate.entry, { exempt: true })
    this.#holdings.trim(now)
  }

  /** Drops what the new chain makes impossible, with everything that depends on it. */
  #recheck(): void {
    const broken = [...this.pool.entries()].filter((entry) => !this.#admission.isPossible(entry))
    this.#holdings.remove(withDescendants(broken), 'reorg')
  }
}
