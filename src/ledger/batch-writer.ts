import { SqlHeaderStore } from '../store/header-store.ts'
import { isSelect, type SqlCursor, type SqlPort, type SqlValue } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { type BatchRows, writeRows } from './batch-rows.ts'
import { writeCoinsHeight } from './coin-table.ts'

/** A batch that is written elsewhere: all that its transaction does. */
export interface HandedBatch {
  rows: BatchRows
  /** The whole new status of headers. */
  statuses: readonly { id: number; status: number }[]
  /** To be written as the height as of which `coin` is. */
  coinsHeight: number | undefined
}

/** Writes batches beside the one who makes them, one after the other, and none after one that could not be written. */
export interface BatchWriter {
  /** Batches whose blocks have fewer bytes than this, what is made of them included, cost more to hand over than to write. */
  readonly leastBytes: number
  /** Batches that it has and has not written. */
  readonly begun: number
  /** Takes a batch; its buffers are the writer's from now on. */
  begin(batch: HandedBatch): void
  /** Returns when all that it has is written. */
  wait(): void
  /**
   * What came of the oldest batch that was not asked about, once it is written; `undefined` before. Ids of blocks that turned
   * out to be damaged. Throws what stopped it.
   */
  poll(): ReadonlySet<number> | undefined
  /** The same, but waits for it. */
  settle(): ReadonlySet<number>
}

/** What a writer does with a batch: one transaction. Ids of blocks that turned out to be damaged. */
export function writeHanded(sql: SqlPort, hasher: Hasher, batch: HandedBatch): ReadonlySet<number> {
  const { rows, statuses, coinsHeight } = batch
  return sql.transactionSync(() => {
    const damaged = writeRows(sql, hasher, rows)
    new SqlHeaderStore(sql, hasher).apply({ insert: [], status: statuses })
    if (coinsHeight !== undefined) writeCoinsHeight(sql, coinsHeight)
    return damaged
  })
}

/** The same database; who writes to it waits for what a writer is writing. */
export function behindWriter(port: SqlPort, writer: BatchWriter): SqlPort {
  return {
    sql: {
      exec<T>(query: string, ...bindings: SqlValue[]): SqlCursor<T> {
        if (writer.begun > 0 && !isSelect(query)) writer.wait()
        return port.sql.exec<T>(query, ...bindings)
      },
      get databaseSize() {
        return port.sql.databaseSize
      },
    },
    ...(port.run && {
      run(query, bindings) {
        writer.wait()
        return port.run!(query, bindings)
      },
    }),
    transactionSync: (fn) => {
      writer.wait()
      return port.transactionSync(fn)
    },
  }
}
