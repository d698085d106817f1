import { type Decoded, list, struct } from './codec.ts'
import { blockHeader } from './header.ts'
import { transaction } from './transaction.ts'

/** Most bytes of a serialized block, and of any message. */
export const MAX_BLOCK_SIZE = 4_000_000
/** No transaction is shorter than 10 bytes. */
const MAX_TRANSACTIONS = MAX_BLOCK_SIZE / 10

/** A whole block as objects, for tools and tests. `chain/digest.ts` reads blocks in bulk. */
export const block = struct({ header: blockHeader, transactions: list(transaction, MAX_TRANSACTIONS) })
export type Block = Decoded<typeof block>
