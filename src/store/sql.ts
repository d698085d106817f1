/** What a parameter may be. Bytes come back as an ArrayBuffer in a Durable Object: read them through `blob`. */
export type SqlValue = number | string | null | Uint8Array

/** A Durable Object takes no more in one statement. */
export const MAX_PARAMETERS = 100

/**
 * The rows of one statement, read once, from the front. Read a cursor before the next write: Node runs a SELECT when it
 * is first read, and refuses one that a later write has overtaken. Read what RETURNING gives to its end: an object
 * cannot commit while it is unread.
 */
export interface SqlCursor<T> {
  /** The rows not read yet. Of columns with the same name the last one wins. */
  toArray(): T[]
  /** The only row; throws when there is none or more than one. */
  one(): T
  /** The same rows as arrays in column order. */
  raw(): { toArray(): unknown[][] } & Iterable<unknown[]>
  /** Row by row, without holding them all. */
  [Symbol.iterator](): Iterator<T>
  next(): { done?: false; value: T } | { done: true; value?: undefined }
  /**
   * Rows read and written for it so far. An object counts all that the platform charges for; Node tells only which rows a
   * statement without rows of its own has changed.
   */
  readonly rowsRead?: number | undefined
  readonly rowsWritten?: number | undefined
}

/**
 * SQLite, shaped like a Durable Object's `ctx.storage`, whose limits hold everywhere: one statement per call, at most
 * 100 parameters (plain `?`, as many as values), 100 KB of text, 2 MB in a value.
 *
 * Numbers are bound as REAL and become integers in an INTEGER column of a STRICT table; an integer that is read has to
 * be a safe one. NaN is stored as null. Booleans, bigints and undefined are not values: the runtimes differ on them.
 */
export interface SqlPort {
  sql: {
    /**
     * Runs a statement, at once if it writes. Broken SQL and broken constraints throw a plain Error; for trouble with
     * the file Node throws `StoreError`.
     */
    exec<T>(query: string, ...bindings: SqlValue[]): SqlCursor<T>
    /** Bytes of the database, free pages included. */
    readonly databaseSize: number
  }
  /**
   * Runs a statement that writes and gives no rows, as `exec` does, with all its values in one list: where it is there it is
   * what many statements are best run with. How many rows it has changed.
   */
  run?(query: string, bindings: readonly SqlValue[]): number
  /**
   * Runs `fn` in a transaction: all of it is kept when `fn` returns and none of it when it throws. Nested calls are
   * undone on their own. On a read-only connection it is one snapshot.
   */
  transactionSync<T>(fn: () => T): T
}

const SELECT = /^\s*(select|values)\b/i

/** A statement that only reads, as its first word tells. */
export function isSelect(query: string): boolean {
  return SELECT.test(query)
}

/** A blob column's value as bytes that the reader owns, in either runtime. */
export function blob(value: unknown): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) return value as Uint8Array<ArrayBuffer>
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new Error(`a blob was expected, not ${value === null ? 'null' : typeof value}`)
}
