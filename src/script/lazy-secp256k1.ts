import type { Secp256k1 } from './secp256k1.ts'

/** Made when it is first asked: what never checks a signature does not load a library for it. */
export function lazySecp256k1(make: () => Secp256k1): Secp256k1 {
  let made: Secp256k1 | undefined
  const get = () => {
    made ??= make()
    return made
  }
  return {
    verifyEcdsa: (signature, hash, publicKey) => get().verifyEcdsa(signature, hash, publicKey),
    verifySchnorr: (signature, message, publicKey) => get().verifySchnorr(signature, message, publicKey),
    isTweaked: (outputKey, parity, internalKey, tweak) => get().isTweaked(outputKey, parity, internalKey, tweak),
  }
}
