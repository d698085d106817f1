import { isLowS, isStrictDer, laxDer } from './der.ts'
import { SCRIPT_FLAG as FLAG } from './flags.ts'
import { fail } from './script-failure.ts'
import { SIGHASH } from './sighash.ts'

const ANY_DER = FLAG.DERSIG | FLAG.LOW_S | FLAG.STRICTENC

/** Fails where an ECDSA signature, its hash type included, has not the form that the flags ask for; an empty one has. */
export function checkSignatureEncoding(signature: Uint8Array, flags: number): void {
  if (signature.length === 0) return
  if (flags & ANY_DER && !isStrictDer(signature)) fail('SIG_DER')
  if (flags & FLAG.LOW_S && !isLowS(laxDer(signature.subarray(0, -1))!)) fail('SIG_HIGH_S')
  if (flags & FLAG.STRICTENC && !isDefinedHashType(signature.at(-1)!)) fail('SIG_HASHTYPE')
}

/** The same of a public key. `isWitness`: of a version 0 witness script. */
export function checkPublicKeyEncoding(publicKey: Uint8Array, flags: number, isWitness: boolean): void {
  const isCompressed = publicKey.length === 33 && (publicKey[0] === 2 || publicKey[0] === 3)
  const isUncompressed = publicKey.length === 65 && publicKey[0] === 4
  if (flags & FLAG.STRICTENC && !isCompressed && !isUncompressed) fail('PUBKEYTYPE')
  if (flags & FLAG.WITNESS_PUBKEYTYPE && isWitness && !isCompressed) fail('WITNESS_PUBKEYTYPE')
}

/** Whether the first byte of a public key fits its length; no other one can be on the curve. */
export function isPublicKeyForm(publicKey: Uint8Array): boolean {
  const first = publicKey[0]
  if (first === 2 || first === 3) return publicKey.length === 33
  return (first === 4 || first === 6 || first === 7) && publicKey.length === 65
}

function isDefinedHashType(hashType: number): boolean {
  const base = hashType & ~SIGHASH.ANYONECANPAY
  return base >= SIGHASH.ALL && base <= SIGHASH.SINGLE
}
