import { type Decoded, varBytes } from './codec.ts'
import { message } from './message.ts'

/** Adds one element, no longer than a script's, to the Bloom filter (BIP37). */
export const filteradd = message('filteradd', { data: varBytes(520) })
export type FilterAdd = Decoded<typeof filteradd>
