import { bytes, type Decoded, struct, u16be, u64 } from './codec.ts'

/** 16 bytes: IPv6, or IPv4 as ::ffff:a.b.c.d. */
export const ipAddress = bytes(16)

/** A peer's address as `version` and `addr` write it. */
export const netAddress = struct({ services: u64, address: ipAddress, port: u16be })
export type NetAddress = Decoded<typeof netAddress>

/** What a peer writes that tells nothing: all zero. */
export const NO_ADDRESS: NetAddress = { services: 0n, address: new Uint8Array(16), port: 0 }
