import { instructionAt } from '../../src/script/instructions.ts'
import { OP } from '../../src/script/opcodes.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { innerScripts, isPayToPubkey, isPayToPubkeyHash, witnessProgram } from '../../src/script/type.ts'
import { bytesToHex } from '../../src/wire/hash.ts'
import type { TxIn } from '../../src/wire/transaction.ts'

/** How an input satisfies its output, as far as it matters to what is signed. */
export interface SpendKind {
  /** By which rules: 0 and 1 are versions of witness programs. */
  version: 'legacy' | 0 | 1
  isP2sh: boolean
  /** The script that runs is one of those in which every signature given has to be right, and nothing else happens. */
  isTemplate: boolean
  /** The script that only a hash of was known; not that of a taproot leaf. */
  redeemScript: Uint8Array | undefined
  witnessScript: Uint8Array | undefined
  name: string
}

export function spendKind({ scriptSig, witness }: TxIn, scriptPubKey: Uint8Array): SpendKind {
  const { redeemScript, witnessScript } = innerScripts(scriptSig, witness, scriptPubKey)
  const program = witnessProgram(redeemScript ?? scriptPubKey)
  const version = program && witness.length > 0 ? (program.version as 0 | 1) : 'legacy'
  const isTemplate = (version === 0 && !witnessScript) || isSignedWhole(witnessScript ?? redeemScript ?? scriptPubKey)
  const parts = [redeemScript && 'P2SH', version === 'legacy' ? 'legacy' : `v${version}`, isTemplate && 'template']
  return {
    version,
    isP2sh: redeemScript !== undefined,
    isTemplate,
    redeemScript,
    witnessScript,
    name: parts.filter(Boolean).join(' '),
  }
}

function isSignedWhole(script: Uint8Array): boolean {
  return isPayToPubkey(script) || isPayToPubkeyHash(script) || isMultisig(script)
}

/** Numbers and keys, then the one opcode. */
function isMultisig(script: Uint8Array): boolean {
  for (let at = 0; at < script.length; ) {
    const { opcode, data, next, broken } = instructionAt(script, at)
    if (broken) return false
    if (next === script.length) return opcode === OP.OP_CHECKMULTISIG && at > 0
    if (!data && (opcode < OP.OP_1 || opcode > OP.OP_16)) return false
    at = next
  }
  return false
}

/** Keeps the signatures that were found good: r and s in hex, as the port takes them. */
export function recording(secp256k1: Secp256k1): { secp256k1: Secp256k1; good: Set<string> } {
  const good = new Set<string>()
  const keep = (signature: Uint8Array, isGood: boolean) => {
    if (isGood) good.add(bytesToHex(signature))
    return isGood
  }
  return {
    good,
    secp256k1: {
      verifyEcdsa: (signature, hash, key) => keep(signature, secp256k1.verifyEcdsa(signature, hash, key)),
      verifySchnorr: (signature, hash, key) => keep(signature, secp256k1.verifySchnorr(signature, hash, key)),
      isTweaked: (...args) => secp256k1.isTweaked(...args),
    },
  }
}
