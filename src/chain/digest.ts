import { type Hasher, nobleHasher } from '../wire/hash.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import { BlockScan } from './block-scan.ts'
import { hashScripts, hashTransactions, witnessCommitment } from './digest-hashes.ts'
import { merkleRoot } from './merkle.ts'
import { MAX_COINBASE_SCRIPT } from './tx-rules.ts'

/** How the coinbase commits to the block's witness data (BIP 141). */
export type WitnessCommitment =
  /** No output of the coinbase has the commitment's form. */
  | 'absent'
  | 'ok'
  /** There is one, and the coinbase's witness is not exactly one item of 32 bytes. */
  | 'bad-nonce'
  /** There is one, and it is another hash. */
  | 'bad'

/**
 * A block taken apart into typed arrays: n transactions, i inputs, o outputs in block order, coinbase included. Offsets
 * count from the start of the raw block. Only plain values and arrays, so that it can be transferred between threads
 * (`digestTransfers`).
 */
export interface BlockDigest {
  /** The 80 bytes. */
  header: Uint8Array<ArrayBuffer>
  /** Wire order. */
  hash: Uint8Array<ArrayBuffer>
  /** n. */
  txCount: number
  /** Bytes of the whole block. */
  size: number
  /** Bytes of the block without witness data. */
  strippedSize: number
  /** 3 * strippedSize + size. */
  weight: number

  /** n * 32 bytes, wire order. */
  txids: Uint8Array<ArrayBuffer>
  /** n + 1: where each transaction begins; the last entry is the block's size. */
  txStart: Uint32Array<ArrayBuffer>
  /** n. */
  txVersion: Int32Array<ArrayBuffer>
  /** n. */
  lockTime: Uint32Array<ArrayBuffer>
  /** n, weight units. */
  txWeight: Uint32Array<ArrayBuffer>
  /** n, 1 where the transaction carries witness data. */
  hasWitness: Uint8Array<ArrayBuffer>
  /** n + 1: index of each transaction's first input; the last entry is i. */
  inputStart: Uint32Array<ArrayBuffer>
  /** n + 1: index of each transaction's first output; the last entry is o. */
  outputStart: Uint32Array<ArrayBuffer>
  /** n: signature operations in scriptSigs and scriptPubKeys, counted as before P2SH. */
  legacySigops: Uint32Array<ArrayBuffer>
  /** The first 100 bytes of the first input's scriptSig: all of it in a valid coinbase. Empty without inputs. */
  coinbaseScript: Uint8Array<ArrayBuffer>

  /** i * 36 bytes as on the wire: txid, then the output's index in little-endian. */
  outpoints: Uint8Array<ArrayBuffer>
  /** i. */
  sequence: Uint32Array<ArrayBuffer>
  /** i. */
  scriptSigAt: Uint32Array<ArrayBuffer>
  /** i. */
  scriptSigLength: Uint32Array<ArrayBuffer>
  /** i: where the input's witness begins, at its item count; 0 where the transaction carries none. */
  witnessAt: Uint32Array<ArrayBuffer>

  /** o: satoshi; Infinity where the wire has more than MAX_MONEY, -Infinity where it has a negative amount. */
  value: Float64Array<ArrayBuffer>
  /** o. */
  scriptAt: Uint32Array<ArrayBuffer>
  /** o. */
  scriptLength: Uint32Array<ArrayBuffer>
  /** o: prefix48 of sha256(scriptPubKey). */
  scriptPrefix: Float64Array<ArrayBuffer>

  /** Computed from the txids, wire order; to be compared with the header's. */
  merkleRoot: Uint8Array<ArrayBuffer>
  /** Two equal neighbours in the merkle tree: the same root has another, shorter list of transactions (CVE-2012-2459). */
  mutated: boolean
  /** Computed from the wtxids, where the coinbase commits to them. */
  witnessRoot?: Uint8Array<ArrayBuffer>
  witnessCommitment: WitnessCommitment
}

/**
 * Takes a raw block apart in one pass and hashes what it names: transactions, scripts, merkle trees. Judges nothing but
 * the form (`checkBlock` and `checkBlockContext` do): bytes that are no block throw WireError, after work and memory in
 * proportion to the bytes that are there.
 */
export function digestBlock(bytes: Uint8Array, hasher: Hasher = nobleHasher): BlockDigest {
  const scan = new BlockScan(bytes)
  const { txCount, strippedSize, txs, inputs, outputs } = scan
  const header = new Uint8Array(bytes.subarray(0, HEADER_SIZE))
  const txids = hashTransactions(bytes, scan, hasher)
  const { root, mutated } = merkleRoot(txids, hasher)
  return {
    header,
    hash: new Uint8Array(hasher.sha256d(header)),
    txCount,
    size: bytes.length,
    strippedSize,
    weight: 3 * strippedSize + bytes.length,
    txids,
    ...txs,
    ...inputs,
    ...outputs,
    coinbaseScript: coinbaseScript(bytes, scan),
    scriptPrefix: hashScripts(bytes, scan, hasher),
    merkleRoot: root,
    mutated,
    ...witnessCommitment(bytes, scan, txids, hasher),
  }
}

/** The buffers to hand over with a digest that goes to another thread; here it is empty afterwards. */
export function digestTransfers(digest: BlockDigest): ArrayBuffer[] {
  const buffers = Object.values(digest).flatMap((field) =>
    ArrayBuffer.isView(field) ? [field.buffer as ArrayBuffer] : [],
  )
  return [...new Set(buffers)]
}

/**
 * The same digest with all of its arrays in one buffer: to hand over the two dozen of a small block costs more than to take
 * it apart. Whoever keeps one of the arrays keeps all of them.
 */
export function inOneBuffer(digest: BlockDigest): BlockDigest {
  const arrays = Object.entries(digest).filter((field): field is [string, Column] => ArrayBuffer.isView(field[1]))
  const buffer = new ArrayBuffer(arrays.reduce((sum, [, { byteLength }]) => sum + aligned(byteLength), 0))
  const packed: Record<string, unknown> = { ...digest }
  let at = 0
  for (const [name, array] of arrays) {
    const Type = array.constructor as new (buffer: ArrayBuffer, at: number, length: number) => Column
    const copy = new Type(buffer, at, array.length)
    copy.set(array)
    packed[name] = copy
    at += aligned(array.byteLength)
  }
  return packed as unknown as BlockDigest
}

type Column = Uint8Array | Uint32Array | Int32Array | Float64Array

/** The widest numbers have 8 bytes. */
function aligned(bytes: number): number {
  return (bytes + 7) & ~7
}

function coinbaseScript(bytes: Uint8Array, { inputCount, inputs }: BlockScan): Uint8Array<ArrayBuffer> {
  if (inputCount === 0) return new Uint8Array(0)
  const at = inputs.scriptSigAt[0]!
  return new Uint8Array(bytes.subarray(at, at + Math.min(inputs.scriptSigLength[0]!, MAX_COINBASE_SCRIPT)))
}
