import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from './bytes.ts'

export { bytesToHex, concatBytes, equalBytes, fromDisplay, hashKey, hexToBytes, prefix48, toDisplay } from './bytes.ts'

/**
 * Who computes SHA-256. The pure parts take one as a parameter, so that a runtime with a faster one hands it in.
 * The `Many` forms hash the parts of `src` named by `ranges` (start, end, start, end, …) into consecutive 32-byte
 * places of `out`.
 */
export interface Hasher {
  sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer>
  sha256d(bytes: Uint8Array): Uint8Array<ArrayBuffer>
  sha256Many(src: Uint8Array, ranges: Uint32Array, out: Uint8Array): void
  sha256dMany(src: Uint8Array, ranges: Uint32Array, out: Uint8Array): void
}

export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return nobleSha256(bytes)
}

/** SHA-256 twice: transaction ids, block hashes, checksums. */
export function sha256d(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return nobleSha256(nobleSha256(bytes))
}

export function ripemd160(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return nobleRipemd160(bytes)
}

/** RIPEMD-160 of SHA-256, the 20 bytes behind P2PKH, P2SH and P2WPKH. */
export function hash160(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return nobleRipemd160(nobleSha256(bytes))
}

const tagPrefixes = new Map<string, Uint8Array>()

/** SHA-256 that starts with the hash of an ASCII tag twice (BIP340). */
export function taggedHash(tag: string, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return nobleSha256(concatBytes(tagPrefix(tag), ...parts))
}

/** The same, by another hasher. */
export function taggedHashBy(hasher: Hasher, tag: string, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return hasher.sha256(concatBytes(tagPrefix(tag), ...parts))
}

/** The 64 bytes that a tagged hash is made of first. Tags are constants of ours and are remembered. */
export function tagPrefix(tag: string): Uint8Array {
  let prefix = tagPrefixes.get(tag)
  if (!prefix) {
    const hash = nobleSha256(Uint8Array.from(tag, (letter) => letter.charCodeAt(0)))
    prefix = concatBytes(hash, hash)
    tagPrefixes.set(tag, prefix)
  }
  return prefix
}

/** Plain JavaScript, for every runtime. */
export const nobleHasher: Hasher = {
  sha256,
  sha256d,
  sha256Many(src, ranges, out) {
    for (let i = 0; i < ranges.length; i += 2) {
      out.set(nobleSha256(src.subarray(ranges[i]!, ranges[i + 1]!)), i * 16)
    }
  },
  sha256dMany(src, ranges, out) {
    for (let i = 0; i < ranges.length; i += 2) {
      out.set(sha256d(src.subarray(ranges[i]!, ranges[i + 1]!)), i * 16)
    }
  },
}
