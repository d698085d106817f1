import type { EcdsaLibrary } from './ecdsa-secp256k1.ts'

/** Where the build of libsecp256k1 in @bitauth/libauth lies, which `wasmEcdsa` knows how to use. */
export const WASM_FILE = '@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm'

/** The module insists on this much memory, by pages of 64 KiB: 16 MiB, most of which is never touched. */
const PAGES = 256
const PAGE = 65_536
const TABLE_SIZE = 6
/** Its data end below this; here it keeps where its heap ends. */
const HEAP_END_AT = 68_736
const STACK_AT = HEAP_END_AT + 16
const STACK_SIZE = 1 << 20
const HEAP_AT = STACK_AT + STACK_SIZE

/** SECP256K1_CONTEXT_VERIFY and SECP256K1_EC_COMPRESSED of its header. */
const FOR_VERIFYING = 0x101
const COMPRESSED = 0x102

/** Of things as callers have them, then as the library keeps them. */
const SIZE = { signature: 64, hash: 32, key: 65, length: 4, kept: 72 }

/** As much of the runtime's WebAssembly as is needed; the floors here know none. */
interface Engine {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  Table: new (size: { element: 'anyfunc'; initial: number; maximum: number }) => object
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: unknown }
}

/** The functions of the C library. Pointers are byte offsets; all but the first two return 1 when it went well. */
interface Exports {
  _secp256k1_context_create(flags: number): number
  _malloc(bytes: number): number
  _secp256k1_ecdsa_signature_parse_compact(context: number, out: number, signature: number): number
  _secp256k1_ec_pubkey_parse(context: number, out: number, key: number, length: number): number
  _secp256k1_ecdsa_verify(context: number, signature: number, hash: number, key: number): number
  _secp256k1_ecdsa_recoverable_signature_parse_compact(
    context: number,
    out: number,
    signature: number,
    id: number,
  ): number
  _secp256k1_ecdsa_recover(context: number, out: number, signature: number, hash: number): number
  _secp256k1_ec_pubkey_tweak_add(context: number, key: number, tweak: number): number
  _secp256k1_ec_pubkey_serialize(context: number, out: number, length: number, key: number, flags: number): number
}

/** libsecp256k1 as WebAssembly: of a `WebAssembly.Module`, or of the bytes of `WASM_FILE` where the runtime compiles them. */
export function wasmEcdsa(source: object): EcdsaLibrary {
  const { bytes, exports } = instantiate(source)
  const context = exports._secp256k1_context_create(FOR_VERIFYING)
  const take = (size: number) => exports._malloc(size)
  const signatureAt = take(SIZE.signature)
  const hashAt = take(SIZE.hash)
  const keyAt = take(SIZE.key)
  const lengthAt = take(SIZE.length)
  const keptSignature = take(SIZE.kept)
  const keptKey = take(SIZE.kept)
  const lengthView = new DataView(bytes.buffer)

  const parseKey = (key: Uint8Array) => {
    bytes.set(key, keyAt)
    return exports._secp256k1_ec_pubkey_parse(context, keptKey, keyAt, key.length) === 1
  }
  const compressedKey = () => {
    lengthView.setUint32(lengthAt, 33, true)
    exports._secp256k1_ec_pubkey_serialize(context, keyAt, lengthAt, keptKey, COMPRESSED)
    return bytes.subarray(keyAt, keyAt + 33)
  }

  return {
    verify(signature, hash, publicKey) {
      if (!parseKey(publicKey)) return false
      bytes.set(signature, signatureAt)
      bytes.set(hash, hashAt)
      return (
        exports._secp256k1_ecdsa_signature_parse_compact(context, keptSignature, signatureAt) === 1 &&
        exports._secp256k1_ecdsa_verify(context, keptSignature, hashAt, keptKey) === 1
      )
    },
    recover(signature, recoveryId, hash) {
      bytes.set(signature, signatureAt)
      bytes.set(hash, hashAt)
      const parse = exports._secp256k1_ecdsa_recoverable_signature_parse_compact
      if (parse(context, keptSignature, signatureAt, recoveryId) !== 1) return undefined
      if (exports._secp256k1_ecdsa_recover(context, keptKey, keptSignature, hashAt) !== 1) return undefined
      return compressedKey()
    },
    addTweak(publicKey, tweak) {
      if (!parseKey(publicKey)) return undefined
      bytes.set(tweak, hashAt)
      if (exports._secp256k1_ec_pubkey_tweak_add(context, keptKey, hashAt) !== 1) return undefined
      return compressedKey()
    },
  }
}

function instantiate(source: object): { bytes: Uint8Array; exports: Exports } {
  const { Memory, Table, Module, Instance } = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
  const memory = new Memory({ initial: PAGES, maximum: PAGES })
  new DataView(memory.buffer).setUint32(HEAP_END_AT, HEAP_AT, true)
  const bytes = new Uint8Array(memory.buffer)
  // None of these is called while the library is used as it asks to be.
  const abort = () => {
    throw new Error('libsecp256k1 gave up')
  }
  const env = {
    memory,
    table: new Table({ element: 'anyfunc', initial: TABLE_SIZE, maximum: TABLE_SIZE }),
    tableBase: 0,
    DYNAMICTOP_PTR: HEAP_END_AT,
    STACKTOP: STACK_AT,
    abort,
    _abort: abort,
    enlargeMemory: abort,
    abortOnCannotGrowMemory: abort,
    ___setErrNo: abort,
    getTotalMemory: () => PAGES * PAGE,
    _emscripten_memcpy_big: (to: number, from: number, length: number) => {
      bytes.copyWithin(to, from, from + length)
      return to
    },
  }
  const module = source instanceof Uint8Array ? new Module(source) : source
  return { bytes, exports: new Instance(module, { env }).exports as Exports }
}
