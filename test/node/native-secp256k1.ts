import { nativeEcdsa } from '../../src/node/secp256k1.ts'
import type { EcdsaLibrary } from '../../src/script/ecdsa-secp256k1.ts'

/** libsecp256k1 as an addon; undefined on machines that its package has none for. */
export function nativeIfAny(): EcdsaLibrary | undefined {
  try {
    return nativeEcdsa()
  } catch {
    return undefined
  }
}
