import type { BlockDigest } from '../chain/digest.ts'
import { blob, type SqlPort } from '../store/sql.ts'

/** Bytes per transaction: u32 offset in the body, u32 offset in the prevouts (both little-endian), txid. */
export const OFFSET_RECORD = 40

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

/** All transactions of a connected block. */
export function readOffsets(sql: SqlPort, blockId: number): TxOffsets | undefined {
  const row = sql.sql.exec('SELECT bytes FROM offsets WHERE block_id = ?', blockId).raw().toArray()[0]
  return row && new TxOffsets(blob(row[0]))
}

/** The transaction at `index`, without reading the others' records; `undefined` where there is none. */
export function readTxPlace(sql: SqlPort, blockId: number, index: number): TxPlace | undefined {
  const row = sql.sql
    .exec(
      'SELECT substr(bytes, ?, ?) FROM offsets WHERE block_id = ?',
      index * OFFSET_RECORD + 1,
      2 * OFFSET_RECORD,
      blockId,
    )
    .raw()
    .toArray()[0]
  const bytes = row && blob(row[0])
  return bytes && bytes.length >= OFFSET_RECORD ? new TxOffsets(bytes).place(0) : undefined
}
