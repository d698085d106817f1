import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** Takes the Bloom filter off again (BIP37). No payload. */
export const filterclear = message('filterclear', {})
export type FilterClear = Decoded<typeof filterclear>
