import { p2pkh, push } from '../../src/script/build.ts'
import { SIGHASH, SignatureHashes } from '../../src/script/sighash.ts'
import { publicKeyOf, signEcdsa, withHashType } from '../../src/script/sign.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { concatBytes, hash160 } from '../../src/wire/hash.ts'
import { transaction } from '../../src/wire/transaction.ts'
import { type Coin, spend } from './chain-maker.ts'

type Bytes = Uint8Array<ArrayBuffer>

const KEY = new Uint8Array(32).fill(0x21)
const PUBLIC = publicKeyOf(KEY)

/** An output that only a signature spends. */
export const P2PKH: Uint8Array = p2pkh(hash160(PUBLIC))

/** Spends coins of `P2PKH`, each with its signature. `spoil`: number of the input whose signature is of something else. */
export function signedSpend(coins: readonly Coin[], outputs: Parameters<typeof spend>[1], spoil?: number): Bytes {
  const tx = decode(transaction, spend(coins, outputs))
  const hashes = new SignatureHashes(tx)
  for (const [i, input] of tx.inputs.entries()) {
    const hash = hashes.legacy(i, P2PKH, SIGHASH.ALL)
    if (i === spoil) hash[0]! ^= 1
    input.scriptSig = concatBytes(push(withHashType(signEcdsa(hash, KEY), SIGHASH.ALL)), push(PUBLIC))
  }
  return encode(transaction, tx)
}
