import { type Decoded, hash32, u8, u32 } from './codec.ts'
import { message } from './message.ts'

/** Asks for the filter hashes of the blocks from a height up to a hash (BIP157). */
export const getcfheaders = message('getcfheaders', { filterType: u8, startHeight: u32, stopHash: hash32 })
export type GetCFHeaders = Decoded<typeof getcfheaders>
