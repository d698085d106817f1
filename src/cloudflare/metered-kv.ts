import type { Meter } from '../host/meter.ts'

/** The same keys and values, which are rows to whoever charges for them. */
export function meteredKv(kv: SyncKvStorage, { counts }: Meter): SyncKvStorage {
  return {
    get<T>(key: string): T | undefined {
      counts.rowsRead++
      return kv.get<T>(key)
    },
    put<T>(key: string, value: T): void {
      counts.rowsWritten++
      kv.put(key, value)
    },
    delete(key: string): boolean {
      counts.rowsWritten++
      return kv.delete(key)
    },
    *list<T>(options?: SyncKvListOptions): Generator<[string, T]> {
      for (const entry of kv.list<T>(options)) {
        counts.rowsRead++
        yield entry
      }
    },
  }
}
