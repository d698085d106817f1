import { type Decoded, hash32 } from './codec.ts'
import { differential, type Placed } from './differential.ts'
import { message } from './message.ts'

const place: Placed<number> = { index: (index) => index, read: (_, index) => index, write: () => {} }

/** Asks for transactions of a block by their places in it, in rising order (BIP152). */
export const getblocktxn = message('getblocktxn', { blockHash: hash32, indexes: differential(place) })
export type GetBlockTxn = Decoded<typeof getblocktxn>
