import { nodeHasher } from '../../src/node/hasher.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import type { Hasher } from '../../src/wire/hash.ts'

/** Hashes, and counts the bytes that were handed in. */
export class CountingHasher implements Hasher {
  bytes = 0

  sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    this.bytes += bytes.length
    return nodeHasher.sha256(bytes)
  }

  sha256d(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    this.bytes += bytes.length
    return nodeHasher.sha256d(bytes)
  }

  sha256Many(src: Uint8Array, ranges: Uint32Array, out: Uint8Array): void {
    this.bytes += src.length
    nodeHasher.sha256Many(src, ranges, out)
  }

  sha256dMany(src: Uint8Array, ranges: Uint32Array, out: Uint8Array): void {
    this.bytes += src.length
    nodeHasher.sha256dMany(src, ranges, out)
  }
}

/** Gives the same answer to everything, and counts how often it was asked. */
export class CountingCurve implements Secp256k1 {
  asked = 0
  readonly #answer: boolean

  constructor(answer: boolean) {
    this.#answer = answer
  }

  verifyEcdsa(): boolean {
    this.asked++
    return this.#answer
  }

  verifySchnorr(): boolean {
    this.asked++
    return this.#answer
  }

  isTweaked(): boolean {
    return true // not what is counted: once an input
  }
}
