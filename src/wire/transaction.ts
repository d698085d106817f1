import {
  type Codec,
  compactSizeLength,
  type Decoded,
  encode,
  hash32,
  i32,
  i64,
  list,
  Reader,
  struct,
  u32,
  varBytes,
} from './codec.ts'
import { WireError } from './error.ts'
import { concatBytes, equalBytes, type Hasher, nobleHasher } from './hash.ts'

/** Nothing in a transaction can be longer than a message (consensus lets none outgrow a block). */
export const MAX_BYTES = 4_000_000
/** The least bytes of an input (41), an output (9) and a witness item (1) bound how many a message can hold. */
export const MAX_INPUTS = Math.floor(MAX_BYTES / 41)
export const MAX_OUTPUTS = Math.floor(MAX_BYTES / 9)
export const MAX_WITNESS_ITEMS = MAX_BYTES

/** Stands where the input count would, with the flag after it (BIP144). */
export const SEGWIT_MARKER = 0
export const WITNESS_FLAG = 1

/** Which output: the transaction's txid and the index in it. */
export const outpoint = struct({ hash: hash32, index: u32 })
export type Outpoint = Decoded<typeof outpoint>

/** Stands in an input for what the wire puts after all outputs (BIP144). */
const writtenLater: Codec<Uint8Array[]> = { read: () => [], write: () => {} }

export const txIn = struct({ prevout: outpoint, scriptSig: varBytes(MAX_BYTES), sequence: u32, witness: writtenLater })
export type TxIn = Decoded<typeof txIn>

/** `value` in satoshi, signed on the wire and not range-checked here. */
export const txOut = struct({ value: i64, scriptPubKey: varBytes(MAX_BYTES) })
export type TxOut = Decoded<typeof txOut>

const inputs = list(txIn, MAX_INPUTS)
const outputs = list(txOut, MAX_OUTPUTS)
const witnessStack = list(varBytes(MAX_BYTES), MAX_WITNESS_ITEMS)

/** The form that makes the txid. It reads a transaction without inputs too, which the BIP144 form cannot. */
export const transactionNoWitness = struct({ version: i32, inputs, outputs, lockTime: u32 })
export type Transaction = Decoded<typeof transactionNoWitness>

/**
 * The form on the wire (BIP144): with witness data where any input has some, plain otherwise. A zero in place of the
 * input count marks the segwit form, so `00 00` reads as no inputs and no outputs.
 */
export const transaction: Codec<Transaction> = {
  read: (r) => readTransaction(r).tx,
  write(w, tx) {
    if (!hasWitness(tx)) {
      transactionNoWitness.write(w, tx)
      return
    }
    w.i32(tx.version)
    w.u8(SEGWIT_MARKER)
    w.u8(WITNESS_FLAG)
    inputs.write(w, tx.inputs)
    outputs.write(w, tx.outputs)
    for (const input of tx.inputs) witnessStack.write(w, input.witness)
    w.u32(tx.lockTime)
  },
}

/** `witnessAt` is the offset of the witness data, 0 where there is none. */
function readTransaction(r: Reader): { tx: Transaction; witnessAt: number } {
  const version = r.i32()
  if (r.peek() !== SEGWIT_MARKER) {
    const tx = { version, inputs: inputs.read(r), outputs: outputs.read(r), lockTime: r.u32() }
    return { tx, witnessAt: 0 }
  }
  r.u8()
  const flag = r.u8()
  if (flag === 0) return { tx: { version, inputs: [], outputs: [], lockTime: r.u32() }, witnessAt: 0 }
  if (flag !== WITNESS_FLAG) throw new WireError('bad-value', `transaction flag ${flag}`)
  const tx: Transaction = { version, inputs: inputs.read(r), outputs: outputs.read(r), lockTime: 0 }
  const witnessAt = r.at
  for (const input of tx.inputs) input.witness = witnessStack.read(r)
  if (!hasWitness(tx)) throw new WireError('superfluous-witness')
  tx.lockTime = r.u32()
  return { tx, witnessAt }
}

/** Bytes of an input's witness on the wire. */
export function witnessSize(witness: readonly Uint8Array[]): number {
  let size = compactSizeLength(witness.length)
  for (const { length } of witness) size += compactSizeLength(length) + length
  return size
}

/** Whether the segwit form is the one to write. */
export function hasWitness(tx: Transaction): boolean {
  return tx.inputs.some((input) => input.witness.length > 0)
}

/** Double SHA-256 of the form without witness. */
export function txid(tx: Transaction, hasher: Hasher = nobleHasher): Uint8Array<ArrayBuffer> {
  return hasher.sha256d(encode(transactionNoWitness, tx))
}

/** Double SHA-256 of the form on the wire, equal to the txid where there is no witness (BIP141). */
export function wtxid(tx: Transaction, hasher: Hasher = nobleHasher): Uint8Array<ArrayBuffer> {
  return hasher.sha256d(encode(transaction, tx))
}

export interface ParsedTransaction {
  tx: Transaction
  txid: Uint8Array<ArrayBuffer>
  wtxid: Uint8Array<ArrayBuffer>
  /** Bytes, witness included. */
  size: number
  strippedSize: number
  /** Weight units: three times the stripped size and once the whole (BIP141). */
  weight: number
}

/**
 * A transaction and its names, computed from the bytes as they came. The objects can take 50 times the space of hostile
 * bytes, so callers with a size limit apply it to `bytes.length` first (weight is never less than that).
 */
export function parseTransaction(bytes: Uint8Array, hasher: Hasher = nobleHasher): ParsedTransaction {
  const r = new Reader(bytes)
  const { tx, witnessAt } = readTransaction(r)
  if (r.remaining > 0) throw new WireError('trailing', `${r.remaining} bytes`)
  const size = bytes.length
  const wtxid = hasher.sha256d(bytes)
  if (witnessAt === 0) return { tx, txid: wtxid, wtxid, size, strippedSize: size, weight: 4 * size }
  const stripped = concatBytes(
    bytes.subarray(0, 4), // version
    bytes.subarray(6, witnessAt), // inputs and outputs, after marker and flag
    bytes.subarray(size - 4), // lock time
  )
  const weight = 3 * stripped.length + size
  return { tx, txid: hasher.sha256d(stripped), wtxid, size, strippedSize: stripped.length, weight }
}

/**
 * True for what Litecoin Core sends in place of a transaction that exists only in its MWEB extension: ten bytes, no
 * inputs, no outputs. To be dropped without punishing the sender.
 */
export function isEmptyMwebTx(bytes: Uint8Array): boolean {
  return bytes.length === 10 && bytes[4] === 0 && bytes[5] === 0
}

const NULL_HASH = new Uint8Array(32)

/** A coinbase spends the null outpoint: 32 zero bytes and the highest index. */
export function isCoinbase(tx: Transaction): boolean {
  const first = tx.inputs[0]
  return tx.inputs.length === 1 && first!.prevout.index === 0xffff_ffff && equalBytes(first!.prevout.hash, NULL_HASH)
}
