import { type Decoded, hash32, u8 } from './codec.ts'
import { message } from './message.ts'

/** Asks for every thousandth filter header up to a hash (BIP157). */
export const getcfcheckpt = message('getcfcheckpt', { filterType: u8, stopHash: hash32 })
export type GetCFCheckpt = Decoded<typeof getcfcheckpt>
