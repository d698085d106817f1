import type { DatabaseSync } from 'node:sqlite'

/** Rows of one table, column by column: numbers, or bytes. */
export interface RowList {
  /** The table and its columns, as after INSERT INTO. */
  into: string
  columns: (Float64Array | Uint8Array[])[]
  count: number
}

/** One transaction of the floor. */
export interface FloorBatch {
  /** How many blocks are read, hashed and stored in it. */
  blocks: number
  lists: RowList[]
}

/** What one block needs besides its bytes. */
export interface FloorBlock {
  /** Of the first body part; the others follow. */
  partId: number
  /** `check48` of each part. */
  checks: Float64Array
  /** For each transaction where it begins and where its witness does (0 where it has none). */
  txStart: Uint32Array
  witnessStart: Uint32Array
}

/** All that the floor is given before its clock starts. */
export interface FloorPlan {
  chain: string
  batches: FloorBatch[]
  blocks: FloorBlock[]
  /** The txid of the last transaction, to see that the hashing was real. */
  lastTxid: Uint8Array
}

/** The rows that a query gives, in its order. */
export function rowsOf(db: DatabaseSync, table: string, columns: readonly string[], rest: string): RowList {
  const statement = db.prepare(`SELECT ${columns.join(', ')} FROM ${table} ${rest}`)
  statement.setReturnArrays(true)
  const rows = statement.all() as unknown as (number | Uint8Array | null)[][]
  return {
    into: `${table} (${columns.join(', ')})`,
    count: rows.length,
    columns: columns.map((_, column) => {
      const isBytes = rows.some((row) => row[column] instanceof Uint8Array)
      return isBytes
        ? rows.map((row) => row[column] as Uint8Array)
        : Float64Array.from(rows, (row) => row[column] as number)
    }),
  }
}
