import { CONNECTED, HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { BatchRows } from './batch-rows.ts'
import type { BlockRow } from './block-row.ts'
import { IndexRows, touchedPrefixes } from './index-rows.ts'
import type { PrefixCounts } from './prefix-counts.ts'
import { type BlockTouches, touchesBytes } from './touches.ts'

/** Bytes of memory that the objects of one block take besides their contents, about: a dozen short arrays, as measured. */
const BLOCK_OVERHEAD = 8000

/** What was done since the last commit, waiting to be written in one transaction. */
export class Batch {
  readonly inserts = new IndexRows()
  readonly deletes = new IndexRows()
  /** Lowest first. */
  readonly connected: HeaderNode[] = []
  /** Tip first. Always from before the batch: what a batch connects it does not revert. */
  readonly reverted: HeaderNode[] = []
  readonly #rows: BlockRow[] = []
  readonly #revertedRows: { id: number; height: number; touches: BlockTouches }[] = []
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

  addConnected(node: HeaderNode, row: BlockRow): void {
    this.connected.push(node)
    this.#rows.push(row)
    this.#blobBytes += row.prevouts.length + row.offsets.length + touchesBytes(row.touches)
    if (!this.#bodies.has(node.id)) this.#blobBytes += row.touches.bytes.length
  }

  addReverted(node: HeaderNode, touches: BlockTouches): void {
    this.reverted.push(node)
    this.#revertedRows.push({ id: node.id, height: node.height, touches })
    this.#blobBytes += touches.bytes.length + touches.prevouts.length + touchesBytes(touches)
  }

  /** Gives the headers the status that the rows bring about. To be called inside the same transaction. */
  mark(tree: HeaderTree): void {
    tree.setStatus(this.#early, HAVE_BODY)
    // A connected block's body is stored: before, or in this batch.
    tree.setStatus(this.connected, HAVE_BODY | CONNECTED)
    tree.setStatus(this.reverted, 0, CONNECTED)
  }

  /** The same in memory alone, where nothing is taken back: what is to be written with the rows. */
  note(tree: HeaderTree): { id: number; status: number }[] {
    return [...tree.noteStatus(this.#early, HAVE_BODY), ...tree.noteStatus(this.connected, HAVE_BODY | CONNECTED)]
  }

  /** What is to be written. After it only `mark`, `bodiesBeside` and `clear` are of use. `counts`: of all rows in `history`. */
  rows(counts?: PrefixCounts): BatchRows {
    const inserts = this.inserts.take()
    return {
      bodies: Array.from(this.#bodies, ([id, { bytes }]) => ({ id, bytes })),
      connected: this.#rows,
      inserts,
      touched: touchedPrefixes(inserts, counts),
      reverted: this.#revertedRows,
      deletes: this.deletes.take(),
    }
  }

  /** The same with all its buffers, to be given away, but for the raw block with the header id `kept`; the batch is empty then. */
  give(kept: number, counts?: PrefixCounts): BatchRows {
    let copy: Uint8Array<ArrayBuffer> | undefined
    const own = (bytes: Uint8Array<ArrayBuffer>, id: number) => {
      if (id !== kept) return bytes
      copy ??= bytes.slice()
      return copy
    }
    const rows = this.rows(counts)
    const given = {
      ...rows,
      bodies: rows.bodies.map(({ id, bytes }) => ({ id, bytes: own(bytes, id) })),
      connected: rows.connected.map((row) => ({
        ...row,
        touches: { ...row.touches, bytes: own(row.touches.bytes, row.id) },
      })),
      reverted: rows.reverted.slice(),
    }
    this.clear()
    return given
  }

  /** Those stored before their turn. */
  get #early(): HeaderNode[] {
    const isConnected = new Set(this.connected.map((node) => node.id))
    return [...this.#bodies.values()].map(({ node }) => node).filter((node) => !isConnected.has(node.id))
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
    this.#rows.length = 0
    this.#revertedRows.length = 0
    this.#bodies.clear()
    this.#blobBytes = 0
  }
}
