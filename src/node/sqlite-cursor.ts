import type { StatementSync } from 'node:sqlite'
import type { SqlCursor, SqlValue } from '../store/sql.ts'

/** A statement as its connection keeps it. */
export interface Prepared {
  readonly statement: StatementSync
  readonly parameters: number
  /** It gives rows, or could. */
  readonly hasRows: boolean
  /** It only reads: it can wait until someone asks for the rows, and in which form. */
  readonly reads: boolean
  /** It may change rows. */
  readonly writes: boolean
  /** Someone steps through its rows, which another use of it would end. */
  busy: boolean
}

/** A SELECT that has not run yet. */
export interface Pending {
  readonly query: string
  readonly bindings: SqlValue[]
  /** The state of the connection when it was made. */
  readonly epoch: number
  readonly connection: {
    /** A statement of that text that nobody steps through; throws when something was written since. */
    reading(pending: Pending): Prepared
    /** What to throw for an error of SQLite's. */
    explain(error: unknown): unknown
  }
}

const NO_RAW_ROWS = { toArray: (): unknown[][] => [], [Symbol.iterator]: () => [][Symbol.iterator]() }

/** What a statement without rows gives. */
export class NoRows implements SqlCursor<never> {
  readonly rowsWritten: number

  constructor(rowsWritten: number) {
    this.rowsWritten = rowsWritten
  }

  toArray(): never[] {
    return []
  }

  one(): never {
    return only([])
  }

  raw() {
    return NO_RAW_ROWS
  }

  next(): { done: true } {
    return { done: true }
  }

  [Symbol.iterator](): Iterator<never> {
    return [][Symbol.iterator]()
  }
}

/**
 * Rows that are already here, or a SELECT that runs when it is first read: all at once for `toArray`, `one` and `next`,
 * step by step for a loop. A loop that is left early closes the SELECT, so that no read outlives it.
 */
export class Rows<T> implements SqlCursor<T> {
  #pending: Pending | undefined
  #names: string[] = []
  #rest: Iterator<unknown[], undefined> = [][Symbol.iterator]()

  constructor(source: Pending | { names: string[]; rows: unknown[][] }) {
    if ('rows' in source) this.#keep(source.names, source.rows)
    else this.#pending = source
  }

  toArray(): T[] {
    const pending = this.#take()
    if (pending) return all(pending, false) as T[]
    return remaining(this.#rest).map((row) => this.#named(row))
  }

  one(): T {
    return only(this.toArray())
  }

  raw() {
    return {
      toArray: (): unknown[][] => {
        const pending = this.#take()
        return pending ? (all(pending, true) as unknown[][]) : remaining(this.#rest)
      },
      [Symbol.iterator]: (): Iterator<unknown[]> => {
        const pending = this.#take()
        return pending ? (each(pending, true) as Iterator<unknown[]>) : this.#rest
      },
    }
  }

  next(): { done?: false; value: T } | { done: true; value?: undefined } {
    const pending = this.#take()
    if (pending) {
      const rows = all(pending, true) as unknown[][]
      this.#keep(namesOf(pending.connection.reading(pending)), rows)
    }
    const row = this.#rest.next()
    return row.done ? { done: true } : { value: this.#named(row.value) }
  }

  [Symbol.iterator](): Iterator<T> {
    const pending = this.#take()
    return pending ? (each(pending, false) as Iterator<T>) : this.toArray()[Symbol.iterator]()
  }

  #take(): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }

  #keep(names: string[], rows: unknown[][]): void {
    this.#names = names
    this.#rest = rows[Symbol.iterator]()
  }

  #named(row: unknown[]): T {
    return Object.fromEntries(this.#names.map((name, i) => [name, row[i]])) as T
  }
}

/** The names of the columns that the statement gives. */
export function namesOf({ statement }: Prepared): string[] {
  return statement.columns().map((column) => column.name)
}

function all(pending: Pending, arrays: boolean): unknown[] {
  const { statement } = pending.connection.reading(pending)
  try {
    statement.setReturnArrays(arrays)
    return statement.all(...pending.bindings)
  } catch (error) {
    throw pending.connection.explain(error)
  }
}

function* each(pending: Pending, arrays: boolean): Generator<unknown> {
  const prepared = pending.connection.reading(pending)
  prepared.busy = true
  try {
    prepared.statement.setReturnArrays(arrays)
    yield* prepared.statement.iterate(...pending.bindings)
  } catch (error) {
    throw pending.connection.explain(error)
  } finally {
    prepared.busy = false
  }
}

function remaining<R>(rest: Iterator<R, undefined>): R[] {
  const rows: R[] = []
  for (let row = rest.next(); !row.done; row = rest.next()) rows.push(row.value)
  return rows
}

function only<T>(rows: T[]): T {
  if (rows.length !== 1) throw new Error(`one row was expected, not ${rows.length}`)
  return rows[0] as T
}
