import { concatBytes, equalBytes, type Hasher, prefix48 } from '../wire/hash.ts'
import type { BlockScan } from './block-scan.ts'
import type { BlockDigest, WitnessCommitment } from './digest.ts'
import { merkleRoot } from './merkle.ts'

/** What the output that commits to the witnesses begins with: OP_RETURN, 36 bytes, the tag of BIP 141. */
const COMMITMENT_TAG = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]
const COMMITMENT_SIZE = COMMITMENT_TAG.length + 32

/** The txids of a scanned block, 32 bytes each. */
export function hashTransactions(bytes: Uint8Array, scan: BlockScan, hasher: Hasher): Uint8Array<ArrayBuffer> {
  const txids = new Uint8Array(scan.txCount * 32)
  const ranges = new Uint32Array(scan.txCount * 2)
  const { txStart, txWeight } = scan.txs
  if (scan.strippedSize === bytes.length) {
    for (let tx = 0; tx < scan.txCount; tx++) {
      ranges[2 * tx] = txStart[tx]!
      ranges[2 * tx + 1] = txStart[tx + 1]!
    }
    hasher.sha256dMany(bytes, ranges, txids)
    return txids
  }
  let at = 0
  for (let tx = 0; tx < scan.txCount; tx++) {
    ranges[2 * tx] = at
    at += (txWeight[tx]! - (txStart[tx + 1]! - txStart[tx]!)) / 3
    ranges[2 * tx + 1] = at
  }
  hasher.sha256dMany(stripped(bytes, scan), ranges, txids)
  return txids
}

/** The first 48 bits of the SHA-256 of every output's script. */
export function hashScripts(bytes: Uint8Array, scan: BlockScan, hasher: Hasher): Float64Array<ArrayBuffer> {
  const { scriptAt, scriptLength } = scan.outputs
  const ranges = new Uint32Array(scan.outputCount * 2)
  for (let output = 0; output < scan.outputCount; output++) {
    ranges[2 * output] = scriptAt[output]!
    ranges[2 * output + 1] = scriptAt[output]! + scriptLength[output]!
  }
  const hashes = new Uint8Array(scan.outputCount * 32)
  hasher.sha256Many(bytes, ranges, hashes)
  const prefixes = new Float64Array(scan.outputCount)
  for (let output = 0; output < scan.outputCount; output++) {
    prefixes[output] = prefix48(hashes.subarray(output * 32, output * 32 + 6))
  }
  return prefixes
}

/** What the coinbase says of the witnesses, and what is so (BIP 141). */
export function witnessCommitment(
  bytes: Uint8Array,
  scan: BlockScan,
  txids: Uint8Array,
  hasher: Hasher,
): { witnessRoot?: Uint8Array<ArrayBuffer>; witnessCommitment: WitnessCommitment } {
  const claimed = claimedCommitment(bytes, scan)
  if (!claimed) return { witnessCommitment: 'absent' }
  const { root } = merkleRoot(hashWithWitness(bytes, scan, txids, hasher), hasher)
  const witnessAt = scan.inputs.witnessAt[0] ?? 0
  // Exactly one item, of 32 bytes.
  if (witnessAt === 0 || bytes[witnessAt] !== 1 || bytes[witnessAt + 1] !== 32) {
    return { witnessRoot: root, witnessCommitment: 'bad-nonce' }
  }
  const reserved = bytes.subarray(witnessAt + 2, witnessAt + 34)
  const isRight = equalBytes(hasher.sha256d(concatBytes(root, reserved)), claimed)
  return { witnessRoot: root, witnessCommitment: isRight ? 'ok' : 'bad' }
}

/** The hash in the output that commits. */
function claimedCommitment(bytes: Uint8Array, { txCount, txs, outputs }: BlockScan): Uint8Array | undefined {
  const output = commitmentOutput(bytes, { txCount, ...txs, ...outputs })
  const at = outputs.scriptAt[output]
  return at === undefined ? undefined : bytes.subarray(at + COMMITMENT_TAG.length, at + COMMITMENT_SIZE)
}

/** Number of the last output of a block's first transaction that has the form of a witness commitment, or -1. */
export function commitmentOutput(
  bytes: Uint8Array,
  outputs: Pick<BlockDigest, 'txCount' | 'outputStart' | 'scriptAt' | 'scriptLength'>,
): number {
  if (outputs.txCount === 0) return -1
  for (let output = outputs.outputStart[1]! - 1; output >= 0; output--) {
    const at = outputs.scriptAt[output]!
    if (outputs.scriptLength[output]! < COMMITMENT_SIZE) continue
    if (COMMITMENT_TAG.every((byte, i) => bytes[at + i] === byte)) return output
  }
  return -1
}

/** The wtxids, with zeros for the coinbase. */
function hashWithWitness(bytes: Uint8Array, scan: BlockScan, txids: Uint8Array, hasher: Hasher): Uint8Array {
  const { txStart, hasWitness } = scan.txs
  const wtxids = txids.slice()
  wtxids.fill(0, 0, 32)
  const rows: number[] = []
  for (let tx = 1; tx < scan.txCount; tx++) if (hasWitness[tx]) rows.push(tx)
  const ranges = new Uint32Array(rows.length * 2)
  for (const [i, tx] of rows.entries()) {
    ranges[2 * i] = txStart[tx]!
    ranges[2 * i + 1] = txStart[tx + 1]!
  }
  const hashes = new Uint8Array(rows.length * 32)
  hasher.sha256dMany(bytes, ranges, hashes)
  for (const [i, tx] of rows.entries()) wtxids.set(hashes.subarray(i * 32, i * 32 + 32), tx * 32)
  return wtxids
}

/** Kept between blocks, so that hashing one does not allocate its size: at most the largest block's. */
let scratch = new Uint8Array(0)

/** The transactions as they are without witness data (flags and witnesses left out), one after the other. */
function stripped(bytes: Uint8Array, { txCount, txs, witnessStart, strippedSize }: BlockScan): Uint8Array {
  if (scratch.length < strippedSize) scratch = new Uint8Array(strippedSize)
  let at = 0
  let copied = txs.txStart[0]!
  const copyUntil = (end: number) => {
    scratch.set(bytes.subarray(copied, end), at)
    at += end - copied
  }
  for (let tx = 0; tx < txCount; tx++) {
    if (!txs.hasWitness[tx]) continue
    const versionEnd = txs.txStart[tx]! + 4
    copyUntil(versionEnd)
    copied = versionEnd + 2
    copyUntil(witnessStart[tx]!)
    copied = txs.txStart[tx + 1]! - 4
  }
  copyUntil(bytes.length)
  return scratch.subarray(0, at)
}
