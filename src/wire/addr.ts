import { type Decoded, list, struct, u16be, u32, u64 } from './codec.ts'
import { message } from './message.ts'
import { ipAddress } from './net-address.ts'

/** Most entries in one `addr` or `addrv2`. */
export const MAX_ADDRESSES = 1000

/** `time`: Unix seconds of when the peer was last heard of. */
const timedAddress = struct({ time: u32, services: u64, address: ipAddress, port: u16be })
export type TimedAddress = Decoded<typeof timedAddress>

/** Addresses of peers, in the form that knows only IP. */
export const addr = message('addr', { addresses: list(timedAddress, MAX_ADDRESSES) })
export type Addr = Decoded<typeof addr>
