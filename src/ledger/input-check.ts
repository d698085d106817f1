import { COINBASE_MATURITY, MAX_BLOCK_SIGOPS_COST, MAX_MONEY, WITNESS_SCALE_FACTOR } from '../chain/consensus.ts'
import type { BlockDigest } from '../chain/digest.ts'
import { hasSequenceLocks, type MedianTimes, sequenceLockPasses } from '../chain/locks.ts'
import { inputSigopCost, type SigopRules } from '../chain/sigops.ts'
import { MAX_SCRIPT_SIZE } from '../script/limits.ts'
import { OP } from '../script/opcodes.ts'
import { type Coins, outpointWords } from './coins.ts'
import { KEY_WORDS } from './outpoint-index.ts'
import { prevoutSize, writePrevout } from './prevouts.ts'
import type { TxHeights } from './tx-heights.ts'

/** Why a block's transactions do not fit the coins, in Bitcoin Core's words. */
export type InputError =
  | 'bad-txns-inputs-missingorspent'
  | 'bad-txns-premature-spend-of-coinbase'
  | 'bad-txns-inputvalues-outofrange'
  | 'bad-txns-in-belowout'
  | 'bad-txns-accumulated-fee-outofrange'
  | 'bad-txns-nonfinal'
  | 'bad-blk-sigops'
  | 'bad-cb-amount'

/** In `#entry`: the output does not exist, or is spent. */
const MISSING = -0x8000_0000
const MIN_INPUTS = 4096

/** A script inside a longer array. */
interface ScriptSlice {
  bytes: Uint8Array
  at: number
  length: number
}

/** A block that is to be connected. */
export interface Candidate {
  bytes: Uint8Array<ArrayBuffer>
  digest: BlockDigest
  height: number
  /** txNum of its coinbase. */
  firstTx: number
  /** Satoshi that the coinbase may claim besides the fees. */
  subsidy: number
  /** Whether relative lock times hold (BIP 68). */
  csv: boolean
  /** Rules of its scripts: SCRIPT_FLAG bits. */
  flags: number
  /** Those of them that say which signature operations count. */
  sigopRules: SigopRules
  /** Of the chain that it extends. */
  chain: MedianTimes
}

/**
 * Holds a block's inputs against the coins: each exists, unspent and mature, amounts add up, relative locks have passed,
 * signature operations stay in bounds. This is the path that every input of the chain takes once: plain loops over typed
 * arrays that are used again for every block.
 *
 * `check` changes no coin. What it found stays readable until the next `check`, and `apply` is made of it. An input of
 * `#entry` that is not negative is an entry of the coin cache; otherwise its complement is the number of an output of
 * this same block.
 */
export class InputCheck {
  /** By input: number of the transaction that made what is spent. */
  spentTx = new Float64Array(MIN_INPUTS)
  /** By input: prefix48 of the scripthash of what is spent. */
  spentPrefix = new Float64Array(MIN_INPUTS)
  /** By transaction: its fee, satoshi; the coinbase has none. */
  txFees = new Float64Array(MIN_INPUTS)
  /** Sum of the fees, satoshi. */
  fees = 0
  #entry = new Int32Array(MIN_INPUTS)
  /** By output: 1 where the same block spends it. */
  #spentHere = new Uint8Array(MIN_INPUTS)
  /** The block's transactions by txid: open addressing, number + 1 or 0. */
  #txIndex = new Int32Array(64)
  #txMask = 63
  /** Of the current check, so that marks of earlier ones mean nothing. */
  #serial = 0
  #slice: ScriptSlice = { bytes: new Uint8Array(0), at: 0, length: 0 }
  readonly #coins: Coins
  readonly #heights: Pick<TxHeights, 'firstTxAt' | 'of'>

  constructor(coins: Coins, heights: Pick<TxHeights, 'firstTxAt' | 'of'>) {
    this.#coins = coins
    this.#heights = heights
  }

  check(block: Candidate): InputError | undefined {
    const { digest } = block
    this.#prepare(digest)
    this.#resolve(block)
    const { txCount, inputStart, legacySigops, sequence } = digest
    const entries = this.#entry
    const spentTx = this.spentTx
    // A coinbase from this transaction on is too young to be spent in this block.
    const young = block.height < COINBASE_MATURITY ? 0 : this.#heights.firstTxAt(block.height - COINBASE_MATURITY + 1)
    let fees = 0
    let sigops = legacySigops[0]! * WITNESS_SCALE_FACTOR
    if (sigops > MAX_BLOCK_SIGOPS_COST) return 'bad-blk-sigops'
    for (let t = 1; t < txCount; t++) {
      const first = inputStart[t]!
      const end = inputStart[t + 1]!
      for (let i = first; i < end; i++) if (entries[i] === MISSING) return 'bad-txns-inputs-missingorspent'
      let valueIn = 0
      for (let i = first; i < end; i++) {
        if (spentTx[i]! >= young && this.#isCoinbase(spentTx[i]!, block)) return 'bad-txns-premature-spend-of-coinbase'
        valueIn += this.#valueOf(i, digest)
        if (!(valueIn <= MAX_MONEY)) return 'bad-txns-inputvalues-outofrange'
      }
      const fee = valueIn - outputSum(digest, t)
      if (!(fee >= 0)) return 'bad-txns-in-belowout'
      this.txFees[t] = fee
      fees += fee
      if (fees > MAX_MONEY) return 'bad-txns-accumulated-fee-outofrange'
      if (block.csv && hasSequenceLocks(digest.txVersion[t]!)) {
        for (let i = first; i < end; i++) if (!this.#lockPasses(i, sequence[i]!, block)) return 'bad-txns-nonfinal'
      }
      sigops += legacySigops[t]! * WITNESS_SCALE_FACTOR
      for (let i = first; i < end; i++) sigops += this.#sigopCost(i, block)
      if (sigops > MAX_BLOCK_SIGOPS_COST) return 'bad-blk-sigops'
    }
    if (!(outputSum(digest, 0) <= fees + block.subsidy)) return 'bad-cb-amount'
    this.fees = fees
    return undefined
  }

  /** What the checked block's inputs spend, as `ledger/prevouts.ts` lays it out. Before `apply`. */
  prevouts({ digest, bytes }: Candidate): { blob: Uint8Array<ArrayBuffer>; txAt: Uint32Array } {
    const { txCount, inputStart } = digest
    let size = 0
    for (let i = inputStart[1]!; i < inputStart[txCount]!; i++)
      size += prevoutSize(this.#scriptOf(i, digest, bytes).length)
    const blob = new Uint8Array(size)
    const txAt = new Uint32Array(txCount)
    let at = 0
    for (let t = 1; t < txCount; t++) {
      txAt[t] = at
      for (let i = inputStart[t]!; i < inputStart[t + 1]!; i++) {
        const script = this.#scriptOf(i, digest, bytes)
        at = writePrevout(blob, at, this.spentTx[i]!, this.#valueOf(i, digest), script.length)
        for (let n = 0; n < script.length; n++) blob[at + n] = script.bytes[script.at + n]!
        at += script.length
      }
    }
    return { blob, txAt }
  }

  /** Takes what the checked block spends out of the coins and puts what it makes in. */
  apply({ digest, bytes, firstTx }: Candidate): void {
    const { cache } = this.#coins
    const { txCount, inputStart } = digest
    for (let i = inputStart[1]!; i < inputStart[txCount]!; i++) {
      const entry = this.#entry[i]!
      if (entry >= 0) cache.spend(entry)
    }
    eachNewCoin(digest, bytes, this.#spentHere, (words, output, t) => {
      const { value, scriptPrefix, scriptAt, scriptLength } = digest
      cache.add(
        words,
        0,
        firstTx + t,
        value[output]!,
        scriptPrefix[output]!,
        bytes,
        scriptAt[output]!,
        scriptLength[output]!,
      )
    })
  }

  #prepare(digest: BlockDigest): void {
    const inputs = digest.inputStart[digest.txCount]!
    const outputs = digest.outputStart[digest.txCount]!
    if (inputs > this.#entry.length) {
      this.#entry = new Int32Array(inputs * 2)
      this.spentTx = new Float64Array(inputs * 2)
      this.spentPrefix = new Float64Array(inputs * 2)
    }
    if (digest.txCount > this.txFees.length) this.txFees = new Float64Array(digest.txCount * 2)
    if (outputs > this.#spentHere.length) this.#spentHere = new Uint8Array(outputs * 2)
    else this.#spentHere.fill(0, 0, outputs)
    // From here to the end of `apply` entries keep their numbers.
    this.#coins.cache.reserve(inputs + outputs)
    this.#serial = (this.#serial + 1) | 0 || 1
  }

  /** Finds for every input what it spends: in the cache, in this block, or in the store. */
  #resolve(block: Candidate): void {
    const { digest } = block
    const { inputStart, txCount } = digest
    const { cache } = this.#coins
    const words = outpointWords(digest.outpoints)
    const ids = outpointWords(digest.txids)
    this.#indexTxs(ids, txCount)
    const absent: number[] = []
    for (let t = 1; t < txCount; t++) {
      for (let i = inputStart[t]!; i < inputStart[t + 1]!; i++) {
        const entry = cache.find(words, i * KEY_WORDS)
        // What is known to be gone may be made again here: a transaction of a block that was taken back.
        if (entry >= 0 && cache.isLive(entry)) this.#takeEntry(i, entry)
        else if (this.#takeHere(block, i, t, words, ids)) continue
        else if (entry >= 0) this.#entry[i] = MISSING
        else absent.push(i)
      }
    }
    if (absent.length === 0) return
    this.#coins.fetch(words, absent)
    for (const i of absent) {
      const entry = this.#coins.cache.find(words, i * KEY_WORDS)
      if (entry >= 0) this.#takeEntry(i, entry)
      else this.#entry[i] = MISSING
    }
  }

  #takeEntry(i: number, entry: number): void {
    const { cache } = this.#coins
    if (!cache.isLive(entry) || cache.stamp(entry) === this.#serial) {
      this.#entry[i] = MISSING
      return
    }
    cache.setStamp(entry, this.#serial)
    this.#entry[i] = entry
    this.spentTx[i] = cache.txNum(entry)
    this.spentPrefix[i] = cache.prefix(entry)
  }

  /** Whether an earlier transaction of the block has that txid; then the input is settled. */
  #takeHere(block: Candidate, i: number, t: number, words: Int32Array, ids: Int32Array): boolean {
    const { digest } = block
    const maker = this.#findTx(ids, words, i * KEY_WORDS)
    if (maker < 0) return false
    const output = digest.outputStart[maker]! + (words[i * KEY_WORDS + 8]! >>> 0)
    if (
      maker >= t ||
      output >= digest.outputStart[maker + 1]! ||
      this.#spentHere[output] === 1 ||
      isUnspendable(digest, block.bytes, output)
    ) {
      this.#entry[i] = MISSING
      return true
    }
    this.#spentHere[output] = 1
    this.#entry[i] = ~output
    this.spentTx[i] = block.firstTx + maker
    this.spentPrefix[i] = digest.scriptPrefix[output]!
    return true
  }

  #valueOf(i: number, digest: BlockDigest): number {
    const entry = this.#entry[i]!
    return entry >= 0 ? this.#coins.cache.value(entry) : digest.value[~entry]!
  }

  /** One object, filled anew by every call. */
  #scriptOf(i: number, digest: BlockDigest, bytes: Uint8Array): ScriptSlice {
    const entry = this.#entry[i]!
    const slice = this.#slice
    if (entry >= 0) {
      const { cache } = this.#coins
      slice.bytes = cache.scriptSource(entry)
      slice.at = cache.scriptStart(entry)
      slice.length = cache.scriptLength(entry)
    } else {
      slice.bytes = bytes
      slice.at = digest.scriptAt[~entry]!
      slice.length = digest.scriptLength[~entry]!
    }
    return slice
  }

  #sigopCost(i: number, { digest, bytes, sigopRules }: Candidate): number {
    const { bytes: from, at, length } = this.#scriptOf(i, digest, bytes)
    const opcode = from[at]
    if (length < 22 || (opcode !== OP.OP_0 && opcode !== OP.OP_HASH160)) return 0
    // P2WPKH, most of the inputs that have any.
    if (length === 22 && opcode === OP.OP_0) return from[at + 1] === 20 && sigopRules.witness ? 1 : 0
    return inputSigopCost(bytes, digest, i, from.subarray(at, at + length), sigopRules)
  }

  #isCoinbase(txNum: number, block: Candidate): boolean {
    return txNum >= block.firstTx ? txNum === block.firstTx : this.#heights.of(txNum).first === txNum
  }

  #lockPasses(i: number, sequence: number, block: Candidate): boolean {
    if (sequence >>> 31 === 1) return true
    const txNum = this.spentTx[i]!
    const coinHeight = txNum >= block.firstTx ? block.height : this.#heights.of(txNum).height
    return sequenceLockPasses(sequence, coinHeight, block.height, block.chain)
  }

  #indexTxs(ids: Int32Array, count: number): void {
    if (count * 2 > this.#txIndex.length) {
      let slots = this.#txIndex.length
      while (slots < count * 2) slots *= 2
      this.#txIndex = new Int32Array(slots)
      this.#txMask = slots - 1
    } else this.#txIndex.fill(0)
    for (let t = 0; t < count; t++) {
      let slot = this.#coins.cache.hashTxid(ids, t * 8) & this.#txMask
      while (this.#txIndex[slot] !== 0) slot = (slot + 1) & this.#txMask
      this.#txIndex[slot] = t + 1
    }
  }

  /** Number of the block's transaction whose txid stands at `at`, or -1. */
  #findTx(ids: Int32Array, words: Int32Array, at: number): number {
    for (let slot = this.#coins.cache.hashTxid(words, at) & this.#txMask; ; slot = (slot + 1) & this.#txMask) {
      const t = this.#txIndex[slot]! - 1
      if (t < 0) return -1
      let word = 0
      while (word < 8 && ids[t * 8 + word] === words[at + word]) word++
      if (word === 8) return t
    }
  }
}

/** Outputs that can never be spent are no coins: OP_RETURN, and scripts too long to run. */
export function isUnspendable(
  digest: Pick<BlockDigest, 'scriptAt' | 'scriptLength'>,
  bytes: Uint8Array,
  output: number,
): boolean {
  return neverPasses(bytes, digest.scriptAt[output]!, digest.scriptLength[output]!)
}

/** The same of a script by itself, `length` bytes from `at`. */
export function neverPasses(bytes: Uint8Array, at: number, length: number): boolean {
  return length > MAX_SCRIPT_SIZE || (length > 0 && bytes[at] === OP.OP_RETURN)
}

/** For `eachNewCoin`: all outputs, also those that the block spends itself. */
export const NOTHING_SPENT = new Uint8Array(0)

/**
 * Calls `give` for every output that is a coin after the block: with its outpoint (nine words, the same array every
 * time), its number in the block and its transaction's.
 */
export function eachNewCoin(
  digest: BlockDigest,
  bytes: Uint8Array,
  spentHere: Uint8Array,
  give: (words: Int32Array, output: number, t: number) => void,
): void {
  const { txCount, outputStart } = digest
  const ids = outpointWords(digest.txids)
  const words = new Int32Array(KEY_WORDS)
  for (let t = 0; t < txCount; t++) {
    for (let i = 0; i < 8; i++) words[i] = ids[t * 8 + i]!
    for (let output = outputStart[t]!; output < outputStart[t + 1]!; output++) {
      if (spentHere[output] === 1 || isUnspendable(digest, bytes, output)) continue
      words[8] = output - outputStart[t]!
      give(words, output, t)
    }
  }
}

/** NaN when an amount is not one. */
function outputSum(digest: BlockDigest, t: number): number {
  let sum = 0
  for (let o = digest.outputStart[t]!; o < digest.outputStart[t + 1]!; o++) sum += digest.value[o]!
  return sum
}
