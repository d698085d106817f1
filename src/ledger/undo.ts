import type { BlockDigest } from '../chain/digest.ts'
import { type Hasher, prefix48 } from '../wire/hash.ts'
import { type Coins, outpointWords } from './coins.ts'
import { eachNewCoin, NOTHING_SPENT } from './input-check.ts'
import { decodePrevouts } from './prevouts.ts'

/** A connected block as it is taken back: what its inputs spent, by input as in the digest. */
export interface Undo {
  digest: BlockDigest
  /** The raw block. */
  bytes: Uint8Array
  /** txNum of its coinbase. */
  firstTx: number
  /** Number of the transaction that made what is spent; the coinbase's input has none. */
  spentTx: Float64Array
  /** prefix48 of the scripthash of what is spent. */
  spentPrefix: Float64Array
  value: Float64Array
  scripts: Uint8Array[]
}

/** Reads a block's prevouts blob; `undefined` when it does not belong to the block: a damaged store. */
export function readUndo(
  digest: BlockDigest,
  bytes: Uint8Array,
  firstTx: number,
  blob: Uint8Array,
  hasher: Hasher,
): Undo | undefined {
  const { txCount, inputStart } = digest
  const first = inputStart[1]!
  const count = inputStart[txCount]!
  const entries = decodePrevouts(blob)
  if (entries?.length !== count - first) return undefined
  const undo: Undo = {
    digest,
    bytes,
    firstTx,
    spentTx: new Float64Array(count),
    spentPrefix: new Float64Array(count),
    value: new Float64Array(count),
    scripts: Array(count),
  }
  const ranges = new Uint32Array(entries.length * 2)
  entries.forEach(({ txNum, value, script }, n) => {
    undo.spentTx[first + n] = txNum
    undo.value[first + n] = value
    undo.scripts[first + n] = script
    ranges[2 * n] = script.byteOffset - blob.byteOffset
    ranges[2 * n + 1] = script.byteOffset - blob.byteOffset + script.length
  })
  const hashes = new Uint8Array(entries.length * 32)
  hasher.sha256Many(blob, ranges, hashes)
  for (let n = 0; n < entries.length; n++) undo.spentPrefix[first + n] = prefix48(hashes.subarray(n * 32, n * 32 + 6))
  return undo
}

/** Puts back what the block spent and takes away what it made. */
export function undoCoins({ digest, bytes, firstTx, spentTx, spentPrefix, value, scripts }: Undo, coins: Coins): void {
  const { cache } = coins
  const { txCount, inputStart, outputStart } = digest
  const words = outpointWords(digest.outpoints)
  cache.reserve(inputStart[txCount]! + outputStart[txCount]!)
  for (let i = inputStart[1]!; i < inputStart[txCount]!; i++) {
    // What the block made itself was no coin before it.
    if (spentTx[i]! >= firstTx) continue
    const script = scripts[i]!
    cache.add(words, i * 9, spentTx[i]!, value[i]!, spentPrefix[i]!, script, 0, script.length)
  }
  eachNewCoin(digest, bytes, NOTHING_SPENT, (outpoint) => cache.remove(outpoint, 0))
}
