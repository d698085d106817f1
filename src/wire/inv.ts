import type { Decoded } from './codec.ts'
import { inventoryList } from './inventory.ts'
import { message } from './message.ts'

/** Announces transactions or blocks by their hashes. */
export const inv = message('inv', { items: inventoryList })
export type Inv = Decoded<typeof inv>
