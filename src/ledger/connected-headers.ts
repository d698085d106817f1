import type { SqlPort } from '../store/sql.ts'
import { blob } from '../store/sql.ts'

/** A header of the connected chain, as far as questions about time and work go. */
export interface ConnectedHeader {
  height: number
  /** Unix seconds, the miner's clock. */
  time: number
  bits: number
  /** Total work up to and including this header. */
  work: bigint
  /** The 80 bytes. */
  raw: Uint8Array
}

const COLUMNS = 'SELECT b.height, h.raw, h.work FROM'
const JOINED = 'best b JOIN header h ON h.id = b.header_id'

/**
 * Headers of the connected chain by height, few at a time: one row read for each that is handed out. Synchronous; each
 * use inside one snapshot.
 */
export class ConnectedHeaders {
  readonly #sql: SqlPort

  constructor(sql: SqlPort) {
    this.#sql = sql
  }

  /** Height of the tip; `undefined` where nothing is connected. */
  tipHeight(): number | undefined {
    const row = this.#sql.sql.exec('SELECT max(height) FROM best').raw().toArray()[0]
    return (row?.[0] as number | null | undefined) ?? undefined
  }

  at(height: number): ConnectedHeader | undefined {
    return this.#read(`${COLUMNS} ${JOINED} WHERE b.height = ?`, height)[0]
  }

  /** Heights `from` to `to`, both included, ascending. */
  range(from: number, to: number): ConnectedHeader[] {
    return this.#read(`${COLUMNS} ${JOINED} WHERE b.height BETWEEN ? AND ? ORDER BY b.height`, from, to)
  }

  /** Heights `from`, `from + step`, … up to `to`, ascending. */
  every(from: number, to: number, step: number): ConnectedHeader[] {
    return this.#read(
      `WITH RECURSIVE sample(height) AS (SELECT ? UNION ALL SELECT height + ? FROM sample WHERE height + ? <= ?)
       ${COLUMNS} sample s CROSS JOIN best b ON b.height = s.height JOIN header h ON h.id = b.header_id`,
      from,
      step,
      step,
      to,
    )
  }

  #read(query: string, ...bindings: number[]): ConnectedHeader[] {
    const rows = this.#sql.sql.exec(query, ...bindings).raw()
    return rows.toArray().map(([height, rawBlob, work]) => {
      const raw = blob(rawBlob)
      const view = new DataView(raw.buffer, raw.byteOffset)
      return {
        height: height as number,
        time: view.getUint32(68, true),
        bits: view.getUint32(72, true),
        work: bigEndian(blob(work)),
        raw,
      }
    })
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  let value = 0n
  for (let at = 0; at < bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at)
  return value
}
