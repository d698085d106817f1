import { BlockScan } from '../chain/block-scan.ts'
import { PART_SIZE } from '../store/schema.ts'
import type { SqlPort } from '../store/sql.ts'
import { WireError } from '../wire/error.ts'
import type { Hasher } from '../wire/hash.ts'
import { readParts, type Stored, writeParts } from './parts.ts'

/** Keeps a raw block, replacing what was stored for it. To be called inside a transaction. */
export function writeBody(sql: SqlPort, blockId: number, bytes: Uint8Array, hasher?: Hasher): void {
  writeParts(sql, 'body', blockId, bytes, hasher)
}

/** The raw block of a header id. Every part is verified; that the block fits its header was checked when it came in. */
export function readBody(sql: SqlPort, blockId: number, hasher?: Hasher): Stored {
  const stored = readParts(sql, 'body', blockId, 0, undefined, hasher)
  // Where the last part is gone the others are sound, and all of full length.
  const mayBeCut = stored.kind === 'found' && stored.bytes.length % PART_SIZE === 0
  return mayBeCut && !isBlock(stored.bytes) ? { kind: 'damaged' } : stored
}

function isBlock(bytes: Uint8Array): boolean {
  try {
    new BlockScan(bytes)
    return true
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return false
  }
}

/**
 * Bytes `from` up to but not including `to` (default: the end) of a raw block. Only the parts that they lie in are read
 * and verified.
 */
export function readRange(sql: SqlPort, blockId: number, from: number, to?: number, hasher?: Hasher): Stored {
  return readParts(sql, 'body', blockId, from, to, hasher)
}
