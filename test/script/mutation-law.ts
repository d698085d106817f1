import { isStrictDer, laxDer } from '../../src/script/der.ts'
import { SCRIPT_FLAG } from '../../src/script/flags.ts'
import { instructionAt } from '../../src/script/instructions.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SIGHASH } from '../../src/script/sighash.ts'
import { bytesToHex } from '../../src/wire/hash.ts'
import type { Transaction } from '../../src/wire/transaction.ts'
import type { SpendKind } from './spend-kind.ts'

/** One byte of what an input reveals or spends, and what becomes of it. */
export type Mutation =
  | { of: 'amount' }
  | { of: 'other amount' }
  | { of: 'script'; at: number; to: number }
  | { of: 'scriptSig'; at: number; to: number }
  | { of: 'witness'; item: number; at: number; to: number }

/** A good input before anything is changed. */
export interface GoodInput {
  tx: Transaction
  index: number
  scriptPubKey: Uint8Array
  flags: number
  kind: SpendKind
  /** The signatures that were found good: r and s in hex. */
  good: ReadonlySet<string>
}

/** What the rules say of a changed input; `open` where that depends on what the script does with the byte. */
export type Verdict = 'fails' | 'passes' | 'open'

export function verdictOn(input: GoodInput, mutation: Mutation): Verdict {
  switch (mutation.of) {
    case 'amount':
      return onAmount(input)
    case 'other amount':
      return onOtherAmount(input)
    case 'script':
      return onScript(input, mutation.at, mutation.to)
    case 'scriptSig':
      return onScriptSig(input, mutation.at, mutation.to)
    case 'witness':
      return onWitness(input, mutation.item, mutation.at)
  }
}

/** Signed from BIP 143 on. */
function onAmount({ kind, good }: GoodInput): Verdict {
  if (kind.version === 'legacy') return 'passes'
  if (kind.version === 1) return good.size > 0 ? 'fails' : 'passes'
  return kind.isTemplate ? 'fails' : 'open'
}

/** Signed from BIP 341 on, unless the signature leaves the other inputs open. */
function onOtherAmount({ tx, index, kind, good }: GoodInput): Verdict {
  if (kind.version !== 1) return 'passes'
  const signatures = tx.inputs[index]!.witness.filter((item) => isGoodSchnorr(good, item))
  return signatures.some((item) => item.length === 64 || (item[64]! & SIGHASH.ANYONECANPAY) === 0) ? 'fails' : 'passes'
}

function onScript({ scriptPubKey, kind, flags }: GoodInput, at: number, to: number): Verdict {
  if (kind.version !== 'legacy' && !kind.isP2sh) return onProgram(scriptPubKey, flags, at, to)
  if (kind.isP2sh) return at >= 2 && at < 22 ? 'fails' : 'open' // its hash, or an opcode
  // Signatures cover the whole script, but an opcode can become one that asks for none.
  return kind.isTemplate && stepOf(scriptPubKey, at).isData ? 'fails' : 'open'
}

/** A version, a length, and what the witness was proven to belong to. */
function onProgram(script: Uint8Array, flags: number, at: number, to: number): Verdict {
  if (at > 0) return 'fails' // also the length: no program is longer or shorter than its script, and a witness is left over
  const hasMeaning = to === OP.OP_0 || (to === OP.OP_1 && script.length === 34 && (flags & SCRIPT_FLAG.TAPROOT) !== 0)
  if (hasMeaning) return 'fails'
  return to >= OP.OP_1 && to <= OP.OP_16 ? 'passes' : 'fails'
}

function onScriptSig(input: GoodInput, at: number, to: number): Verdict {
  const { tx, index, kind, good } = input
  const { scriptSig } = tx.inputs[index]!
  if (kind.version !== 'legacy') return 'fails' // has to be the push of the program, whose hash is known
  const { data, isData, offset, isLast } = stepOf(scriptSig, at)
  if (!isData) return 'open'
  if (kind.isP2sh && isLast) return 'fails' // the redeem script
  if (!kind.isTemplate) return 'open'
  return isGoodEcdsa(good, data) ? onEcdsa(input, data, offset, to) : isLast ? 'fails' : 'open' // the key of a hash
}

function onWitness(input: GoodInput, item: number, at: number): Verdict {
  const { tx, index, kind, good } = input
  const { witness } = tx.inputs[index]!
  const bytes = witness[item]!
  if (kind.version === 0) {
    if (kind.witnessScript && item === witness.length - 1) return 'fails'
    return kind.isTemplate && (!kind.witnessScript || isGoodEcdsa(good, bytes)) ? 'fails' : 'open'
  }
  const items = witness.length >= 2 && witness.at(-1)![0] === 0x50 ? witness.length - 1 : witness.length
  if (item === items) return good.size > 0 && at > 0 ? 'fails' : 'open' // the annex
  if (items > 1 && item >= items - 2) return 'fails' // the leaf's script, and its way up to the key
  return isGoodSchnorr(good, bytes) ? 'fails' : 'open'
}

/** A byte of a signature with its hash type, which every hash covers. */
function onEcdsa({ tx, index, flags }: GoodInput, signature: Uint8Array, at: number, to: number): Verdict {
  if (at === signature.length - 1) {
    // Without an output of its own both cover the number one.
    const coversOne = (type: number) => (type & 0x1f) === SIGHASH.SINGLE && index >= tx.outputs.length
    return coversOne(signature[at]!) && coversOne(to) ? 'passes' : 'fails'
  }
  if (flags & SCRIPT_FLAG.DERSIG) return 'fails'
  if (!isStrictDer(signature)) return 'open'
  // Nobody read the length of the whole before BIP 66, except for how many bytes it takes.
  return at === 1 && to <= 0x80 ? 'passes' : 'fails'
}

function isGoodEcdsa(good: ReadonlySet<string>, item: Uint8Array): boolean {
  const compact = item.length > 0 ? laxDer(item.subarray(0, -1)) : undefined
  return compact !== undefined && good.has(bytesToHex(compact))
}

function isGoodSchnorr(good: ReadonlySet<string>, item: Uint8Array): boolean {
  return (item.length === 64 || item.length === 65) && good.has(bytesToHex(item.subarray(0, 64)))
}

/** The step of a script that a byte belongs to. */
function stepOf(script: Uint8Array, byte: number) {
  for (let at = 0; ; ) {
    const { data = new Uint8Array(), next } = instructionAt(script, at)
    if (byte < next) {
      const offset = byte - (next - data.length)
      return { data, isData: offset >= 0, offset, isLast: next === script.length }
    }
    at = next
  }
}
