import { CONNECTED, HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import { multiInsert } from '../store/multi-insert.ts'
import type { SqlPort, SqlValue } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import type { StatsRow } from './block-stats.ts'
import { writeBody } from './bodies.ts'
import { writeBusy } from './busy-scripts.ts'
import { IndexRows } from './index-rows.ts'
import { offsetChecks } from './offsets.ts'
import { deleteParts, writeParts } from './parts.ts'
import type { PrefixCounts } from './prefix-counts.ts'
import { type BlockTouches, touchesBytes } from './touches.ts'

/** A connected block as its rows say it. */
export interface BlockRow {
  node: HeaderNode
  firstTx: number
  txCount: number
  size: number
  weight: number
  /** Satoshi. */
  fees: number
  /** Without the coinbase's. */
  inputs: number
  outputs: number
  /** Satoshi; stays at the largest safe integer where the sum is larger. */
  outputValue: number
  stats: StatsRow
  /** Coins after the block. */
  utxoSize: number
  prevouts: Uint8Array
  offsets: Uint8Array
  touches: BlockTouches
}

/** Bytes of memory that the objects of one block take besides their contents, about. */
const BLOCK_OVERHEAD = 1500

/** In the order of `pushBest`. */
const BEST = [
  ...['height', 'header_id', 'first_tx', 'tx_count', 'size', 'weight', 'fees', 'inputs', 'outputs', 'output_value'],
  ...['input_value', 'tx_size', 'tx_weight', 'segwit_txs', 'segwit_size', 'segwit_weight'],
  ...['utxo_increase', 'utxo_size'],
  ...['rate_min', 'rate_10', 'rate_25', 'rate_50', 'rate_75', 'rate_90', 'rate_max'],
  ...['fee_min', 'fee_10', 'fee_25', 'fee_50', 'fee_75', 'fee_90', 'fee_max'],
]

function pushBest(b: BlockRow, values: SqlValue[]): void {
  const { node, stats } = b
  values.push(node.height, node.id, b.firstTx, b.txCount, b.size, b.weight, b.fees, b.inputs, b.outputs, b.outputValue)
  values.push(stats.inputValue, stats.txSize, stats.txWeight, stats.segwitTxs, stats.segwitSize, stats.segwitWeight)
  values.push(stats.utxoIncrease, b.utxoSize)
  for (const rate of stats.rates) values.push(rate)
  for (const fee of stats.fees) values.push(fee)
}

/** What was done since the last commit, waiting to be written in one transaction. */
export class Batch {
  readonly inserts = new IndexRows()
  readonly deletes = new IndexRows()
  /** Lowest first. */
  readonly connected: BlockRow[] = []
  /** Tip first. Always from before the batch: what a batch connects it does not revert. */
  readonly reverted: HeaderNode[] = []
  readonly #revertedTouches: BlockTouches[] = []
  readonly #bodies = new Map<number, { node: HeaderNode; bytes: Uint8Array<ArrayBuffer> }>()
  #blobBytes = 0

  get isEmpty(): boolean {
    return this.#bodies.size === 0 && this.connected.length === 0 && this.reverted.length === 0
  }

  /** Bytes held, the coins not counted. */
  get bytes(): number {
    return this.#blobBytes + this.inserts.bytes + this.deletes.bytes + this.connected.length * BLOCK_OVERHEAD
  }

  get bodyIds(): Iterable<number> {
    return this.#bodies.keys()
  }

  addBody(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#bodies.has(node.id)) return
    this.#bodies.set(node.id, { node, bytes })
    this.#blobBytes += bytes.length
  }

  body(node: HeaderNode): Uint8Array<ArrayBuffer> | undefined {
    return this.#bodies.get(node.id)?.bytes
  }

  addConnected(row: BlockRow): void {
    this.connected.push(row)
    this.#blobBytes += row.prevouts.length + row.offsets.length + touchesBytes(row.touches)
    if (!this.#bodies.has(row.node.id)) this.#blobBytes += row.touches.bytes.length
  }

  addReverted(node: HeaderNode, touches: BlockTouches): void {
    this.reverted.push(node)
    this.#revertedTouches.push(touches)
    this.#blobBytes += touches.bytes.length + touches.prevouts.length + touchesBytes(touches)
  }

  /**
   * Writes everything but the coins. To be called inside a transaction. `counts`: of all rows in `history`, where that is
   * known. Ids of blocks that turned out to be damaged in the store.
   */
  write(sql: SqlPort, tree: HeaderTree, hasher: Hasher, counts?: PrefixCounts): ReadonlySet<number> {
    for (const { node, bytes } of this.#bodies.values()) writeBody(sql, node.id, bytes, hasher)
    this.#takeBack(sql)
    for (const { node, prevouts } of this.connected) writeParts(sql, 'prevouts', node.id, prevouts, hasher)
    multiInsert(sql, 'offsets (block_id, bytes, checks)', 3, this.connected.length, (i, values) => {
      const { node, offsets } = this.connected[i]!
      values.push(node.id, offsets, offsetChecks(offsets, hasher))
    })
    multiInsert(sql, `best (${BEST.join(', ')})`, BEST.length, this.connected.length, (i, values) => {
      pushBest(this.connected[i]!, values)
    })
    const lost = this.deletes.deleteFrom(sql)
    const got = this.inserts.insertInto(sql, counts)
    const connected = this.connected.map(({ touches }) => touches)
    const damaged = writeBusy(sql, hasher, { reverted: this.#revertedTouches, connected, lost, got })
    this.#mark(tree)
    return damaged
  }

  /** Raw blocks held, but for that of one header id. */
  *bodiesBeside(id: number): Generator<Uint8Array<ArrayBuffer>> {
    for (const [other, { bytes }] of this.#bodies) if (other !== id) yield bytes
  }

  /** Forgets all, written or not. */
  clear(): void {
    this.inserts.clear()
    this.deletes.clear()
    this.connected.length = 0
    this.reverted.length = 0
    this.#revertedTouches.length = 0
    this.#bodies.clear()
    this.#blobBytes = 0
  }

  #takeBack(sql: SqlPort): void {
    const lowest = this.reverted.at(-1)
    if (!lowest) return
    for (const { id } of this.reverted) {
      deleteParts(sql, 'prevouts', id)
      sql.sql.exec('DELETE FROM offsets WHERE block_id = ?', id)
    }
    sql.sql.exec('DELETE FROM best WHERE height >= ?', lowest.height)
  }

  #mark(tree: HeaderTree): void {
    const connected = this.connected.map((row) => row.node)
    const isConnected = new Set(connected.map((node) => node.id))
    const early = [...this.#bodies.values()].map(({ node }) => node).filter((node) => !isConnected.has(node.id))
    tree.setStatus(early, HAVE_BODY)
    // A connected block's body is stored: before, or in this batch.
    tree.setStatus(connected, HAVE_BODY | CONNECTED)
    tree.setStatus(this.reverted, 0, CONNECTED)
  }
}
