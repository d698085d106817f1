import { atMost, type Decoded, u8, u32, varBytes } from './codec.ts'
import { message } from './message.ts'

export const MAX_FILTER_SIZE = 36_000
export const MAX_HASH_FUNCTIONS = 50

/** Puts a Bloom filter on what the sender is told of (BIP37). */
export const filterload = message('filterload', {
  filter: varBytes(MAX_FILTER_SIZE),
  hashFunctions: atMost(u32, MAX_HASH_FUNCTIONS),
  tweak: u32,
  flags: u8,
})
export type FilterLoad = Decoded<typeof filterload>
