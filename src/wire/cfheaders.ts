import { type Decoded, hash32, list, u8 } from './codec.ts'
import { message } from './message.ts'

/** Most filter hashes in one message. */
export const MAX_CFHEADERS = 2000

/** Filter hashes, oldest first, and the filter header before the first of them (BIP157). */
export const cfheaders = message('cfheaders', {
  filterType: u8,
  stopHash: hash32,
  previousHeader: hash32,
  filterHashes: list(hash32, MAX_CFHEADERS),
})
export type CFHeaders = Decoded<typeof cfheaders>
