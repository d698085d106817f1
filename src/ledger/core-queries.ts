import type { MempoolContents } from './core-mempool.ts'

/**
 * What Bitcoin Core's REST interface tells beyond the other questions. Hashes are 32 bytes in wire order, amounts
 * satoshi, times Unix seconds. Unlike elsewhere a block off the connected chain is answered too, as far as it is stored.
 */
export interface CoreQueries {
  chainInfo(): Promise<ChainInfo>
  /** Up to `count` headers of the connected chain, from this block upwards; none when it is not on that chain. */
  headersFrom(hash: Uint8Array, count: number): Promise<{ tip: number; headers: HeaderInfo[] }>
  storedBlock(hash: Uint8Array): Promise<Found<{ bytes: Uint8Array<ArrayBuffer> }>>
  /** `size` bytes of the raw block from `offset`; `bad-range` unless all of them, and at least one, lie inside it. */
  blockPart(
    hash: Uint8Array,
    offset: number,
    size: number,
  ): Promise<Found<{ bytes: Uint8Array<ArrayBuffer> }> | BadRange>
  /** A block taken apart; `spent`: with what its inputs spend. */
  blockDetail(hash: Uint8Array, spent: boolean): Promise<Found<BlockDetail>>
  /**
   * What a connected block spends, as Core serializes it: compactSize of the transactions; of each the compactSize of its
   * inputs (0 for the coinbase) and what those spend, as outputs go over the wire.
   */
  spentOutputs(hash: Uint8Array): Promise<Found<{ bytes: Uint8Array<ArrayBuffer> }> | { kind: 'stale' }>
  /** Which of these outputs (36 bytes each, as on the wire) are unspent; `mempool`: counting what the mempool makes and spends. */
  unspent(outpoints: Uint8Array, mempool: boolean): Promise<Unspent>
  /** Filter headers (BIP 157) of up to `count` blocks of the connected chain, from this one upwards, 32 bytes each. */
  filterHeadersFrom(hash: Uint8Array, count: number): Promise<FilterAnswer<{ bytes: Uint8Array<ArrayBuffer> }>>
  /** The basic filter (BIP 158) of a block of the connected chain. */
  blockFilter(
    hash: Uint8Array,
  ): Promise<FilterAnswer<{ bytes: Uint8Array<ArrayBuffer> }> | { kind: 'missing' } | { kind: 'stale' }>
  mempoolContents(): Promise<MempoolContents>
}

/**
 * `missing`: there is no such header; `absent`: the block was never stored; `pruned`: it is not kept; `damaged`: the
 * stored bytes do not match their check.
 */
export type Found<T> =
  | ({ kind: 'found' } & T)
  | { kind: 'missing' }
  | { kind: 'absent' }
  | { kind: 'pruned' }
  | { kind: 'damaged' }

export type BadRange = { kind: 'bad-range' }

/** `off`: filters are not kept here; `behind`: they have not come so far yet. */
export type FilterAnswer<T> = ({ kind: 'found' } & T) | { kind: 'off' } | { kind: 'behind' } | { kind: 'damaged' }

export interface ChainInfo {
  /** The connected tip. */
  tip: HeaderInfo
  /** Height of the best header. */
  headers: number
  /** Initial download is over. */
  synced: boolean
  /** Bytes of the database. */
  sizeOnDisk: number
}

export interface HeaderInfo {
  hash: Uint8Array
  height: number
  /** 80 bytes. */
  header: Uint8Array
  medianTime: number
  /** Total work up to and including this block, 32 bytes big-endian. */
  work: Uint8Array
  txCount: number
  /** The next block of the connected chain, if any. */
  next?: Uint8Array
}

export interface BlockDetail {
  block: HeaderInfo
  /** The connected tip's height; `undefined` when the block is not on that chain. */
  tip?: number
  bytes: Uint8Array<ArrayBuffer>
  /** Bytes of the block without witness data. */
  strippedSize: number
  /** n + 1: where each transaction begins in the block; the last entry is its size. */
  txStart: Uint32Array<ArrayBuffer>
  /** n * 32 bytes, wire order. */
  txids: Uint8Array<ArrayBuffer>
  wtxids: Uint8Array<ArrayBuffer>
  /** Where asked for; `undefined` when the block is not on that chain too: then it is not known. */
  spent?: SpentColumns
}

/** What the inputs of a block spend, in block order and without the coinbase's: one row an input. */
export interface SpentColumns {
  value: Float64Array<ArrayBuffer>
  /** Height of the block that made it. */
  height: Uint32Array<ArrayBuffer>
  /** 1 where a coinbase made it. */
  coinbase: Uint8Array<ArrayBuffer>
  /** Where in `scripts` the script lies. */
  scriptAt: Uint32Array<ArrayBuffer>
  scriptLength: Uint32Array<ArrayBuffer>
  scripts: Uint8Array<ArrayBuffer>
}

export interface Unspent {
  tip: { height: number; hash: Uint8Array }
  /** In the order asked for; `undefined` where the output is spent or unknown. */
  coins: (UnspentOutput | undefined)[]
}

export interface UnspentOutput {
  /** `MEMPOOL_HEIGHT` for an output of the mempool. */
  height: number
  value: number
  script: Uint8Array
}

/** Stands for the height of what is not mined. */
export const MEMPOOL_HEIGHT = 0x7fff_ffff
