import type { Decoded } from './codec.ts'
import { inventoryList } from './inventory.ts'
import { message } from './message.ts'

/** Asks for transactions or blocks. */
export const getdata = message('getdata', { items: inventoryList })
export type GetData = Decoded<typeof getdata>
