import { MAX_PARAMETERS, type SqlPort, type SqlValue } from './sql.ts'

/**
 * Deletes the rows with `count` keys, as many as fit one statement at a time. `key` names columns that an index of the
 * table begins with, so that each row is found without a search; `give` is called once a key, in order, and pushes a
 * value for each of them. Keys in the order of the index visit each of its pages once.
 */
export function multiDelete(
  port: SqlPort,
  table: string,
  key: readonly string[],
  count: number,
  give: (row: number, values: SqlValue[]) => void,
): void {
  const atOnce = Math.floor(MAX_PARAMETERS / key.length)
  const query = `DELETE FROM ${table} WHERE ${isOneOf(key, atOnce)}`
  for (let row = 0; row < count; ) {
    const values: SqlValue[] = []
    // The last statement names its first key until it is full: one text, prepared once.
    const first = row
    for (let n = 0; n < atOnce; n++) give(row < count ? row++ : first, values)
    port.sql.exec(query, ...values)
  }
}

/** A list of values is twice as fast as rows of one value. */
function isOneOf(key: readonly string[], count: number): string {
  if (key.length === 1) return `${key[0]} IN (${Array(count).fill('?').join(', ')})`
  const row = `(${Array(key.length).fill('?').join(', ')})`
  return `(${key.join(', ')}) IN (VALUES ${Array(count).fill(row).join(', ')})`
}
