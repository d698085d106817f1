import { equalBytes } from '../wire/hash.ts'
import { COIN, MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, MAX_MONEY, WITNESS_SCALE_FACTOR } from './consensus.ts'
import type { BlockDigest } from './digest.ts'
import { hasDuplicateInputs } from './duplicate-inputs.ts'
import { readU32 } from './header-batch.ts'
import { isFinal } from './locks.ts'
import type { Network } from './network.ts'
import { isCoinbaseScriptLength, type TxError } from './tx-rules.ts'

export { hasSequenceLocks, isFinal, sequenceLockPasses, sequenceLocksPass } from './locks.ts'

/** Why a block is invalid, in Bitcoin Core's words. */
export type BlockError =
  | TxError
  | 'bad-txnmrklroot'
  | 'bad-txns-duplicate'
  | 'bad-blk-length'
  | 'bad-cb-missing'
  | 'bad-cb-multiple'
  | 'bad-blk-sigops'
  | 'bad-txns-nonfinal'
  | 'bad-cb-height'
  | 'bad-witness-nonce-size'
  | 'bad-witness-merkle-match'
  | 'unexpected-witness'
  | 'bad-blk-weight'

/** Where a block stands. */
export interface BlockContext {
  height: number
  /** Median time past of its parent, Unix seconds. */
  medianTimePast: number
}

const NULL_INDEX = 0xffff_ffff

/**
 * What can be said of a block whose header was accepted, without knowing the chain or any coin. With 'bad-txnmrklroot'
 * and 'bad-txns-duplicate' these bytes are wrong, not the header: another block may still fit it. Whether a signet's
 * block is signed (BIP 325) is asked of `meetsChallenge`.
 */
export function checkBlock(digest: BlockDigest): BlockError | undefined {
  const { txCount, strippedSize } = digest
  if (!equalBytes(digest.merkleRoot, digest.header.subarray(36, 68))) return 'bad-txnmrklroot'
  if (digest.mutated) return 'bad-txns-duplicate'
  if (txCount === 0 || strippedSize * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) return 'bad-blk-length'
  if (!isCoinbaseAt(digest, 0)) return 'bad-cb-missing'
  for (let tx = 1; tx < txCount; tx++) if (isCoinbaseAt(digest, tx)) return 'bad-cb-multiple'
  let sigops = 0
  for (let tx = 0; tx < txCount; tx++) {
    const error = checkTransactionAt(digest, tx)
    if (error) return error
    sigops += digest.legacySigops[tx]!
  }
  return sigops * WITNESS_SCALE_FACTOR > MAX_BLOCK_SIGOPS_COST ? 'bad-blk-sigops' : undefined
}

/**
 * What also depends on the place in the chain. With 'bad-witness-nonce-size', 'bad-witness-merkle-match' and
 * 'unexpected-witness' these bytes are wrong, not the header, which does not cover witness data.
 */
export function checkBlockContext(
  digest: BlockDigest,
  { height, medianTimePast }: BlockContext,
  { heights }: Network,
): BlockError | undefined {
  const time = height >= heights.csv ? medianTimePast : readU32(digest.header, 68)
  for (let tx = 0; tx < digest.txCount; tx++) {
    const lockTime = digest.lockTime[tx]!
    if (lockTime === 0) continue
    const sequences = digest.sequence.subarray(digest.inputStart[tx], digest.inputStart[tx + 1])
    if (!isFinal(lockTime, sequences, height, time)) return 'bad-txns-nonfinal'
  }
  if (height >= heights.bip34 && !startsWithHeight(digest.coinbaseScript, height)) return 'bad-cb-height'
  const witnessError = checkWitness(digest, height >= heights.segwit)
  if (witnessError) return witnessError
  return digest.weight > MAX_BLOCK_WEIGHT ? 'bad-blk-weight' : undefined
}

/** What a coinbase may create at this height, without fees, in satoshi. */
export function subsidy(height: number, { halvingInterval }: Network): number {
  const halvings = Math.floor(height / halvingInterval)
  return halvings >= 64 ? 0 : Math.floor((50 * COIN) / 2 ** halvings)
}

/**
 * Whether no transaction of the block may repeat the txid of one with unspent outputs (BIP 30). `bip34Hash` is the hash
 * of its ancestor at the network's BIP 34 height, if it has one: on the chain where that is the expected block, coinbases
 * differ by their height, until the heights that were put into coinbases by chance before the rule come up.
 */
export function bip30Applies(
  network: Network,
  height: number,
  hash: Uint8Array,
  bip34Hash: Uint8Array | undefined,
): boolean {
  if (height >= BIP34_IMPLIES_BIP30_UNTIL) return true
  if (network.bip30Exceptions.some((exception) => exception.height === height && equalBytes(exception.hash, hash))) {
    return false
  }
  return !(network.bip34Hash && bip34Hash && equalBytes(network.bip34Hash, bip34Hash))
}

const BIP34_IMPLIES_BIP30_UNTIL = 1_983_702

/** Whether the transaction at this place of the block has the form of a coinbase. */
export function isCoinbaseAt(digest: BlockDigest, tx: number): boolean {
  const input = digest.inputStart[tx]!
  return digest.inputStart[tx + 1]! - input === 1 && spendsNothing(digest, input)
}

/** The rules of `checkTransaction`. */
function checkTransactionAt(digest: BlockDigest, tx: number): TxError | undefined {
  const firstInput = digest.inputStart[tx]!
  const endInput = digest.inputStart[tx + 1]!
  const firstOutput = digest.outputStart[tx]!
  const endOutput = digest.outputStart[tx + 1]!
  if (firstInput === endInput) return 'bad-txns-vin-empty'
  if (firstOutput === endOutput) return 'bad-txns-vout-empty'
  const size = digest.txStart[tx + 1]! - digest.txStart[tx]!
  if (((digest.txWeight[tx]! - size) / 3) * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) return 'bad-txns-oversize'
  let total = 0
  for (let output = firstOutput; output < endOutput; output++) {
    const value = digest.value[output]!
    if (value < 0) return 'bad-txns-vout-negative'
    if (value > MAX_MONEY) return 'bad-txns-vout-toolarge'
    total += value
    if (total > MAX_MONEY) return 'bad-txns-txouttotal-toolarge'
  }
  const isOne = endInput - firstInput === 1
  if (!isOne && hasDuplicateInputs(digest.outpoints.subarray(firstInput * 36, endInput * 36))) {
    return 'bad-txns-inputs-duplicate'
  }
  if (tx === 0) return isCoinbaseScriptLength(digest.scriptSigLength[firstInput]!) ? undefined : 'bad-cb-length'
  for (let input = firstInput; input < endInput; input++)
    if (spendsNothing(digest, input)) return 'bad-txns-prevout-null'
  return undefined
}

function spendsNothing({ outpoints }: BlockDigest, input: number): boolean {
  const at = input * 36
  if (readU32(outpoints, at + 32) !== NULL_INDEX) return false
  for (let i = at; i < at + 32; i++) if (outpoints[i] !== 0) return false
  return true
}

function checkWitness(digest: BlockDigest, segwitIsActive: boolean): BlockError | undefined {
  if (segwitIsActive && digest.witnessCommitment !== 'absent') {
    if (digest.witnessCommitment === 'bad-nonce') return 'bad-witness-nonce-size'
    return digest.witnessCommitment === 'bad' ? 'bad-witness-merkle-match' : undefined
  }
  return digest.hasWitness.includes(1) ? 'unexpected-witness' : undefined
}

/** BIP 34: the coinbase's script begins with a push of the height, in the shortest form. */
function startsWithHeight(script: Uint8Array, height: number): boolean {
  return heightPush(height).every((byte, i) => script[i] === byte)
}

function heightPush(height: number): number[] {
  if (height === 0) return [0]
  if (height <= 16) return [0x50 + height]
  const bytes: number[] = []
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256)
  // The top bit is a sign.
  if (bytes.at(-1)! & 0x80) bytes.push(0)
  return [bytes.length, ...bytes]
}
