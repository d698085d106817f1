import { PART_SIZE, PARTS_PER_BLOCK } from '../store/schema.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { type Hasher, nobleHasher, prefix48 } from '../wire/hash.ts'

/** The tables that keep one long blob a block, cut into parts of `PART_SIZE`. */
export type PartTable = 'body' | 'prevouts'

/** `missing`: nothing is stored under that block; `damaged`: a part does not match its check, or is not there. */
export type Stored = { kind: 'found'; bytes: Uint8Array<ArrayBuffer> } | { kind: 'missing' } | { kind: 'damaged' }

const MISSING = { kind: 'missing' } as const
const DAMAGED = { kind: 'damaged' } as const

/** What a part is held against when it is read: the first 48 bits of its SHA-256. */
export function check48(part: Uint8Array, hasher: Hasher = nobleHasher): number {
  return prefix48(hasher.sha256(part))
}

/**
 * Stores the parts of a block's blob, over those that are there; the blob of a block never changes its length. An empty
 * one has no parts. To be called inside a transaction.
 */
export function writeParts(
  sql: SqlPort,
  table: PartTable,
  blockId: number,
  bytes: Uint8Array,
  hasher: Hasher = nobleHasher,
): void {
  const count = Math.ceil(bytes.length / PART_SIZE)
  if (count > PARTS_PER_BLOCK) throw new Error(`${bytes.length} bytes do not fit the parts of one block`)
  for (let part = 0; part < count; part++) {
    const slice = bytes.subarray(part * PART_SIZE, (part + 1) * PART_SIZE)
    sql.sql.exec(
      `INSERT OR REPLACE INTO ${table} (id, bytes, check48) VALUES (?, ?, ?)`,
      blockId * PARTS_PER_BLOCK + part,
      slice,
      check48(slice, hasher),
    )
  }
}

export function deleteParts(sql: SqlPort, table: PartTable, blockId: number): void {
  const first = blockId * PARTS_PER_BLOCK
  sql.sql.exec(`DELETE FROM ${table} WHERE id >= ? AND id < ?`, first, first + PARTS_PER_BLOCK)
}

/**
 * The bytes from `from` up to but not including `to` (default: the end of the blob) in a buffer of their own. Only the
 * parts that they lie in are read and verified. A range that reaches past the end is `damaged`: offsets come from rows
 * that belong to the blob.
 */
export function readParts(
  sql: SqlPort,
  table: PartTable,
  blockId: number,
  from = 0,
  to?: number,
  hasher: Hasher = nobleHasher,
): Stored {
  const base = blockId * PARTS_PER_BLOCK
  const first = Math.floor(from / PART_SIZE)
  const end = to === undefined ? PARTS_PER_BLOCK : Math.max(first + 1, Math.ceil(to / PART_SIZE))
  const rows = sql.sql
    .exec(
      `SELECT id, bytes, check48 FROM ${table} WHERE id >= ? AND id < ? ORDER BY id`,
      base + first,
      base + Math.min(end, PARTS_PER_BLOCK),
    )
    .raw()
    .toArray()
  if (rows.length === 0) return anyPart(sql, table, blockId) ? DAMAGED : MISSING
  const parts: Uint8Array[] = []
  let length = 0
  for (const [id, bytes, check] of rows) {
    const part = blob(bytes)
    // Only the last part of a blob is shorter: a gap or a cut shows in the ids and lengths of those before it.
    if (id !== base + first + parts.length || length !== parts.length * PART_SIZE) return DAMAGED
    if (check48(part, hasher) !== check) return DAMAGED
    parts.push(part)
    length += part.length
  }
  const start = from - first * PART_SIZE
  const stop = to === undefined ? length : to - first * PART_SIZE
  if (start > stop || stop > length) return DAMAGED
  return { kind: 'found', bytes: join(parts, start, stop) }
}

function anyPart(sql: SqlPort, table: PartTable, blockId: number): boolean {
  const first = blockId * PARTS_PER_BLOCK
  const query = `SELECT 1 FROM ${table} WHERE id >= ? AND id < ? LIMIT 1`
  return (
    sql.sql
      .exec(query, first, first + PARTS_PER_BLOCK)
      .raw()
      .toArray().length > 0
  )
}

function join(parts: Uint8Array[], start: number, stop: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(stop - start)
  parts.forEach((part, i) => {
    const at = i * PART_SIZE - start
    const slice = part.subarray(Math.max(0, -at), Math.max(0, Math.min(part.length, stop - i * PART_SIZE)))
    whole.set(slice, Math.max(0, at))
  })
  return whole
}
