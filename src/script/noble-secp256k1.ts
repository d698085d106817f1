import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToNumberBE } from '@noble/curves/utils.js'
import { taggedHash } from '../wire/hash.ts'
import { plainKey } from './hybrid-key.ts'
import type { Secp256k1 } from './secp256k1.ts'

const { BASE, Fn } = secp256k1.Point

/** Plain JavaScript, for every runtime. */
export const nobleSecp256k1: Secp256k1 = {
  verifyEcdsa(signature, hash, publicKey) {
    const key = plainKey(publicKey)
    if (!key || signature.length !== 64 || hash.length !== 32) return false
    // Without `lowS` either half will do; nothing needs to be turned around.
    return orFalse(() => secp256k1.verify(signature, hash, key, { prehash: false, lowS: false }))
  },

  // Not by the library's own, which refuses an s of zero: consensus does not.
  verifySchnorr(signature, message, publicKey) {
    if (signature.length !== 64 || message.length !== 32 || publicKey.length !== 32) return false
    return orFalse(() => {
      const key = schnorr.utils.lift_x(bytesToNumberBE(publicKey))
      const rBytes = signature.subarray(0, 32)
      const s = bytesToNumberBE(signature.subarray(32))
      if (!Fn.isValid(s)) return false
      const e = Fn.create(bytesToNumberBE(taggedHash('BIP0340/challenge', rBytes, publicKey, message)))
      const { x, y } = BASE.mulAddUnsafe(s, key, Fn.neg(e)).toAffine()
      // The point at infinity is given as (0, 0), and there is no point with an x of zero.
      return x !== 0n && (y & 1n) === 0n && x === bytesToNumberBE(rBytes)
    })
  },

  isTweaked(outputKey, parity, internalKey, tweak) {
    if (outputKey.length !== 32 || internalKey.length !== 32 || tweak.length !== 32) return false
    return orFalse(() => {
      const scalar = bytesToNumberBE(tweak)
      if (!Fn.isValid(scalar)) return false
      const internal = schnorr.utils.lift_x(bytesToNumberBE(internalKey))
      const { x, y } = internal.add(scalar === 0n ? secp256k1.Point.ZERO : BASE.multiply(scalar)).toAffine()
      return x !== 0n && Number(y & 1n) === parity && x === bytesToNumberBE(outputKey)
    })
  },
}

/** The library throws where bytes are no point or no scalar. */
function orFalse(verify: () => boolean): boolean {
  try {
    return verify()
  } catch {
    return false
  }
}
