import { type Decoded, u64 } from './codec.ts'
import { message } from './message.ts'

/** The answer to a `ping`, with its nonce (BIP31). */
export const pong = message('pong', { nonce: u64 })
export type Pong = Decoded<typeof pong>
