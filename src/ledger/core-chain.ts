import { BlockScan } from '../chain/block-scan.ts'
import { hashTransactions } from '../chain/digest-hashes.ts'
import { MEDIAN_TIME_SPAN, medianTime } from '../chain/header-rules.ts'
import { HAVE_BODY } from '../chain/header-store.ts'
import { StoreError } from '../store/error.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { equalBytes, type Hasher, prefix48 } from '../wire/hash.ts'
import { blockHash, headerTime } from '../wire/header.ts'
import { BlockDamaged } from './block-damaged.ts'
import { filterOf, filtersAreKept } from './block-filters.ts'
import { readBody, readRange } from './bodies.ts'
import type {
  BadRange,
  BlockDetail,
  FilterAnswer,
  Found,
  HeaderInfo,
  SpentColumns,
  UnspentOutput,
} from './core-queries.ts'
import { readOffsets, type TxOffsets } from './offsets.ts'
import { prevoutColumns, readPrevouts } from './prevouts.ts'
import { spentOutputs } from './spent-outputs.ts'
import { StoredCoins } from './stored-coins.ts'
import { TxReader } from './tx-reader.ts'

const OUTPOINT = 36

type Bytes = Uint8Array<ArrayBuffer>

/** A header of any branch, as it is stored. */
interface StoredHeader {
  id: number
  raw: Bytes
  hash: Uint8Array
  height: number
  work: Bytes
  status: number
  /** Of a block on the connected chain. */
  connected?: { txCount: number; size: number; inputs: number }
}

/**
 * The chain's half of `CoreQueries`: synchronous functions of a database, each of one snapshot. An answer holds at most
 * one block and what it spends.
 */
export class CoreChain {
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  readonly #onDamage: (blockId: number) => void
  readonly #coins: StoredCoins

  /** `onDamage` is told of a block (`header.id`) that cannot be read as written. */
  constructor(
    sql: SqlPort,
    hasher: Hasher,
    onDamage: (blockId: number) => void = () => {},
    coins = new StoredCoins(sql, new TxReader(sql, hasher, 0)),
  ) {
    this.#sql = sql
    this.#hasher = hasher
    this.#onDamage = onDamage
    this.#coins = coins
  }

  get sizeOnDisk(): number {
    return this.#sql.sql.databaseSize
  }

  /** The connected tip; `undefined` in an empty store. */
  tip(): HeaderInfo | undefined {
    return this.#sql.transactionSync(() => {
      const height = this.#tipHeight()
      return height < 0 ? undefined : this.#run(height, 1)[0]
    })
  }

  headersFrom(hash: Uint8Array, count: number): { tip: number; headers: HeaderInfo[] } {
    return this.#sql.transactionSync(() => {
      const from = this.#find(hash)
      return { tip: this.#tipHeight(), headers: from?.connected ? this.#run(from.height, count) : [] }
    })
  }

  storedBlock(hash: Uint8Array): Found<{ bytes: Bytes }> {
    return this.#sql.transactionSync(() => {
      const header = this.#find(hash)
      return header ? this.#body(header) : { kind: 'missing' }
    })
  }

  blockPart(hash: Uint8Array, offset: number, size: number): Found<{ bytes: Bytes }> | BadRange {
    return this.#sql.transactionSync(() => {
      const header = this.#find(hash)
      if (!header) return { kind: 'missing' }
      const { id, connected } = header
      const end = offset + size
      if (connected) {
        if (size === 0 || end > connected.size) return { kind: 'bad-range' }
        if (!(header.status & HAVE_BODY)) return { kind: 'pruned' }
        const part = readRange(this.#sql, id, offset, end, this.#hasher)
        return part.kind === 'found' ? part : this.#damaged(header)
      }
      const whole = this.#body(header)
      if (whole.kind !== 'found') return whole
      if (size === 0 || end > whole.bytes.length) return { kind: 'bad-range' }
      return { kind: 'found', bytes: whole.bytes.slice(offset, end) }
    })
  }

  blockDetail(hash: Uint8Array, withSpent: boolean): Found<BlockDetail> {
    return this.#sql.transactionSync(() => {
      const header = this.#find(hash)
      if (!header) return { kind: 'missing' }
      const body = this.#body(header)
      if (body.kind !== 'found') return body
      const { bytes } = body
      const parts = takeApart(bytes, this.#hasher)
      if (!header.connected) {
        const txCount = parts.txStart.length - 1
        return { kind: 'found', block: this.#stale(header, txCount), bytes, ...parts }
      }
      const [block] = this.#run(header.height, 1)
      const spent = withSpent ? this.#spent(header) : undefined
      if (withSpent && !spent) return this.#damaged(header)
      return { kind: 'found', block: block!, tip: this.#tipHeight(), bytes, ...parts, ...(spent && { spent }) }
    })
  }

  spentOutputs(hash: Uint8Array): Found<{ bytes: Bytes }> | { kind: 'stale' } {
    return this.#sql.transactionSync(() => {
      const header = this.#find(hash)
      if (!header) return { kind: 'missing' }
      if (!header.connected) return { kind: 'stale' }
      const prevouts = this.#prevouts(header)
      const bytes = prevouts && spentOutputs(this.#offsets(header), prevouts)
      return bytes ? { kind: 'found', bytes } : this.#damaged(header)
    })
  }

  /** The coins of these outputs, 36 bytes each; `undefined` where there is none. */
  coins(outpoints: Uint8Array): (UnspentOutput | undefined)[] {
    return this.#sql.transactionSync(() => {
      const coins: (UnspentOutput | undefined)[] = []
      for (let at = 0; at < outpoints.length; at += OUTPOINT) {
        const coin = this.#coins.coin(outpoints.subarray(at, at + OUTPOINT))
        coins.push(coin && { height: this.#madeBy(coin.txNum).height, value: coin.value, script: coin.script })
      }
      return coins
    })
  }

  filterHeadersFrom(hash: Uint8Array, count: number): FilterAnswer<{ bytes: Bytes }> {
    return this.#sql.transactionSync(() => {
      if (!filtersAreKept(this.#sql)) return { kind: 'off' }
      const from = this.#find(hash)
      if (!from?.connected) return { kind: 'found', bytes: new Uint8Array(0) }
      const last = Math.min(from.height + count - 1, this.#tipHeight())
      const rows = this.#sql.sql
        .exec(
          `SELECT f.header FROM best b JOIN filter f ON f.block_id = b.header_id
           WHERE b.height BETWEEN ? AND ? ORDER BY b.height`,
          from.height,
          last,
        )
        .raw()
        .toArray()
      if (rows.length !== last - from.height + 1) return { kind: 'behind' }
      const bytes = new Uint8Array(rows.length * 32)
      for (const [i, [header]] of rows.entries()) bytes.set(blob(header), i * 32)
      return { kind: 'found', bytes }
    })
  }

  /** Made anew of the block and what it spends. */
  blockFilter(hash: Uint8Array): FilterAnswer<{ bytes: Bytes }> | { kind: 'missing' } | { kind: 'stale' } {
    return this.#sql.transactionSync(() => {
      if (!filtersAreKept(this.#sql)) return { kind: 'off' }
      const header = this.#find(hash)
      if (!header) return { kind: 'missing' }
      if (!header.connected) return { kind: 'stale' }
      const rows = this.#sql.sql.exec('SELECT 1 FROM filter WHERE block_id = ?', header.id).raw().toArray()
      if (rows.length === 0) return { kind: 'behind' }
      const { id, connected } = header
      const bytes = filterOf(this.#sql, { id, hash, size: connected.size }, this.#hasher)
      return bytes ? { kind: 'found', bytes } : this.#damaged(header)
    })
  }

  // ---- headers

  /** A prefix is a hint: the header is hashed. */
  #find(hash: Uint8Array): StoredHeader | undefined {
    const rows = this.#sql.sql
      .exec(
        `SELECT h.id, h.raw, h.height, h.work, h.status, b.tx_count, b.size, b.inputs
         FROM header h LEFT JOIN best b ON b.header_id = h.id WHERE h.prefix48 = ?`,
        prefix48(hash),
      )
      .raw()
      .toArray()
    for (const [id, rawValue, height, work, status, txCount, size, inputs] of rows) {
      const raw = blob(rawValue)
      if (!equalBytes(blockHash(raw, this.#hasher), hash)) continue
      return {
        id: id as number,
        raw,
        hash,
        height: height as number,
        work: blob(work),
        status: status as number,
        ...(txCount !== null && {
          connected: { txCount: txCount as number, size: size as number, inputs: inputs as number },
        }),
      }
    }
    return undefined
  }

  #tipHeight(): number {
    const row = this.#sql.sql.exec('SELECT max(height) FROM best').raw().toArray()[0]
    return (row?.[0] as number | null | undefined) ?? -1
  }

  /** `count` blocks of the connected chain from `from` upwards, fewer at its end. */
  #run(from: number, count: number): HeaderInfo[] {
    const low = Math.max(0, from - MEDIAN_TIME_SPAN + 1)
    const rows = this.#sql.sql
      .exec(
        `SELECT h.raw, h.work, b.tx_count FROM best b JOIN header h ON h.id = b.header_id
         WHERE b.height BETWEEN ? AND ? ORDER BY b.height`,
        low,
        from + count,
      )
      .raw()
      .toArray()
    const raws = rows.map(([raw]) => blob(raw))
    const hashes: Uint8Array[] = []
    for (let i = from - low; i < raws.length; i++) hashes[i] = blockHash(raws[i]!, this.#hasher)
    const run: HeaderInfo[] = []
    for (let i = from - low; i < raws.length && run.length < count; i++) {
      run.push({
        hash: hashes[i]!,
        height: low + i,
        header: raws[i]!,
        medianTime: medianTime(raws.slice(Math.max(0, i - MEDIAN_TIME_SPAN + 1), i + 1).map(headerTime)),
        work: blob(rows[i]![1]),
        txCount: rows[i]![2] as number,
        ...(hashes[i + 1] && { next: hashes[i + 1] }),
      })
    }
    return run
  }

  /** A block that is not on the connected chain. */
  #stale({ hash, height, raw, work }: StoredHeader, txCount: number): HeaderInfo {
    const raws: Uint8Array[] = [raw]
    for (let at = raw; raws.length < MEDIAN_TIME_SPAN && raws.length <= height; raws.push(at)) {
      const parent = this.#find(at.subarray(4, 36))
      if (!parent) throw new StoreError('corrupt', `the header at height ${height} has no parent`)
      at = parent.raw
    }
    return { hash, height, header: raw, medianTime: medianTime(raws.map(headerTime)), work, txCount }
  }

  // ---- blocks

  #body(header: StoredHeader): Found<{ bytes: Bytes }> {
    const { id, status, connected } = header
    if (!(status & HAVE_BODY)) return { kind: connected ? 'pruned' : 'absent' }
    const body = readBody(this.#sql, id, this.#hasher)
    const isWhole = body.kind === 'found' && body.bytes.length === (connected?.size ?? body.bytes.length)
    return isWhole ? body : this.#damaged(header)
  }

  #damaged({ id }: StoredHeader): { kind: 'damaged' } {
    this.#onDamage(id)
    return { kind: 'damaged' }
  }

  #offsets({ id, connected }: StoredHeader): TxOffsets {
    try {
      return readOffsets(this.#sql, id, connected!.txCount, this.#hasher)
    } catch (error) {
      if (error instanceof BlockDamaged) this.#onDamage(id)
      throw error
    }
  }

  /** The blob of a connected block, empty where nothing is spent; `undefined` when it is damaged. */
  #prevouts({ id, connected }: StoredHeader): Bytes | undefined {
    if (connected!.txCount === 1) return new Uint8Array(0)
    const stored = readPrevouts(this.#sql, id, 0, undefined, this.#hasher)
    return stored.kind === 'found' ? stored.bytes : undefined
  }

  /** `undefined` when they are damaged. */
  #spent(header: StoredHeader): SpentColumns | undefined {
    const scripts = this.#prevouts(header)
    const columns = scripts && prevoutColumns(scripts)
    if (!scripts || columns?.txNum.length !== header.connected!.inputs) return undefined
    const { txNum, value, scriptAt, scriptLength } = columns
    const height = new Uint32Array(txNum.length)
    const coinbase = new Uint8Array(txNum.length)
    // In order of the transactions, so that neighbours are looked up once.
    const order = Array.from(txNum.keys()).sort((a, b) => txNum[a]! - txNum[b]!)
    let block = { height: 0, firstTx: 0, end: 0 }
    for (const i of order) {
      if (txNum[i]! >= block.end) block = this.#madeBy(txNum[i]!)
      height[i] = block.height
      coinbase[i] = txNum[i] === block.firstTx ? 1 : 0
    }
    return { value, height, coinbase, scriptAt, scriptLength, scripts }
  }

  /** The connected block that holds a transaction; txNums up to `end` are in it. */
  #madeBy(txNum: number): { height: number; firstTx: number; end: number } {
    const row = this.#sql.sql
      .exec('SELECT height, first_tx, tx_count FROM best WHERE first_tx <= ? ORDER BY first_tx DESC LIMIT 1', txNum)
      .raw()
      .toArray()[0] as [number, number, number] | undefined
    if (!row || txNum >= row[1] + row[2]) throw new StoreError('corrupt', `no block holds transaction ${txNum}`)
    return { height: row[0], firstTx: row[1], end: row[1] + row[2] }
  }
}

/** Where the transactions of a block lie, and their names. */
function takeApart(bytes: Bytes, hasher: Hasher): Omit<BlockDetail, 'block' | 'tip' | 'bytes' | 'spent'> {
  const scan = new BlockScan(bytes)
  const { txCount, strippedSize } = scan
  const { txStart } = scan.txs
  const ranges = new Uint32Array(2 * txCount)
  for (let tx = 0; tx < txCount; tx++) ranges.set([txStart[tx]!, txStart[tx + 1]!], 2 * tx)
  const wtxids = new Uint8Array(32 * txCount)
  hasher.sha256dMany(bytes, ranges, wtxids)
  return { strippedSize, txStart, txids: hashTransactions(bytes, scan, hasher), wtxids }
}
