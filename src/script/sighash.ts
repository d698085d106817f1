import { Writer } from '../wire/codec.ts'
import { concatBytes, type Hasher, nobleHasher, tagPrefix } from '../wire/hash.ts'
import type { Transaction, TxOut } from '../wire/transaction.ts'
import { instructionAt } from './instructions.ts'
import { OP } from './opcodes.ts'

/** Which outputs a signature covers, and whether it leaves the other inputs open (BIP143, BIP341). */
export const SIGHASH = {
  /** Taproot only: as ALL, and the signature carries no type byte. */
  DEFAULT: 0x00,
  ALL: 0x01,
  NONE: 0x02,
  SINGLE: 0x03,
  ANYONECANPAY: 0x80,
} as const

/** The number one, as a hash: what old signatures cover when SINGLE names an output that is not there. */
const ONE = Uint8Array.of(1, ...new Uint8Array(31))
const ZERO = new Uint8Array(32)
/** Outpoint, empty script, sequence. */
const BLANK_INPUT_SIZE = 41
const NO_OUTPUTS = Uint8Array.of(0)
/** What is about to be hashed, every time: to make room for it anew costs more than to write it. As large as a block at most. */
const scratch = new Writer(4096)
const TAPROOT_TAG = tagPrefix('TapSighash')

/** What is made once for all inputs: hashes of what BIP341 lists, and bytes that the old way hashes anew for each. */
const PART = {
  prevouts: 0,
  sequences: 1,
  amounts: 2,
  scripts: 3,
  outputs: 4,
  outputBytes: 5,
  inputs: 6,
  inputsWithoutSequences: 7,
}
/** Added to a part: the same, hashed once more. */
const TWICE = 8

/** What a signature in a taproot input covers beside the transaction. */
export interface TaprootContext {
  /** Last witness item when it begins with 0x50, that byte included. */
  annex?: Uint8Array | undefined
  /** Script path only: the hash of the leaf that runs (BIP342). */
  leafHash?: Uint8Array | undefined
  /** Script path only: position in opcodes of the last OP_CODESEPARATOR that ran; none when absent. */
  codeSeparator?: number | undefined
}

/**
 * Signature hashes of one transaction, in all three ways. What inputs have in common is computed once, so that BIP143
 * and BIP341 take the same time for each input; the old way needs time that grows with the transaction.
 *
 * The transaction must not change meanwhile, except for scriptSigs and witnesses, which no signature covers. `spent`
 * are the outputs that the inputs spend, in their order; only `taproot` asks for them.
 */
export class SignatureHashes {
  readonly #tx: Transaction
  readonly #spent: readonly TxOut[]
  readonly #hasher: Hasher
  /** What inputs have in common, by PART. */
  readonly #known: (Uint8Array | undefined)[] = []
  /** Of the input asked about last: a tapscript may check a signature for every 50 bytes of witness, over and over. */
  #ownOutput: { index: number; hash: Uint8Array } | undefined
  #annex: { bytes: Uint8Array; hash: Uint8Array } | undefined

  constructor(tx: Transaction, spent: readonly TxOut[] = [], hasher: Hasher = nobleHasher) {
    this.#tx = tx
    this.#spent = spent
    this.#hasher = hasher
  }

  /**
   * As signed before segwit. `scriptCode` is the script that runs, from behind its last executed OP_CODESEPARATOR on;
   * further separators in it are left out here. `hashType` is a 32-bit number, of which the low byte decides.
   */
  legacy(index: number, scriptCode: Uint8Array, hashType: number): Uint8Array {
    const { inputs, outputs, version, lockTime } = this.#tx
    const base = hashType & 0x1f
    if (index >= inputs.length) return ONE.slice()
    if (base === SIGHASH.SINGLE && index >= outputs.length) return ONE.slice()

    const anyoneCanPay = (hashType & SIGHASH.ANYONECANPAY) !== 0
    const coversAll = base !== SIGHASH.NONE && base !== SIGHASH.SINGLE
    const blanks = anyoneCanPay ? undefined : this.#blankInputs(!coversAll)
    const allOutputs = coversAll ? this.#outputs() : undefined
    const code = withoutCodeSeparators(scriptCode)
    const own = inputs[index]!
    const writer = scratch
    writer.clear()
    writer.i32(version)
    writer.compactSize(anyoneCanPay ? 1 : inputs.length)
    if (blanks) writer.bytes(blanks.subarray(0, index * BLANK_INPUT_SIZE))
    writer.bytes(own.prevout.hash)
    writer.u32(own.prevout.index)
    writer.compactSize(code.length)
    writer.bytes(code)
    writer.u32(own.sequence)
    if (blanks) writer.bytes(blanks.subarray((index + 1) * BLANK_INPUT_SIZE))
    if (allOutputs) {
      writer.compactSize(outputs.length)
      writer.bytes(allOutputs)
    } else if (base === SIGHASH.NONE) writer.bytes(NO_OUTPUTS)
    else this.#writeOutputsUpTo(writer, index)
    writer.u32(lockTime)
    writer.i32(hashType | 0)
    return this.#hasher.sha256d(writer.written)
  }

  /** Of version 0 witness programs (BIP143). `value` is what the spent output holds, in satoshi. */
  witnessV0(index: number, scriptCode: Uint8Array, value: bigint, hashType: number): Uint8Array {
    const base = hashType & 0x1f
    const anyoneCanPay = (hashType & SIGHASH.ANYONECANPAY) !== 0
    const coversAll = base !== SIGHASH.NONE && base !== SIGHASH.SINGLE
    const own = this.#input(index)
    const prevouts = anyoneCanPay ? ZERO : this.#twice(PART.prevouts, this.prevoutsHash)
    const sequences = anyoneCanPay || !coversAll ? ZERO : this.#twice(PART.sequences, this.sequencesHash)
    const outputs = coversAll ? this.#twice(PART.outputs, this.outputsHash) : this.#hashOfOutput(base, index)
    const writer = scratch
    writer.clear()
    writer.i32(this.#tx.version)
    writer.bytes(prevouts)
    writer.bytes(sequences)
    writer.bytes(own.prevout.hash)
    writer.u32(own.prevout.index)
    writer.compactSize(scriptCode.length)
    writer.bytes(scriptCode)
    writer.i64(value)
    writer.u32(own.sequence)
    writer.bytes(outputs)
    writer.u32(this.#tx.lockTime)
    writer.i32(hashType | 0)
    return this.#hasher.sha256d(writer.written)
  }

  /** Of taproot (BIP341, BIP342); undefined for a hash type that is not allowed, and for SINGLE without its output. */
  taproot(index: number, hashType: number, context: TaprootContext = {}): Uint8Array | undefined {
    const isWritten = this.#writeTaproot(index, hashType, context)
    return isWritten ? this.#hasher.sha256(scratch.written) : undefined
  }

  /** What `taproot` hashes: the epoch byte and the common signature message, with BIP342's extension in a leaf. */
  taprootMessage(index: number, hashType: number, context: TaprootContext = {}): Uint8Array | undefined {
    const isWritten = this.#writeTaproot(index, hashType, context)
    return isWritten ? scratch.written.slice(TAPROOT_TAG.length) : undefined
  }

  #writeTaproot(index: number, hashType: number, { annex, leafHash, codeSeparator }: TaprootContext): boolean {
    if (!isTaprootHashType(hashType)) return false
    const { inputs, outputs, version, lockTime } = this.#tx
    if (this.#spent.length !== inputs.length) throw new Error('taproot signatures cover every spent output')
    const anyoneCanPay = (hashType & SIGHASH.ANYONECANPAY) !== 0
    const base = hashType & 0x03
    if (base === SIGHASH.SINGLE && index >= outputs.length) return false
    const own = this.#input(index)
    const spent = anyoneCanPay ? [] : [this.prevoutsHash, this.amountsHash, this.scriptPubKeysHash, this.sequencesHash]
    const coversAll = base === SIGHASH.DEFAULT || base === SIGHASH.ALL
    const outputsHash = coversAll ? this.outputsHash : undefined
    const ownOutput = base === SIGHASH.SINGLE ? this.#outputHash(index) : undefined

    const writer = scratch
    writer.clear()
    writer.bytes(TAPROOT_TAG)
    writer.u8(0) // epoch
    writer.u8(hashType)
    writer.i32(version)
    writer.u32(lockTime)
    for (const hash of spent) writer.bytes(hash)
    if (outputsHash) writer.bytes(outputsHash)
    writer.u8((leafHash ? 2 : 0) + (annex ? 1 : 0)) // spend type
    if (anyoneCanPay) {
      const { value, scriptPubKey } = this.#spent[index]!
      writer.bytes(own.prevout.hash)
      writer.u32(own.prevout.index)
      writer.i64(value)
      writer.compactSize(scriptPubKey.length)
      writer.bytes(scriptPubKey)
      writer.u32(own.sequence)
    } else {
      writer.u32(index)
    }
    if (annex) writer.bytes(this.#annexHash(annex))
    if (ownOutput) writer.bytes(ownOutput)
    if (leafHash) {
      writer.bytes(leafHash)
      writer.u8(0) // key version
      writer.u32(codeSeparator ?? 0xffff_ffff)
    }
    return true
  }

  /** SHA-256 of all outpoints. */
  get prevoutsHash(): Uint8Array {
    return this.#once(PART.prevouts, () =>
      this.#hashOfInputs((writer, i) => {
        const { prevout } = this.#tx.inputs[i]!
        writer.bytes(prevout.hash)
        writer.u32(prevout.index)
      }),
    )
  }

  /** SHA-256 of all sequence numbers. */
  get sequencesHash(): Uint8Array {
    return this.#once(PART.sequences, () => this.#hashOfInputs((writer, i) => writer.u32(this.#tx.inputs[i]!.sequence)))
  }

  /** SHA-256 of the amounts of all spent outputs. */
  get amountsHash(): Uint8Array {
    return this.#once(PART.amounts, () => this.#hashOfInputs((writer, i) => writer.i64(this.#spent[i]!.value)))
  }

  /** SHA-256 of the scripts of all spent outputs, each with its length. */
  get scriptPubKeysHash(): Uint8Array {
    return this.#once(PART.scripts, () =>
      this.#hashOfInputs((writer, i) => {
        const { scriptPubKey } = this.#spent[i]!
        writer.compactSize(scriptPubKey.length)
        writer.bytes(scriptPubKey)
      }),
    )
  }

  /** SHA-256 of all outputs. */
  get outputsHash(): Uint8Array {
    return this.#once(PART.outputs, () => this.#hasher.sha256(this.#writtenOutputs()))
  }

  /** Of the one output that SINGLE covers (BIP143); zeros where there is none, and for NONE. */
  #hashOfOutput(base: number, index: number): Uint8Array {
    const isCovered = base === SIGHASH.SINGLE && index < this.#tx.outputs.length
    return isCovered ? this.#hasher.sha256(this.#outputHash(index)) : ZERO
  }

  /** SHA-256 of one output, which there is. */
  #outputHash(index: number): Uint8Array {
    if (this.#ownOutput?.index !== index) {
      this.#ownOutput = { index, hash: this.#hasher.sha256(outputBytes(this.#tx.outputs[index]!)) }
    }
    return this.#ownOutput.hash
  }

  #annexHash(annex: Uint8Array): Uint8Array {
    if (this.#annex?.bytes !== annex) this.#annex = { bytes: annex, hash: this.#hasher.sha256(sized(annex)) }
    return this.#annex.hash
  }

  #input(index: number) {
    const input = this.#tx.inputs[index]
    if (!input) throw new RangeError(`there is no input ${index}`)
    return input
  }

  #once(part: number, make: () => Uint8Array): Uint8Array {
    const known = this.#known[part]
    if (known) return known
    const made = make()
    this.#known[part] = made
    return made
  }

  /** BIP143 hashes the same bytes as BIP341, twice. */
  #twice(part: number, once: Uint8Array): Uint8Array {
    return this.#once(TWICE + part, () => this.#hasher.sha256(once))
  }

  #hashOfInputs(write: (writer: Writer, index: number) => void): Uint8Array {
    scratch.clear()
    for (let i = 0; i < this.#tx.inputs.length; i++) write(scratch, i)
    return this.#hasher.sha256(scratch.written)
  }

  #outputs(): Uint8Array {
    return this.#once(PART.outputBytes, () => this.#writtenOutputs().slice())
  }

  /** All outputs, in `scratch`. */
  #writtenOutputs(): Uint8Array {
    scratch.clear()
    for (const output of this.#tx.outputs) writeOutput(scratch, output)
    return scratch.written
  }

  /** All inputs with empty scripts, 41 bytes each. */
  #blankInputs(zeroSequences: boolean): Uint8Array {
    return this.#once(zeroSequences ? PART.inputsWithoutSequences : PART.inputs, () => {
      scratch.clear()
      for (const { prevout, sequence } of this.#tx.inputs) {
        scratch.bytes(prevout.hash)
        scratch.u32(prevout.index)
        scratch.u8(0)
        scratch.u32(zeroSequences ? 0 : sequence)
      }
      return scratch.written.slice()
    })
  }

  /** The outputs as SINGLE sees them before segwit: those below `index` are empty and worth −1. */
  #writeOutputsUpTo(writer: Writer, index: number): void {
    writer.compactSize(index + 1)
    for (let i = 0; i < index; i++) {
      writer.i64(-1n)
      writer.u8(0)
    }
    writeOutput(writer, this.#tx.outputs[index]!)
  }
}

/** The types that BIP341 allows. */
export function isTaprootHashType(hashType: number): boolean {
  return (hashType >= 0 && hashType <= 3) || (hashType >= 0x81 && hashType <= 0x83)
}

/** Bytes behind their length. */
function sized(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(bytes.length + 9)
  writer.compactSize(bytes.length)
  writer.bytes(bytes)
  return writer.finish()
}

function outputBytes(output: TxOut): Uint8Array {
  const writer = new Writer(output.scriptPubKey.length + 17)
  writeOutput(writer, output)
  return writer.finish()
}

function writeOutput(writer: Writer, { value, scriptPubKey }: TxOut): void {
  writer.i64(value)
  writer.compactSize(scriptPubKey.length)
  writer.bytes(scriptPubKey)
}

/** A script without its OP_CODESEPARATORs. From a push that cannot be read on, everything is kept. */
function withoutCodeSeparators(script: Uint8Array): Uint8Array {
  if (!script.includes(OP.OP_CODESEPARATOR)) return script
  const kept: Uint8Array[] = []
  let from = 0
  for (let at = 0; at < script.length; ) {
    const { opcode, next } = instructionAt(script, at)
    if (opcode === OP.OP_CODESEPARATOR) {
      kept.push(script.subarray(from, at))
      from = next
    }
    at = next
  }
  return concatBytes(...kept, script.subarray(from))
}
