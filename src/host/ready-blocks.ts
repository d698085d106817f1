import type { BlockDigest } from '../chain/digest.ts'
import type { HeaderNode } from '../chain/header-tree.ts'
import type { LinkId } from '../peer/queues.ts'

/** A block that was taken apart and holds by itself. */
export interface ReadyBlock {
  node: HeaderNode
  bytes: Uint8Array<ArrayBuffer>
  digest: BlockDigest
  /** Who sent it; undefined where it is our own, or comes from the store. */
  from: LinkId | undefined
}

/** Blocks in memory that wait for the one before them, within a number of bytes. */
export class ReadyBlocks {
  readonly #maxBytes: number
  /** By header id. */
  readonly #blocks = new Map<number, ReadyBlock>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  has({ id }: HeaderNode): boolean {
    return this.#blocks.has(id)
  }

  hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= this.#maxBytes
  }

  add(block: ReadyBlock): void {
    this.#blocks.set(block.node.id, block)
    this.#bytes += block.bytes.length
  }

  take({ id }: HeaderNode): ReadyBlock | undefined {
    const block = this.#blocks.get(id)
    if (!block) return undefined
    this.#blocks.delete(id)
    this.#bytes -= block.bytes.length
    return block
  }

  takeAll(): ReadyBlock[] {
    const blocks = [...this.#blocks.values()]
    this.#blocks.clear()
    this.#bytes = 0
    return blocks
  }
}
