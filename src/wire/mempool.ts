import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** Asks for the inventory of the whole mempool (BIP35). Needs the BLOOM service. No payload. */
export const mempool = message('mempool', {})
export type Mempool = Decoded<typeof mempool>
