import type { SqlPort } from '../store/sql.ts'
import { blob } from '../store/sql.ts'
import { decode } from '../wire/codec.ts'
import { WireError } from '../wire/error.ts'
import { equalBytes, type Hasher, prefix48 } from '../wire/hash.ts'
import { blockHash, headerTime } from '../wire/header.ts'
import { type ParsedTransaction, parseTransaction, type Transaction, transaction } from '../wire/transaction.ts'
import { BlockDamaged, type BlockPart } from './block-damaged.ts'
import { readRange } from './bodies.ts'
import { readOffsets, readTxPlace, type TxOffsets, type TxPlace } from './offsets.ts'
import type { Stored } from './parts.ts'
import { decodePrevouts, readPrevouts, type SpentOutput } from './prevouts.ts'
import type { TxInfo, TxStatus } from './queries.ts'

/** Bytes of a cached transaction beyond its own and its scripts', and of each prevout. */
const CACHED_TX = 400
const CACHED_PREVOUT = 200

/** A block of the connected chain, as far as opening its transactions takes. */
export interface BlockPlace {
  /** `header.id`. */
  id: number
  hash: Uint8Array
  height: number
  /** Unix seconds. */
  time: number
  firstTx: number
  txCount: number
}

/** What the store has of a transaction. Immutable, and the same on every chain that holds the block. */
interface OpenTx {
  txid: Uint8Array
  raw: Uint8Array<ArrayBuffer>
  /** One an input, none for a coinbase. */
  spent: readonly SpentOutput[]
  feeSat: number
  bytes: number
}

/** A confirmed transaction. */
export interface ConfirmedTx extends OpenTx {
  txNum: number
  block: BlockPlace
}

/**
 * Opens transactions of the connected chain by number. Synchronous; to be used inside one snapshot at a time. What was
 * opened lately is kept, within `cacheBytes`, by the block and the place in it, so that a reorg cannot make it wrong.
 *
 * What is opened was verified: the parts against their checks, the transaction against its txid. Damage is thrown as
 * BlockDamaged.
 */
export class TxReader {
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  readonly #cacheBytes: number
  /** Oldest use first. */
  readonly #cache = new Map<number, OpenTx>()
  #cached = 0

  constructor(sql: SqlPort, hasher: Hasher, cacheBytes: number) {
    this.#sql = sql
    this.#hasher = hasher
    this.#cacheBytes = cacheBytes
  }

  /** The block that holds a txNum, if there is such a transaction. */
  blockOf(txNum: number): BlockPlace | undefined {
    const block = this.#block('WHERE b.first_tx <= ? ORDER BY b.first_tx DESC LIMIT 1', txNum)
    return block && txNum < block.firstTx + block.txCount ? block : undefined
  }

  blockAt(height: number): BlockPlace | undefined {
    return this.#block('WHERE b.height = ?', height)
  }

  tip(): BlockPlace | undefined {
    return this.#block('ORDER BY b.height DESC LIMIT 1')
  }

  /** The txNum of a transaction, the highest where several have the txid (BIP30). Rows by prefix are only hints. */
  locate(txid: Uint8Array): { txNum: number; block: BlockPlace } | undefined {
    const rows = this.#sql.sql
      .exec('SELECT tx_num FROM tx WHERE prefix48 = ? ORDER BY tx_num DESC', prefix48(txid))
      .raw()
      .toArray() as [number][]
    for (const [txNum] of rows) {
      const block = this.blockOf(txNum)
      const place = block && readTxPlace(this.#sql, block.id, txNum - block.firstTx, block.txCount, this.#hasher)
      if (place && equalBytes(place.txid, txid)) return { txNum, block }
    }
    return undefined
  }

  /** The transaction with this number; `near`: a block that may be its own. `undefined` where there is none. */
  open(txNum: number, near?: BlockPlace): ConfirmedTx | undefined {
    const block = near && txNum >= near.firstTx && txNum < near.firstTx + near.txCount ? near : this.blockOf(txNum)
    if (!block) return undefined
    const index = txNum - block.firstTx
    const key = block.id * 65_536 + index
    const cached = this.#cache.get(key)
    if (cached) {
      this.#cache.delete(key)
      this.#cache.set(key, cached)
      return { ...cached, txNum, block }
    }
    const place = readTxPlace(this.#sql, block.id, index, block.txCount, this.#hasher)
    const open = this.#check(block, index, place, {
      raw: found(readRange(this.#sql, block.id, place.bodyAt, place.bodyEnd, this.#hasher), block, 'body'),
      spent: this.#prevouts(block, index, place.prevoutsAt, place.prevoutsEnd),
    })
    this.#keep(key, open)
    return { ...open, txNum, block }
  }

  /**
   * Names transactions without opening them: txid and block by number, `undefined` where there is none. Numbers are best
   * given in order: the records of a block are read whole when it is met the second time in a row.
   */
  namer(): (txNum: number) => { txid: Uint8Array; block: BlockPlace } | undefined {
    let block: BlockPlace | undefined
    let offsets: TxOffsets | undefined
    return (txNum) => {
      const isSame = block !== undefined && txNum >= block.firstTx && txNum < block.firstTx + block.txCount
      if (!isSame) {
        block = this.blockOf(txNum)
        offsets = undefined
      }
      if (!block) return undefined
      const { id, firstTx, txCount } = block
      if (isSame) offsets ??= readOffsets(this.#sql, id, txCount, this.#hasher)
      const index = txNum - firstTx
      const txid = offsets ? offsets.txid(index) : readTxPlace(this.#sql, id, index, txCount, this.#hasher).txid
      return { txid: txid.slice(), block }
    }
  }

  /** `limit` transactions of a block from `start`, fewer at its end: one read of the body for all. */
  openRun(block: BlockPlace, start: number, limit: number): ConfirmedTx[] {
    const end = Math.min(start + limit, block.txCount)
    if (start >= end) return []
    const offsets = readOffsets(this.#sql, block.id, block.txCount, this.#hasher)
    const first = offsets.place(start)
    const last = offsets.place(end - 1)
    const body = found(readRange(this.#sql, block.id, first.bodyAt, last.bodyEnd, this.#hasher), block, 'body')
    const spent = this.#prevouts(block, start, first.prevoutsAt, last.prevoutsEnd)
    const txs: ConfirmedTx[] = []
    let input = 0
    for (let index = start; index < end; index++) {
      const place = offsets.place(index)
      // Cut out, so that a transaction that is handed on does not drag its neighbours along.
      const raw = body.slice(place.bodyAt - first.bodyAt, place.bodyEnd && place.bodyEnd - first.bodyAt)
      const inputs = index === 0 ? 0 : parsed(raw, block, this.#hasher).tx.inputs.length
      const open = this.#check(block, index, place, { raw, spent: spent.slice(input, input + inputs) })
      input += inputs
      txs.push({ ...open, txNum: block.firstTx + index, block })
    }
    return txs
  }

  #block(where: string, ...bindings: number[]): BlockPlace | undefined {
    const row = this.#sql.sql
      .exec(
        `SELECT b.header_id, b.height, b.first_tx, b.tx_count, h.raw FROM best b JOIN header h ON h.id = b.header_id ${where}`,
        ...bindings,
      )
      .raw()
      .toArray()[0]
    if (!row) return undefined
    const [id, height, firstTx, txCount] = row as number[]
    const raw = blob(row[4])
    const time = headerTime(raw)
    return { id: id!, hash: blockHash(raw, this.#hasher), height: height!, time, firstTx: firstTx!, txCount: txCount! }
  }

  #prevouts(block: BlockPlace, index: number, from: number, to: number | undefined): SpentOutput[] {
    // A block that spends nothing has no prevouts to be found.
    if (index === 0 && block.txCount === 1) return []
    const spent = decodePrevouts(found(readPrevouts(this.#sql, block.id, from, to, this.#hasher), block, 'prevouts'))
    if (!spent) throw new BlockDamaged(block.id, 'prevouts')
    return spent
  }

  #check(
    block: BlockPlace,
    index: number,
    { txid }: TxPlace,
    { raw, spent }: { raw: Uint8Array<ArrayBuffer>; spent: readonly SpentOutput[] },
  ): OpenTx {
    const { tx, txid: actual } = parsed(raw, block, this.#hasher)
    const inputs = index === 0 ? 0 : tx.inputs.length
    if (!equalBytes(actual, txid)) throw new BlockDamaged(block.id, 'body')
    if (spent.length !== inputs) throw new BlockDamaged(block.id, 'prevouts')
    let feeSat = 0
    let bytes = CACHED_TX + raw.length
    for (const { value, script } of spent) {
      feeSat += value
      bytes += CACHED_PREVOUT + script.length
    }
    if (index > 0) for (const { value } of tx.outputs) feeSat -= Number(value)
    return { txid: actual, raw, spent, feeSat, bytes }
  }

  #keep(key: number, open: OpenTx): void {
    this.#cache.set(key, open)
    this.#cached += open.bytes
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cached <= this.#cacheBytes) return
      this.#cache.delete(oldest)
      this.#cached -= bytes
    }
  }
}

export function transactionOf({ raw }: { raw: Uint8Array }): Transaction {
  return decode(transaction, raw)
}

export function statusOf({ height, hash, time }: BlockPlace): TxStatus {
  return { confirmed: true, height, hash, time }
}

export function confirmedInfo({ txid, raw, spent, feeSat, block }: ConfirmedTx): TxInfo {
  const prevouts = spent.length > 0 ? spent.map(({ value, script }) => ({ value, script })) : [undefined]
  return { txid, raw, prevouts, fee: feeSat, status: statusOf(block) }
}

function found(stored: Stored, block: BlockPlace, part: BlockPart): Uint8Array<ArrayBuffer> {
  if (stored.kind === 'found') return stored.bytes
  throw new BlockDamaged(block.id, part)
}

function parsed(raw: Uint8Array, block: BlockPlace, hasher: Hasher): ParsedTransaction {
  try {
    return parseTransaction(raw, hasher)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new BlockDamaged(block.id, 'body')
  }
}
