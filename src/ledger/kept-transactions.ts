import type { Millis } from '../peer/ports.ts'
import { multiInsert } from '../store/multi-insert.ts'
import { blob, type SqlPort } from '../store/sql.ts'

export interface KeptTx {
  id: number
  raw: Uint8Array<ArrayBuffer>
  /** When it was first seen. */
  seen: Millis
}

/** Rows looked at for one slice. */
const ROWS_AT_ONCE = 500
/** Most parameters of a statement in a Durable Object. */
const DELETED_AT_ONCE = 100

/**
 * The mempool's transactions in the store, so that they outlive the process. What comes and goes is written when `flush`
 * says so; what came and left between two of those was never there.
 */
export class KeptTransactions {
  readonly #sql: SqlPort
  /** By txid as a key: those that have a row, or will have one. */
  readonly #ids = new Map<string, number>()
  readonly #added = new Map<string, KeptTx>()
  readonly #deleted: number[] = []
  #nextId: number

  constructor(sql: SqlPort) {
    this.#sql = sql
    this.#nextId = sql.sql.exec<{ last: number | null }>('SELECT MAX(id) AS last FROM mempool').one().last ?? 0
    this.#nextId++
  }

  /** Rows have smaller ids. */
  get nextId(): number {
    return this.#nextId
  }

  /** Something is to be written. */
  get isDirty(): boolean {
    return this.#added.size + this.#deleted.length > 0
  }

  /** Stored rows from id `from` to before `end`, in order: about `bytes` of them, one at least; none where there are none. */
  read(from: number, end: number, bytes: number): KeptTx[] {
    const sizes = this.#sql.sql
      .exec<{ id: number; size: number }>(
        'SELECT id, length(tx) AS size FROM mempool WHERE id >= ? AND id < ? ORDER BY id LIMIT ?',
        from,
        end,
        ROWS_AT_ONCE,
      )
      .toArray()
    let total = 0
    let count = 0
    while (count < sizes.length && total < bytes) total += sizes[count++]!.size
    if (count === 0) return []
    return this.#sql.sql
      .exec<{ id: number; seen: number; tx: unknown }>(
        'SELECT id, seen, tx FROM mempool WHERE id >= ? AND id <= ? ORDER BY id',
        from,
        sizes[count - 1]!.id,
      )
      .toArray()
      .map(({ id, seen, tx }) => ({ id, seen, raw: blob(tx) }))
  }

  has(key: string): boolean {
    return this.#ids.has(key)
  }

  /** The row with this id is that of a transaction which is in the mempool again. */
  adopt(key: string, id: number): void {
    this.#ids.set(key, id)
  }

  add(key: string, raw: Uint8Array<ArrayBuffer>, seen: Millis): void {
    if (this.#ids.has(key)) return
    const id = this.#nextId++
    this.#ids.set(key, id)
    this.#added.set(key, { id, raw, seen })
  }

  remove(key: string): void {
    const id = this.#ids.get(key)
    if (id === undefined) return
    this.#ids.delete(key)
    if (!this.#added.delete(key)) this.#deleted.push(id)
  }

  /** Drops a row that belongs to nothing. */
  drop(id: number): void {
    this.#deleted.push(id)
  }

  /** Writes what has changed, in one transaction. */
  flush(): void {
    if (!this.isDirty) return
    const added = [...this.#added.values()]
    this.#sql.transactionSync(() => {
      for (let at = 0; at < this.#deleted.length; at += DELETED_AT_ONCE) {
        const ids = this.#deleted.slice(at, at + DELETED_AT_ONCE)
        this.#sql.sql.exec(`DELETE FROM mempool WHERE id IN (${ids.map(() => '?').join(', ')})`, ...ids)
      }
      multiInsert(this.#sql, 'mempool (id, seen, tx)', 3, added.length, (i, values) => {
        const { id, seen, raw } = added[i]!
        values.push(id, seen, raw)
      })
    })
    this.#added.clear()
    this.#deleted.length = 0
  }
}
