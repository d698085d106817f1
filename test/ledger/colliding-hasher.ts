import { nodeHasher } from '../../src/node/hasher.ts'
import type { Hasher } from '../../src/wire/hash.ts'

/**
 * SHA-256 with so few different prefixes that all scripts share theirs with others, as a pair that somebody looked for
 * would. What lies behind the prefix is as it should be, and double hashes are sound.
 */
export function collidingHasher(prefixes: number): Hasher {
  const collide = (hash: Uint8Array) => {
    hash[5] = hash[5]! % prefixes
    return hash.fill(0, 0, 5)
  }
  return {
    ...nodeHasher,
    sha256: (bytes) => collide(nodeHasher.sha256(bytes)) as Uint8Array<ArrayBuffer>,
    sha256Many: (src, ranges, out) => {
      nodeHasher.sha256Many(src, ranges, out)
      for (let at = 0; at < ranges.length * 16; at += 32) collide(out.subarray(at, at + 32))
    },
  }
}
