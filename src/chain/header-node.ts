import { type HeaderBatch, hashAt, prevAt, rawAt, readU32 } from './header-batch.ts'
import type { HeaderRecord } from './header-store.ts'

/**
 * A header and its place in the tree, to look at. Nodes are of one moment: while a header is in memory there is one
 * object for it, whose `status` follows; for older ones every look-up makes another. Compare ids, not objects.
 */
export interface HeaderNode {
  /** Its number in the store; 0 while the header is only held back (see `HeaderResult`). */
  readonly id: number
  /** Wire order; a view, not to be written to. */
  readonly hash: Uint8Array
  readonly height: number
  /** The 80 bytes; a view, not to be written to. */
  readonly raw: Uint8Array
  /** Total work of the chain that ends here. */
  readonly work: bigint
  /** Bits of `header-store.ts`. */
  readonly status: number
  /** Unix seconds, the miner's clock. */
  readonly time: number
  readonly bits: number
  readonly version: number
  /** The parent's hash, wire order; a view. */
  readonly prev: Uint8Array
}

/** The tree's own form: what may change, and the way to the parent while that is in memory as well. */
export class TreeNode implements HeaderNode {
  id = 0
  status = 0
  /** The hash as a key. */
  readonly key: string
  readonly height: number
  readonly work: bigint
  readonly time: number
  readonly bits: number
  readonly version: number
  /** Undefined also where the parent is not in memory. */
  parent: TreeNode | undefined
  readonly #batch: HeaderBatch
  readonly #index: number

  constructor(batch: HeaderBatch, index: number, key: string, height: number, work: bigint, parent?: TreeNode) {
    const { raws } = batch
    const at = index * 80
    this.key = key
    this.height = height
    this.work = work
    this.version = readU32(raws, at) | 0
    this.time = readU32(raws, at + 68)
    this.bits = readU32(raws, at + 72)
    this.parent = parent
    this.#batch = batch
    this.#index = index
  }

  static fromRecord(record: HeaderRecord, key: string): TreeNode {
    const node = new TreeNode({ raws: record.raw, hashes: record.hash }, 0, key, record.height, record.work)
    node.id = record.id
    node.status = record.status
    return node
  }

  get raw(): Uint8Array {
    return rawAt(this.#batch, this.#index)
  }

  get hash(): Uint8Array {
    return hashAt(this.#batch, this.#index)
  }

  get prev(): Uint8Array {
    return prevAt(this.#batch, this.#index)
  }
}
