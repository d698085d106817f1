import { concatBytes, hash160, sha256 } from '../wire/hash.ts'
import { MAX_ITEM_SIZE } from './limits.ts'
import { OP } from './opcodes.ts'

/** A step of a script to build: an opcode, or data to push. */
export type Part = number | Uint8Array

/** Pay-to-anchor: an output that anybody may spend, there to attach a fee to. */
export const P2A: Uint8Array = Uint8Array.of(OP.OP_1, 2, 0x4e, 0x73)

/** A script of opcodes and minimal pushes, in the order given. */
export function script(...parts: Part[]): Uint8Array<ArrayBuffer> {
  return concatBytes(...parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : push(part))))
}

/** The shortest step that leaves `data` on the stack (BIP62), opcodes for small numbers included. */
export function push(data: Uint8Array): Uint8Array {
  if (data.length === 0) return Uint8Array.of(OP.OP_0)
  if (data.length === 1) {
    const byte = data[0]!
    if (byte >= 1 && byte <= 16) return Uint8Array.of(OP.OP_1 + byte - 1)
    if (byte === 0x81) return Uint8Array.of(OP.OP_1NEGATE)
  }
  return pushBytes(data)
}

/** The shortest step that carries `data` byte by byte, as pushes were written before numbers had opcodes of their own. */
export function pushBytes(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(pushPrefix(data.length), data)
}

function pushPrefix(length: number): Uint8Array {
  if (length < OP.OP_PUSHDATA1) return Uint8Array.of(length)
  if (length <= 0xff) return Uint8Array.of(OP.OP_PUSHDATA1, length)
  if (length <= 0xffff) return Uint8Array.of(OP.OP_PUSHDATA2, length & 0xff, length >>> 8)
  return Uint8Array.of(OP.OP_PUSHDATA4, length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24)
}

/** A number as scripts hold it: little-endian, sign in the top bit, as short as it goes; zero is empty. Safe integers only. */
export function scriptNumber(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`)
  const bytes: number[] = []
  for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256)
  if (bytes.length > 0) {
    if (bytes.at(-1)! & 0x80) bytes.push(0)
    if (value < 0) bytes[bytes.length - 1]! |= 0x80
  }
  return Uint8Array.from(bytes)
}

/** The push of a number; a coinbase begins with that of its height (BIP34). */
export function pushNumber(value: number): Uint8Array {
  return push(scriptNumber(value))
}

/** Pay to a public key of 33 or 65 bytes. */
export function p2pk(publicKey: Uint8Array): Uint8Array {
  return script(publicKey, OP.OP_CHECKSIG)
}

/** Pay to the HASH160 of a public key. */
export function p2pkh(hash: Uint8Array): Uint8Array {
  return script(OP.OP_DUP, OP.OP_HASH160, sized(hash, 20), OP.OP_EQUALVERIFY, OP.OP_CHECKSIG)
}

/** `required` signatures of the keys given, 1 to 16 of them; bare, or to be wrapped. */
export function multisig(required: number, publicKeys: readonly Uint8Array[]): Uint8Array {
  const total = publicKeys.length
  if (!(required >= 1 && required <= total && total <= 16)) throw new RangeError(`no multisig: ${required} of ${total}`)
  return concatBytes(
    pushNumber(required),
    ...publicKeys.map(push),
    pushNumber(total),
    Uint8Array.of(OP.OP_CHECKMULTISIG),
  )
}

/** Pay to the HASH160 of a script (BIP16). */
export function p2sh(hash: Uint8Array): Uint8Array {
  return script(OP.OP_HASH160, sized(hash, 20), OP.OP_EQUAL)
}

/** P2SH of this redeem script; wraps a witness program just as well. Throws where the script could not be revealed. */
export function p2shOf(redeemScript: Uint8Array): Uint8Array {
  if (redeemScript.length > MAX_ITEM_SIZE) throw new RangeError('a redeem script has at most 520 bytes')
  return p2sh(hash160(redeemScript))
}

/** Pay to the HASH160 of a compressed public key, spent by witness (BIP141). */
export function p2wpkh(hash: Uint8Array): Uint8Array {
  return witnessScriptPubKey(0, sized(hash, 20))
}

/** Pay to the SHA-256 of a script, spent by witness (BIP141). */
export function p2wsh(hash: Uint8Array): Uint8Array {
  return witnessScriptPubKey(0, sized(hash, 32))
}

/** P2WSH of this witness script. */
export function p2wshOf(witnessScript: Uint8Array): Uint8Array {
  return p2wsh(sha256(witnessScript))
}

/** Pay to a taproot output key, x coordinate only (BIP341); `taproot.ts` makes one. */
export function p2tr(outputKey: Uint8Array): Uint8Array {
  return witnessScriptPubKey(1, sized(outputKey, 32))
}

/** The scriptPubKey that holds a witness program of 2 to 40 bytes, of version 0 to 16. */
export function witnessScriptPubKey(version: number, program: Uint8Array): Uint8Array {
  if (!(version >= 0 && version <= 16)) throw new RangeError(`no witness version: ${version}`)
  if (program.length < 2 || program.length > 40) throw new RangeError(`no witness program: ${program.length} bytes`)
  return concatBytes(pushNumber(version), pushPrefix(program.length), program)
}

/** An output that carries data and can never be spent. */
export function opReturn(...data: Uint8Array[]): Uint8Array {
  return script(OP.OP_RETURN, ...data)
}

function sized(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${length} bytes expected, not ${bytes.length}`)
  return bytes
}
