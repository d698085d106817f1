import { FAILED, type HeaderChange, type HeaderRecord, type HeaderStore, MAIN } from '../chain/header-store.ts'
import { equalBytes, type Hasher, nobleHasher, prefix48 } from '../wire/hash.ts'
import { blockHash } from '../wire/header.ts'
import { multiInsert } from './multi-insert.ts'
import { blob, type SqlPort, type SqlValue } from './sql.ts'

const COLUMNS = 'id, height, raw, work, status'
const WORK_BYTES = 32

/** The header tree's store in the table `header`. A hash is not stored: it is computed from the 80 bytes. */
export class SqlHeaderStore implements HeaderStore {
  readonly #port: SqlPort
  readonly #hasher: Hasher

  constructor(port: SqlPort, hasher: Hasher = nobleHasher) {
    this.#port = port
    this.#hasher = hasher
  }

  apply({ insert, status, isWritten }: HeaderChange): void {
    if (isWritten) return
    this.#port.transactionSync(() => {
      multiInsert(this.#port, 'header (id, prefix48, height, raw, work, status)', 6, insert.length, (row, values) => {
        const record = insert[row]!
        values.push(record.id, prefix48(record.hash), record.height, record.raw, workBytes(record.work), record.status)
      })
      for (const change of status) {
        this.#port.sql.exec('UPDATE header SET status = ? WHERE id = ?', change.status, change.id)
      }
    })
  }

  byHash(hash: Uint8Array): HeaderRecord | undefined {
    return this.#select('WHERE prefix48 = ? ORDER BY id', prefix48(hash)).find((record) =>
      equalBytes(record.hash, hash),
    )
  }

  byId(id: number): HeaderRecord | undefined {
    return this.#select('WHERE id = ?', id)[0]
  }

  mainAt(height: number): HeaderRecord | undefined {
    return this.#select(`WHERE height = ? AND status & ${MAIN}`, height)[0]
  }

  fromHeight(height: number, below = Number.MAX_SAFE_INTEGER): HeaderRecord[] {
    const end = Math.min(below, Number.MAX_SAFE_INTEGER)
    return this.#select('WHERE height >= ? AND height < ? ORDER BY height, id', height, end)
  }

  topHeight(): number {
    const query = `SELECT height FROM header WHERE status & ${MAIN} ORDER BY height DESC LIMIT 1`
    const row = this.#port.sql.exec(query).raw().toArray()[0]
    return row ? (row[0] as number) : -1
  }

  /** Looks at every header: it is asked only after the best chain turned out invalid. */
  mostWork(): HeaderRecord | undefined {
    return this.#select(`WHERE NOT status & ${FAILED} ORDER BY work DESC, id LIMIT 1`)[0]
  }

  nextId(): number {
    const row = this.#port.sql.exec('SELECT coalesce(max(id), 0) + 1 FROM header').raw().toArray()[0]
    return row![0] as number
  }

  #select(where: string, ...bindings: SqlValue[]): HeaderRecord[] {
    const rows = this.#port.sql.exec(`SELECT ${COLUMNS} FROM header ${where}`, ...bindings).raw()
    return rows.toArray().map(([id, height, rawBlob, work, status]) => {
      const raw = blob(rawBlob)
      return {
        id: id as number,
        hash: blockHash(raw, this.#hasher),
        height: height as number,
        raw,
        work: workOf(blob(work)),
        status: status as number,
      }
    })
  }
}

/** Big-endian, so that SQLite's order of blobs is the order of work. */
function workBytes(work: bigint): Uint8Array {
  const bytes = new Uint8Array(WORK_BYTES)
  let rest = work
  for (let i = WORK_BYTES - 1; rest > 0n; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

function workOf(bytes: Uint8Array): bigint {
  let work = 0n
  for (const byte of bytes) work = (work << 8n) | BigInt(byte)
  return work
}
