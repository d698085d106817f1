import type { SqlCursor, SqlPort, SqlValue } from '../store/sql.ts'
import type { Meter } from './meter.ts'

/**
 * The same database, whose statements and rows the meter counts: as many rows as the cursor says, and where it says
 * nothing, those that it gives.
 */
export function meteredSql(port: SqlPort, { counts }: Meter): SqlPort {
  return {
    sql: {
      exec<T>(query: string, ...bindings: SqlValue[]): SqlCursor<T> {
        counts.statements++
        return new MeteredCursor(port.sql.exec<T>(query, ...bindings), counts)
      },
      get databaseSize() {
        return port.sql.databaseSize
      },
    },
    ...(port.run && {
      run(query, bindings) {
        const changed = port.run!(query, bindings)
        counts.statements++
        counts.rowsWritten += changed
        return changed
      },
    }),
    transactionSync: (fn) => port.transactionSync(fn),
  }
}

class MeteredCursor<T> implements SqlCursor<T> {
  readonly #cursor: SqlCursor<T>
  readonly #counts: Meter['counts']
  /** Counted so far. */
  #read = 0
  #written = 0

  constructor(cursor: SqlCursor<T>, counts: Meter['counts']) {
    this.#cursor = cursor
    this.#counts = counts
    this.#count(0)
  }

  get rowsRead(): number | undefined {
    return this.#cursor.rowsRead
  }

  get rowsWritten(): number | undefined {
    return this.#cursor.rowsWritten
  }

  toArray(): T[] {
    const rows = this.#cursor.toArray()
    this.#count(rows.length)
    return rows
  }

  one(): T {
    try {
      return this.#cursor.one()
    } finally {
      this.#count(1)
    }
  }

  raw() {
    const raw = this.#cursor.raw()
    return {
      toArray: (): unknown[][] => {
        const rows = raw.toArray()
        this.#count(rows.length)
        return rows
      },
      [Symbol.iterator]: (): Iterator<unknown[]> => this.#each(raw),
    }
  }

  next() {
    const next = this.#cursor.next()
    this.#count(next.done ? 0 : 1)
    return next
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#each(this.#cursor)
  }

  *#each<R>(rows: { [Symbol.iterator](): Iterator<R> }): Generator<R, undefined> {
    let given = 0
    try {
      for (const row of rows) {
        given++
        yield row
      }
    } finally {
      this.#count(given)
    }
  }

  #count(given: number): void {
    const { rowsRead, rowsWritten = 0 } = this.#cursor
    const read = rowsRead ?? this.#read + given
    this.#counts.rowsRead += read - this.#read
    this.#counts.rowsWritten += rowsWritten - this.#written
    this.#read = read
    this.#written = rowsWritten
  }
}
