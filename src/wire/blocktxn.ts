import { type Decoded, hash32, list } from './codec.ts'
import { MAX_COMPACT_TRANSACTIONS } from './differential.ts'
import { message } from './message.ts'
import { rawTransaction } from './raw-transaction.ts'

/** The transactions that a `getblocktxn` asked for, in its order, each as its bytes (BIP152). */
export const blocktxn = message('blocktxn', {
  blockHash: hash32,
  transactions: list(rawTransaction, MAX_COMPACT_TRANSACTIONS),
})
export type BlockTxn = Decoded<typeof blocktxn>
