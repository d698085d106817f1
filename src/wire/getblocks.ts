import type { Decoded } from './codec.ts'
import { locatorFields } from './locator.ts'
import { message } from './message.ts'

/** As `getheaders`, answered by an `inv` of up to 500 blocks. What peers used before headers came first. */
export const getblocks = message('getblocks', locatorFields)
export type GetBlocks = Decoded<typeof getblocks>
