import { p2pkh, p2shOf, p2wshOf } from '../../src/script/build.ts'
import { instructionAt } from '../../src/script/instructions.ts'
import { SignatureHashes } from '../../src/script/sighash.ts'
import { verifyEcdsa, verifySchnorr } from '../../src/script/sign.ts'
import { commitsTo, tapLeafHash, tapScriptSpend } from '../../src/script/taproot.ts'
import { innerScripts, scriptType, witnessProgram } from '../../src/script/type.ts'
import { equalBytes, hash160 } from '../../src/wire/hash.ts'
import type { Transaction, TxOut } from '../../src/wire/transaction.ts'

/**
 * Whether every input of a transaction is signed as its output asks for, for the kinds of output that the wallet makes.
 * It knows templates, not scripts.
 */
export function isSigned(tx: Transaction, spent: readonly TxOut[]): boolean {
  const hashes = new SignatureHashes(tx, spent)
  return tx.inputs.every((_, index) => isInputSigned(tx, spent, hashes, index))
}

function isInputSigned(tx: Transaction, spent: readonly TxOut[], hashes: SignatureHashes, index: number): boolean {
  const { scriptSig, witness } = tx.inputs[index]!
  const { scriptPubKey, value } = spent[index]!
  const { redeemScript, witnessScript } = innerScripts(scriptSig, witness, scriptPubKey)
  if (redeemScript && !equalBytes(p2shOf(redeemScript), scriptPubKey)) return false
  const output = redeemScript ?? scriptPubKey
  if (witnessScript && !equalBytes(p2wshOf(witnessScript), output)) return false

  const pushed = pushesOf(scriptSig)
  const legacy = (signature: Uint8Array, code: Uint8Array, key: Uint8Array) =>
    verifyEcdsa(signature.subarray(0, -1), hashes.legacy(index, code, signature.at(-1)!), key)
  const v0 = (signature: Uint8Array, code: Uint8Array, key: Uint8Array) =>
    verifyEcdsa(signature.subarray(0, -1), hashes.witnessV0(index, code, value, signature.at(-1)!), key)
  const schnorr = (signature: Uint8Array, key: Uint8Array, leafHash?: Uint8Array) => {
    const hashType = signature.length === 65 ? signature.at(-1)! : 0
    const hash = hashes.taproot(index, hashType, leafHash && { leafHash })
    return hash !== undefined && verifySchnorr(signature.subarray(0, 64), hash, key)
  }

  switch (scriptType(output)) {
    case 'p2pk':
      return pushed.length === 1 && legacy(pushed[0]!, output, output.subarray(1, -1))
    case 'p2pkh':
      return equalBytes(p2pkh(hash160(pushed[1]!)), output) && legacy(pushed[0]!, output, pushed[1]!)
    case 'v0_p2wpkh': {
      const code = p2pkh(hash160(witness[1]!))
      return equalBytes(code.subarray(3, 23), output.subarray(2)) && v0(witness[0]!, code, witness[1]!)
    }
    case 'v0_p2wsh':
      return witness[0]!.length === 0 && isMultisigned(witnessScript!, witness.slice(1, -1), v0)
    case 'v1_p2tr': {
      const { program } = witnessProgram(output)!
      const spend = tapScriptSpend(witness)
      if (!spend) return witness.length === 1 && schnorr(witness[0]!, program)
      const keys = pushesOf(spend.script)
      const signatures = witness.slice(0, -2).reverse()
      const leafHash = tapLeafHash(spend.script, spend.version)
      return (
        commitsTo(program, spend) &&
        keys.length === signatures.length &&
        keys.every((key, i) => schnorr(signatures[i]!, key, leafHash))
      )
    }
    case 'unknown': {
      const signatures = redeemScript ? pushed.slice(1, -1) : pushed.slice(1)
      return pushed[0]!.length === 0 && isMultisigned(output, signatures, legacy)
    }
    default:
      return false
  }
}

/** As OP_CHECKMULTISIG: each signature by a later key than the one before. */
function isMultisigned(
  script: Uint8Array,
  signatures: Uint8Array[],
  check: (signature: Uint8Array, code: Uint8Array, key: Uint8Array) => boolean,
): boolean {
  const required = script[0]! - 0x50
  const keys = pushesOf(script)
  if (signatures.length !== required) return false
  let next = 0
  for (const signature of signatures) {
    while (next < keys.length && !check(signature, script, keys[next]!)) next++
    if (next++ >= keys.length) return false
  }
  return true
}

function pushesOf(script: Uint8Array): Uint8Array[] {
  const pushes: Uint8Array[] = []
  for (let at = 0; at < script.length; ) {
    const { data, next } = instructionAt(script, at)
    if (data) pushes.push(data)
    at = next
  }
  return pushes
}
