import { equalBytes, hashKey } from '../wire/hash.ts'
import type { BlockSummary } from './block-summary.ts'
import type { ChainQueries, ChainTip } from './chain-queries.ts'
import type { MempoolContents } from './core-mempool.ts'
import {
  type BadRange,
  type BlockDetail,
  type ChainInfo,
  type FilterAnswer,
  type Found,
  type HeaderInfo,
  MEMPOOL_HEIGHT,
  type Unspent,
} from './core-queries.ts'
import type { BranchTip } from './header-tips.ts'
import { type LiveOverview, MAX_NAMED, PROJECTED_BLOCKS, type Whereabouts } from './live-questions.ts'
import { outpointKey } from './mempool-entry.ts'
import type { MempoolOverview, MempoolPort, MempoolScript, MempoolTx, OnBlock } from './mempool-port.ts'
import type {
  MempoolLevels,
  PackageOptions,
  PackageResult,
  ProjectedBlock,
  Replacements,
  ReplacementTree,
  TestResult,
  TxRelatives,
} from './mempool-questions.ts'
import type { HistoryPage, HistorySum } from './merged-history.ts'
import type { BlockFees, BlockTime, ForkedBlock, HashRates, RewardStats } from './mining-queries.ts'
import type {
  BlockInfo,
  BlockTxs,
  BlockWithStats,
  BodyAnswer,
  BroadcastResult,
  Changes,
  HomeInfo,
  LedgerQueries,
  LedgerStatus,
  MempoolSummary,
  MerkleProof,
  Outspend,
  RecentTx,
  ScriptStats,
  ScriptTxs,
  TxInfo,
  TxStatus,
  UtxoInfo,
} from './queries.ts'
import type { DifficultyPeriod, Retarget } from './retargets.ts'

export type { MempoolPort } from './mempool-port.ts'

/** How often the mempool is asked again, when the chain has moved between the two halves of an answer. */
const ATTEMPTS = 3

interface Bytes {
  bytes: Uint8Array<ArrayBuffer>
}

interface ScriptPage {
  mempool: number
  chain: number
  after?: Uint8Array
}

/**
 * The front's questions, answered from the chain, which is local and synchronous, and from the mempool, which may live
 * in another thread. Where both are needed the mempool is asked first, and again when it turns out to stand on another
 * block than the chain does: so an answer is of one moment. Where they cannot be brought together, which takes blocks
 * that come faster than answers, a transaction in both counts as confirmed.
 */
export class LedgerAnswers implements LedgerQueries {
  readonly #chain: ChainQueries
  readonly #mempool: MempoolPort

  constructor(chain: ChainQueries, mempool: MempoolPort) {
    this.#chain = chain
    this.#mempool = mempool
  }

  async status(): Promise<LedgerStatus> {
    return this.#together(
      () => this.#mempool.overview(0),
      (overview) => this.#status(overview),
    )
  }

  async blocks(from: number | undefined, limit: number): Promise<BlockInfo[] | undefined> {
    return this.#chain.blocks(from, limit)
  }

  async blockStats(from: Uint8Array | number | undefined, limit: number): Promise<BlockWithStats[] | undefined> {
    return this.#chain.blockStats(from, limit)
  }

  async blockHashAt(height: number): Promise<Uint8Array | undefined> {
    return this.#chain.blockHashAt(height)
  }

  async block(hash: Uint8Array): Promise<BlockInfo | undefined> {
    return this.#chain.block(hash)
  }

  async rawBlock(hash: Uint8Array): Promise<BodyAnswer> {
    return this.#chain.rawBlock(hash)
  }

  async blockTxids(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#chain.blockTxids(hash)
  }

  async blockSummary(hash: Uint8Array): Promise<BlockSummary | undefined> {
    return this.#chain.blockSummary(hash)
  }

  async blockTxs(hash: Uint8Array, start: number, limit: number): Promise<BlockTxs | undefined> {
    return this.#chain.blockTxs(hash, start, limit)
  }

  async tx(txid: Uint8Array): Promise<TxInfo | undefined> {
    const confirmed = this.#chain.tx(txid)
    if (confirmed) return confirmed
    return this.#together(
      () => this.#mempool.tx(txid, 0),
      ({ tx }) => this.#chain.tx(txid) ?? tx,
    )
  }

  async txStatus(txid: Uint8Array): Promise<TxStatus> {
    return this.#chain.txStatus(txid)
  }

  async merkleProof(txid: Uint8Array): Promise<MerkleProof | undefined> {
    return this.#chain.merkleProof(txid)
  }

  async outspends(txid: Uint8Array): Promise<Outspend[] | undefined> {
    return this.#together(
      () => this.#askTx(txid),
      (mempool) => this.#outspends(txid, mempool),
      (mempool) => this.#knewOutputs(txid, mempool),
    )
  }

  async scriptStats(scripthash: Uint8Array): Promise<ScriptStats> {
    return this.#together(
      () => this.#mempool.script(scripthash, { txs: 0, utxos: 0 }),
      ({ stats }) => ({ chain: this.#chain.scriptStats(scripthash), mempool: stats }),
    )
  }

  async scriptTxs(scripthash: Uint8Array, page: ScriptPage): Promise<ScriptTxs> {
    if (page.mempool === 0) return this.#history(scripthash, page, [])
    return this.#together(
      () => this.#mempool.script(scripthash, { txs: page.mempool, utxos: 0 }),
      ({ txs }) => this.#history(scripthash, page, txs),
    )
  }

  async historyTxs(scripthashes: readonly Uint8Array[], { limit, after }: HistoryPage): Promise<TxInfo[] | undefined> {
    return this.#together(
      () => this.#mempool.history(scripthashes, limit, after),
      ({ txs, found }) => {
        const { histories } = this.#chain
        const place = after && histories.place(scripthashes, after)
        if (after && place === undefined && !found) return undefined
        // One that was mined meanwhile is where the chain has it.
        const waiting = place === undefined ? txs.filter(({ txid }) => !this.#chain.has(txid)) : []
        return [...waiting, ...histories.txs(scripthashes, limit - waiting.length, place)]
      },
    )
  }

  async historySums(scripthashes: readonly Uint8Array[], { limit, after }: HistoryPage): Promise<HistorySum[]> {
    return this.#chain.snapshot(() => {
      const place = after && this.#chain.histories.place(scripthashes, after)
      if (after && place === undefined) return []
      return this.#chain.histories.sums(scripthashes, limit, place)
    })
  }

  async scriptUtxos(scripthash: Uint8Array, limit: number): Promise<UtxoInfo[] | 'too-many'> {
    return this.#together(
      () => this.#mempool.script(scripthash, { txs: 0, utxos: limit + 1 }),
      (mempool) => this.#utxos(scripthash, limit, mempool),
    )
  }

  async blockAtTime(time: number): Promise<BlockTime | undefined> {
    return this.#chain.mining.blockAtTime(time)
  }

  async difficultyPeriod(): Promise<DifficultyPeriod | undefined> {
    return this.#chain.mining.difficultyPeriod()
  }

  async retargets(since: number): Promise<Retarget[]> {
    return this.#chain.mining.retargets(since)
  }

  async hashRates(since: number): Promise<HashRates> {
    return this.#chain.mining.hashRates(since)
  }

  async rewardStats(blocks: number): Promise<RewardStats | undefined> {
    return this.#chain.mining.rewardStats(blocks)
  }

  async feeHistory(blocks: number): Promise<BlockFees[]> {
    return this.#chain.mining.feeHistory(blocks)
  }

  async blocksWithForks(from: Uint8Array | number | undefined, limit: number): Promise<ForkedBlock[] | undefined> {
    return this.#chain.blocksWithForks(from, limit)
  }

  async branchTips(): Promise<BranchTip[]> {
    return this.#chain.mining.branchTips()
  }

  async mempool(): Promise<MempoolSummary> {
    return this.#mempool.summary()
  }

  async mempoolTxids(): Promise<Uint8Array> {
    return this.#mempool.txids()
  }

  async mempoolRecent(limit: number): Promise<RecentTx[]> {
    return (await this.#mempool.overview(limit)).recent
  }

  async mempoolLevels(): Promise<MempoolLevels> {
    return this.#mempool.mempoolLevels()
  }

  async projectedBlocks(max: number, options?: { txids?: boolean }): Promise<ProjectedBlock[]> {
    return this.#mempool.projectedBlocks(max, options)
  }

  async cpfp(txid: Uint8Array): Promise<TxRelatives | undefined> {
    return this.#mempool.cpfp(txid)
  }

  async firstSeen(txids: readonly Uint8Array[]): Promise<number[]> {
    return this.#mempool.firstSeen(txids)
  }

  async live(blocks: number, recent: number): Promise<LiveOverview> {
    const [levels, queue] = await Promise.all([
      this.#mempool.mempoolLevels(),
      this.#mempool.projectedBlocks(PROJECTED_BLOCKS),
    ])
    return this.#together(
      () => this.#mempool.overview(recent),
      (overview) => ({
        status: this.#status(overview),
        blocks: this.#chain.blocksWithForks(undefined, blocks) ?? [],
        recent: overview.recent,
        levels,
        queue,
        period: this.#chain.mining.difficultyPeriod(),
      }),
    )
  }

  async whereabouts(txids: readonly Uint8Array[]): Promise<Whereabouts[]> {
    const waiting = await this.#mempool.unconfirmed(txids, false)
    const whereabouts = (txid: Uint8Array, i: number): Whereabouts => {
      const status = this.#chain.txStatus(txid)
      if (status.confirmed) return { at: 'chain', status }
      const position = waiting[i]?.position
      return position ? { at: 'mempool', position } : { at: 'nowhere' }
    }
    return this.#chain.snapshot(() => txids.map(whereabouts))
  }

  async txs(txids: readonly Uint8Array[]): Promise<(TxInfo | undefined)[]> {
    const waiting = await this.#mempool.unconfirmed(txids, true)
    return this.#chain.snapshot(() => txids.map((txid, i) => this.#chain.tx(txid) ?? waiting[i]?.tx))
  }

  async scriptsInBlock(hash: Uint8Array, scripthashes: readonly Uint8Array[], limit: number): Promise<TxInfo[][]> {
    if (scripthashes.length > MAX_NAMED) throw new Error(`more than ${MAX_NAMED} scripts in one question`)
    return this.#chain.scriptsInBlock(hash, scripthashes, limit)
  }

  async replacements(txid: Uint8Array): Promise<Replacements> {
    return this.#mempool.replacements(txid)
  }

  async replacementTrees(limit: number, fullRbfOnly: boolean): Promise<ReplacementTree[]> {
    return this.#mempool.replacementTrees(limit, fullRbfOnly)
  }

  async submitPackage(raws: readonly Uint8Array[], options?: PackageOptions): Promise<PackageResult> {
    return this.#mempool.submitPackage(raws, options)
  }

  async testAccept(raws: readonly Uint8Array[], options?: Pick<PackageOptions, 'maxFeeRate'>): Promise<TestResult> {
    return this.#mempool.testAccept(raws, options)
  }

  async scriptsInMempool(scripthashes: readonly Uint8Array[], limit: number): Promise<TxInfo[][]> {
    return this.#mempool.scriptTxs(scripthashes, limit)
  }

  async broadcast(bytes: Uint8Array): Promise<BroadcastResult> {
    return this.#mempool.broadcast(bytes)
  }

  async changesSince(cursor: string | undefined, maxEntries?: number): Promise<Changes> {
    return this.#mempool.changesSince(cursor, maxEntries)
  }

  async home(blocks: number, recent: number): Promise<HomeInfo> {
    return this.#together(
      () => this.#mempool.overview(recent),
      (overview) => ({
        status: this.#status(overview),
        blocks: this.#chain.blocks(undefined, blocks) ?? [],
        recent: overview.recent,
      }),
    )
  }

  async txPage(
    txid: Uint8Array,
  ): Promise<{ tx: TxInfo; outspends: Outspend[]; tip: number; proof?: MerkleProof } | undefined> {
    return this.#together(
      () => this.#askTx(txid),
      (mempool) => {
        const tx = this.#chain.tx(txid) ?? mempool.tx
        const outspends = this.#outspends(txid, mempool)
        if (!tx || !outspends) return undefined
        return { tx, outspends, tip: this.#chain.tip().height, proof: this.#chain.merkleProof(txid) }
      },
      (mempool) => this.#knewOutputs(txid, mempool),
    )
  }

  async blockPage(
    at: Uint8Array | number,
    start: number,
    limit: number,
  ): Promise<{ block: BlockInfo; txs: TxInfo[]; tip: number } | undefined> {
    return this.#chain.snapshot(() => {
      const block = this.#chain.block(at)
      const page = block && this.#chain.blockTxs(block.hash, start, limit)
      return page && { block, txs: page.txs, tip: this.#chain.tip().height }
    })
  }

  async scriptPage(
    scripthash: Uint8Array,
    page: ScriptPage,
  ): Promise<{ stats: ScriptStats; history: ScriptTxs; tip: number }> {
    return this.#together(
      () => this.#mempool.script(scripthash, { txs: page.mempool, utxos: 0 }),
      ({ stats, txs }) => ({
        stats: { chain: this.#chain.scriptStats(scripthash), mempool: stats },
        history: this.#history(scripthash, page, txs),
        tip: this.#chain.tip().height,
      }),
    )
  }

  async chainInfo(): Promise<ChainInfo> {
    return this.#together(
      () => this.#mempool.overview(0),
      ({ synced }) => ({
        tip: this.#chain.core.tip()!,
        headers: this.#chain.headerHeight(),
        synced,
        sizeOnDisk: this.#chain.core.sizeOnDisk,
      }),
    )
  }

  async headersFrom(hash: Uint8Array, count: number): Promise<{ tip: number; headers: HeaderInfo[] }> {
    return this.#chain.core.headersFrom(hash, count)
  }

  async storedBlock(hash: Uint8Array): Promise<Found<Bytes>> {
    return this.#chain.core.storedBlock(hash)
  }

  async blockPart(hash: Uint8Array, offset: number, size: number): Promise<Found<Bytes> | BadRange> {
    return this.#chain.core.blockPart(hash, offset, size)
  }

  async blockDetail(hash: Uint8Array, spent: boolean): Promise<Found<BlockDetail>> {
    return this.#chain.core.blockDetail(hash, spent)
  }

  async spentOutputs(hash: Uint8Array): Promise<Found<Bytes> | { kind: 'stale' }> {
    return this.#chain.core.spentOutputs(hash)
  }

  async unspent(outpoints: Uint8Array, mempool: boolean): Promise<Unspent> {
    const tip = () => {
      const { height, hash } = this.#chain.tip()
      return { height, hash }
    }
    const { core } = this.#chain
    if (!mempool) return this.#chain.snapshot(() => ({ tip: tip(), coins: core.coins(outpoints) }))
    return this.#together(
      () => this.#mempool.mempoolCoins(outpoints),
      ({ outputs }) => ({
        tip: tip(),
        coins: core.coins(outpoints).map((coin, i) => {
          const { spent, made } = outputs[i]!
          return spent ? undefined : (coin ?? (made && { height: MEMPOOL_HEIGHT, ...made }))
        }),
      }),
    )
  }

  async filterHeadersFrom(hash: Uint8Array, count: number): Promise<FilterAnswer<Bytes>> {
    return this.#chain.core.filterHeadersFrom(hash, count)
  }

  async blockFilter(hash: Uint8Array): Promise<FilterAnswer<Bytes> | { kind: 'missing' } | { kind: 'stale' }> {
    return this.#chain.core.blockFilter(hash)
  }

  async mempoolContents(): Promise<MempoolContents> {
    return this.#mempool.mempoolContents()
  }

  /**
   * Asks the mempool, then makes the answer of one snapshot of the chain that stands on the same block. `isComplete`:
   * whether the mempool was asked for all that the answer needs.
   */
  async #together<M extends OnBlock, R>(
    ask: () => Promise<M>,
    answer: (mempool: M) => R,
    isComplete: (mempool: M) => boolean = () => true,
  ): Promise<R> {
    for (let attempt = 1; ; attempt++) {
      const mempool = await ask()
      const made = this.#chain.snapshot(() => {
        const fits = isSameMoment(mempool, this.#chain.tip()) && isComplete(mempool)
        return fits || attempt === ATTEMPTS ? { answer: answer(mempool) } : undefined
      })
      if (made) return made.answer
    }
  }

  #askTx(txid: Uint8Array): Promise<MempoolTx> {
    return this.#mempool.tx(txid, this.#chain.outputCount(txid) ?? 0)
  }

  /** Whether a transaction that is confirmed now was known to be when the mempool was asked who spends its outputs. */
  #knewOutputs(txid: Uint8Array, { outputs }: MempoolTx): boolean {
    return outputs >= (this.#chain.outputCount(txid) ?? 0)
  }

  #status({ synced, count, vsize, feeSat }: MempoolOverview): LedgerStatus {
    return {
      tip: this.#chain.tip(),
      headers: this.#chain.headerHeight(),
      synced,
      mempool: { count, vsize, feeSat },
    }
  }

  #outspends(txid: Uint8Array, { tx, outputs, spends }: MempoolTx): Outspend[] | undefined {
    const unconfirmed = () => tx && Array.from({ length: outputs }, (): Outspend => ({ spent: false }))
    const outspends = this.#chain.outspends(txid) ?? unconfirmed()
    if (!outspends) return undefined
    for (const { vout, txid, vin } of spends) {
      if (outspends[vout]?.spent === false) outspends[vout] = { spent: true, txid, vin, status: { confirmed: false } }
    }
    return outspends
  }

  #history(scripthash: Uint8Array, page: ScriptPage, unconfirmed: TxInfo[]): ScriptTxs {
    return this.#chain.snapshot(() => {
      const { txs, more } = this.#chain.scriptTxs(scripthash, page.chain, page.after)
      return { mempool: unconfirmed.filter(({ txid }) => !this.#chain.has(txid)), chain: txs, more }
    })
  }

  #utxos(scripthash: Uint8Array, limit: number, { created, spent }: MempoolScript): UtxoInfo[] | 'too-many' {
    const confirmed = this.#chain.scriptUtxos(scripthash, limit + spent.length)
    if (confirmed === 'too-many') return 'too-many'
    const isSpent = outpoints(spent)
    const isConfirmed = outpoints(confirmed)
    const utxos = [
      ...created
        .filter((utxo) => !isConfirmed(utxo))
        .map((utxo): UtxoInfo => ({ ...utxo, status: { confirmed: false } })),
      ...confirmed.filter((utxo) => !isSpent(utxo)),
    ]
    return utxos.length > limit ? 'too-many' : utxos
  }
}

/** A ledger that syncs is ahead of what it has committed, and has nothing in its mempool: that fits too. */
function isSameMoment({ tip, count }: OnBlock, chain: ChainTip): boolean {
  return equalBytes(tip.hash, chain.hash) || (count === 0 && tip.height > chain.height)
}

/** Tells whether an outpoint is in a list. */
function outpoints(list: readonly { txid: Uint8Array; vout: number }[]) {
  const keys = new Set(list.map(keyOf))
  return (outpoint: { txid: Uint8Array; vout: number }) => keys.has(keyOf(outpoint))
}

function keyOf({ txid, vout }: { txid: Uint8Array; vout: number }): string {
  return outpointKey(hashKey(txid), vout)
}
