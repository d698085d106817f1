import { type Decoded, hash32, list, u8 } from './codec.ts'
import { MAX_PAYLOAD } from './frame.ts'
import { message } from './message.ts'

/** As many as fit in a message: the chain has no limit of its own. */
const MAX_CHECKPOINTS = Math.floor(MAX_PAYLOAD / 32)

/** The filter headers at heights 1000, 2000, … (BIP157). */
export const cfcheckpt = message('cfcheckpt', {
  filterType: u8,
  stopHash: hash32,
  filterHeaders: list(hash32, MAX_CHECKPOINTS),
})
export type CFCheckpt = Decoded<typeof cfcheckpt>
