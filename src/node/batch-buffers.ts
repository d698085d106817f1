import type { HandedBatch } from '../ledger/batch-writer.ts'
import { TRANSFER_FROM } from './transfers.ts'

/** The large buffers of a batch, each once: those that go with it to another thread. */
export function buffersOf({ rows }: HandedBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  const add = (...arrays: readonly ArrayBufferView[]) => {
    for (const { buffer } of arrays) {
      if (buffer instanceof ArrayBuffer && buffer.byteLength >= TRANSFER_FROM) buffers.add(buffer)
    }
  }
  for (const { bytes } of rows.bodies) add(bytes)
  for (const { prevouts, offsets, touches } of rows.connected) {
    const { bytes, digest, spentPrefix, spentVout } = touches
    const { inputStart, outputStart, value, scriptPrefix, scriptAt, scriptLength } = digest
    add(prevouts, offsets, bytes, spentPrefix, spentVout)
    add(inputStart, outputStart, value, scriptPrefix, scriptAt, scriptLength)
  }
  for (const { columns } of Object.values(rows.inserts)) add(...columns)
  add(rows.touched)
  return [...buffers]
}
