import { bytesToHex } from '../wire/hash.ts'
import { instructionAt } from './instructions.ts'
import { MAX_SCRIPT_SIZE } from './limits.ts'
import { OP } from './opcodes.ts'
import { numberOf } from './script-number.ts'

/** Pushes of up to so many bytes are shown as the number that they are. */
const MAX_NUMBER_SIZE = 4

const names: readonly string[] = namesOfOpcodes()

/** What the last byte of a signature says of what was signed. */
const SIGHASHES: Readonly<Record<number, string>> = {
  1: 'ALL',
  2: 'NONE',
  3: 'SINGLE',
  129: 'ALL|ANYONECANPAY',
  130: 'NONE|ANYONECANPAY',
  131: 'SINGLE|ANYONECANPAY',
}

/**
 * A script as Bitcoin Core prints it: opcodes by name, small numbers as numbers, longer pushes as hex, `[error]` where
 * the script ends in the middle of a push. In a scriptSig (`signatures`) what looks like a signature shows the kind of
 * its hash by name: `3044…[ALL]`.
 */
export function toCoreAsm(script: Uint8Array, signatures = false): string {
  const named = signatures && script[0] !== OP.OP_RETURN && script.length <= MAX_SCRIPT_SIZE
  let text = ''
  for (let at = 0; at < script.length; ) {
    const { opcode, data, next, broken } = instructionAt(script, at)
    if (at > 0) text += ' '
    if (broken) return `${text}[error]`
    if (data) text += data.length <= MAX_NUMBER_SIZE ? String(numberOf(data)) : pushText(data, named)
    else text += names[opcode]
    at = next
  }
  return text
}

function pushText(data: Uint8Array, signatures: boolean): string {
  const sighash = signatures && isSignature(data) ? SIGHASHES[data.at(-1)!] : undefined
  return sighash === undefined ? bytesToHex(data) : `${bytesToHex(data.subarray(0, -1))}[${sighash}]`
}

/** Whether the bytes have the form of a strict DER signature followed by one byte (BIP 66). */
export function isSignature(sig: Uint8Array): boolean {
  if (sig.length < 9 || sig.length > 73) return false
  if (sig[0] !== 0x30 || sig[1] !== sig.length - 3) return false
  const rLength = sig[3]!
  if (5 + rLength >= sig.length) return false
  const sLength = sig[5 + rLength]!
  if (rLength + sLength + 7 !== sig.length) return false
  return isPositiveInteger(sig, 2, rLength) && isPositiveInteger(sig, 4 + rLength, sLength)
}

/** A DER integer at `at`: positive, not empty, and without a leading zero that is not needed. */
function isPositiveInteger(sig: Uint8Array, at: number, length: number): boolean {
  if (sig[at] !== 0x02 || length === 0) return false
  const first = sig[at + 2]!
  if (first & 0x80) return false
  return length === 1 || first !== 0 || (sig[at + 3]! & 0x80) !== 0
}

function namesOfOpcodes(): string[] {
  const table = Array.from({ length: 256 }, () => 'OP_UNKNOWN')
  for (const [name, opcode] of Object.entries(OP)) table[opcode] = name
  for (let n = 1; n <= 16; n++) table[OP.OP_1 + n - 1] = String(n)
  table[OP.OP_1NEGATE] = '-1'
  return table
}
