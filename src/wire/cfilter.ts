import { MAX_BLOCK_SIZE } from './block.ts'
import { type Decoded, hash32, u8, varBytes } from './codec.ts'
import { message } from './message.ts'

/** The filter of one block, element count included (BIP157, BIP158). */
export const cfilter = message('cfilter', { filterType: u8, blockHash: hash32, filter: varBytes(MAX_BLOCK_SIZE) })
export type CFilter = Decoded<typeof cfilter>
