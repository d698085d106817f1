import type { Network } from '../chain/network.ts'
import type { Millis } from '../peer/ports.ts'
import type { LinkId } from '../peer/queues.ts'
import { WireError } from '../wire/error.ts'
import { type Hasher, hashKey, nobleHasher } from '../wire/hash.ts'
import { isEmptyMwebTx, type ParsedTransaction, parseTransaction } from '../wire/transaction.ts'
import { Admission, type IncomingTx } from './admission.ts'
import { feeRate } from './clusters.ts'
import { type MempoolEntry, outpointKey, outpointKeyAt } from './mempool-entry.ts'
import {
  checkAlone,
  checkFinal,
  feeAt,
  MAX_STANDARD_WEIGHT,
  type MempoolChain,
  type Refusal,
  refuse,
} from './mempool-policy.ts'
import { type NewEntry, TxPool, withDescendants } from './mempool-pool.ts'
import { type OrphanLimits, Orphans } from './orphans.ts'
import type { MempoolChange, RecentTx, RemovalReason } from './queries.ts'
import { RecentIds } from './recent-ids.ts'
import { RollingFloor } from './rolling-floor.ts'

export interface MempoolLimits {
  /** Memory for transactions, indexes included; never exceeded. */
  bytes: number
  /** sat/kvB that a transaction pays at least. */
  minFeeRate: number
  /** How long a transaction waits for a block. */
  expiry: Millis
  orphans: OrphanLimits
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  bytes: 128 * 2 ** 20,
  minFeeRate: 100,
  expiry: 336 * 3_600_000, // Bitcoin Core's
  orphans: { count: 100, bytes: 4 * 2 ** 20 },
}

/** Latest transactions that `recent` remembers. */
const MAX_RECENT = 100
/** Ids that `wants` remembers as refused, and as mined. */
const MAX_REFUSED = 10_000
const MAX_MINED = 10_000

export interface AcceptedTx {
  txid: Uint8Array
  wtxid: Uint8Array
  raw: Uint8Array<ArrayBuffer>
  feeSat: number
  vsize: number
  /** Sum of what it spends, satoshi. */
  value: number
}

/** A link that sent what turned out, later, to be a transaction that no honest node sends. */
export interface Blame {
  from: LinkId
  reason: string
}

/** What came in because of something else: parents first. */
export interface Released {
  txs: AcceptedTx[]
  blamed: Blame[]
}

export type { IncomingTx } from './admission.ts'

export type AcceptResult =
  /** `released`: transactions that had waited for this one. */
  | ({ kind: 'accepted'; released: Released } & AcceptedTx)
  /** It is in the mempool already. */
  | { kind: 'known' }
  | Refusal

/** `orphan`: kept for when the transactions named by `missing` (txids) have come. */
export type ReceiveResult = AcceptResult | { kind: 'orphan'; missing: Uint8Array[] }

/** What happened to the connected chain. */
export interface ChainUpdate {
  /** The raw transactions of reverted blocks, lowest block first, in block order; read once. Coinbases are passed over. */
  reverted: Iterable<Uint8Array>
  /** Per connected block, lowest first: its txids (32 bytes each) and what its inputs spend (36 bytes each, as on the wire). */
  connected: Iterable<{ txids: Uint8Array; outpoints: Uint8Array }>
}

/**
 * Unconfirmed transactions that the next block could hold: whatever is in here spends outputs that exist, once, mature
 * and unlocked, and pays for its bytes. In memory and deterministic: the same calls make the same mempool. Scripts and
 * signatures are not looked at. A transaction that conflicts with one in here is refused: the first one stays.
 *
 * `accept`, `receive` and `update` rely on `chain` to stand where the caller says it stands: it moves, then `update` is
 * called, before anything else is.
 */
export class Mempool {
  readonly #network: Network
  readonly #chain: MempoolChain
  readonly #hasher: Hasher
  readonly limits: Readonly<MempoolLimits>
  readonly #floor = new RollingFloor()
  readonly #orphans: Orphans
  readonly #refused = new RecentIds(MAX_REFUSED)
  readonly #mined = new RecentIds(MAX_MINED)
  readonly #admission: Admission
  #recent: RecentTx[] = []
  #changes: MempoolChange[] = []
  #tip: { hash: Uint8Array; height: number }
  /** For those who read; changed only here. */
  readonly pool = new TxPool()

  constructor(options: { network: Network; chain: MempoolChain; hasher?: Hasher; limits?: Partial<MempoolLimits> }) {
    this.#network = options.network
    this.#chain = options.chain
    this.#hasher = options.hasher ?? nobleHasher
    this.limits = { ...MEMPOOL_LIMITS, ...options.limits }
    this.#orphans = new Orphans(this.limits.orphans)
    this.#admission = new Admission(this.pool, this.#chain, this.#hasher)
    this.#tip = this.#standing()
  }

  /** The block that the mempool stands on: the chain's tip at the last `update`. */
  get tip(): { readonly hash: Uint8Array; readonly height: number } {
    return this.#tip
  }

  /** The latest taken in, newest first; some may have left since. */
  get recent(): readonly RecentTx[] {
    return this.#recent
  }

  get orphanCount(): number {
    return this.#orphans.count
  }

  /** What came and left since this was last asked. */
  takeChanges(): MempoolChange[] {
    const changes = this.#changes
    this.#changes = []
    return changes
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
    return Math.max(this.limits.minFeeRate, Math.ceil(this.#floor.rate(now, this.#fill)))
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

  /** Takes in a transaction whose parents are known, or says why not. */
  accept(bytes: Uint8Array | IncomingTx, now: Millis, options: { maxFeeRate?: number } = {}): AcceptResult {
    const incoming = this.#read(bytes)
    if ('kind' in incoming) return incoming
    const result = this.#enter(incoming, now, options.maxFeeRate)
    if (result.kind !== 'accepted') return result
    return { ...result, released: this.#release([hashKey(result.txid)], now) }
  }

  /** Takes in a transaction that a peer sent; one whose parents are unknown waits for them, within bounds. */
  receive(bytes: Uint8Array, from: LinkId, now: Millis): ReceiveResult {
    const incoming = this.#read(bytes)
    if ('kind' in incoming) return incoming
    const result = this.accept(incoming, now)
    if (result.kind !== 'refused') return result
    const key = hashKey(incoming.wtxid)
    if (!result.missing || result.missing.some((parent) => this.#refused.has(hashKey(parent)))) {
      this.#refused.add(key)
      return result
    }
    if (!this.#orphans.has(key)) this.#keepOrphan(incoming, from, now, result.missing)
    return { kind: 'orphan', missing: result.missing }
  }

  /** A link is gone: what it sent and nobody could use yet goes too. */
  forgetLink(link: LinkId): void {
    this.#orphans.forgetLink(link)
  }

  /**
   * Follows the chain, which stands on its new tip already: drops what was mined or is impossible now, takes back what
   * reverted blocks held. What comes in because a block brought its parent is returned.
   */
  update({ reverted, connected }: ChainUpdate, now: Millis): Released {
    const before = this.#tip.height
    this.#tip = this.#standing()
    this.#refused.clear()
    this.#floor.blockConnected(now, this.#fill)
    const parents: string[] = []
    let blocks = 0
    if (this.pool.count + this.#orphans.count > 0) {
      for (const block of connected) {
        this.#blockConnected(block, parents)
        blocks++
      }
    }
    for (const bytes of reverted) this.#takeBack(bytes, now)
    if (this.#tip.height !== before + blocks) this.#recheck()
    this.#expire(now)
    return this.#release(parents, now)
  }

  #standing() {
    const { hash, height } = this.#chain.tip
    return { hash: hash.slice(), height }
  }

  get #fill(): number {
    return this.pool.charge / this.limits.bytes
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

  #enter(incoming: IncomingTx, now: Millis, maxFeeRate = Number.POSITIVE_INFINITY) {
    if (!this.#network.relayTransactions) {
      return refuse(
        'relay-disabled',
        `no transactions are taken on ${this.#network.name} while scripts are not checked`,
      )
    }
    if (this.pool.byWtxid(hashKey(incoming.wtxid))) return { kind: 'known' as const }
    const refusal = checkAlone(incoming) ?? checkFinal(incoming.tx, this.#chain)
    if (refusal) return refusal
    this.#expire(now)
    const entry = this.#admission.check(incoming, now)
    if ('kind' in entry) return entry
    const { feeSat, vsize } = entry
    const rolling = feeAt(this.#floor.rate(now, this.#fill), vsize)
    if (feeSat < rolling) return refuse('mempool min fee not met', `${feeSat} < ${rolling}`)
    const least = feeAt(this.limits.minFeeRate, vsize)
    if (feeSat < least) return refuse('min relay fee not met', `${feeSat} < ${least}`)
    if (feeSat > feeAt(maxFeeRate, vsize)) return refuse('max-fee-exceeded')
    if (!this.#add(entry, false)) return refuse('too-large-cluster')
    this.#trim(now)
    if (!this.pool.byKey(entry.key)) return refuse('mempool full')
    const { txid, wtxid, raw, value } = entry
    this.#recent = [{ txid, feeSat, vsize, value, time: entry.time }, ...this.#recent.slice(0, MAX_RECENT - 1)]
    return { kind: 'accepted' as const, txid, wtxid, raw, feeSat, vsize, value }
  }

  /** Tries again those that wait for these transactions, and then those that wait for them, and so on. */
  #release(parents: string[], now: Millis): Released {
    const released: Released = { txs: [], blamed: [] }
    for (const parent of parents) {
      for (const orphan of this.#orphans.takeChildren(parent)) {
        const incoming = this.parse(orphan.raw)
        const result = this.#enter(incoming, now)
        if (result.kind === 'accepted') {
          const { kind: _, ...tx } = result
          released.txs.push(tx)
          parents.push(hashKey(tx.txid))
        } else if (result.kind === 'refused') {
          if (result.missing) this.#keepOrphan(incoming, orphan.from, orphan.since, result.missing)
          else this.#refused.add(hashKey(incoming.wtxid))
          if (result.punish) released.blamed.push({ from: orphan.from, reason: result.reason })
        }
      }
    }
    return released
  }

  #keepOrphan({ raw, wtxid, tx }: IncomingTx, from: LinkId, since: Millis, missing: Uint8Array[]): void {
    const spends = tx.inputs.map(({ prevout }) => outpointKey(hashKey(prevout.hash), prevout.index))
    this.#orphans.add({ raw, key: hashKey(wtxid), spends, from, since, missing: missing.map(hashKey) })
  }

  #blockConnected({ txids, outpoints }: { txids: Uint8Array; outpoints: Uint8Array }, parents: string[]): void {
    const mined: MempoolEntry[] = []
    for (let at = 0; at < txids.length; at += 32) {
      const key = hashKey(txids.subarray(at, at + 32))
      parents.push(key)
      this.#mined.add(key)
      const entry = this.pool.byKey(key)
      if (!entry) continue
      mined.push(entry)
      this.#mined.add(hashKey(entry.wtxid))
    }
    this.#remove(mined, 'mined')
    const conflicting: MempoolEntry[] = []
    const spent: string[] = []
    for (let at = 0; at < outpoints.length; at += 36) {
      const outpoint = outpointKeyAt(outpoints, at)
      spent.push(outpoint)
      const entry = this.pool.spender(outpoint)
      if (entry) conflicting.push(entry)
    }
    this.#remove(withDescendants(conflicting), 'conflict')
    this.#orphans.spent(spent)
  }

  /** A transaction of a reverted block. Fees and room are not asked for: it was good enough to be mined. */
  #takeBack(bytes: Uint8Array, now: Millis): void {
    const incoming = this.#read(bytes)
    if ('kind' in incoming || !this.#network.relayTransactions) return
    if (checkAlone(incoming) || checkFinal(incoming.tx, this.#chain)) return
    const entry = this.#admission.check(incoming, now)
    if ('kind' in entry) return
    this.#add(entry, true)
    this.#trim(now)
  }

  /** Drops what the new chain makes impossible, with everything that depends on it. */
  #recheck(): void {
    const broken = [...this.pool.entries()].filter((entry) => !this.#admission.isPossible(entry))
    this.#remove(withDescendants(broken), 'reorg')
  }

  /** Drops those that have waited for too long, with everything that depends on them. */
  #expire(now: Millis): void {
    const latest = Math.floor((now - this.limits.expiry) / 1000)
    const old: MempoolEntry[] = []
    // They stand in the order in which they came.
    for (const entry of this.pool.entries()) {
      if (entry.time > latest) break
      old.push(entry)
    }
    this.#remove(withDescendants(old), 'expired')
  }

  #add(entry: NewEntry, isLate: boolean): boolean {
    if (!this.pool.add(entry, isLate)) return false
    const { txid, feeSat, vsize, value } = entry
    this.#changes.push({ kind: 'tx', txid, feeSat, vsize, value })
    return true
  }

  #remove(entries: Iterable<MempoolEntry>, why: Exclude<RemovalReason, 'replaced'>): void {
    const gone = [...entries]
    if (gone.length === 0) return
    this.pool.remove(gone)
    for (const { txid } of gone) this.#changes.push({ kind: 'removed', txid, why })
  }

  #trim(now: Millis): void {
    while (this.pool.charge > this.limits.bytes) {
      const chunk = this.pool.worst()!
      this.#remove(chunk.txs, 'evicted')
      this.#floor.raise(feeRate(chunk) * 1000, now, this.#fill)
    }
  }
}
