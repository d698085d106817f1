import { type Decoded, hash32, u8, u32 } from './codec.ts'
import { message } from './message.ts'

/** Most filters one request may ask for. */
export const MAX_CFILTERS = 1000

/** Asks for the filters of the blocks from a height up to a hash (BIP157). */
export const getcfilters = message('getcfilters', { filterType: u8, startHeight: u32, stopHash: hash32 })
export type GetCFilters = Decoded<typeof getcfilters>
