import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** Transactions are announced by wtxid from now on (BIP339). Between `version` and `verack` only. No payload. */
export const wtxidrelay = message('wtxidrelay', {})
export type WtxidRelay = Decoded<typeof wtxidrelay>
