import type { Transaction, TxOut } from '../wire/transaction.ts'
import { laxDer } from './der.ts'
import { LOCKTIME_THRESHOLD, SEQUENCE_DISABLED, SEQUENCE_FINAL, SEQUENCE_IN_TIME, SEQUENCE_VALUE } from './limits.ts'
import { fail } from './script-failure.ts'
import type { Secp256k1 } from './secp256k1.ts'
import type { SignatureHashes } from './sighash.ts'
import { isPublicKeyForm } from './signature-encoding.ts'

/** What the scripts of one input ask of the transaction that they stand in. */
export class InputContext {
  readonly #tx: Transaction
  readonly #index: number
  readonly #spent: TxOut
  readonly #hashes: SignatureHashes
  readonly #secp256k1: Secp256k1
  /** Signature hashes by hash type, of the script code asked about last: keys of a multisig are tried with the same one. */
  #code: Uint8Array | undefined
  readonly #known = new Map<number, Uint8Array>()

  constructor(tx: Transaction, index: number, spent: TxOut, hashes: SignatureHashes, secp256k1: Secp256k1) {
    this.#tx = tx
    this.#index = index
    this.#spent = spent
    this.#hashes = hashes
    this.#secp256k1 = secp256k1
  }

  /** BIP 65: whether the transaction's lock time is this or later, of the same kind, and in force for the input. */
  hasReached(lockTime: number): boolean {
    const own = this.#tx.lockTime
    const isSameKind = own < LOCKTIME_THRESHOLD === lockTime < LOCKTIME_THRESHOLD
    return isSameKind && lockTime <= own && this.#tx.inputs[this.#index]!.sequence !== SEQUENCE_FINAL
  }

  /** BIP 112: whether the input's relative lock is this or longer, of the same kind. Only the lowest 32 bits count. */
  hasAged(sequence: number): boolean {
    const own = this.#tx.inputs[this.#index]!.sequence
    // The version counts as unsigned.
    if (this.#tx.version >>> 0 < 2 || own & SEQUENCE_DISABLED) return false
    const isSameKind = ((own ^ sequence) & SEQUENCE_IN_TIME) === 0
    return isSameKind && (sequence & SEQUENCE_VALUE) <= (own & SEQUENCE_VALUE)
  }

  /**
   * Whether an ECDSA signature, its hash type behind it, is one of this key's for the input. `code` is what it covers of
   * the script. False for what is no signature, or no key.
   */
  isEcdsaSigned(signature: Uint8Array, publicKey: Uint8Array, code: Uint8Array, isWitness: boolean): boolean {
    if (signature.length === 0 || !isPublicKeyForm(publicKey)) return false
    const compact = laxDer(signature.subarray(0, -1))
    if (!compact) return false
    const hash = this.#hash(code, signature.at(-1)!, isWitness)
    return this.#secp256k1.verifyEcdsa(compact, hash, publicKey)
  }

  /** Fails where a BIP 340 signature, a hash type behind it where it has one, is not this key's for the input. */
  checkSchnorr(
    signature: Uint8Array,
    publicKey: Uint8Array,
    annex: Uint8Array | undefined,
    leaf?: { hash: Uint8Array; codeSeparator: number | undefined },
  ): void {
    if (signature.length !== 64 && signature.length !== 65) fail('SCHNORR_SIG_SIZE')
    const hashType = signature.length === 65 ? signature[64]! : 0
    if (signature.length === 65 && hashType === 0) fail('SCHNORR_SIG_HASHTYPE')
    const context = { annex, leafHash: leaf?.hash, codeSeparator: leaf?.codeSeparator }
    const hash = this.#hashes.taproot(this.#index, hashType, context)
    if (!hash) fail('SCHNORR_SIG_HASHTYPE')
    if (!this.#secp256k1.verifySchnorr(signature.subarray(0, 64), hash, publicKey)) fail('SCHNORR_SIG')
  }

  isTweaked(outputKey: Uint8Array, parity: number, internalKey: Uint8Array, tweak: Uint8Array): boolean {
    return this.#secp256k1.isTweaked(outputKey, parity, internalKey, tweak)
  }

  /** An input's scripts are all of one kind, so the code alone tells. */
  #hash(code: Uint8Array, hashType: number, isWitness: boolean): Uint8Array {
    if (code !== this.#code) {
      this.#code = code
      this.#known.clear()
    }
    let hash = this.#known.get(hashType)
    if (!hash) {
      hash = isWitness
        ? this.#hashes.witnessV0(this.#index, code, this.#spent.value, hashType)
        : this.#hashes.legacy(this.#index, code, hashType)
      this.#known.set(hashType, hash)
    }
    return hash
  }
}
