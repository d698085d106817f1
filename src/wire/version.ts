import { type Codec, type Decoded, i32, i64, optional, type Reader, u64, varString } from './codec.ts'
import { message } from './message.ts'
import { NO_ADDRESS, netAddress } from './net-address.ts'

/** Our protocol version: the first with `feature` (BIP434). */
export const PROTOCOL_VERSION = 70_017
export const MAX_USER_AGENT = 256

/** One byte, any but 0 is true. */
const flag: Codec<boolean> = { read: (r) => r.u8() !== 0, write: (w, value) => w.u8(value ? 1 : 0) }

const form = message('version', {
  /** Protocol version. */
  version: i32,
  services: u64,
  /** Unix seconds, the sender's clock. */
  timestamp: i64,
  /** The receiver as the sender sees it; all zero from many. */
  addrRecv: netAddress,
  addrFrom: optional(netAddress, NO_ADDRESS),
  /** Equal to one of our own on a connection to ourselves. */
  nonce: optional(u64, 0n),
  /** Sender's text, not fit for display before `printable`. */
  userAgent: optional(varString(MAX_USER_AGENT), ''),
  /** Height of the sender's best block; unknown is −1. */
  startHeight: optional(i32, -1),
  /** Whether the sender wants transactions announced (BIP37). */
  relay: optional(flag, true),
})
export type Version = Decoded<typeof form>

/**
 * The first message of each side. Everything after `addrRecv` was added over the years: a message may end before any
 * of these fields, which then get the values that Bitcoin Core assumes, and a newer peer may add bytes at the end,
 * which are read over. Always written in full.
 */
export const version = {
  ...form,
  read(reader: Reader): Version {
    const value = form.read(reader)
    reader.rest()
    return value
  },
}

/** A user agent that is safe to log and to show: what is not printable ASCII becomes `?`. */
export function printable(userAgent: string): string {
  return userAgent.replace(/[^\x20-\x7e]/g, '?')
}
