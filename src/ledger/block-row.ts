import type { BlockDigest } from '../chain/digest.ts'
import type { StatsRow } from './block-stats.ts'
import { encodeOffsets } from './offsets.ts'
import { type BlockTouches, touchesOf } from './touches.ts'

/** A connected block as its rows say it. */
export interface BlockRow {
  height: number
  /** `header.id`. */
  id: number
  firstTx: number
  txCount: number
  size: number
  weight: number
  /** Satoshi. */
  fees: number
  /** Without the coinbase's. */
  inputs: number
  outputs: number
  /** Satoshi; stays at the largest safe integer where the sum is larger. */
  outputValue: number
  stats: StatsRow
  /** Coins after the block. */
  utxoSize: number
  prevouts: Uint8Array<ArrayBuffer>
  offsets: Uint8Array<ArrayBuffer>
  touches: BlockTouches
}

/** What is known of a block once its inputs were checked. */
export interface CheckedBlock {
  digest: BlockDigest
  bytes: Uint8Array<ArrayBuffer>
  /** txNum of its coinbase. */
  firstTx: number
  /** Satoshi. */
  fees: number
  stats: StatsRow
  prevouts: Uint8Array<ArrayBuffer>
  /** By transaction: where its entries begin in the prevouts. */
  txAt: Uint32Array
  /** By input as in the digest: prefix48 of the scripthash of what is spent. Copied. */
  spentPrefix: Float64Array
  /** Coins after it. */
  utxoSize: number
}

export function blockRow({ height, id }: { height: number; id: number }, block: CheckedBlock): BlockRow {
  const { digest, bytes, firstTx, fees, stats, prevouts, txAt, spentPrefix, utxoSize } = block
  const { txCount, size, weight, inputStart, outputStart } = digest
  const outputValue = digest.value.reduce((sum, value) => sum + value, 0)
  return {
    height,
    id,
    firstTx,
    txCount,
    size,
    weight,
    fees,
    inputs: inputStart[txCount]! - inputStart[1]!,
    outputs: outputStart[txCount]!,
    outputValue: Math.min(outputValue, Number.MAX_SAFE_INTEGER),
    stats,
    utxoSize,
    prevouts,
    offsets: encodeOffsets(digest, txAt),
    touches: touchesOf(digest, bytes, firstTx, spentPrefix, prevouts),
  }
}
