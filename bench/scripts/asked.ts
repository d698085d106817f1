import type { Secp256k1 } from '../../src/script/secp256k1.ts'

/** One question to the curve, with copies of all that was handed in, and its answer. */
type Asked =
  | { kind: 'ecdsa' | 'schnorr'; signature: Uint8Array; hash: Uint8Array; key: Uint8Array; answer: boolean }
  | { kind: 'tweak'; outputKey: Uint8Array; parity: number; key: Uint8Array; tweak: Uint8Array; answer: boolean }

/** Everything that was asked of a curve, to be asked again without the scripts around it. */
export class AskedCurve implements Secp256k1 {
  readonly #asked: Asked[] = []
  readonly #secp256k1: Secp256k1

  constructor(secp256k1: Secp256k1) {
    this.#secp256k1 = secp256k1
  }

  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, key: Uint8Array): boolean {
    const answer = this.#secp256k1.verifyEcdsa(signature, hash, key)
    this.#asked.push({ kind: 'ecdsa', signature: signature.slice(), hash: hash.slice(), key: key.slice(), answer })
    return answer
  }

  verifySchnorr(signature: Uint8Array, hash: Uint8Array, key: Uint8Array): boolean {
    const answer = this.#secp256k1.verifySchnorr(signature, hash, key)
    this.#asked.push({ kind: 'schnorr', signature: signature.slice(), hash: hash.slice(), key: key.slice(), answer })
    return answer
  }

  isTweaked(outputKey: Uint8Array, parity: number, key: Uint8Array, tweak: Uint8Array): boolean {
    const answer = this.#secp256k1.isTweaked(outputKey, parity, key, tweak)
    this.#asked.push({
      kind: 'tweak',
      outputKey: outputKey.slice(),
      parity,
      key: key.slice(),
      tweak: tweak.slice(),
      answer,
    })
    return answer
  }

  /** How often each kind was asked. */
  counts(): Record<Asked['kind'], number> {
    const counts = { ecdsa: 0, schnorr: 0, tweak: 0 }
    for (const { kind } of this.#asked) counts[kind]++
    return counts
  }

  /** Asks all of it again. */
  askAgain(): void {
    const curve = this.#secp256k1
    for (const each of this.#asked) {
      let answer: boolean
      if (each.kind === 'tweak') answer = curve.isTweaked(each.outputKey, each.parity, each.key, each.tweak)
      else if (each.kind === 'ecdsa') answer = curve.verifyEcdsa(each.signature, each.hash, each.key)
      else answer = curve.verifySchnorr(each.signature, each.hash, each.key)
      if (answer !== each.answer) throw new Error(`another answer than before: ${each.kind}`)
    }
  }
}
