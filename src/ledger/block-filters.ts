import { basicFilter } from '../chain/block-filter.ts'
import { BlockScan } from '../chain/block-scan.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { readBody } from './bodies.ts'
import { prevoutColumns, readPrevouts } from './prevouts.ts'

/** Marks, in `meta`, a store whose filters are kept. */
const KEPT = 'filters'

/** The filter of a connected block of `size` bytes; `undefined` when the block or what it spends cannot be read. */
export function filterOf(
  sql: SqlPort,
  { id, hash, size }: { id: number; hash: Uint8Array; size: number },
  hasher: Hasher,
): Uint8Array<ArrayBuffer> | undefined {
  const body = readBody(sql, id, hasher)
  const prevouts = readPrevouts(sql, id, 0, undefined, hasher)
  if (body.kind !== 'found' || body.bytes.length !== size || prevouts.kind === 'damaged') return undefined
  const { outputs, inputCount } = new BlockScan(body.bytes)
  const spentBytes = prevouts.kind === 'found' ? prevouts.bytes : new Uint8Array(0)
  const spent = prevoutColumns(spentBytes)
  // All inputs but the coinbase's only one.
  if (spent?.txNum.length !== inputCount - 1) return undefined
  return basicFilter(
    hash,
    { bytes: body.bytes, at: outputs.scriptAt, length: outputs.scriptLength },
    { bytes: spentBytes, at: spent.scriptAt, length: spent.scriptLength },
  )
}

/** Whether filters of this store are kept, if only up to some height so far. */
export function filtersAreKept(sql: SqlPort): boolean {
  return sql.sql.exec('SELECT 1 FROM meta WHERE key = ?', KEPT).raw().toArray().length > 0
}

export function keepFilters(sql: SqlPort): void {
  if (!filtersAreKept(sql)) sql.sql.exec("INSERT INTO meta (key, value) VALUES (?, 'on')", KEPT)
}

/** What there is stays, and is taken up again when they are kept anew. */
export function dropFilters(sql: SqlPort): void {
  if (filtersAreKept(sql)) sql.sql.exec('DELETE FROM meta WHERE key = ?', KEPT)
}
