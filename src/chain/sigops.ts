import { instructionAt, isPushOnly, lastPush } from '../script/instructions.ts'
import { OP } from '../script/opcodes.ts'
import { isPayToScriptHash, type WitnessProgram, witnessProgram } from '../script/type.ts'
import type { Transaction } from '../wire/transaction.ts'
import { WITNESS_SCALE_FACTOR } from './consensus.ts'
import type { BlockDigest } from './digest.ts'

/** What a multisig counts for where the number of keys is not looked at. */
const MAX_PUBKEYS_PER_MULTISIG = 20

/**
 * Signature operations of the script in `bytes` from `start` to `end` as counted before P2SH: every multisig for 20
 * keys. What follows a push that runs past the end does not count.
 */
export function legacySigops(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  let at = start
  while (at < end) {
    const opcode = bytes[at++]!
    if (opcode < OP.OP_PUSHDATA1) at += opcode
    else if (opcode <= OP.OP_PUSHDATA4) {
      const width = 1 << (opcode - OP.OP_PUSHDATA1)
      if (at + width > end) break
      let length = 0
      for (let i = width - 1; i >= 0; i--) length = length * 256 + bytes[at + i]!
      at += width + length
    } else if (opcode === OP.OP_CHECKSIG || opcode === OP.OP_CHECKSIGVERIFY) count++
    else if (opcode === OP.OP_CHECKMULTISIG || opcode === OP.OP_CHECKMULTISIGVERIFY) count += MAX_PUBKEYS_PER_MULTISIG
  }
  return count
}

/** The same for a script that was revealed by a spend: a multisig after OP_1 to OP_16 counts for that many keys. */
export function accurateSigops(script: Uint8Array): number {
  let count = 0
  let last = 0
  for (let at = 0; at < script.length; ) {
    const { opcode, next, broken } = instructionAt(script, at)
    if (broken) break
    if (opcode === OP.OP_CHECKSIG || opcode === OP.OP_CHECKSIGVERIFY) count++
    else if (opcode === OP.OP_CHECKMULTISIG || opcode === OP.OP_CHECKMULTISIGVERIFY) {
      count += last >= OP.OP_1 && last <= OP.OP_16 ? last - OP.OP_1 + 1 : MAX_PUBKEYS_PER_MULTISIG
    }
    last = opcode
    at = next
  }
  return count
}

/** Which kinds of spend the block's rules know. */
export interface SigopRules {
  p2sh: boolean
  witness: boolean
}

/** An input as far as its signature operations go. */
export interface Spend {
  /** scriptPubKey of the output spent. */
  spent: Uint8Array
  scriptSig: Uint8Array
  /** The last item of its witness; undefined where it has none. */
  lastWitness: Uint8Array | undefined
}

/**
 * Cost of the signature operations that spending adds to the legacy ones (each of which costs WITNESS_SCALE_FACTOR):
 * those of a P2SH redeem script and of a version 0 witness program (BIPs 16, 141). A coinbase has none.
 */
export function spendSigopCost({ spent, scriptSig, lastWitness }: Spend, rules: SigopRules): number {
  const isP2sh = rules.p2sh && isPayToScriptHash(spent)
  let cost = 0
  let program = witnessProgram(spent)
  if (isP2sh) {
    const redeemScript = pushedLast(scriptSig)
    cost += redeemScript ? accurateSigops(redeemScript) * WITNESS_SCALE_FACTOR : 0
    program = redeemScript && witnessProgram(redeemScript)
  }
  return rules.witness && program ? cost + witnessSigops(program, lastWitness) : cost
}

/**
 * Cost of all signature operations of a transaction under today's rules. `spent` has the scriptPubKeys of what its inputs
 * spend; `undefined` for a coinbase's.
 */
export function transactionSigopCost(tx: Transaction, spent: readonly (Uint8Array | undefined)[]): number {
  let cost = 0
  for (const { scriptPubKey } of tx.outputs) cost += WITNESS_SCALE_FACTOR * countIn(scriptPubKey)
  for (const [i, { scriptSig, witness }] of tx.inputs.entries()) {
    cost += WITNESS_SCALE_FACTOR * countIn(scriptSig)
    const script = spent[i]
    if (!script) continue
    cost += spendSigopCost({ spent: script, scriptSig, lastWitness: witness.at(-1) }, { p2sh: true, witness: true })
  }
  return cost
}

/**
 * Signature operations outside of witnesses that the inputs of a transaction may execute, as BIP 54 counts them: those of
 * scriptSigs, of the scripts spent, and of P2SH redeem scripts. `spent` in input order.
 */
export function executableSigops(tx: Transaction, spent: readonly Uint8Array[]): number {
  let count = 0
  for (const [i, { scriptSig }] of tx.inputs.entries()) {
    const script = isPayToScriptHash(spent[i]!) ? pushedLast(scriptSig) : spent[i]!
    count += accurateSigops(scriptSig) + (script ? accurateSigops(script) : 0)
  }
  return count
}

function countIn(script: Uint8Array): number {
  return legacySigops(script, 0, script.length)
}

/** The same for an input of a digested block; `block` are its raw bytes. Cheap where the output is of neither kind. */
export function inputSigopCost(
  block: Uint8Array,
  digest: BlockDigest,
  input: number,
  spent: Uint8Array,
  rules: SigopRules,
): number {
  if (!isPayToScriptHash(spent) && !witnessProgram(spent)) return 0
  const scriptAt = digest.scriptSigAt[input]!
  const scriptSig = block.subarray(scriptAt, scriptAt + digest.scriptSigLength[input]!)
  return spendSigopCost({ spent, scriptSig, lastWitness: lastWitnessItem(block, digest.witnessAt[input]!) }, rules)
}

function witnessSigops({ version, program }: WitnessProgram, lastWitness: Uint8Array | undefined): number {
  if (version !== 0) return 0
  if (program.length === 20) return 1
  return program.length === 32 && lastWitness ? accurateSigops(lastWitness) : 0
}

/** What the scriptSig leaves on top when it only pushes: empty for the number opcodes, whose value has no part in this. */
function pushedLast(scriptSig: Uint8Array): Uint8Array | undefined {
  return isPushOnly(scriptSig) ? lastPush(scriptSig) : undefined
}

/** Of a witness in bytes that were read before, starting at its item count; `at` is 0 where there is none. */
function lastWitnessItem(bytes: Uint8Array, at: number): Uint8Array | undefined {
  if (at === 0) return undefined
  let offset = at
  const readSize = () => {
    const first = bytes[offset++]!
    const width = first < 0xfd ? 0 : first === 0xfd ? 2 : 4
    let size = width === 0 ? first : 0
    for (let i = width - 1; i >= 0; i--) size = size * 256 + bytes[offset + i]!
    offset += width
    return size
  }
  let length = 0
  const items = readSize()
  for (let i = 0; i < items; i++) {
    length = readSize()
    offset += length
  }
  return items === 0 ? undefined : bytes.subarray(offset - length, offset)
}
