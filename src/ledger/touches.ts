import type { BlockDigest } from '../chain/digest.ts'
import { isUnspendable } from './input-check.ts'
import { type PrevoutColumns, prevoutColumns } from './prevouts.ts'

/** What is kept of a block until it is committed, so that the sums of busy scripts can follow it. */
export interface BlockTouches {
  /** The raw block. */
  bytes: Uint8Array<ArrayBuffer>
  firstTx: number
  digest: Pick<
    BlockDigest,
    'txCount' | 'inputStart' | 'outputStart' | 'value' | 'scriptPrefix' | 'scriptAt' | 'scriptLength'
  >
  /** By input as in the digest: prefix48 of the scripthash of what is spent, and the output's index. */
  spentPrefix: Float64Array
  spentVout: Uint32Array
  /** As `ledger/prevouts.ts` lays them out; sound. */
  prevouts: Uint8Array
}

/** Who is told what a block's transactions do to scripts, in block order; a transaction's inputs come before its outputs. */
export interface TouchSink {
  /** A number for the scripts of a prefix that are of interest, -1 for the others. */
  slotOf(prefix: number): number
  /** An output that pays to such a script: `length` bytes of the raw block from `at`. */
  funds(slot: number, txNum: number, vout: number, output: number, value: number, at: number, length: number): void
  /** An input that spends from one: `length` bytes of the prevouts from `at`. */
  spends(slot: number, txNum: number, fundingTx: number, vout: number, value: number, at: number, length: number): void
}

/** `spentPrefix` is copied, as the check of the next block writes over it. */
export function touchesOf(
  digest: BlockDigest,
  bytes: Uint8Array<ArrayBuffer>,
  firstTx: number,
  spentPrefix: Float64Array,
  prevouts: Uint8Array,
): BlockTouches {
  const { txCount, inputStart, outputStart, value, scriptPrefix, scriptAt, scriptLength, outpoints } = digest
  const inputs = inputStart[txCount]!
  const spentVout = new Uint32Array(inputs)
  for (let i = 0; i < inputs; i++) {
    const at = i * 36 + 32
    spentVout[i] = outpoints[at]! | (outpoints[at + 1]! << 8) | (outpoints[at + 2]! << 16) | (outpoints[at + 3]! << 24)
  }
  return {
    bytes,
    firstTx,
    // Not the whole digest, which would stay in memory with it.
    digest: { txCount, inputStart, outputStart, value, scriptPrefix, scriptAt, scriptLength },
    spentPrefix: spentPrefix.slice(0, inputs),
    spentVout,
    prevouts,
  }
}

/** Bytes of memory that it takes beyond the raw block and the prevouts. */
export function touchesBytes({ digest: { txCount, inputStart, outputStart } }: BlockTouches): number {
  return 8 * txCount + 12 * inputStart[txCount]! + 24 * outputStart[txCount]!
}

/** Goes over all that the block does. */
export function eachTouch(block: BlockTouches, sink: TouchSink): void {
  const { firstTx, digest, spentPrefix, spentVout, prevouts } = block
  const { txCount, inputStart, outputStart, value, scriptPrefix, scriptAt, scriptLength } = digest
  let spent: PrevoutColumns | undefined
  let n = 0
  for (let t = 0; t < txCount; t++) {
    const firstInput = t === 0 ? inputStart[1]! : inputStart[t]!
    for (let i = firstInput; i < inputStart[t + 1]!; i++, n++) {
      const slot = sink.slotOf(spentPrefix[i]!)
      if (slot < 0) continue
      spent ??= prevoutColumns(prevouts)!
      const [at, length] = [spent.scriptAt[n]!, spent.scriptLength[n]!]
      sink.spends(slot, firstTx + t, spent.txNum[n]!, spentVout[i]!, spent.value[n]!, at, length)
    }
    const firstOutput = outputStart[t]!
    for (let o = firstOutput; o < outputStart[t + 1]!; o++) {
      const slot = sink.slotOf(scriptPrefix[o]!)
      if (slot >= 0) sink.funds(slot, firstTx + t, o - firstOutput, o, value[o]!, scriptAt[o]!, scriptLength[o]!)
    }
  }
}

/** Whether the output is a coin while nothing spends it. The genesis coinbase, txNum 0, never was one. */
export function makesCoin({ digest, bytes }: BlockTouches, txNum: number, output: number): boolean {
  return txNum > 0 && !isUnspendable(digest, bytes, output)
}
