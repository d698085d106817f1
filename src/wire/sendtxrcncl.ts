import { type Decoded, u32, u64 } from './codec.ts'
import { message } from './message.ts'

/** Offers transaction reconciliation (BIP330, a draft). Read only. */
export const sendtxrcncl = message('sendtxrcncl', { version: u32, salt: u64 })
export type SendTxRcncl = Decoded<typeof sendtxrcncl>
