import { HEADER_SIZE } from '../wire/header.ts'
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
  readonly height: number
  readonly work: bigint
  readonly time: number
  readonly bits: number
  readonly version: number
  /** Undefined also where the parent is not in memory. */
  parent: TreeNode | undefined
  readonly #batch: HeaderBatch
  readonly #index: number

  constructor(batch: HeaderBatch, index: number, height: number, work: bigint, parent?: TreeNode) {
    const { raws } = batch
    const at = index * HEADER_SIZE
    this.height = height
    this.work = work
    this.version = readU32(raws, at) | 0
    this.time = readU32(raws, at + 68)
    this.bits = readU32(raws, at + 72)
    this.parent = parent
    this.#batch = batch
    this.#index = index
  }

  static fromRecord(record: HeaderRecord): TreeNode {
    const node = new TreeNode({ raws: record.raw, hashes: record.hash }, 0, record.height, record.work)
    node.id = record.id
    node.status = record.status
    return node
  }

  /** The bytes in which its hash lies, from `hashStart` on. */
  get hashes(): Uint8Array {
    return this.#batch.hashes
  }

  get hashStart(): number {
    return this.#index * 32
  }

  /** Whether its hash is the 32 bytes from `at` on. */
  hasHash(hashes: Uint8Array, at: number): boolean {
    const own = this.#batch.hashes
    const start = this.#index * 32
    for (let i = 0; i < 32; i++) if (own[start + i] !== hashes[at + i]) return false
    return true
  }

  isSame(other: TreeNode): boolean {
    return this === other || this.hasHash(other.hashes, other.hashStart)
  }

  copyTo(target: Uint8Array, at: number): void {
    const { raws, hashes } = this.#batch
    const rawStart = this.#index * HEADER_SIZE
    const hashStart = this.#index * 32
    for (let i = 0; i < HEADER_SIZE; i++) target[at + i] = raws[rawStart + i]!
    for (let i = 0; i < 32; i++) target[at + HEADER_SIZE + i] = hashes[hashStart + i]!
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
