import { type Decoded, rest } from './codec.ts'
import { message } from './message.ts'

/** A transaction, its bytes unread: `parseTransaction` is for those who care. */
export const tx = message('tx', { bytes: rest })
export type Tx = Decoded<typeof tx>
