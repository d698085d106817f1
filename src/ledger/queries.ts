import type { Reorg } from '../chain/reorg.ts'
import type { SummaryQuestions } from './block-summary.ts'
import type { CoreQueries } from './core-queries.ts'
import type { LiveQuestions } from './live-questions.ts'
import type { MempoolQuestions } from './mempool-questions.ts'
import type { HistoryQuestions } from './merged-history.ts'
import type { MiningQuestions } from './mining-queries.ts'

/**
 * What the front may ask a ledger. Every call is answered from one snapshot, so one question makes one page or one
 * API answer. Answers are plain values that survive a structured clone. Hashes are 32 bytes in wire order, amounts
 * satoshi, times Unix seconds, a scripthash the plain SHA-256 of a scriptPubKey. Only the connected chain is visible:
 * a stale or unknown block is `undefined`.
 */
export interface LedgerQueries
  extends LiveQuestions,
    MempoolQuestions,
    MiningQuestions,
    CoreQueries,
    SummaryQuestions,
    HistoryQuestions {
  status(): Promise<LedgerStatus>
  /** At most `limit` blocks, descending from `from` (or the tip); `undefined` when `from` is above the tip. */
  blocks(from: number | undefined, limit: number): Promise<BlockInfo[] | undefined>
  /**
   * The same with what a body and the outputs it spends say of a block. `from` may be the hash of a block that is to be
   * the first one.
   */
  blockStats(from: Uint8Array | number | undefined, limit: number): Promise<BlockWithStats[] | undefined>
  blockHashAt(height: number): Promise<Uint8Array | undefined>
  block(hash: Uint8Array): Promise<BlockInfo | undefined>
  rawBlock(hash: Uint8Array): Promise<BodyAnswer>
  /** All txids of a block, 32 bytes each, in block order. */
  blockTxids(hash: Uint8Array): Promise<Uint8Array | undefined>
  /** `limit` transactions of a block from index `start`. An empty `txs` means that `start` lies beyond the block. */
  blockTxs(hash: Uint8Array, start: number, limit: number): Promise<BlockTxs | undefined>
  /** Confirmed or in the mempool. */
  tx(txid: Uint8Array): Promise<TxInfo | undefined>
  txStatus(txid: Uint8Array): Promise<TxStatus>
  merkleProof(txid: Uint8Array): Promise<MerkleProof | undefined>
  /** One entry an output, in order; `undefined` for an unknown transaction. */
  outspends(txid: Uint8Array): Promise<Outspend[] | undefined>
  scriptStats(scripthash: Uint8Array): Promise<ScriptStats>
  /**
   * The history of a script: up to `mempool` unconfirmed transactions (newest first), then up to `chain` confirmed
   * ones, newest first (descending txNum), strictly after `after` where given. A valid but unknown `after` gives none.
   */
  scriptTxs(scripthash: Uint8Array, page: { mempool: number; chain: number; after?: Uint8Array }): Promise<ScriptTxs>
  /** Unspent outputs, those of the mempool included and those spent there left out; `too-many` above `limit`. */
  scriptUtxos(scripthash: Uint8Array, limit: number): Promise<UtxoInfo[] | 'too-many'>
  mempool(): Promise<MempoolSummary>
  /** All txids, 32 bytes each, in no order. */
  mempoolTxids(): Promise<Uint8Array>
  /** The latest accepted, newest first; entries may have left the mempool since. */
  mempoolRecent(limit: number): Promise<RecentTx[]>
  broadcast(bytes: Uint8Array): Promise<BroadcastResult>
  /**
   * What happened after `cursor`; without one, nothing but the present cursor. A cursor too old or of another epoch answers
   * `reset`. At most `maxEntries` blocks and transactions at a time, where given, but always one change: the cursor that
   * comes back says how far that went.
   */
  changesSince(cursor: string | undefined, maxEntries?: number): Promise<Changes>
  /** One page each, so that every figure on it is of one moment. */
  home(blocks: number, recent: number): Promise<HomeInfo>
  txPage(txid: Uint8Array): Promise<{ tx: TxInfo; outspends: Outspend[]; tip: number; proof?: MerkleProof } | undefined>
  blockPage(
    at: Uint8Array | number,
    start: number,
    limit: number,
  ): Promise<{ block: BlockInfo; txs: TxInfo[]; tip: number } | undefined>
  scriptPage(
    scripthash: Uint8Array,
    page: { mempool: number; chain: number; after?: Uint8Array },
  ): Promise<{ stats: ScriptStats; history: ScriptTxs; tip: number }>
}

export interface LedgerStatus {
  /** The connected tip. `undefined` for a ledger that keeps headers only and has none connected. */
  tip: { height: number; hash: Uint8Array; time: number }
  /** Height of the best header, which is ahead of the tip while syncing. */
  headers: number
  synced: boolean
  mempool: { count: number; vsize: number; feeSat: number }
}

export interface BlockInfo {
  hash: Uint8Array
  height: number
  /** 80 bytes. */
  header: Uint8Array
  txCount: number
  size: number
  weight: number
  medianTime: number
  /** Sum of the fees in satoshi. */
  fees: number
  inputs: number
  outputs: number
  outputValue: number
  /** The next block of the connected chain, if any. */
  next?: Uint8Array
}

/**
 * What `getblockstats` of Bitcoin Core says of a block, as far as `BlockInfo` does not. Without the coinbase, but for the
 * change of the UTXO set. The reward is `outputValue - (inputValue - fees)`.
 */
export interface BlockStats {
  /** Sum of all that is spent. */
  inputValue: number
  /** Sums over the transactions. */
  txSize: number
  txWeight: number
  /** Of those that carry witness data. */
  segwitTxs: number
  segwitSize: number
  segwitWeight: number
  /** By how many the unspent outputs change; those that can never be spent do not count. */
  utxoIncrease: number
  /** How many unspent outputs there are after the block. */
  utxoSize: number
  /** Satoshi per virtual byte in thousandths: lowest, at 10, 25, 50, 75 and 90 % of the weight, highest; 0 without transactions. */
  feeRates: number[]
  /** Fees: lowest, at 10, 25, 50, 75 and 90 % of the transactions, highest; 0 without transactions. */
  feeAmounts: number[]
}

export interface BlockWithStats {
  block: BlockInfo
  stats: BlockStats
  coinbase: TxInfo
}

/** `damaged`: the stored bytes no longer match their check; `pruned`: not kept. */
export type BodyAnswer =
  | { kind: 'found'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'missing' }
  | { kind: 'pruned' }
  | { kind: 'damaged' }

export interface BlockTxs {
  height: number
  total: number
  txs: TxInfo[]
}

export interface Prevout {
  value: number
  script: Uint8Array
}

export interface TxInfo {
  txid: Uint8Array
  /** As on the wire, witness included. */
  raw: Uint8Array
  /** One an input, `undefined` for a coinbase's. */
  prevouts: (Prevout | undefined)[]
  fee: number
  status: TxStatus
  /** When this ledger first saw an unconfirmed transaction, Unix seconds. */
  firstSeen?: number
  /** From how many links it heard of it, as far as that is known; 0 for one that a wallet handed in. */
  peers?: number
}

export type TxStatus = { confirmed: false } | { confirmed: true; height: number; hash: Uint8Array; time: number }

export interface MerkleProof {
  height: number
  hash: Uint8Array
  pos: number
  /** Siblings bottom-up, wire order. */
  branch: Uint8Array[]
}

export type Outspend = { spent: false } | { spent: true; txid: Uint8Array; vin: number; status: TxStatus }

export interface TxoStats {
  fundedCount: number
  fundedSum: number
  spentCount: number
  spentSum: number
  txCount: number
}

export interface ScriptStats {
  chain: TxoStats
  mempool: TxoStats
}

export interface ScriptTxs {
  mempool: TxInfo[]
  chain: TxInfo[]
  /** Whether older confirmed transactions follow the last one given. */
  more: boolean
}

export interface UtxoInfo {
  txid: Uint8Array
  vout: number
  value: number
  status: TxStatus
}

export interface MempoolSummary {
  count: number
  vsize: number
  feeSat: number
  /** Bins by falling fee rate: lowest rate of the bin in sat/vB, its vsize. */
  histogram: [number, number][]
}

export interface RecentTx {
  txid: Uint8Array
  feeSat: number
  vsize: number
  /** Sum of what it spends, in satoshi. */
  value: number
  /** Unix seconds. */
  time: number
}

/** `code` and `message` are those of Core's sendrawtransaction: -22 undecodable, -25 missing inputs, -26 refused by rule, -27 already mined. */
export type BroadcastResult =
  | { kind: 'accepted'; txid: Uint8Array }
  | { kind: 'refused'; code: -22 | -25 | -26 | -27; message: string }

/**
 * Why a transaction left the mempool: a block holds it; another spends what it spends and pays more; a block holds such
 * another; there was no room for what pays so little; it waited too long; the chain went back to where it is impossible.
 * What depends on a transaction leaves with it, for the same reason.
 */
export type RemovalReason = 'mined' | 'replaced' | 'conflict' | 'evicted' | 'expired' | 'reorg'

/** A transaction that left the mempool. `by`: the txid of what replaced it, where that is the reason. */
export type Removal =
  | { txid: Uint8Array; why: Exclude<RemovalReason, 'replaced'> }
  | { txid: Uint8Array; why: 'replaced'; by: Uint8Array }

/** A transaction that came to the mempool, or left it. What is replayed in order gives what the mempool holds. */
export type MempoolChange =
  | { kind: 'tx'; txid: Uint8Array; feeSat: number; vsize: number; value: number }
  | ({ kind: 'removed' } & Removal)

/** In the order of events: what a block brings about in the mempool comes before the `reorg` with that block. */
export type Change = { kind: 'reorg'; reorg: Reorg } | MempoolChange

export interface Changes {
  cursor: string
  reset: boolean
  changes: Change[]
}

export interface HomeInfo {
  status: LedgerStatus
  blocks: BlockInfo[]
  recent: RecentTx[]
}
