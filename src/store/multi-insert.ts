import { MAX_PARAMETERS, type SqlPort, type SqlValue } from './sql.ts'

/** Rows per statement: more gain nothing. */
const ROWS = 16

/**
 * Inserts `count` rows with as few statements as pays off. `target` is the table and its columns as in
 * `tx (prefix48, tx_num)`; `give` is called once a row, in order, and pushes its `columns` values.
 */
export function multiInsert(
  port: SqlPort,
  target: string,
  columns: number,
  count: number,
  give: (row: number, values: SqlValue[]) => void,
  verb: 'INSERT' | 'INSERT OR REPLACE' = 'INSERT',
): void {
  const rowsAtOnce = Math.min(ROWS, Math.floor(MAX_PARAMETERS / columns))
  const place = `(${Array(columns).fill('?').join(', ')})`
  const one = `${verb} INTO ${target} VALUES ${place}`
  const many = `${verb} INTO ${target} VALUES ${Array(rowsAtOnce).fill(place).join(', ')}`
  let values: SqlValue[] = []
  let row = 0
  while (row < count) {
    const rows = count - row >= rowsAtOnce ? rowsAtOnce : 1
    for (const end = row + rows; row < end; row++) give(row, values)
    const query = rows === 1 ? one : many
    if (port.run) {
      port.run(query, values)
      values.length = 0
    } else {
      port.sql.exec(query, ...values)
      values = []
    }
  }
}
