/**
 * What scripts ask of the curve secp256k1. Everything handed in is whatever somebody put into a script: an answer is true
 * or false, and nothing throws. All numbers are big-endian.
 */
export interface Secp256k1 {
  /**
   * Whether an ECDSA signature of a 32-byte hash is good. `signature`: r and s, 32 bytes each, s of either half: whoever
   * implements this turns a high one around. `publicKey`: 33 bytes that begin with 02 or 03, or 65 that begin with 04, 06
   * or 07 (of which the latter two also say whether y is odd, and must be right).
   */
  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean
  /** Whether a BIP 340 signature of 64 bytes is good for a 32-byte message and a 32-byte x coordinate. */
  verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  /**
   * Whether `outputKey`, with a y that is odd or even as `parity` (1 or 0) says, is `internalKey` plus `tweak` times the
   * generator (BIP 341); the keys are x coordinates.
   */
  isTweaked(outputKey: Uint8Array, parity: number, internalKey: Uint8Array, tweak: Uint8Array): boolean
}
