import type { SqlPort } from '../store/sql.ts'

/** An object's storage is the port. Its types know no `toArray` on what `raw()` gives; the runtime does. */
export function sqlPort(storage: DurableObjectStorage): SqlPort {
  return storage as unknown as SqlPort
}
