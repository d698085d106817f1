import { accurateSigops, executableSigops } from '../chain/sigops.ts'
import { coreScriptType, multisigOf } from '../script/core-type.ts'
import { instructionAt, isPushOnly } from '../script/instructions.ts'
import { MAX_ITEM_SIZE, MAX_STACK_SIZE } from '../script/limits.ts'
import { OP } from '../script/opcodes.ts'
import { SCRIPT_ERROR_TEXT, type ScriptError } from '../script/script-error.ts'
import { leafVersion, TAPROOT_ANNEX_TAG, TAPSCRIPT } from '../script/taproot.ts'
import {
  isPayToAnchor,
  isPayToScriptHash,
  isPayToTaproot,
  isPayToWitnessScriptHash,
  witnessProgram,
} from '../script/type.ts'
import type { ParsedTransaction, Transaction, TxIn } from '../wire/transaction.ts'
import { dustOutputs, MAX_DUST_OUTPUTS } from './dust.ts'

/** Weight of the largest transaction that nodes relay. */
export const MAX_STANDARD_WEIGHT = 400_000
/** 1 and 2, and 3 for those that keep to a topology (BIP 431). */
const MAX_STANDARD_VERSION = 3
/** The largest usual scriptSig spends a P2SH multisig of 15 compressed keys, with some room to it. */
const MAX_SCRIPT_SIG_SIZE = 1650
/** Keys of a bare multisig. */
const MAX_BARE_KEYS = 3
/** Bytes of all data outputs of a transaction together, scripts as a whole: Core's -datacarriersize since version 30. */
export const MAX_DATA_SIZE = 100_000

/** Signature operations of one redeem script. */
const MAX_REDEEM_SIGOPS = 15
/** What BIP 54 counts of one transaction: bounds what is hashed for it in the old way, where each signature hashes it all. */
const MAX_EXECUTABLE_SIGOPS = 2500

/** Of a P2WSH script, of how many items it is given, and of each. */
const MAX_WITNESS_SCRIPT_SIZE = 3600
const MAX_WITNESS_ITEMS = 100
const MAX_WITNESS_ITEM_SIZE = 80
const MAX_TAPSCRIPT_ITEM_SIZE = 80

/** What makes a transaction one that nodes do not relay, in Bitcoin Core's words. */
export type NotStandard =
  | 'version'
  | 'tx-size'
  | 'scriptsig-size'
  | 'scriptsig-not-pushonly'
  | 'scriptpubkey'
  | 'datacarrier'
  | 'dust'

/**
 * Whether nodes relay a transaction as far as it can be seen from it alone: the rules of Bitcoin Core (its IsStandardTx)
 * with its settings as they come, in its order. They hold on every network: only its test networks could be told otherwise.
 */
export function checkStandard({ tx, weight }: ParsedTransaction): NotStandard | undefined {
  if (tx.version < 1 || tx.version > MAX_STANDARD_VERSION) return 'version'
  if (weight > MAX_STANDARD_WEIGHT) return 'tx-size'
  for (const { scriptSig } of tx.inputs) {
    if (scriptSig.length > MAX_SCRIPT_SIG_SIZE) return 'scriptsig-size'
    if (!isPushOnly(scriptSig)) return 'scriptsig-not-pushonly'
  }
  let data = 0
  for (const { scriptPubKey } of tx.outputs) {
    const type = coreScriptType(scriptPubKey)
    if (type === 'nonstandard') return 'scriptpubkey'
    if (type === 'multisig' && multisigOf(scriptPubKey)!.keys.length > MAX_BARE_KEYS) return 'scriptpubkey'
    if (type === 'nulldata') data += scriptPubKey.length
    if (data > MAX_DATA_SIZE) return 'datacarrier'
  }
  return dustOutputs(tx).length > MAX_DUST_OUTPUTS ? 'dust' : undefined
}

/**
 * Why nodes do not relay a transaction for what it spends (Core's ValidateInputsStandardness). `spent` has the scripts in
 * input order. The transaction is standard by itself: its scriptSigs push only.
 */
export function nonstandardInputs(tx: Transaction, spent: readonly Uint8Array[]): string | undefined {
  if (executableSigops(tx, spent) > MAX_EXECUTABLE_SIGOPS) return 'non-witness sigops exceed bip54 limit'
  for (const [i, { scriptSig }] of tx.inputs.entries()) {
    const type = coreScriptType(spent[i]!)
    if (type === 'nonstandard') return `input ${i} script unknown`
    if (type === 'witness_unknown') return `input ${i} witness program is undefined`
    if (type !== 'scripthash') continue
    const redeem = topPushed(scriptSig)
    if (redeem.error) return `p2sh scriptsig malformed (input ${i}: ${SCRIPT_ERROR_TEXT[redeem.error]})`
    if (!redeem.top) return `input ${i} P2SH redeemscript missing`
    const sigops = accurateSigops(redeem.top)
    if (sigops > MAX_REDEEM_SIGOPS) {
      return `p2sh redeemscript sigops exceed limit (input ${i}: ${sigops} > ${MAX_REDEEM_SIGOPS})`
    }
  }
  return undefined
}

/** Whether nodes relay a transaction for its witnesses (Core's IsWitnessStandard). `spent` as above. */
export function isWitnessStandard(tx: Transaction, spent: readonly Uint8Array[]): boolean {
  return tx.inputs.every((input, i) => input.witness.length === 0 || isInputWitnessStandard(input, spent[i]!))
}

/**
 * Whether it spends a witness program other than an anchor: without a witness it cannot be complete, and what is wrong
 * with it may be that somebody took the witness off (Core's SpendsNonAnchorWitnessProg).
 */
export function needsWitness(tx: Transaction, spent: readonly Uint8Array[]): boolean {
  return tx.inputs.some(({ scriptSig }, i) => {
    const script = spent[i]!
    if (witnessProgram(script)) return !isPayToAnchor(script)
    const redeem = isPayToScriptHash(script) ? topPushed(scriptSig).top : undefined
    return redeem !== undefined && witnessProgram(redeem) !== undefined
  })
}

function isInputWitnessStandard({ scriptSig, witness }: TxIn, spent: Uint8Array): boolean {
  if (isPayToAnchor(spent)) return false
  const isWrapped = isPayToScriptHash(spent)
  const script = isWrapped ? topPushed(scriptSig).top : spent
  if (!script || !witnessProgram(script)) return false
  if (isPayToWitnessScriptHash(script)) {
    const items = witness.slice(0, -1)
    if (witness.at(-1)!.length > MAX_WITNESS_SCRIPT_SIZE || items.length > MAX_WITNESS_ITEMS) return false
    return items.every(({ length }) => length <= MAX_WITNESS_ITEM_SIZE)
  }
  return isPayToTaproot(script) && !isWrapped ? isTaprootWitnessStandard(witness) : true
}

function isTaprootWitnessStandard(witness: readonly Uint8Array[]): boolean {
  // The key path: one signature.
  if (witness.length === 1) return true
  const control = witness.at(-1)!
  if (control.length === 0 || control[0] === TAPROOT_ANNEX_TAG) return false
  if (leafVersion(control) !== TAPSCRIPT) return true
  return witness.slice(0, -2).every(({ length }) => length <= MAX_TAPSCRIPT_ITEM_SIZE)
}

/** What a scriptSig that only pushes leaves on top, or what stops it; neither where it is empty. */
function topPushed(scriptSig: Uint8Array): { top?: Uint8Array; error?: ScriptError } {
  let top: Uint8Array | undefined
  let items = 0
  for (let at = 0; at < scriptSig.length; ) {
    const { opcode, data, next, broken } = instructionAt(scriptSig, at)
    if (broken) return { error: 'BAD_OPCODE' }
    if (data && data.length > MAX_ITEM_SIZE) return { error: 'PUSH_SIZE' }
    top = data ?? numberPushed(opcode)
    if (!top) return { error: 'BAD_OPCODE' }
    if (++items > MAX_STACK_SIZE) return { error: 'STACK_SIZE' }
    at = next
  }
  return top ? { top } : {}
}

/** By OP_1 to OP_16, and OP_1NEGATE. */
function numberPushed(opcode: number): Uint8Array | undefined {
  if (opcode === OP.OP_1NEGATE) return Uint8Array.of(0x81)
  return opcode >= OP.OP_1 && opcode <= OP.OP_16 ? Uint8Array.of(opcode - OP.OP_1 + 1) : undefined
}
