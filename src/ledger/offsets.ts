import type { BlockDigest } from '../chain/digest.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { equalBytes, type Hasher, nobleHasher } from '../wire/hash.ts'
import { BlockDamaged } from './block-damaged.ts'

/** Bytes per transaction: u32 offset in the body, u32 offset in the prevouts (both little-endian), txid. */
export const OFFSET_RECORD = 40
/** Records that share a check: few, as whoever looks for one transaction hashes them all. */
export const RUN_RECORDS = 64
/** Bytes of a check: the first of the SHA-256 of a run and, as it says where the run ends, the record after it. */
export const CHECK_SIZE = 6

/** Where one transaction of a stored block lies. */
export interface TxPlace {
  bodyAt: number
  /** `undefined`: it ends where the body ends. */
  bodyEnd: number | undefined
  prevoutsAt: number
  /** `undefined`: its prevouts end where the block's prevouts end. */
  prevoutsEnd: number | undefined
  /** Wire order; a view. */
  txid: Uint8Array<ArrayBuffer>
}

/** The records of a whole block or of consecutive transactions in one; indexes count from the first record. */
export class TxOffsets {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly count: number
  readonly #view: DataView

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes
    this.count = Math.floor(bytes.length / OFFSET_RECORD)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  bodyAt(i: number): number {
    return this.#view.getUint32(i * OFFSET_RECORD, true)
  }

  prevoutsAt(i: number): number {
    return this.#view.getUint32(i * OFFSET_RECORD + 4, true)
  }

  /** Wire order; a view. */
  txid(i: number): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(i * OFFSET_RECORD + 8, (i + 1) * OFFSET_RECORD)
  }

  place(i: number): TxPlace {
    const last = i + 1 >= this.count
    return {
      bodyAt: this.bodyAt(i),
      bodyEnd: last ? undefined : this.bodyAt(i + 1),
      prevoutsAt: this.prevoutsAt(i),
      prevoutsEnd: last ? undefined : this.prevoutsAt(i + 1),
      txid: this.txid(i),
    }
  }

  /** All txids, 32 bytes each. */
  txids(): Uint8Array<ArrayBuffer> {
    const txids = new Uint8Array(this.count * 32)
    for (let i = 0; i < this.count; i++) txids.set(this.txid(i), i * 32)
    return txids
  }
}

/** `prevoutsAt`: for each transaction, where its entries begin in the block's prevouts. */
export function encodeOffsets(digest: BlockDigest, prevoutsAt: Uint32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(digest.txCount * OFFSET_RECORD)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < digest.txCount; i++) {
    const at = i * OFFSET_RECORD
    view.setUint32(at, digest.txStart[i]!, true)
    view.setUint32(at + 4, prevoutsAt[i]!, true)
    bytes.set(digest.txids.subarray(i * 32, i * 32 + 32), at + 8)
  }
  return bytes
}

/** The checks of a block's records, one after the other. */
export function offsetChecks(bytes: Uint8Array, hasher: Hasher = nobleHasher): Uint8Array<ArrayBuffer> {
  const count = bytes.length / OFFSET_RECORD
  const runs = Math.ceil(count / RUN_RECORDS)
  const ranges = new Uint32Array(runs * 2)
  for (let run = 0; run < runs; run++) {
    ranges[2 * run] = run * RUN_RECORDS * OFFSET_RECORD
    ranges[2 * run + 1] = Math.min((run + 1) * RUN_RECORDS + 1, count) * OFFSET_RECORD
  }
  const hashes = new Uint8Array(runs * 32)
  hasher.sha256Many(bytes, ranges, hashes)
  const checks = new Uint8Array(runs * CHECK_SIZE)
  for (let run = 0; run < runs; run++) checks.set(hashes.subarray(run * 32, run * 32 + CHECK_SIZE), run * CHECK_SIZE)
  return checks
}

/** All `count` transactions of a connected block, verified. Throws BlockDamaged. */
export function readOffsets(sql: SqlPort, blockId: number, count: number, hasher?: Hasher): TxOffsets {
  const row = sql.sql.exec('SELECT bytes, checks FROM offsets WHERE block_id = ?', blockId).raw().toArray()[0]
  const bytes = row && blob(row[0])
  if (bytes?.length !== count * OFFSET_RECORD || !equalBytes(offsetChecks(bytes, hasher), blob(row![1]))) {
    throw new BlockDamaged(blockId, 'offsets')
  }
  return new TxOffsets(bytes)
}

/** The transaction at `index` of `count`, verified; the others' records are not looked at. Throws BlockDamaged. */
export function readTxPlace(
  sql: SqlPort,
  blockId: number,
  index: number,
  count: number,
  hasher: Hasher = nobleHasher,
): TxPlace {
  const run = Math.floor(index / RUN_RECORDS)
  const row = sql.sql
    .exec(
      'SELECT substr(bytes, ?, ?), substr(checks, ?, ?) FROM offsets WHERE block_id = ?',
      run * RUN_RECORDS * OFFSET_RECORD + 1,
      (RUN_RECORDS + 1) * OFFSET_RECORD,
      run * CHECK_SIZE + 1,
      CHECK_SIZE,
      blockId,
    )
    .raw()
    .toArray()[0]
  const bytes = row && blob(row[0])
  const records = Math.min(RUN_RECORDS + 1, count - run * RUN_RECORDS)
  if (
    bytes?.length !== records * OFFSET_RECORD ||
    !equalBytes(hasher.sha256(bytes).subarray(0, CHECK_SIZE), blob(row![1]))
  ) {
    throw new BlockDamaged(blockId, 'offsets')
  }
  return new TxOffsets(bytes).place(index - run * RUN_RECORDS)
}
