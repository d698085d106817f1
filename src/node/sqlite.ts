import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError, type StoreErrorCode } from '../store/error.ts'
import { isSelect, type SqlCursor, type SqlPort, type SqlValue } from '../store/sql.ts'
import { NoRows, namesOf, type Pending, type Prepared, Rows } from './sqlite-cursor.ts'

export { StoreError } from '../store/error.ts'

export interface SqliteOptions {
  /** Opens an existing file to read only. Readers see what the one writer has committed and never wait for it. */
  readOnly?: boolean
  /** Pages kept in memory, MiB; `WRITER_CACHE_MIB`, and 16 for a reader. */
  cacheMib?: number
  /** How long a statement waits for another process before it is refused as `locked`, ms; 5,000. */
  busyMs?: number
}

/** What a Durable Object refuses is refused here too, so that what passes on Node runs on Workers. */
const LIMITS = { variableNumber: 100, sqlLength: 100_000, length: 2 ** 21, functionArg: 32, likePatternLength: 50 }
/** Transactions are `transactionSync`'s; an object refuses these as well. */
const NOT_OURS = /^\s*(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum)\b/i
const WRITES = /^\s*(insert|update|delete|replace|with)\b/i
/** What may hold a `?` or a `;` that means nothing. */
const QUOTED = /'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|\/\*.*?\*\//gs

/** More makes a first download hardly any faster: the index outgrows it, and the system keeps pages as well. Two connections write. */
export const WRITER_CACHE_MIB = 16
/** Statements kept prepared; the oldest goes first. */
const MAX_PREPARED = 256
/** A sixth quicker to commit than 4,096, and no slower to read. */
const PAGE_SIZE = 8192
const FOR_WRITING = `PRAGMA page_size = ${PAGE_SIZE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  BEGIN IMMEDIATE; ROLLBACK`

/** By SQLite's primary result codes; the others are mistakes of the code that runs the statement. */
const FAILURES: Record<number, [StoreErrorCode, string]> = {
  5: ['locked', 'another process is using it'],
  8: ['read-only', 'it cannot be written to'],
  10: ['io', 'reading or writing failed'],
  11: ['corrupt', 'the database is damaged'],
  13: ['disk-full', 'no space is left'],
  14: ['unreadable', 'it cannot be opened'],
  26: ['not-a-database', 'this is not a database'],
}

/**
 * A `SqlPort` over a file or `:memory:`. Creates a missing file, not a missing folder.
 *
 * Write-ahead log with `synchronous = FULL`: what is committed survives `kill -9` and a power cut. The price is one flush
 * of the log per commit, which cannot be seen in batches of 64 MB and costs 0.2 ms to some ms for a single block.
 *
 * This, and every later use, throws `StoreError` for what is not a mistake in the SQL.
 */
export function openSqlite(path: string, options: SqliteOptions = {}): SqliteFile {
  return new SqliteFile(path, options)
}

/** See `openSqlite`. One connection, for the thread that opened it. */
export class SqliteFile implements SqlPort {
  readonly path: string
  readonly sql: SqlPort['sql']
  readonly #db: DatabaseSync
  readonly #begin: string
  readonly #prepared = new Map<string, Prepared>()
  readonly #connection: Pending['connection']
  /** Changes with every write and at the end of every transaction. */
  #epoch = 0
  /** Open calls of `transactionSync`. */
  #depth = 0
  /** SQLite has undone the whole transaction on an error, while calls of `transactionSync` are still open. */
  #undone = false

  constructor(
    path: string,
    { readOnly = false, cacheMib = readOnly ? 16 : WRITER_CACHE_MIB, busyMs = 5000 }: SqliteOptions = {},
  ) {
    this.path = path
    this.#begin = readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE'
    this.#db = this.#open(readOnly, cacheMib, busyMs)
    this.#connection = {
      reading: (pending) => this.#reading(pending),
      explain: (error) => this.#explain(error),
    }
    const size = this.#db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size')
    this.sql = {
      exec: <T>(query: string, ...bindings: SqlValue[]) => this.#exec<T>(query, bindings),
      get databaseSize() {
        return size.get()?.bytes as number
      },
    }
  }

  transactionSync<T>(fn: () => T): T {
    this.#refuseUndone()
    const outermost = this.#depth === 0
    this.#control(outermost ? this.#begin : 'SAVEPOINT nested')
    this.#depth++
    try {
      const value = fn()
      this.#refuseUndone()
      this.#control(outermost ? 'COMMIT' : 'RELEASE nested')
      return value
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec(outermost ? 'ROLLBACK' : 'ROLLBACK TO nested; RELEASE nested')
      throw error
    } finally {
      this.#epoch++
      this.#depth--
      if (outermost) this.#undone = false
    }
  }

  run(query: string, bindings: readonly SqlValue[]): number {
    const prepared = this.#statementFor(query, bindings)
    if (prepared.hasRows) throw new Error(`a statement with rows: ${query}`)
    this.#refuseUndone()
    this.#epoch++
    try {
      return Number(prepared.statement.run(...bindings).changes)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  close(): void {
    this.#prepared.clear()
    this.#db.close()
  }

  #exec<T>(query: string, bindings: SqlValue[]): SqlCursor<T> {
    const prepared = this.#statementFor(query, bindings)
    this.#refuseUndone()
    if (prepared.reads) {
      return new Rows<T>({ query, bindings, epoch: this.#epoch, connection: this.#connection })
    }
    this.#epoch++
    try {
      if (!prepared.hasRows) {
        const { changes } = prepared.statement.run(...bindings)
        // For what changes no rows SQLite repeats what it said last.
        return new NoRows(prepared.writes ? Number(changes) : 0)
      }
      prepared.statement.setReturnArrays(true)
      const rows = prepared.statement.all(...bindings) as unknown as unknown[][]
      return new Rows<T>({ names: namesOf(prepared), rows })
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #statementFor(query: string, bindings: readonly SqlValue[]): Prepared {
    const prepared = this.#statement(query)
    if (bindings.length !== prepared.parameters) {
      throw new Error(`${bindings.length} values for ${prepared.parameters} parameters: ${query}`)
    }
    return prepared
  }

  #reading(pending: Pending): Prepared {
    if (pending.epoch !== this.#epoch) throw new Error(`rows are read after a later write: ${pending.query}`)
    return this.#statement(pending.query)
  }

  /** A statement of that text which nobody steps through. */
  #statement(query: string): Prepared {
    const kept = this.#prepared.get(query)
    if (kept && !kept.busy) return kept
    const prepared = this.#prepare(query)
    if (kept) return prepared
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.delete(this.#prepared.keys().next().value!)
    this.#prepared.set(query, prepared)
    return prepared
  }

  #prepare(query: string): Prepared {
    if (NOT_OURS.test(query)) throw new Error(`not a statement for exec: ${query}`)
    try {
      const statement = this.#db.prepare(query)
      const rest = query.slice(statement.sourceSQL.length).replace(QUOTED, '')
      if (rest.trim() !== '') throw new Error(`more than one statement: ${query}`)
      return {
        statement,
        parameters: query.replace(QUOTED, '').split('?').length - 1,
        hasRows: statement.columns().length > 0,
        reads: isSelect(query),
        writes: WRITES.test(query),
        busy: false,
      }
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #refuseUndone(): void {
    if (this.#undone) throw new Error('the transaction was undone by an earlier error')
  }

  #control(query: string): void {
    try {
      this.#db.exec(query)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #open(readOnly: boolean, cacheMib: number, busyMs: number): DatabaseSync {
    let db: DatabaseSync | undefined
    try {
      db = new DatabaseSync(this.path, { readOnly, timeout: busyMs, limits: LIMITS })
      db.exec(`PRAGMA cache_size = ${-1024 * cacheMib}; PRAGMA temp_store = MEMORY`)
      // What follows reads the file first, and so finds out whether it is a database and whether it can be written to.
      db.exec(readOnly ? 'SELECT 1 FROM sqlite_schema' : FOR_WRITING)
      return db
    } catch (error) {
      if (db?.isOpen) db.close()
      throw this.#explain(error)
    }
  }

  #explain(error: unknown): unknown {
    const { errcode, message } = error as { errcode?: number; message: string }
    if (this.#depth > 0 && !this.#db.isTransaction) this.#undone = true
    const failure = errcode === undefined ? undefined : FAILURES[errcode & 0xff]
    if (!failure) return error
    const [code, text] = failure
    const why = code === 'unreadable' ? accessError(this.path) : undefined
    return new StoreError(code, `${this.path}: ${text} (${why ?? message})`, { cause: error })
  }
}

/** Why the system would not let us open a file, as far as it tells. */
function accessError(path: string): string | undefined {
  for (const [name, mode] of [
    [dirname(path), constants.X_OK],
    [path, constants.R_OK],
  ] as const) {
    try {
      accessSync(name, mode)
    } catch (error) {
      return (error as Error).message
    }
  }
  return undefined
}
