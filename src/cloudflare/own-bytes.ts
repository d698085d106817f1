/**
 * The same plain value, in which no array of bytes is a view into a larger buffer: an RPC would carry all of that. Changes
 * the value in place.
 */
export function ownBytes<T>(value: T): T {
  if (value instanceof Uint8Array) return (value.byteLength === value.buffer.byteLength ? value : value.slice()) as T
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const [key, member] of Object.entries(value)) {
    if (typeof member !== 'object') continue
    const owned: unknown = ownBytes(member)
    if (owned !== member) (value as Record<string, unknown>)[key] = owned
  }
  return value
}
