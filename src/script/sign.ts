import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '../wire/hash.ts'

/** 32 bytes that are a private key: from 1 to the order of the group, exclusive. */
export function isPrivateKey(bytes: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(bytes)
}

/** The public key of a private key: 33 bytes, or 65 when not compressed. */
export function publicKeyOf(privateKey: Uint8Array, compressed = true): Uint8Array {
  return secp256k1.getPublicKey(privateKey, compressed)
}

/** Its x coordinate, 32 bytes (BIP340). */
export function xOnlyKeyOf(privateKey: Uint8Array): Uint8Array {
  return schnorr.getPublicKey(privateKey)
}

/** An ECDSA signature of a 32-byte hash: strict DER, low s, deterministic (RFC 6979); 8 to 71 bytes, as good as always 70 or 71. */
export function signEcdsa(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
  return secp256k1.sign(hash, privateKey, { prehash: false, lowS: true, format: 'der' })
}

/** False as well for what is not DER, has a high s, or a key that is no point. */
export function verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return secp256k1.verify(signature, hash, publicKey, { prehash: false, lowS: true, format: 'der' })
  } catch {
    return false
  }
}

/** A BIP340 signature, 64 bytes. Deterministic unless 32 random bytes are given as `aux`. */
export function signSchnorr(
  message: Uint8Array,
  privateKey: Uint8Array,
  aux: Uint8Array = new Uint8Array(32),
): Uint8Array {
  return schnorr.sign(message, privateKey, aux)
}

/** `publicKey` is an x coordinate of 32 bytes. Never throws. */
export function verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  return schnorr.verify(signature, message, publicKey)
}

/** A signature as inputs carry it: followed by its hash type, except for taproot's default (0). */
export function withHashType(signature: Uint8Array, hashType: number): Uint8Array {
  return hashType === 0 ? signature : concatBytes(signature, Uint8Array.of(hashType))
}
