import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** Ends this side's part of the handshake. No payload. */
export const verack = message('verack', {})
export type Verack = Decoded<typeof verack>
