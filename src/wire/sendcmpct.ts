import { bool, type Decoded, u64 } from './codec.ts'
import { message } from './message.ts'

/** The version of compact blocks in use (short ids over wtxids). Others are offered by peers and can be ignored. */
export const COMPACT_VERSION = 2n

/** Offers compact blocks (BIP152). `announce`: new blocks as `cmpctblock` at once, please. */
export const sendcmpct = message('sendcmpct', { announce: bool, version: u64 })
export type SendCmpct = Decoded<typeof sendcmpct>
