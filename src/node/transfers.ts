import type { ToHub, ToLedger } from '../peer/queues.ts'

/** Below this many bytes a copy is cheaper than a transfer. */
export const TRANSFER_FROM = 16_384

/** Buffers that change hands with a queue value: large payloads that nobody else looks at. */
export function transfersOf(values: readonly (ToLedger | ToHub)[]): ArrayBuffer[] {
  const transfers = new Set<ArrayBuffer>()
  for (const value of values) {
    if (value.kind !== 'message' && !(value.kind === 'send' && value.command === 'block')) continue
    const { payload } = value
    if (payload.length >= TRANSFER_FROM && payload.byteLength === payload.buffer.byteLength)
      transfers.add(payload.buffer)
  }
  return [...transfers]
}
