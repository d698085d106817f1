import { block } from './block.ts'
import { decode } from './codec.ts'
import { HEADER_SIZE } from './header.ts'
import { rawTransaction } from './raw-transaction.ts'
import { Reader } from './reader.ts'
import { transactionNoWitness } from './transaction.ts'
import { Writer } from './writer.ts'

/** The raw transactions of a raw block, in order: views of its bytes. Throws WireError. */
export function* transactionsOf(bytes: Uint8Array): Iterable<Uint8Array> {
  const r = new Reader(bytes)
  r.skip(HEADER_SIZE)
  const count = r.compactSize()
  for (let i = 0; i < count; i++) yield rawTransaction.read(r)
}

/** The block as it was sent before BIP144. Throws WireError. */
export function stripWitness(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { transactions } = decode(block, bytes)
  const w = new Writer()
  w.bytes(bytes.subarray(0, HEADER_SIZE))
  w.compactSize(transactions.length)
  for (const tx of transactions) transactionNoWitness.write(w, tx)
  return w.finish()
}
