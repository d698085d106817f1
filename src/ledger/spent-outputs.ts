import { Reader, Writer } from '../wire/codec.ts'
import type { TxOffsets } from './offsets.ts'
import { PREVOUT_OUTPUT_AT, prevoutColumns } from './prevouts.ts'

/**
 * What a block spends, as Bitcoin Core serializes it: compactSize of the transactions, of each the compactSize of its
 * inputs (0 for the coinbase) and of each input the output as on the wire. Made of the block's prevouts, of which each
 * entry is such an output behind a number. `undefined` when the two do not belong together: a damaged store.
 */
export function spentOutputs(offsets: TxOffsets, prevouts: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const spent = prevoutColumns(prevouts)
  if (!spent) return undefined
  const count = spent.txNum.length
  const writer = new Writer(prevouts.length + 9 * offsets.count)
  writer.compactSize(offsets.count)
  writer.compactSize(0)
  const endOf = (i: number) => spent.scriptAt[i]! + spent.scriptLength[i]!
  let at = 0
  for (let tx = 1, first = 0; tx < offsets.count; tx++) {
    const end = tx + 1 < offsets.count ? offsets.prevoutsAt(tx + 1) : prevouts.length
    let next = first
    while (next < count && endOf(next) <= end) next++
    writer.compactSize(next - first)
    for (let i = first; i < next; i++) {
      writer.bytes(prevouts.subarray(at + PREVOUT_OUTPUT_AT, endOf(i)))
      at = endOf(i)
    }
    if (at !== end) return undefined
    first = next
  }
  return at === prevouts.length ? writer.finish() : undefined
}

/** What `spentOutputs` has written: of each transaction what its inputs spend. Scripts are views. */
export function* readSpentOutputs(bytes: Uint8Array): Iterable<{ value: number; script: Uint8Array }[]> {
  const r = new Reader(bytes)
  const txs = r.compactSize()
  for (let tx = 0; tx < txs; tx++) {
    const inputs = r.compactSize()
    const spent: { value: number; script: Uint8Array }[] = []
    for (let i = 0; i < inputs; i++) spent.push({ value: Number(r.i64()), script: r.bytes(r.compactSize()) })
    yield spent
  }
}
