import { StoreError } from '../store/error.ts'

/** What is stored of a block. */
export type BlockPart = 'body' | 'prevouts' | 'offsets'

/**
 * Something stored of a block is not what was written, or is gone. Whoever reads it answers nothing that would rest on it;
 * it can be made again: a body from a peer, the others from bodies.
 */
export class BlockDamaged extends StoreError {
  override name = 'BlockDamaged'
  /** `header.id`. */
  readonly blockId: number
  readonly part: BlockPart

  constructor(blockId: number, part: BlockPart) {
    super('corrupt', `the ${part} of block ${blockId} cannot be read as written`)
    this.blockId = blockId
    this.part = part
  }
}
