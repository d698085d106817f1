import { type Decoded, list, type Reader, u48, u64 } from './codec.ts'
import { differential, MAX_COMPACT_TRANSACTIONS, type Placed } from './differential.ts'
import { WireError } from './error.ts'
import { rawHeader } from './header.ts'
import { message } from './message.ts'
import { rawTransaction } from './raw-transaction.ts'

/** A transaction sent along because the receiver cannot have it: the coinbase at least. */
export interface PrefilledTransaction {
  /** Its place in the block. */
  index: number
  /** Its whole form, checked but not parsed. */
  bytes: Uint8Array
}

const prefilled: Placed<PrefilledTransaction> = {
  index: (item) => item.index,
  read: (r, index) => ({ index, bytes: rawTransaction.read(r) }),
  write: (w, item) => rawTransaction.write(w, item.bytes),
}

const form = message('cmpctblock', {
  header: rawHeader,
  nonce: u64,
  /** SipHash-2-4 of each other transaction's wtxid, cut to 48 bits, in block order. */
  shortIds: list(u48, MAX_COMPACT_TRANSACTIONS),
  prefilled: differential(prefilled),
})
export type CmpctBlock = Decoded<typeof form>

/** A block as its header and short ids of its transactions (BIP152). Every index read is inside the block. */
export const cmpctblock = {
  ...form,
  read(reader: Reader): CmpctBlock {
    const block = form.read(reader)
    const count = block.shortIds.length + block.prefilled.length
    if (count === 0 || count > MAX_COMPACT_TRANSACTIONS) throw new WireError('bad-value', `${count} transactions`)
    const last = block.prefilled.at(-1)
    if (last && last.index >= count) throw new WireError('bad-value', `transaction ${last.index} of ${count}`)
    return block
  },
}
