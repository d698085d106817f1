import { type Decoded, hash32, list, struct, u32 } from './codec.ts'

const WITNESS_FLAG = 1 << 30

/** What a hash names, in `inv`, `getdata` and `notfound`. */
export const InvType = {
  TX: 1,
  BLOCK: 2,
  FILTERED_BLOCK: 3, // BIP37
  CMPCT_BLOCK: 4, // BIP152
  WTX: 5, // BIP339
  WITNESS_FLAG, // BIP144
  WITNESS_TX: 1 | WITNESS_FLAG,
  WITNESS_BLOCK: 2 | WITNESS_FLAG,
} as const

/** Types nobody knows pass through: peers may know more than we do. */
export const inventory = struct({ type: u32, hash: hash32 })
export type Inventory = Decoded<typeof inventory>

/** Most entries in one `inv`, `getdata` or `notfound`. */
export const MAX_INVENTORY = 50_000

export const inventoryList = list(inventory, MAX_INVENTORY)
