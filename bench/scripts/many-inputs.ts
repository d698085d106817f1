import { nodeHasher } from '../../src/node/hasher.ts'
import { p2pk, p2pkh, p2tr, p2wpkh, push } from '../../src/script/build.ts'
import { CONSENSUS_FLAGS } from '../../src/script/flags.ts'
import { SIGHASH, SignatureHashes } from '../../src/script/sighash.ts'
import { publicKeyOf, signEcdsa, signSchnorr, withHashType, xOnlyKeyOf } from '../../src/script/sign.ts'
import { encode } from '../../src/wire/codec.ts'
import { hash160, sha256 } from '../../src/wire/hash.ts'
import { type Transaction, type TxOut, transaction } from '../../src/wire/transaction.ts'
import type { BlockInputs } from './block-inputs.ts'

export type SignedAs = 'legacy' | 'segwit' | 'taproot'

const SECRET = sha256(Uint8Array.of(7))
const KEY = publicKeyOf(SECRET)
const VALUE = 100_000n

/** One transaction with so many inputs, each signed for the whole of it. */
export function manyInputs(count: number, as: SignedAs): BlockInputs {
  const scriptPubKey = { legacy: p2pk(KEY), segwit: p2wpkh(hash160(KEY)), taproot: p2tr(xOnlyKeyOf(SECRET)) }[as]
  const spent: TxOut[] = Array.from({ length: count }, () => ({ value: VALUE, scriptPubKey }))
  const tx: Transaction = {
    version: 2,
    inputs: spent.map((_, index) => ({
      prevout: { hash: sha256(Uint8Array.of(index & 0xff, index >> 8)), index },
      scriptSig: new Uint8Array(),
      sequence: 0xffff_ffff,
      witness: [],
    })),
    outputs: [{ value: VALUE, scriptPubKey }],
    lockTime: 0,
  }
  const hashes = new SignatureHashes(tx, spent, nodeHasher)
  for (const [index, input] of tx.inputs.entries()) {
    if (as === 'taproot') input.witness = [signSchnorr(hashes.taproot(index, SIGHASH.DEFAULT)!, SECRET)]
    else if (as === 'segwit') {
      const hash = hashes.witnessV0(index, p2pkh(hash160(KEY)), VALUE, SIGHASH.ALL)
      input.witness = [withHashType(signEcdsa(hash, SECRET), SIGHASH.ALL), KEY]
    } else {
      const hash = hashes.legacy(index, scriptPubKey, SIGHASH.ALL)
      input.scriptSig = push(withHashType(signEcdsa(hash, SECRET), SIGHASH.ALL))
    }
  }
  return { spends: [{ raw: encode(transaction, tx), spent }], inputs: count, flags: CONSENSUS_FLAGS }
}
