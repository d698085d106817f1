import { createRequire } from 'node:module'
import { SCRIPT_FLAG } from '../../src/script/flags.ts'
import { encode } from '../../src/wire/codec.ts'
import { type Transaction, type TxOut, transaction } from '../../src/wire/transaction.ts'

// Of bcoin only the script code is loaded, in plain JavaScript: package.json puts a tiny package in the place of each of
// its addons and of its socket library, which nothing here asks for.
process.env.BCOIN_NO_SECP256K1 = '1'
process.env.BCOIN_NO_NATIVE = '1'

interface Raw<T> {
  fromRaw(bytes: Uint8Array): T
}
interface BcoinTx {
  inputs: { script: unknown; witness: unknown }[]
}
interface BcoinScript extends Raw<unknown> {
  verify(
    input: unknown,
    witness: unknown,
    output: unknown,
    tx: BcoinTx,
    index: number,
    value: number,
    flags: number,
  ): void
}

const require = createRequire(import.meta.url)
const Script = require('bcoin/lib/script/script') as BcoinScript
const Tx = require('bcoin/lib/primitives/tx') as Raw<BcoinTx>

interface BcoinCurve {
  verify(hash: Buffer, signature: Buffer, publicKey: Buffer): boolean
}
const curve = require('bcoin/lib/crypto/secp256k1') as BcoinCurve
const verify = curve.verify
curve.verify = (hash, signature, publicKey) => verify(hash, withRightLength(signature), publicKey)

/** What bcoin 1.0 knows, by the same bits as ours: all that there was before taproot, but for CONST_SCRIPTCODE. */
export const BCOIN_FLAGS = SCRIPT_FLAG.CONST_SCRIPTCODE - 1

/**
 * Why an input does not pass by the interpreter of bcoin, in its spelling; `undefined` when it does. The value must be a
 * safe integer. Throws for what is no verdict.
 */
export function bcoinCheck(tx: Transaction, index: number, spent: TxOut, flags: number): string | undefined {
  if (flags & ~BCOIN_FLAGS) throw new RangeError(`flags that bcoin does not know: ${flags & ~BCOIN_FLAGS}`)
  const theirs = Tx.fromRaw(Buffer.from(encode(transaction, tx)))
  const { script, witness } = theirs.inputs[index]!
  const output = Script.fromRaw(Buffer.from(spent.scriptPubKey))
  try {
    Script.verify(script, witness, output, theirs, index, Number(spent.value), flags)
    return undefined
  } catch (error) {
    const { type, code } = error as { type?: string; code?: string }
    if (type !== 'ScriptError' || code === undefined) throw error
    return code
  }
}

/**
 * A signature whose two integers have lengths of one byte, with the sequence's own length as it should be and nothing behind
 * them. Neither counts before BIP 66, where libsecp256k1 reads it, but to elliptic it does. And of how many bytes a length
 * takes elliptic reads four bits of seven: nothing at all is handed to it where that is another number.
 */
function withRightLength(signature: Buffer): Buffer {
  const isMisread = (at: number) => at < signature.length && signature[at]! > 0x8f
  const first = signature[1]!
  const from = first & 0x80 ? 2 + (first & 0x7f) : 2
  const sAt = from + 2 + signature[from + 1]!
  if (from >= signature.length || isMisread(from + 1) || isMisread(sAt + 1)) return Buffer.alloc(0)
  const end = sAt + 2 + signature[sAt + 1]!
  const isPlain = signature[from] === 2 && signature[sAt] === 2 && end <= signature.length && end - from < 0x80
  if (signature[0] !== 0x30 || !isPlain) return signature
  return Buffer.concat([Buffer.of(0x30, end - from), signature.subarray(from, end)])
}
