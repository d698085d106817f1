import { type Decoded, u64 } from './codec.ts'
import { message } from './message.ts'

/** Asks for a `pong` with the same nonce (BIP31). */
export const ping = message('ping', { nonce: u64 })
export type Ping = Decoded<typeof ping>
