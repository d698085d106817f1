import { decode } from '../wire/codec.ts'
import { type Hasher, hashKey, nobleHasher, prefix48 } from '../wire/hash.ts'
import { transaction } from '../wire/transaction.ts'
import type { ChangeLog } from './change-log.ts'
import { feeRate } from './clusters.ts'
import { type MempoolCoins, type MempoolContents, mempoolCoins, mempoolContents } from './core-mempool.ts'
import { feeHistogram } from './fee-histogram.ts'
import { FeeQueue } from './fee-queue.ts'
import { MAX_NAMED, PROJECTED_BLOCKS, type UnconfirmedTx } from './live-questions.ts'
import type { Mempool } from './mempool.ts'
import { type MempoolEntry, outpointKey } from './mempool-entry.ts'
import { waitingHistory } from './mempool-history.ts'
import type {
  MempoolHistory,
  MempoolOverview,
  MempoolPort,
  MempoolScript,
  MempoolTx,
  ScriptWant,
} from './mempool-port.ts'
import {
  MAX_FIRST_SEEN,
  type MempoolLevels,
  type PackageOptions,
  type PackageResult,
  type ProjectedBlock,
  type Replacements,
  type ReplacementTree,
  type TestResult,
  type TxRelatives,
} from './mempool-questions.ts'
import { chunkOf, relativesOf } from './mempool-relatives.ts'
import { MAX_HISTORY_SCRIPTS } from './merged-history.ts'
import { testAccept } from './package-submission.ts'
import type { BroadcastResult, MempoolSummary, TxInfo, TxoStats } from './queries.ts'
import { INCREMENTAL_RATE } from './rolling-floor.ts'
import { ScriptMatch } from './script-match.ts'

/** From this many transactions on, what is made of all of them may be so old, in milliseconds. */
const LARGE_MEMPOOL = 10_000
const HISTOGRAM_AGE_MS = 10_000
const QUEUE_AGE_MS = 2_000

/** Answers about a mempool in the same thread. Each call is of one moment. */
export class MempoolQueries {
  readonly #mempool: Mempool
  readonly #hasher: Hasher
  #histogram: Aged<[number, number][]> = { value: [], version: 0, at: 0 }
  #queue: Aged<FeeQueue> = { value: new FeeQueue([]), version: 0, at: 0 }

  constructor(mempool: Mempool, hasher: Hasher = nobleHasher) {
    this.#mempool = mempool
    this.#hasher = hasher
  }

  overview(recent: number): Omit<MempoolOverview, 'synced'> {
    const { pool } = this.#mempool
    return {
      tip: this.#mempool.tip,
      count: pool.count,
      vsize: pool.vsize,
      feeSat: pool.feeSat,
      recent: this.#mempool.recent.slice(0, recent),
    }
  }

  /** `now` in milliseconds. */
  summary(now: number): MempoolSummary {
    const { pool } = this.#mempool
    this.#histogram = this.#fresh(this.#histogram, HISTOGRAM_AGE_MS, now, () => feeHistogram(pool.clusters))
    return { count: pool.count, vsize: pool.vsize, feeSat: pool.feeSat, histogram: this.#histogram.value }
  }

  /** `now` in milliseconds. */
  levels(now: number): MempoolLevels {
    const { pool, limits } = this.#mempool
    return {
      count: pool.count,
      vsize: pool.vsize,
      feeSat: pool.feeSat,
      bytes: pool.bytes,
      usage: pool.charge,
      maxUsage: limits.bytes,
      minFeeRate: this.#mempool.minFeeRate(now),
      minRelayFeeRate: limits.minFeeRate,
      incrementalFeeRate: INCREMENTAL_RATE,
    }
  }

  projectedBlocks(max: number, txids: boolean, now: number): ProjectedBlock[] {
    return this.#feeQueue(now).blocks(max, txids)
  }

  cpfp(txid: Uint8Array, now: number): TxRelatives | undefined {
    const entry = this.#mempool.pool.byKey(hashKey(txid))
    if (!entry) return undefined
    const relatives = relativesOf(entry)
    return { ...relatives, place: this.#feeQueue(now).place(relatives.rate) }
  }

  firstSeen(txids: readonly Uint8Array[]): number[] {
    if (txids.length > MAX_FIRST_SEEN) throw new Error(`more than ${MAX_FIRST_SEEN} transactions in one question`)
    return txids.map((txid) => this.#mempool.pool.byKey(hashKey(txid))?.time ?? 0)
  }

  unconfirmed(txids: readonly Uint8Array[], whole: boolean, now: number): (UnconfirmedTx | undefined)[] {
    if (txids.length > MAX_NAMED) throw new Error(`more than ${MAX_NAMED} transactions in one question`)
    const queue = this.#feeQueue(now)
    return txids.map((txid) => {
      const entry = this.#mempool.pool.byKey(hashKey(txid))
      if (!entry) return undefined
      const position = queue.position(feeRate(chunkOf(entry)), entry.vsize, PROJECTED_BLOCKS)
      return { position, ...(whole && { tx: txInfo(entry) }) }
    })
  }

  txids(): Uint8Array {
    const { pool } = this.#mempool
    const txids = new Uint8Array(pool.count * 32)
    let at = 0
    for (const { txid } of pool.entries()) {
      txids.set(txid, at)
      at += 32
    }
    return txids
  }

  history(scripthashes: readonly Uint8Array[], limit: number, after?: Uint8Array): MempoolHistory {
    if (scripthashes.length > MAX_HISTORY_SCRIPTS) throw new Error(`more than ${MAX_HISTORY_SCRIPTS} scripts`)
    const { pool, tip } = this.#mempool
    const { entries, found } = waitingHistory(pool, this.#hasher, scripthashes, limit, after)
    return { tip, count: pool.count, txs: entries.map(txInfo), found }
  }

  tx(txid: Uint8Array, outputs: number): MempoolTx {
    const { pool, tip } = this.#mempool
    const key = hashKey(txid)
    const entry = pool.byKey(key)
    const spends: MempoolTx['spends'] = []
    const outputCount = entry?.outputCount ?? outputs
    for (let vout = 0; vout < outputCount; vout++) {
      const outpoint = outpointKey(key, vout)
      const spender = pool.spender(outpoint)
      if (spender) spends.push({ vout, txid: spender.txid, vin: spender.spends.indexOf(outpoint) })
    }
    return { tip, count: pool.count, tx: entry && txInfo(entry), outputs: outputCount, spends }
  }

  script(scripthash: Uint8Array, want: ScriptWant): MempoolScript {
    const { pool, tip } = this.#mempool
    const match = new ScriptMatch(scripthash, this.#hasher)
    const stats: TxoStats = { fundedCount: 0, fundedSum: 0, spentCount: 0, spentSum: 0, txCount: 0 }
    const created: MempoolScript['created'] = []
    const spent: MempoolScript['spent'] = []
    const touching: MempoolEntry[] = []
    for (const entry of pool.byScript(prefix48(scripthash))) {
      const { inputs, outputs } = decode(transaction, entry.raw)
      let touches = false
      entry.prevouts.forEach(({ value, script }, vin) => {
        if (!match.test(script)) return
        touches = true
        stats.spentCount++
        stats.spentSum += value
        const { hash, index } = inputs[vin]!.prevout
        if (!pool.byKey(hashKey(hash))) spent.push({ txid: hash.slice(), vout: index })
      })
      outputs.forEach(({ value, scriptPubKey }, vout) => {
        if (!match.test(scriptPubKey)) return
        touches = true
        stats.fundedCount++
        stats.fundedSum += Number(value)
        if (created.length >= want.utxos || pool.spender(outpointKey(entry.key, vout))) return
        created.push({ txid: entry.txid, vout, value: Number(value) })
      })
      if (touches) touching.push(entry)
    }
    stats.txCount = touching.length
    const txs = touching.sort((a, b) => b.order - a.order).slice(0, want.txs)
    return { tip, count: pool.count, stats, txs: txs.map(txInfo), created, spent }
  }

  coins(outpoints: Uint8Array): MempoolCoins {
    const { pool, tip } = this.#mempool
    return { tip, count: pool.count, outputs: mempoolCoins(pool, outpoints) }
  }

  contents(): MempoolContents {
    return mempoolContents(this.#mempool.pool)
  }

  replacements(txid: Uint8Array, now: number): Replacements {
    return this.#mempool.replacements.find(txid, now)
  }

  replacementTrees(limit: number, fullRbfOnly: boolean, now: number): ReplacementTree[] {
    return this.#mempool.replacements.latest(limit, fullRbfOnly, now)
  }

  #feeQueue(now: number): FeeQueue {
    const { clusters } = this.#mempool.pool
    this.#queue = this.#fresh(this.#queue, QUEUE_AGE_MS, now, () => new FeeQueue(clusters))
    return this.#queue.value
  }

  /** `last`, or what `make` gives where the mempool has changed since; not more often than `age` while it is large. */
  #fresh<T>(last: Aged<T>, age: number, now: number, make: () => T): Aged<T> {
    const { pool } = this.#mempool
    if (last.version === pool.version || (pool.count >= LARGE_MEMPOOL && now - last.at < age)) return last
    return { value: make(), version: pool.version, at: now }
  }
}

/** Something made of the mempool at a time. */
interface Aged<T> {
  value: T
  /** The pool's. */
  version: number
  at: number
}

function txInfo({ txid, raw, prevouts, feeSat, time, peers }: MempoolEntry): TxInfo {
  return { txid, raw, prevouts: [...prevouts], fee: feeSat, status: { confirmed: false }, firstSeen: time, peers }
}

/** Where transactions of clients go in. */
export interface ClientIntake {
  broadcast(bytes: Uint8Array): BroadcastResult
  submitPackage(raws: readonly Uint8Array[], options?: PackageOptions): PackageResult
}

/** The port for answers made in the thread that owns the mempool, and what a remote one calls there. */
export class LocalMempool implements MempoolPort {
  readonly #queries: MempoolQueries
  readonly #changes: ChangeLog
  readonly #synced: () => boolean
  readonly #mempool: Mempool
  readonly #intake: ClientIntake
  readonly #now: () => number

  /**
   * `intake` hands a client's transactions to the mempool and announces what was taken in; `synced` tells whether
   * initial download is over; `now` gives milliseconds.
   */
  constructor(options: {
    mempool: Mempool
    changes: ChangeLog
    synced: () => boolean
    intake: ClientIntake
    now: () => number
    hasher?: Hasher
  }) {
    this.#queries = new MempoolQueries(options.mempool, options.hasher)
    this.#changes = options.changes
    this.#synced = options.synced
    this.#mempool = options.mempool
    this.#intake = options.intake
    this.#now = options.now
  }

  async overview(recent: number): Promise<MempoolOverview> {
    return { ...this.#queries.overview(recent), synced: this.#synced() }
  }

  async summary(): Promise<MempoolSummary> {
    return this.#queries.summary(this.#now())
  }

  async txids(): Promise<Uint8Array> {
    return this.#queries.txids()
  }

  async tx(txid: Uint8Array, outputs: number): Promise<MempoolTx> {
    return this.#queries.tx(txid, outputs)
  }

  async script(scripthash: Uint8Array, want: ScriptWant): Promise<MempoolScript> {
    return this.#queries.script(scripthash, want)
  }

  async history(scripthashes: readonly Uint8Array[], limit: number, after?: Uint8Array): Promise<MempoolHistory> {
    return this.#queries.history(scripthashes, limit, after)
  }

  async mempoolLevels(): Promise<MempoolLevels> {
    return this.#queries.levels(this.#now())
  }

  async projectedBlocks(max: number, { txids = false }: { txids?: boolean } = {}): Promise<ProjectedBlock[]> {
    return this.#queries.projectedBlocks(max, txids, this.#now())
  }

  async cpfp(txid: Uint8Array): Promise<TxRelatives | undefined> {
    return this.#queries.cpfp(txid, this.#now())
  }

  async firstSeen(txids: readonly Uint8Array[]): Promise<number[]> {
    return this.#queries.firstSeen(txids)
  }

  async scriptTxs(scripthashes: readonly Uint8Array[], limit: number): Promise<TxInfo[][]> {
    if (scripthashes.length > MAX_NAMED) throw new Error(`more than ${MAX_NAMED} scripts in one question`)
    return scripthashes.map((scripthash) => this.#queries.script(scripthash, { txs: limit, utxos: 0 }).txs)
  }

  async unconfirmed(txids: readonly Uint8Array[], whole: boolean): Promise<(UnconfirmedTx | undefined)[]> {
    return this.#queries.unconfirmed(txids, whole, this.#now())
  }

  async mempoolCoins(outpoints: Uint8Array): Promise<MempoolCoins> {
    return this.#queries.coins(outpoints)
  }

  async mempoolContents(): Promise<MempoolContents> {
    return this.#queries.contents()
  }

  async replacements(txid: Uint8Array): Promise<Replacements> {
    return this.#queries.replacements(txid, this.#now())
  }

  async replacementTrees(limit: number, fullRbfOnly: boolean): Promise<ReplacementTree[]> {
    return this.#queries.replacementTrees(limit, fullRbfOnly, this.#now())
  }

  async broadcast(bytes: Uint8Array): Promise<BroadcastResult> {
    return this.#intake.broadcast(bytes)
  }

  async submitPackage(raws: readonly Uint8Array[], options?: PackageOptions): Promise<PackageResult> {
    return this.#intake.submitPackage(raws, options)
  }

  async testAccept(raws: readonly Uint8Array[], options?: Pick<PackageOptions, 'maxFeeRate'>): Promise<TestResult> {
    return testAccept(this.#mempool, raws, this.#now(), options)
  }

  async changesSince(cursor: string | undefined, maxEntries?: number) {
    return this.#changes.since(cursor, maxEntries)
  }
}
