import { type Decoded, i64 } from './codec.ts'
import { message } from './message.ts'

/** No transactions below this fee rate, please (BIP133). Satoshi per 1,000 virtual bytes, not range-checked. */
export const feefilter = message('feefilter', { feeRate: i64 })
export type FeeFilter = Decoded<typeof feefilter>
