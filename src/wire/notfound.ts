import type { Decoded } from './codec.ts'
import { inventoryList } from './inventory.ts'
import { message } from './message.ts'

/** What of a `getdata` will not come. Sent for transactions, never for blocks. */
export const notfound = message('notfound', { items: inventoryList })
export type NotFound = Decoded<typeof notfound>
