import { instructionAt, isPushOnly } from './instructions.ts'
import { OP } from './opcodes.ts'
import { numberOf } from './script-number.ts'
import {
  isPayToAnchor,
  isPayToPubkey,
  isPayToPubkeyHash,
  isPayToScriptHash,
  isPayToTaproot,
  isPayToWitnessPubkeyHash,
  isPayToWitnessScriptHash,
  witnessProgram,
} from './type.ts'

/** What Bitcoin Core calls the kinds of scriptPubKey. */
export type CoreScriptType =
  | 'nonstandard'
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'multisig'
  | 'nulldata'
  | 'anchor'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'witness_unknown'

/** Keys that one CHECKMULTISIG can look at. */
const MAX_KEYS = 20

/** A bare multisig: how many of which keys have to sign. */
export interface Multisig {
  required: number
  keys: Uint8Array[]
}

export function coreScriptType(script: Uint8Array): CoreScriptType {
  if (isPayToScriptHash(script)) return 'scripthash'
  const witness = witnessProgram(script)
  if (witness) {
    if (isPayToWitnessPubkeyHash(script)) return 'witness_v0_keyhash'
    if (isPayToWitnessScriptHash(script)) return 'witness_v0_scripthash'
    if (isPayToTaproot(script)) return 'witness_v1_taproot'
    if (isPayToAnchor(script)) return 'anchor'
    return witness.version === 0 ? 'nonstandard' : 'witness_unknown'
  }
  if (script[0] === OP.OP_RETURN) return isPushOnly(script, 1) ? 'nulldata' : 'nonstandard'
  if (isPayToPubkey(script) && isKey(script.subarray(1, -1))) return 'pubkey'
  if (isPayToPubkeyHash(script)) return 'pubkeyhash'
  return multisigOf(script) ? 'multisig' : 'nonstandard'
}

/** The keys of a bare multisig, as views; `undefined` for any other script. */
export function multisigOf(script: Uint8Array): Multisig | undefined {
  if (script.at(-1) !== OP.OP_CHECKMULTISIG) return undefined
  const first = instructionAt(script, 0)
  const required = countOf(first)
  if (required === undefined) return undefined
  const keys: Uint8Array[] = []
  let step = first
  while (step.next < script.length) {
    step = instructionAt(script, step.next)
    if (step.broken || !step.data || !isKey(step.data)) break
    keys.push(step.data)
  }
  const count = step.broken ? undefined : countOf(step)
  const isWhole = count === keys.length && count >= required && step.next === script.length - 1
  return isWhole ? { required, keys } : undefined
}

/** Of the length that its first byte claims; whether it is a point is not looked at. */
function isKey(key: Uint8Array): boolean {
  const first = key[0]
  if (first === 2 || first === 3) return key.length === 33
  return (first === 4 || first === 6 || first === 7) && key.length === 65
}

/** 1 to 20, as a small-number opcode or as the shortest push. */
function countOf({ opcode, data, broken }: ReturnType<typeof instructionAt>): number | undefined {
  if (broken) return undefined
  if (opcode >= OP.OP_1 && opcode <= OP.OP_16) return opcode - OP.OP_1 + 1
  if (data?.length !== 1 || opcode !== 1) return undefined
  const count = numberOf(data)
  return count > 16 && count <= MAX_KEYS ? count : undefined
}
