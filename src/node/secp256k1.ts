import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type EcdsaLibrary, ecdsaSecp256k1 } from '../script/ecdsa-secp256k1.ts'
import { lazySecp256k1 } from '../script/lazy-secp256k1.ts'
import { nobleSecp256k1 } from '../script/noble-secp256k1.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { WASM_FILE, wasmEcdsa } from '../script/wasm-secp256k1.ts'
import { nodeHasher } from './hasher.ts'

// At run time, from beside the bundle: an addon cannot be part of one, and may be missing.
const require = createRequire(import.meta.url)

export type Secp256k1Kind = 'native' | 'wasm' | 'javascript'

const KINDS: readonly [Secp256k1Kind, () => Secp256k1][] = [
  ['native', () => ecdsaSecp256k1(nativeEcdsa(), nodeHasher)],
  ['wasm', () => ecdsaSecp256k1(nodeWasmEcdsa(), nodeHasher)],
  ['javascript', () => nobleSecp256k1],
]

/** The fastest that this machine has: libsecp256k1 as an addon, or as WebAssembly (a third as fast), or noble (a 20th). */
export function loadSecp256k1(): { kind: Secp256k1Kind; secp256k1: Secp256k1 } {
  for (const [kind, load] of KINDS) {
    try {
      return { kind, secp256k1: load() }
    } catch {
      // There is no addon for this platform, or its optional package was not installed.
    }
  }
  throw new Error('the last of them loads anywhere')
}

export const nodeSecp256k1: Secp256k1 = lazySecp256k1(() => loadSecp256k1().secp256k1)

/** As the API of the package `secp256k1` says; its functions throw for what is no key, no signature or no sum. */
interface Bindings {
  ecdsaVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  ecdsaRecover(
    signature: Uint8Array,
    recoveryId: number,
    message: Uint8Array,
    compressed: boolean,
    output: Uint8Array,
  ): Uint8Array
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean, output: Uint8Array): Uint8Array
}

/** Throws where there is no addon: the package by itself would then go on with one in plain JavaScript, slower than noble. */
export function nativeEcdsa(): EcdsaLibrary {
  const bindings = require('secp256k1/bindings') as Bindings
  const output = new Uint8Array(33)
  return {
    verify(signature, hash, publicKey) {
      try {
        return bindings.ecdsaVerify(signature, hash, publicKey)
      } catch {
        return false
      }
    },
    recover(signature, recoveryId, hash) {
      try {
        return bindings.ecdsaRecover(signature, recoveryId, hash, true, output)
      } catch {
        return undefined
      }
    },
    addTweak(publicKey, tweak) {
      try {
        return bindings.publicKeyTweakAdd(publicKey, tweak, true, output)
      } catch {
        return undefined
      }
    },
  }
}

/** Throws where the package is missing. */
export function nodeWasmEcdsa(): EcdsaLibrary {
  return wasmEcdsa(readFileSync(require.resolve(WASM_FILE)))
}
