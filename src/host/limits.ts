import type { FilterStep } from '../ledger/filter-index.ts'
import { DEFAULT_LIMITS, type SyncLimits } from '../peer/sync.ts'
import type { HubLimits } from '../relay/hub.ts'
import type { Millis } from './ports.ts'

/** What a ledger holds in memory, and how long what it did may stay uncommitted. */
export interface LedgerLimits {
  /** What is asked for and waits at one time. */
  download: SyncLimits
  /** Bytes held by what is not committed, while syncing. */
  batchBytes: number
  /** What was connected or stored waits no longer than this for its commit, while syncing. */
  batchMs: Millis
  /** Bytes of blocks taken apart that wait in memory for the one before them; more go to the store. */
  readyBytes: number
  /** Bytes of blocks that are connected in one go, about, or that one step of a long reorganisation goes over. */
  stepBytes: number
  /** Most blocks that one step of a long reorganisation goes over: near-empty ones take time and no bytes. */
  stepBlocks: number
  /** Memory for coins that the store has as well. */
  coinCacheBytes: number
  /** Bytes of changed coins that are left for a later commit while syncing; what is missing is made up for at the next start. */
  coinLagBytes: number
  mempoolBytes: number
  /**
   * Bytes of transactions that the mempool takes back from the blocks of one reorganisation, the lowest first, as their
   * scripts run again; what more there is comes from whoever wants it mined.
   */
  takeBackBytes: number
  /** What peers sent to the mempool waits no longer than this for its row in the store. */
  keepMs: Millis
  /** Filters are made in steps of so much, between other work. */
  filterStep: FilterStep
}

/** For a process with a machine's memory. */
export const NODE_LIMITS: LedgerLimits = {
  // Together these keep a process that indexes under 400 MB. The more blocks are written together, the fewer times each
  // page of the index is; a window beyond what keeps the threads at work gains nothing.
  download: { ...DEFAULT_LIMITS, windowBytes: 12_000_000 },
  batchBytes: 56_000_000,
  batchMs: 5000,
  readyBytes: 8_000_000,
  stepBytes: 8_000_000,
  stepBlocks: 2016,
  coinCacheBytes: 64_000_000,
  coinLagBytes: 48_000_000,
  mempoolBytes: 100_000_000,
  // What Bitcoin Core keeps in 20 MB of memory and some more: a few seconds at most.
  takeBackBytes: 10_000_000,
  keepMs: 1000,
  // About 20 ms.
  filterStep: { blocks: 200, bytes: 4_000_000 },
}

/** For an object on the edge, whose isolate has 128 MB for everything. */
export const WORKER_LIMITS: LedgerLimits = {
  download: { perPeer: 16, windowBlocks: 1024, windowBytes: 8_000_000 },
  batchBytes: 8_000_000,
  batchMs: 2000,
  readyBytes: 8_000_000,
  // Blocks full of transactions: about a second to connect, most of it scripts.
  stepBytes: 500_000,
  stepBlocks: 250,
  coinCacheBytes: 24_000_000,
  // An object is put to sleep at any time: its next start is not to read blocks again.
  coinLagBytes: 0,
  mempoolBytes: 16_000_000,
  takeBackBytes: 2_000_000,
  // A row costs the same whenever it is written, and an object that waits is not free to rest.
  keepMs: 0,
  filterStep: { blocks: 100, bytes: 1_000_000 },
}

/** A hub of many mostly silent links with little memory. */
export const WORKER_HUB_LIMITS: Partial<HubLimits> = {
  inbound: 2000,
  cacheBytes: 8_000_000,
  cacheItems: 20_000,
  holdBytes: 512_000,
  untakenBytes: 2_000_000,
}
