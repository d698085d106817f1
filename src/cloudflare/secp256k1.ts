// By its whole name, which `WASM_FILE` is too: bundlers read it here.
import libsecp256k1 from '@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm'
import { type EcdsaLibrary, ecdsaSecp256k1 } from '../script/ecdsa-secp256k1.ts'
import { lazySecp256k1 } from '../script/lazy-secp256k1.ts'
import { nobleSecp256k1 } from '../script/noble-secp256k1.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { wasmEcdsa } from '../script/wasm-secp256k1.ts'
import { edgeHasher } from './hasher.ts'

/** libsecp256k1 as WebAssembly. Where an object has not got the 16 MiB that it wants, plain JavaScript does it, slower. */
export const edgeSecp256k1: Secp256k1 = lazySecp256k1(() => {
  try {
    return ecdsaSecp256k1(edgeEcdsa(), edgeHasher)
  } catch {
    return nobleSecp256k1
  }
})

/** Throws where there is no memory for it. */
export function edgeEcdsa(): EcdsaLibrary {
  return wasmEcdsa(libsecp256k1)
}
