import { concatBytes, equalBytes, type Hasher, nobleHasher, sha256d } from '../wire/hash.ts'
import { MAX_MERKLE_TRANSACTIONS } from '../wire/merkleblock.ts'
import { levelAbove } from './merkle.ts'

/** The part of a block's merkle tree that proves some of its transactions (BIP 37): the body of a `merkleblock`. */
export interface PartialMerkleTree {
  transactionCount: number
  /** Depth first, left before right. */
  hashes: Uint8Array[]
  /** One bit for each node visited, least significant bit first: whether it is, or is above, a match. */
  flags: Uint8Array
}

export interface PartialMerkleProof {
  root: Uint8Array
  matches: { index: number; txid: Uint8Array }[]
}

/** Proves the transactions at `matches`; `txids` are n * 32 bytes. */
export function buildPartialMerkle(
  txids: Uint8Array,
  matches: ReadonlySet<number>,
  hasher: Hasher = nobleHasher,
): PartialMerkleTree {
  const transactionCount = txids.length / 32
  const levels = [txids]
  const matched = [matches]
  for (let count = transactionCount; count > 1; count = (count + 1) >> 1) {
    levels.push(levelAbove(levels.at(-1)!, count, hasher))
    matched.push(new Set([...matched.at(-1)!].map((index) => index >> 1)))
  }
  const hashes: Uint8Array[] = []
  const bits: boolean[] = []
  const visit = (height: number, index: number): void => {
    const isParentOfMatch = matched[height]!.has(index)
    bits.push(isParentOfMatch)
    if (height === 0 || !isParentOfMatch) {
      hashes.push(levels[height]!.slice(index * 32, index * 32 + 32))
      return
    }
    visit(height - 1, 2 * index)
    if ((2 * index + 1) * 32 < levels[height - 1]!.length) visit(height - 1, 2 * index + 1)
  }
  if (transactionCount > 0) visit(levels.length - 1, 0)
  const flags = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [i, bit] of bits.entries()) if (bit) flags[i >> 3]! |= 1 << (i & 7)
  return { transactionCount, hashes, flags }
}

/**
 * What a partial tree proves, if its root is that of a header with work; undefined when it is malformed: more
 * transactions than a block holds, hashes or bits missing or left over, or two equal neighbours, which would let one
 * transaction be shown in two places.
 */
export function readPartialMerkle(tree: PartialMerkleTree): PartialMerkleProof | undefined {
  const { transactionCount, hashes, flags } = tree
  if (transactionCount === 0 || transactionCount > MAX_MERKLE_TRANSACTIONS) return undefined
  if (hashes.length > transactionCount || flags.length * 8 < hashes.length) return undefined
  const matches: PartialMerkleProof['matches'] = []
  let bitsUsed = 0
  let hashesUsed = 0
  const widthAt = (height: number) => Math.ceil(transactionCount / 2 ** height)
  const visit = (height: number, index: number): Uint8Array | undefined => {
    if (bitsUsed >= flags.length * 8) return undefined
    const isParentOfMatch = (flags[bitsUsed >> 3]! >> (bitsUsed & 7)) & 1
    bitsUsed++
    if (height === 0 || !isParentOfMatch) {
      const hash = hashes[hashesUsed++]
      if (height === 0 && isParentOfMatch && hash) matches.push({ index, txid: hash })
      return hash
    }
    const left = visit(height - 1, 2 * index)
    if (!left) return undefined
    if (2 * index + 1 >= widthAt(height - 1)) return sha256d(concatBytes(left, left))
    const right = visit(height - 1, 2 * index + 1)
    if (!right || equalBytes(left, right)) return undefined
    return sha256d(concatBytes(left, right))
  }
  const root = visit(Math.ceil(Math.log2(transactionCount)), 0)
  if (!root || hashesUsed !== hashes.length || Math.ceil(bitsUsed / 8) !== flags.length) return undefined
  return { root, matches }
}
