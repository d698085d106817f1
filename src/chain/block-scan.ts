import { MAX_BLOCK_SIZE } from '../wire/block.ts'
import { WireError } from '../wire/error.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import { MAX_MONEY } from './consensus.ts'
import { legacySigops } from './sigops.ts'

/** Fewest bytes of a transaction, an input and an output: they bound the arrays by the bytes that are there. */
const MIN_TX = 10
const MIN_INPUT = 41
const MIN_OUTPUT = 9
const WITNESS_FLAG = 1

type Words = Uint32Array<ArrayBuffer>

/** One row a transaction; the start columns have one more. */
export class TxColumns {
  readonly txStart: Words
  readonly txVersion: Int32Array<ArrayBuffer>
  readonly lockTime: Words
  readonly txWeight: Words
  readonly hasWitness: Uint8Array<ArrayBuffer>
  readonly inputStart: Words
  readonly outputStart: Words
  readonly legacySigops: Words

  constructor(count: number) {
    this.txStart = new Uint32Array(count + 1)
    this.txVersion = new Int32Array(count)
    this.lockTime = new Uint32Array(count)
    this.txWeight = new Uint32Array(count)
    this.hasWitness = new Uint8Array(count)
    this.inputStart = new Uint32Array(count + 1)
    this.outputStart = new Uint32Array(count + 1)
    this.legacySigops = new Uint32Array(count)
  }
}

/** One row an input. */
export class InputColumns {
  readonly outpoints: Uint8Array<ArrayBuffer>
  readonly sequence: Words
  readonly scriptSigAt: Words
  readonly scriptSigLength: Words
  readonly witnessAt: Words

  constructor(rows: number) {
    this.outpoints = new Uint8Array(rows * 36)
    this.sequence = new Uint32Array(rows)
    this.scriptSigAt = new Uint32Array(rows)
    this.scriptSigLength = new Uint32Array(rows)
    this.witnessAt = new Uint32Array(rows)
  }

  /** A copy with another number of rows: the first ones of these. */
  resized(rows: number): InputColumns {
    const copy = new InputColumns(rows)
    copy.outpoints.set(this.outpoints.subarray(0, rows * 36))
    copy.sequence.set(this.sequence.subarray(0, rows))
    copy.scriptSigAt.set(this.scriptSigAt.subarray(0, rows))
    copy.scriptSigLength.set(this.scriptSigLength.subarray(0, rows))
    copy.witnessAt.set(this.witnessAt.subarray(0, rows))
    return copy
  }
}

/** One row an output. */
export class OutputColumns {
  readonly value: Float64Array<ArrayBuffer>
  readonly scriptAt: Words
  readonly scriptLength: Words

  constructor(rows: number) {
    this.value = new Float64Array(rows)
    this.scriptAt = new Uint32Array(rows)
    this.scriptLength = new Uint32Array(rows)
  }

  /** A copy with another number of rows: the first ones of these. */
  resized(rows: number): OutputColumns {
    const copy = new OutputColumns(rows)
    copy.value.set(this.value.subarray(0, rows))
    copy.scriptAt.set(this.scriptAt.subarray(0, rows))
    copy.scriptLength.set(this.scriptLength.subarray(0, rows))
    return copy
  }
}

/** Reads a raw block from front to back into columns. Hashes nothing. */
export class BlockScan {
  readonly txCount: number
  readonly txs: TxColumns
  inputs: InputColumns
  outputs: OutputColumns
  inputCount = 0
  outputCount = 0
  /** Where each transaction's witness begins, 0 where it has none. */
  readonly witnessStart: Uint32Array
  strippedSize: number
  readonly #bytes: Uint8Array
  readonly #end: number
  #at = HEADER_SIZE

  /** Throws WireError; work and memory are bounded by the bytes that are there. */
  constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_BLOCK_SIZE) throw new WireError('too-large', `a block of ${bytes.length} bytes`)
    this.#bytes = bytes
    this.#end = bytes.length
    if (this.#end < HEADER_SIZE) throw new WireError('truncated')
    this.txCount = this.#count(MIN_TX)
    this.strippedSize = this.#at
    this.txs = new TxColumns(this.txCount)
    this.witnessStart = new Uint32Array(this.txCount)
    this.inputs = new InputColumns((this.#end >> 7) + 8)
    this.outputs = new OutputColumns((this.#end >> 6) + 8)
    for (let tx = 0; tx < this.txCount; tx++) this.#transaction(tx)
    if (this.#at !== this.#end) throw new WireError('trailing', `${this.#end - this.#at} bytes`)
    this.txs.txStart[this.txCount] = this.#at
    this.txs.inputStart[this.txCount] = this.inputCount
    this.txs.outputStart[this.txCount] = this.outputCount
    this.inputs = this.inputs.resized(this.inputCount)
    this.outputs = this.outputs.resized(this.outputCount)
  }

  #transaction(tx: number): void {
    const { txs } = this
    const start = this.#at
    txs.txStart[tx] = start
    txs.inputStart[tx] = this.inputCount
    txs.outputStart[tx] = this.outputCount
    txs.txVersion[tx] = this.#u32()
    let witnessBytes = 0
    let sigops = 0
    if (this.#at < this.#end && this.#bytes[this.#at] !== 0) {
      sigops = this.#inputs() + this.#outputs()
    } else {
      // BIP 144: no inputs can mean that a flag follows, and then the transaction with its witness.
      this.#need(2)
      const flag = this.#bytes[this.#at + 1]!
      this.#at += 2
      if (flag > WITNESS_FLAG) throw new WireError('bad-value', `transaction flag ${flag}`)
      if (flag === WITNESS_FLAG) {
        sigops = this.#inputs() + this.#outputs()
        txs.hasWitness[tx] = 1
        this.witnessStart[tx] = this.#at
        witnessBytes = 2 + this.#witnesses(txs.inputStart[tx]!)
      }
    }
    txs.lockTime[tx] = this.#u32()
    txs.legacySigops[tx] = sigops
    const size = this.#at - start
    this.strippedSize += size - witnessBytes
    txs.txWeight[tx] = 4 * size - 3 * witnessBytes
  }

  /** Reads the list of inputs; gives the signature operations of their scripts. */
  #inputs(): number {
    const count = this.#count(MIN_INPUT)
    const first = this.inputCount
    this.inputCount += count
    const rows = this.inputs.sequence.length
    if (this.inputCount > rows) this.inputs = this.inputs.resized(Math.max(this.inputCount, 2 * rows))
    const { inputs } = this
    let sigops = 0
    for (let row = first; row < this.inputCount; row++) {
      this.#need(36)
      this.#copy36(inputs.outpoints, row * 36)
      const length = this.#length()
      inputs.scriptSigAt[row] = this.#at
      inputs.scriptSigLength[row] = length
      sigops += legacySigops(this.#bytes, this.#at, this.#at + length)
      this.#at += length
      inputs.sequence[row] = this.#u32()
    }
    return sigops
  }

  /** Reads the list of outputs; gives the signature operations of their scripts. */
  #outputs(): number {
    const count = this.#count(MIN_OUTPUT)
    const first = this.outputCount
    this.outputCount += count
    const rows = this.outputs.value.length
    if (this.outputCount > rows) this.outputs = this.outputs.resized(Math.max(this.outputCount, 2 * rows))
    const { outputs } = this
    let sigops = 0
    for (let row = first; row < this.outputCount; row++) {
      const low = this.#u32()
      const high = this.#u32()
      outputs.value[row] = amount(low, high)
      const length = this.#length()
      outputs.scriptAt[row] = this.#at
      outputs.scriptLength[row] = length
      sigops += legacySigops(this.#bytes, this.#at, this.#at + length)
      this.#at += length
    }
    return sigops
  }

  /** Reads one witness for each input from `firstInput` on; gives their bytes. */
  #witnesses(firstInput: number): number {
    const { witnessAt } = this.inputs
    const start = this.#at
    let isEmpty = true
    for (let input = firstInput; input < this.inputCount; input++) {
      witnessAt[input] = this.#at
      const items = this.#count(1)
      if (items > 0) isEmpty = false
      for (let i = 0; i < items; i++) {
        const length = this.#length()
        this.#at += length
      }
    }
    if (isEmpty) throw new WireError('superfluous-witness')
    return this.#at - start
  }

  /** A count of things that take at least so many bytes each. */
  #count(leastBytes: number): number {
    const count = this.#compactSize()
    if (count * leastBytes > this.#end - this.#at) throw new WireError('truncated')
    return count
  }

  /** The length of a byte string that is all there. */
  #length(): number {
    const length = this.#compactSize()
    if (length > this.#end - this.#at) throw new WireError('truncated')
    return length
  }

  #compactSize(): number {
    this.#need(1)
    const first = this.#bytes[this.#at++]!
    if (first < 0xfd) return first
    if (first === 0xfd) {
      this.#need(2)
      const size = this.#bytes[this.#at]! | (this.#bytes[this.#at + 1]! << 8)
      this.#at += 2
      if (size < 0xfd) throw new WireError('not-minimal')
      return size
    }
    if (first === 0xff) {
      this.#need(8)
      const high = this.#bytes.subarray(this.#at + 4, this.#at + 8)
      throw new WireError(high.some((byte) => byte > 0) ? 'too-large' : 'not-minimal')
    }
    const size = this.#u32()
    if (size < 0x1_0000) throw new WireError('not-minimal')
    return size
  }

  #u32(): number {
    this.#need(4)
    const bytes = this.#bytes
    const at = this.#at
    this.#at = at + 4
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  #copy36(to: Uint8Array, at: number): void {
    const bytes = this.#bytes
    const from = this.#at
    for (let i = 0; i < 36; i++) to[at + i] = bytes[from + i]!
    this.#at = from + 36
  }

  #need(length: number): void {
    if (length > this.#end - this.#at) throw new WireError('truncated')
  }
}

/** Satoshi of a signed 64-bit amount; infinite, with its sign, where it is none that an output may have. */
function amount(low: number, high: number): number {
  if (high >= 0x8000_0000) return Number.NEGATIVE_INFINITY
  const value = high * 0x1_0000_0000 + low
  return value > MAX_MONEY ? Number.POSITIVE_INFINITY : value
}
