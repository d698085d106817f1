import { WITNESS_SCALE_FACTOR } from '../chain/consensus.ts'
import { legacySigops, spendSigopCost } from '../chain/sigops.ts'
import { SIGHASH, SignatureHashes } from '../script/sighash.ts'
import { signEcdsa, signSchnorr, withHashType } from '../script/sign.ts'
import { encode } from '../wire/codec.ts'
import { parseTransaction, type Transaction, type TxOut, transaction } from '../wire/transaction.ts'
import type { Coin } from './wallet-coins.ts'
import type { InputSigner } from './wallet-outputs.ts'

/** Signals that the fee may still be raised (BIP125), and asks for no relative lock time (BIP68). */
const SEQUENCE = 0xffff_fffd

/** Weight units that a unit of signature operation cost stands for in a node's fee policy. */
const WEIGHT_PER_SIGOP = 20

/** An output to be made. */
export interface Payment {
  script: Uint8Array
  valueSat: number
}

/** The transaction as it is before anything is signed, version 2. */
export function unsigned(coins: readonly Coin[], outputs: readonly Payment[]): Transaction {
  return {
    version: 2,
    inputs: coins.map(({ outpoint }) => ({
      prevout: outpoint,
      scriptSig: new Uint8Array(),
      sequence: SEQUENCE,
      witness: [],
    })),
    outputs: outputs.map(({ script, valueSat }) => ({ value: BigInt(valueSat), scriptPubKey: script })),
    lockTime: 0,
  }
}

/** The transaction signed by the keys of its coins; `hashType` DEFAULT means ALL where there is no default. */
export function signed(coins: readonly Coin[], outputs: readonly Payment[], hashType: number): Transaction {
  if ((hashType & 0x1f) === SIGHASH.SINGLE && coins.length > outputs.length) {
    throw new Error('SINGLE needs an output for every input')
  }
  const tx = unsigned(coins, outputs)
  const spent: TxOut[] = coins.map(({ valueSat, own }) => ({ value: BigInt(valueSat), scriptPubKey: own.script }))
  const hashes = new SignatureHashes(tx, spent)
  return unlocked(tx, coins, (i) => inputSigner(hashes, i, spent[i]!.value, hashType))
}

/** What nodes will charge for at most: `chargedSize` with the longest signatures that may come. */
export function largestSize(coins: readonly Coin[], outputs: readonly Payment[]): number {
  const tx = unlocked(unsigned(coins, outputs), coins, () => longestSignatures)
  // Without inputs it would read as a segwit transaction; that size only serves to name a least sum.
  return coins.length === 0 ? encode(transaction, tx).length : chargedSize(tx, coins)
}

/** The size, in vB, by which nodes measure a fee: many signature operations count as if they took more room. */
export function chargedSize(tx: Transaction, coins: readonly Coin[]): number {
  const { weight } = parseTransaction(encode(transaction, tx))
  return Math.ceil(Math.max(weight, sigopCost(tx, coins) * WEIGHT_PER_SIGOP) / 4)
}

function sigopCost(tx: Transaction, coins: readonly Coin[]): number {
  const legacy = (script: Uint8Array) => legacySigops(script, 0, script.length) * WITNESS_SCALE_FACTOR
  const outputs = tx.outputs.map(({ scriptPubKey }) => legacy(scriptPubKey))
  const inputs = tx.inputs.map(({ scriptSig, witness }, i) => {
    const spend = { spent: coins[i]!.own.script, scriptSig, lastWitness: witness.at(-1) }
    return legacy(scriptSig) + spendSigopCost(spend, { p2sh: true, witness: true })
  })
  return [...outputs, ...inputs].reduce((sum, cost) => sum + cost, 0)
}

function unlocked(tx: Transaction, coins: readonly Coin[], signer: (index: number) => InputSigner): Transaction {
  const inputs = tx.inputs.map((input, i) => ({ ...input, ...coins[i]!.own.unlock(signer(i)) }))
  return { ...tx, inputs }
}

function inputSigner(hashes: SignatureHashes, index: number, value: bigint, hashType: number): InputSigner {
  const ecdsaType = hashType === SIGHASH.DEFAULT ? SIGHASH.ALL : hashType
  const taproot = (privateKey: Uint8Array, leafHash?: Uint8Array) => {
    const hash = hashes.taproot(index, hashType, leafHash ? { leafHash } : {})
    if (!hash) throw new Error(`taproot has no hash type ${hashType}`)
    return withHashType(signSchnorr(hash, privateKey), hashType)
  }
  return {
    legacy: (code, key) => withHashType(signEcdsa(hashes.legacy(index, code, ecdsaType), key), ecdsaType),
    witnessV0: (code, key) => withHashType(signEcdsa(hashes.witnessV0(index, code, value, ecdsaType), key), ecdsaType),
    taprootKey: (key) => taproot(key),
    taprootLeaf: (leafHash, key) => taproot(key, leafHash),
  }
}

const LONGEST_ECDSA = new Uint8Array(72)
const LONGEST_SCHNORR = new Uint8Array(65)
const longestSignatures: InputSigner = {
  legacy: () => LONGEST_ECDSA,
  witnessV0: () => LONGEST_ECDSA,
  taprootKey: () => LONGEST_SCHNORR,
  taprootLeaf: () => LONGEST_SCHNORR,
}
