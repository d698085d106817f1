import { concatBytes, type Hasher, nobleHasher, sha256d } from '../wire/hash.ts'

/** Bytes of a hash. */
const H = 32

export interface MerkleRoot {
  root: Uint8Array<ArrayBuffer>
  /**
   * Two neighbours that hash together are equal: leaving one copy out gives the same root, so this list may not be the
   * one that was meant (CVE-2012-2459).
   */
  mutated: boolean
}

/** The root over n hashes of 32 bytes, side by side; 32 zero bytes for none. */
export function merkleRoot(hashes: Uint8Array, hasher: Hasher = nobleHasher): MerkleRoot {
  let level = hashes
  let count = hashes.length / H
  if (count === 0) return { root: new Uint8Array(H), mutated: false }
  let mutated = false
  while (count > 1) {
    mutated ||= hasTwins(level, count)
    level = levelAbove(level, count, hasher)
    count = (count + 1) >> 1
  }
  return { root: level.slice(0, H), mutated }
}

/** The hashes beside the way from one leaf up to the root, lowest first. */
export function merkleBranch(hashes: Uint8Array, index: number, hasher: Hasher = nobleHasher): Uint8Array[] {
  let level = hashes
  let count = hashes.length / H
  if (!(index >= 0 && index < count)) throw new RangeError(`no leaf ${index} among ${count}`)
  const branch: Uint8Array[] = []
  for (let at = index; count > 1; at >>= 1) {
    const sibling = Math.min(at ^ 1, count - 1)
    branch.push(level.slice(sibling * H, sibling * H + H))
    level = levelAbove(level, count, hasher)
    count = (count + 1) >> 1
  }
  return branch
}

/** The root that a leaf at `index` and its branch lead to. */
export function rootFromBranch(leaf: Uint8Array, index: number, branch: readonly Uint8Array[]): Uint8Array {
  let hash = leaf
  let at = index
  for (const sibling of branch) {
    hash = sha256d(at & 1 ? concatBytes(sibling, hash) : concatBytes(hash, sibling))
    at >>>= 1
  }
  return hash
}

/** The level over `count` hashes; the last is paired with itself when it has no neighbour. */
export function levelAbove(level: Uint8Array, count: number, hasher: Hasher): Uint8Array<ArrayBuffer> {
  const pairs = count >> 1
  const above = new Uint8Array((pairs + (count & 1)) * H)
  hasher.sha256dMany(level, pairRanges(pairs), above)
  if (count & 1) {
    const last = level.subarray((count - 1) * H, count * H)
    above.set(hasher.sha256d(concatBytes(last, last)), pairs * H)
  }
  return above
}

function hasTwins(level: Uint8Array, count: number): boolean {
  for (let left = 0; left + 2 * H <= count * H; left += 2 * H) {
    let i = 0
    while (i < H && level[left + i] === level[left + H + i]) i++
    if (i === H) return true
  }
  return false
}

/** Start and end of the first pairs of hashes; the same for every level, so made once. */
let knownPairs = new Uint32Array(0)

function pairRanges(pairs: number): Uint32Array {
  if (knownPairs.length < pairs * 2) {
    knownPairs = new Uint32Array(Math.max(pairs, 1024) * 2)
    for (let i = 0; i < knownPairs.length; i += 2) {
      knownPairs[i] = i * H
      knownPairs[i + 1] = (i + 2) * H
    }
  }
  return knownPairs.subarray(0, pairs * 2)
}
