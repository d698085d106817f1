import { createHash, scryptSync } from 'node:crypto'
import { type Hasher, nobleHasher } from '../wire/hash.ts'

/**
 * From this many bytes on the platform's own SHA-256 is faster, crossing over to it included: 2 µs a call, where plain
 * JavaScript takes 1.7 µs for 32 bytes, 2.7 for 80, 5.4 for 256 and 934 for 64 KB.
 */
const NATIVE_FROM = 65

function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length < NATIVE_FROM) return nobleHasher.sha256(bytes)
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

function sha256d(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return nobleHasher.sha256(sha256(bytes))
}

function many(src: Uint8Array, ranges: Uint32Array, out: Uint8Array, how: typeof sha256): void {
  for (let i = 0; i < ranges.length; i += 2) out.set(how(src.subarray(ranges[i], ranges[i + 1])), i * 16)
}

/** Plain JavaScript for short inputs, the platform for long ones. */
export const edgeHasher: Hasher = {
  sha256,
  sha256d,
  sha256Many: (src, ranges, out) => many(src, ranges, out, sha256),
  sha256dMany: (src, ranges, out) => many(src, ranges, out, sha256d),
}

/** The proof of work of Litecoin's networks. */
export function edgeScrypt(header: Uint8Array): Uint8Array {
  return new Uint8Array(scryptSync(header, header, 32, { N: 1024, r: 1, p: 1 }))
}
