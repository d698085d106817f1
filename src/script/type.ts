import { lastPush } from './instructions.ts'
import { OP } from './opcodes.ts'

/** What the Esplora API calls the kinds of scriptPubKey. */
export const SCRIPT_TYPES = [
  'empty',
  'op_return',
  'p2pk',
  'p2pkh',
  'p2sh',
  'v0_p2wpkh',
  'v0_p2wsh',
  'v1_p2tr',
  'unknown',
] as const
export type ScriptType = (typeof SCRIPT_TYPES)[number]

/** A witness program: version 0–16 and 2–40 bytes (BIP141). `program` is a view. */
export interface WitnessProgram {
  version: number
  program: Uint8Array
}

/** The kind of a scriptPubKey; the first of the Esplora API's tests that holds. */
export function scriptType(script: Uint8Array): ScriptType {
  if (script.length === 0) return 'empty'
  if (script[0] === OP.OP_RETURN) return 'op_return'
  if (isPayToPubkey(script)) return 'p2pk'
  if (isPayToPubkeyHash(script)) return 'p2pkh'
  if (isPayToScriptHash(script)) return 'p2sh'
  if (isPayToWitnessPubkeyHash(script)) return 'v0_p2wpkh'
  if (isPayToWitnessScriptHash(script)) return 'v0_p2wsh'
  if (isPayToTaproot(script)) return 'v1_p2tr'
  return 'unknown'
}

/** A 33- or 65-byte push and OP_CHECKSIG; whether the push is a point is not looked at. */
export function isPayToPubkey(s: Uint8Array): boolean {
  return (s.length === 35 || s.length === 67) && s[0] === s.length - 2 && s[s.length - 1] === OP.OP_CHECKSIG
}

export function isPayToPubkeyHash(s: Uint8Array): boolean {
  return (
    s.length === 25 &&
    s[0] === OP.OP_DUP &&
    s[1] === OP.OP_HASH160 &&
    s[2] === 20 &&
    s[23] === OP.OP_EQUALVERIFY &&
    s[24] === OP.OP_CHECKSIG
  )
}

/** BIP16. */
export function isPayToScriptHash(s: Uint8Array): boolean {
  return s.length === 23 && s[0] === OP.OP_HASH160 && s[1] === 20 && s[22] === OP.OP_EQUAL
}

/** BIP141, version 0 with 20 bytes. */
export function isPayToWitnessPubkeyHash(s: Uint8Array): boolean {
  return s.length === 22 && s[0] === OP.OP_0 && s[1] === 20
}

/** BIP141, version 0 with 32 bytes. */
export function isPayToWitnessScriptHash(s: Uint8Array): boolean {
  return s.length === 34 && s[0] === OP.OP_0 && s[1] === 32
}

/** BIP341: version 1 with 32 bytes. */
export function isPayToTaproot(s: Uint8Array): boolean {
  return s.length === 34 && s[0] === OP.OP_1 && s[1] === 32
}

/** Pay to anchor: an output that anyone may spend, to raise a transaction's fee. */
export function isPayToAnchor(s: Uint8Array): boolean {
  return s.length === 4 && s[0] === OP.OP_1 && s[1] === 2 && s[2] === 0x4e && s[3] === 0x73
}

/** The witness program that a script is, of any version and also where consensus gives it no meaning (BIP141). */
export function witnessProgram(s: Uint8Array): WitnessProgram | undefined {
  if (s.length < 4 || s.length > 42 || s[1] !== s.length - 2) return undefined
  const opcode = s[0]!
  if (opcode !== OP.OP_0 && (opcode < OP.OP_1 || opcode > OP.OP_16)) return undefined
  return { version: opcode === OP.OP_0 ? 0 : opcode - OP.OP_1 + 1, program: s.subarray(2) }
}

/** The scripts that an input reveals: what its output only committed to. Both are views. */
export interface InnerScripts {
  redeemScript?: Uint8Array
  witnessScript?: Uint8Array
}

/**
 * The redeem script (last push of the scriptSig, when the spent output is P2SH) and the witness script (last witness
 * item, when the spent output or that redeem script is P2WSH) of an input.
 */
export function innerScripts(scriptSig: Uint8Array, witness: readonly Uint8Array[], spent: Uint8Array): InnerScripts {
  const redeemScript = isPayToScriptHash(spent) ? lastPush(scriptSig) : undefined
  const witnessScript = isPayToWitnessScriptHash(redeemScript ?? spent) ? witness.at(-1) : undefined
  return { ...(redeemScript && { redeemScript }), ...(witnessScript && { witnessScript }) }
}
