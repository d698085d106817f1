import type { MempoolLevels, ProjectedBlock } from './mempool-questions.ts'
import type { ForkedBlock } from './mining-queries.ts'
import type { LedgerStatus, RecentTx, TxInfo, TxStatus } from './queries.ts'
import type { DifficultyPeriod } from './retargets.ts'

/** Transactions or scripts that one of these questions may name. */
export const MAX_NAMED = 500

/** What the front asks for those who follow the chain and the mempool: about many at a time, so that a crowd asks little. */
export interface LiveQuestions {
  /** Everything at a glance: the latest `blocks` blocks, tip first, and transactions. */
  live(blocks: number, recent: number): Promise<LiveOverview>
  /** Where each of these transactions is. */
  whereabouts(txids: readonly Uint8Array[]): Promise<Whereabouts[]>
  /** Each of these transactions, confirmed or not, where there is one. */
  txs(txids: readonly Uint8Array[]): Promise<(TxInfo | undefined)[]>
  /**
   * What of a block pays to each of these scripts or spends from it, the latest `limit` transactions each, in block order;
   * none where the block is not on the chain.
   */
  scriptsInBlock(hash: Uint8Array, scripthashes: readonly Uint8Array[], limit: number): Promise<TxInfo[][]>
  /** What of the mempool does, newest first. */
  scriptsInMempool(scripthashes: readonly Uint8Array[], limit: number): Promise<TxInfo[][]>
}

export interface LiveOverview {
  status: LedgerStatus
  blocks: ForkedBlock[]
  /** Newest first. */
  recent: RecentTx[]
  levels: MempoolLevels
  queue: ProjectedBlock[]
  /** `undefined` where nothing is connected. */
  period: DifficultyPeriod | undefined
}

export type Whereabouts =
  | { at: 'nowhere' }
  | { at: 'mempool'; position: QueuePosition }
  | { at: 'chain'; status: Extract<TxStatus, { confirmed: true }> }

/** The middle of a transaction in the queue. */
export interface QueuePosition {
  /** Of the projected blocks, of which there are `PROJECTED_BLOCKS` at most; the last one holds the rest. */
  block: number
  /** Virtual bytes from that block's beginning. */
  vsize: number
}

/** A transaction of the mempool. */
export interface UnconfirmedTx {
  position: QueuePosition
  /** Where it was asked for. */
  tx?: TxInfo
}

/** As many as mempool.space shows. */
export const PROJECTED_BLOCKS = 8
