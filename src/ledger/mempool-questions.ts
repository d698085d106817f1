/**
 * What the front may ask about unconfirmed transactions beyond what concerns the chain too. Asked of the mempool's own
 * thread, and handed on by `LedgerQueries`. Answers are plain values that survive a structured clone. Hashes in wire
 * order, amounts in satoshi, times in Unix seconds, rates in sat/vB as fractions.
 */
export interface MempoolQuestions {
  mempoolLevels(): Promise<MempoolLevels>
  /**
   * The mempool cut into blocks, best first; at most `max` (1 or more), the last of which holds all the rest. None for an
   * empty mempool. While the mempool is large the answer may be some seconds old.
   */
  projectedBlocks(max: number, options?: { txids?: boolean }): Promise<ProjectedBlock[]>
  /** How a transaction hangs together with others of the mempool; `undefined` when it is not in there. */
  cpfp(txid: Uint8Array): Promise<TxRelatives | undefined>
  /** When each of these was first seen, Unix seconds; 0 for those not in the mempool. At most `MAX_FIRST_SEEN`. */
  firstSeen(txids: readonly Uint8Array[]): Promise<number[]>
  /** What a transaction replaced and what replaced it, as far as that was seen here and is remembered. */
  replacements(txid: Uint8Array): Promise<Replacements>
  /** The trees with the latest replacements, newest first. `fullRbfOnly`: where something did not say that it may be replaced. */
  replacementTrees(limit: number, fullRbfOnly: boolean): Promise<ReplacementTree[]>
  /** A child and its parents, to be taken in together where that is needed; as Bitcoin Core's `submitpackage`. */
  submitPackage(raws: readonly Uint8Array[], options?: PackageOptions): Promise<PackageResult>
  /** What would be said of these, parents before children; nothing is taken in. As Core's `testmempoolaccept`. */
  testAccept(raws: readonly Uint8Array[], options?: Pick<PackageOptions, 'maxFeeRate'>): Promise<TestResult>
}

/** Most transactions that one question may name. */
export const MAX_FIRST_SEEN = 10_000

/** How full the mempool is, and what it asks for. Rates here in sat/kvB. */
export interface MempoolLevels {
  count: number
  vsize: number
  feeSat: number
  /** Raw bytes of all transactions. */
  bytes: number
  /** Bytes of memory by the mempool's own count, and how many it may use. */
  usage: number
  maxUsage: number
  /** Below this nothing is taken in now. */
  minFeeRate: number
  /** Below this nothing ever is. */
  minRelayFeeRate: number
  /** What a replacement pays more. */
  incrementalFeeRate: number
}

/** A block that miners would make of the mempool as it is. */
export interface ProjectedBlock {
  /** Raw bytes. */
  size: number
  vsize: number
  weight: number
  count: number
  feeSat: number
  /** The rate that half of the block's virtual bytes pay at least. Each transaction counts at its chunk's rate. */
  medianRate: number
  /** Lowest, 10th, 25th, 50th, 75th and 90th percentile by count of transactions, highest. */
  rateRange: [number, number, number, number, number, number, number]
  /** 32 bytes each, in the block's order, where asked for. */
  txids?: Uint8Array
}

export interface RelatedTx {
  txid: Uint8Array
  feeSat: number
  weight: number
}

/** A transaction among those it depends on and those that depend on it. */
export interface TxRelatives {
  feeSat: number
  weight: number
  /** Weight and signature operations in virtual bytes, whichever is more. */
  vsize: number
  /** Cost of its signature operations. */
  sigops: number
  /** Rate at which a miner would take it: its chunk's. */
  rate: number
  /** Nearest first. */
  ancestors: RelatedTx[]
  descendants: RelatedTx[]
  cluster: TxCluster
  place: QueuePlace
}

/** Transactions that hang together, as a miner would take them. */
export interface TxCluster {
  /** Parents before children; `parents` are indexes into this list. */
  txs: (RelatedTx & { parents: number[] })[]
  /** By falling rate; `txs` are indexes into the list above. */
  chunks: { txs: number[]; feeSat: number; vsize: number; rate: number }[]
  /** The chunk of the transaction asked for. */
  chunk: number
}

export interface QueuePlace {
  /** Virtual bytes of all that pays a better rate. */
  vsizeAhead: number
  /** Virtual bytes of the whole mempool. */
  vsizeTotal: number
  /** Of the projected blocks, the first of which is 0; not bounded. */
  block: number
}

export interface Replacements {
  /** The whole tree that it is in, however it stands there; its root was not replaced. */
  tree: ReplacementTree | undefined
  /** txids of what it replaced itself. */
  replaces: Uint8Array[] | undefined
}

/** A transaction and those whose place it took: at most 50 levels. */
export interface ReplacementTree {
  tx: ReplacedTx
  /** When it was first seen. */
  time: number
  /** Seconds until it was replaced. */
  interval?: number
  /** It, or something below it, replaced what did not say that it may be replaced; for a leaf: did not say so itself. */
  fullRbf: boolean
  mined?: true
  replaces: ReplacementTree[]
}

export interface ReplacedTx {
  txid: Uint8Array
  feeSat: number
  vsize: number
  /** Sum of its outputs. */
  value: number
  /** When it was first seen. */
  time: number
  /** It says that it may be replaced (BIP125). */
  rbf: boolean
  /** It replaced what did not say so. */
  fullRbf?: true
  mined?: true
}

export interface PackageOptions {
  /** sat/kvB above which a transaction is taken for a mistake: 0.1 coins where nothing is said; 0 for no limit. */
  maxFeeRate?: number
  /** Satoshi that an output which nobody can spend may hold: 0 where nothing is said. */
  maxBurn?: number
}

/** Why nothing was looked at: `code` and `message` are those of Core's RPC. */
export interface PackageUndone {
  kind: 'refused'
  code: -8 | -22 | -25
  message: string
}

/** `message` is `success` or what is wrong with the whole; `txs` as handed in; `replaced`: txids of what had to leave. */
export type PackageResult =
  | PackageUndone
  | { kind: 'judged'; message: string; txs: PackageTx[]; replaced: Uint8Array[] }

/** In the mempool now, with figures; or, `otherWtxid`, another form of it was before; or refused, `error`. */
export interface PackageTx {
  txid: Uint8Array
  wtxid: Uint8Array
  otherWtxid?: Uint8Array
  vsize?: number
  feeSat?: number
  /** For those that came in now. */
  effective?: EffectiveRate
  error?: string
}

/** The rate in sat/kvB, rounded down, at which transactions were judged together; `includes` are their wtxids. */
export interface EffectiveRate {
  feeRate: number
  includes: Uint8Array[]
}

export type TestResult = PackageUndone | { kind: 'tested'; txs: TestedTx[] }

/** Without `allowed` the tests ended before it came to this one. */
export interface TestedTx {
  txid: Uint8Array
  wtxid: Uint8Array
  allowed?: boolean
  vsize?: number
  feeSat?: number
  effective?: EffectiveRate
  reject?: { reason: string; details: string }
  packageError?: string
}
