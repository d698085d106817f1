export { MemoryHeaderStore } from './memory-header-store.ts'

/** Status bits of a stored header. */
/** On the most-work header chain. */
export const MAIN = 1
/** Its block is stored. */
export const HAVE_BODY = 2
/** The block breaks a rule, or a block below it does. */
export const FAILED = 4
/** Its coins are applied: it is on the connected chain. */
export const CONNECTED = 8

/** A header as it is kept. Everything that the 80 bytes say is read from them. */
export interface HeaderRecord {
  /** From 1, in the order in which headers were accepted; never used twice. */
  id: number
  /** Wire order. */
  hash: Uint8Array
  height: number
  /** The 80 bytes. */
  raw: Uint8Array
  /** Total work of the chain that ends here, this header included; below 2^256. */
  work: bigint
  status: number
  /** Writes the 80 bytes and then the hash to `target` from `at` on, without making a view of either. */
  copyTo?(target: Uint8Array, at: number): void
}

/** What one acceptance, status change or reorg of headers writes: whole or not at all. */
export interface HeaderChange {
  /** New headers, parents before children. */
  insert: readonly HeaderRecord[]
  /** The whole new status of headers that were stored before (never one of `insert`). */
  status: readonly { id: number; status: number }[]
  /** Somebody else writes it to the database: only what is kept in memory is to follow. Never with new headers. */
  isWritten?: boolean
}

/**
 * Where the header tree keeps what it knows. Synchronous. Records handed out are the caller's to keep, but their bytes
 * are not to be written to; records handed in may be views of larger buffers.
 */
export interface HeaderStore {
  /** One transaction. */
  apply(change: HeaderChange): void
  byHash(hash: Uint8Array): HeaderRecord | undefined
  byId(id: number): HeaderRecord | undefined
  /** The header with the MAIN bit at this height. */
  mainAt(height: number): HeaderRecord | undefined
  /** All branches, heights from `height` up to but not including `below` (default: no bound), ascending by height, then id. */
  fromHeight(height: number, below?: number): HeaderRecord[]
  /** Highest MAIN height, -1 when empty. */
  topHeight(): number
  /** The record with the most work among those without FAILED; of equals the lowest id (first seen). */
  mostWork(): HeaderRecord | undefined
  /** One more than the highest id ever stored, 1 when empty. */
  nextId(): number
}
