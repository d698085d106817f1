import { hashKey } from '../wire/hash.ts'
import { LinkSet } from './link-set.ts'

/** Blocks whose spreading is followed; only the latest matter. */
const MAX_BLOCKS = 256

/** A block, and which links have shown to have it or were told of it. */
export interface KnownBlock {
  readonly key: string
  /** These can be sent headers that build on it. */
  readonly has: LinkSet
  /** These need no word of it. */
  readonly told: LinkSet
  /** Undefined until it was announced. */
  announced: AnnouncedBlock | undefined
}

export interface AnnouncedBlock {
  hash: Uint8Array
  /** 80 bytes. */
  header: Uint8Array
  height: number
  prevKey: string
}

/** Who has which of the latest blocks. Whoever has a block has those below it. */
export class BlockKnowledge {
  /** The longest unused first. */
  readonly #blocks = new Map<string, KnownBlock>()

  find(key: string): KnownBlock | undefined {
    return this.#blocks.get(key)
  }

  announced(block: Omit<AnnouncedBlock, 'prevKey'>, prev: Uint8Array): KnownBlock {
    const prevKey = hashKey(prev)
    const known = this.#touch(hashKey(block.hash))
    known.announced = { ...block, prevKey }
    const parent = this.#blocks.get(prevKey)
    if (parent) for (const slot of known.has) this.#mark(slot, parent)
    return known
  }

  /** The link has it. Returns its height where that is known. */
  has(slot: number, key: string): number | undefined {
    const known = this.#touch(key)
    this.#mark(slot, known)
    return known.announced?.height
  }

  deleteLinks(links: LinkSet): void {
    for (const { has, told } of this.#blocks.values()) {
      has.deleteAll(links)
      told.deleteAll(links)
    }
  }

  #mark(slot: number, known: KnownBlock): void {
    for (let at: KnownBlock | undefined = known; at && !at.has.has(slot); ) {
      at.has.add(slot)
      at.told.add(slot)
      at = at.announced && this.#blocks.get(at.announced.prevKey)
    }
  }

  #touch(key: string): KnownBlock {
    const known = this.#blocks.get(key) ?? { key, has: new LinkSet(), told: new LinkSet(), announced: undefined }
    this.#blocks.delete(key)
    this.#blocks.set(key, known)
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= MAX_BLOCKS) break
      this.#blocks.delete(oldest)
    }
    return known
  }
}
