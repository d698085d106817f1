import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** Asks for addresses; answered once, and only to peers that dialled in. No payload. */
export const getaddr = message('getaddr', {})
export type GetAddr = Decoded<typeof getaddr>
