import { type Hasher, nobleHasher, tagPrefix } from '../wire/hash.ts'
import { plainKey } from './hybrid-key.ts'
import { nobleSecp256k1 } from './noble-secp256k1.ts'
import type { Secp256k1 } from './secp256k1.ts'

/**
 * The part of libsecp256k1 that every build of it has. Lengths are right and first bytes of keys are 02, 03 or 04 when it
 * is asked; it does not throw, and does not change what it is given.
 */
export interface EcdsaLibrary {
  /** Refuses an s of the upper half. */
  verify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean
  /**
   * The public key (33 bytes) that a signature of a hash is good for, where `recoveryId` says which of the points is meant
   * that r stands for: 1 for an odd y, 2 for an x of r plus the order. `undefined`: there is none, or r or s is zero or not
   * below the order. The result may be written over by the next call.
   */
  recover(signature: Uint8Array, recoveryId: number, hash: Uint8Array): Uint8Array | undefined
  /**
   * A public key (33 bytes) plus `tweak` times the generator, likewise. `undefined`: the key is no point, the tweak is not
   * below the order, or the sum is the point at infinity. The result may be written over by the next call.
   */
  addTweak(publicKey: Uint8Array, tweak: Uint8Array): Uint8Array | undefined
}

const ORDER = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n
const HALF = ORDER >> 1n
/** Compressed keys begin with it when their y is even. */
const EVEN = 2
/** Of the point whose x is r plus the order. */
const ABOVE_ORDER = 2

/** The port over a library that knows ECDSA alone: with it, one call does for BIP 340 as well. */
export function ecdsaSecp256k1(library: EcdsaLibrary, hasher: Hasher = nobleHasher): Secp256k1 {
  const lowered = new Uint8Array(64)
  const challenge = new Uint8Array(160)
  challenge.set(tagPrefix('BIP0340/challenge'))
  const evenKey = new Uint8Array(33)
  evenKey[0] = EVEN
  return {
    verifyEcdsa(signature, hash, publicKey) {
      const key = plainKey(publicKey)
      if (!key || signature.length !== 64 || hash.length !== 32) return false
      const s = numberAt(signature, 32)
      if (s <= HALF) return library.verify(signature, hash, key)
      if (s >= ORDER) return false
      lowered.set(signature)
      putNumber(lowered, 32, ORDER - s)
      return library.verify(lowered, hash, key)
    },

    verifySchnorr(signature, message, publicKey) {
      if (signature.length !== 64 || message.length !== 32 || publicKey.length !== 32) return false
      const s = numberAt(signature, 32)
      if (s >= ORDER) return false
      const r = signature.subarray(0, 32)
      challenge.set(r, 64)
      challenge.set(publicKey, 96)
      challenge.set(message, 128)
      const e = numberAt(hasher.sha256(challenge), 0) % ORDER
      const x = numberAt(publicKey, 0)
      // The order is the x of a point, but an r of zero stands for none; and no hash is known that gives a zero.
      if (x === ORDER || e === 0n) return nobleSecp256k1.verifySchnorr(signature, message, publicKey)
      const point = difference(library, s, e, x)
      return point !== undefined && isPoint(point, EVEN, r)
    },

    isTweaked(outputKey, parity, internalKey, tweak) {
      if (outputKey.length !== 32 || internalKey.length !== 32 || tweak.length !== 32) return false
      evenKey.set(internalKey, 1)
      const point = library.addTweak(evenKey, tweak)
      return point !== undefined && isPoint(point, EVEN + parity, outputKey)
    },
  }
}

// What is handed to the library, over and over.
const signature = new Uint8Array(64)
const hash = new Uint8Array(32)

/**
 * s·G − e·P as a compressed key, for a P of even y whose x is given; `undefined` when P is no point, or the difference is
 * the point at infinity. 0 ≤ s < order, 0 < e < order, and x is not the order.
 *
 * The key that an ECDSA signature (r, t) of a hash h is good for is r⁻¹·(t·R − h·G), where R is the point that r stands for.
 * With P for R, t = −e·r and h = −s·r that is s·G − e·P. r is the x of P, less the order where it is not below that.
 */
export function difference(library: EcdsaLibrary, s: bigint, e: bigint, x: bigint): Uint8Array | undefined {
  const isAbove = x >= ORDER
  const r = isAbove ? x - ORDER : x
  putNumber(signature, 0, r)
  putNumber(signature, 32, ORDER - ((e * r) % ORDER))
  putNumber(hash, 0, (ORDER - ((s * r) % ORDER)) % ORDER)
  return library.recover(signature, isAbove ? ABOVE_ORDER : 0, hash)
}

function isPoint(compressed: Uint8Array, first: number, x: Uint8Array): boolean {
  if (compressed[0] !== first) return false
  for (let i = 0; i < 32; i++) if (compressed[i + 1] !== x[i]) return false
  return true
}

/** 32 bytes, big-endian. */
function numberAt(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 32)
  const high = (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
  return (high << 128n) | (view.getBigUint64(16) << 64n) | view.getBigUint64(24)
}

function putNumber(bytes: Uint8Array, at: number, value: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 32)
  for (let offset = 24, rest = value; offset >= 0; offset -= 8, rest >>= 64n) view.setBigUint64(offset, rest & WORD)
}

const WORD = 0xffffffff_ffffffffn
