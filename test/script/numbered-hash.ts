import { sha256 } from '../../src/wire/hash.ts'

/** A hash by its number. */
export function numberedHash(n: number): Uint8Array {
  return sha256(Uint8Array.of(n, n >> 8, n >> 16))
}
