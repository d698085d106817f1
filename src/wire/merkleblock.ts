import { atMost, type Decoded, hash32, list, u32, varBytes } from './codec.ts'
import { rawHeader } from './header.ts'
import { message } from './message.ts'

/** A block of 4,000,000 weight units holds no more transactions of the least weight, 240. */
export const MAX_MERKLE_TRANSACTIONS = 16_666
/** A bit for each node of a tree over that many leaves. */
const MAX_FLAG_BYTES = 4200

/** A header and the part of its merkle tree that proves the matched transactions (BIP37). */
export const merkleblock = message('merkleblock', {
  header: rawHeader,
  transactionCount: atMost(u32, MAX_MERKLE_TRANSACTIONS),
  /** In depth-first order. */
  hashes: list(hash32, MAX_MERKLE_TRANSACTIONS),
  /** In depth-first order, least significant bit first. */
  flags: varBytes(MAX_FLAG_BYTES),
})
export type MerkleBlock = Decoded<typeof merkleblock>
