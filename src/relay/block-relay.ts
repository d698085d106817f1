import type { ToHub } from '../peer/queues.ts'
import { equalBytes, type Hasher, hashKey } from '../wire/hash.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import { type Inventory, InvType } from '../wire/inventory.ts'
import { decodeMessage } from '../wire/messages.ts'
import { MAX_HEADERS_ANNOUNCED } from './announcer.ts'
import type { BlockKnowledge, KnownBlock } from './block-knowledge.ts'
import type { HubLink } from './hub-link.ts'

/** Longer messages than this are answers and not announcements. */
const MAX_ANNOUNCEMENT_BYTES = 1 + MAX_HEADERS_ANNOUNCED * (HEADER_SIZE + 1)

/** What links show to know of blocks as messages go by, and the tip, which everybody asks for at the same time. */
export class BlockRelay {
  readonly #blocks: BlockKnowledge
  readonly #hasher: Hasher
  #tip: { hash: Uint8Array; bytes: Uint8Array<ArrayBuffer> } | undefined

  constructor({ blocks, hasher }: { blocks: BlockKnowledge; hasher: Hasher }) {
    this.#blocks = blocks
    this.#hasher = hasher
  }

  /** To be announced to whoever does not know it. */
  connected(value: Extract<ToHub, { kind: 'announce-block' }>, from: HubLink | undefined): KnownBlock {
    const { hash, header, prev, height, bytes } = value
    const block = this.#blocks.announced({ hash, header, height }, prev)
    this.#tip = bytes && { hash, bytes }
    if (from) this.knows(from, hash)
    return block
  }

  /** `height` of the block, where whoever says so knows it. */
  knows(link: HubLink, hash: Uint8Array, height?: number): void {
    const announced = this.#blocks.has(link.slot, hashKey(hash))
    link.height = Math.max(link.height, height ?? announced ?? -1)
  }

  heardInv(link: HubLink, blocks: readonly Inventory[]): void {
    for (const { hash } of blocks.slice(-MAX_HEADERS_ANNOUNCED)) link.heardOf(hashKey(hash))
  }

  heardHeaders(link: HubLink, payload: Uint8Array): void {
    if (payload.length > MAX_ANNOUNCEMENT_BYTES) return
    for (const header of decodeMessage('headers', payload).headers) this.#heard(link, header)
  }

  heardBlock(link: HubLink, payload: Uint8Array): void {
    if (payload.length >= HEADER_SIZE) this.#heard(link, payload.subarray(0, HEADER_SIZE))
  }

  /** The tip, where that is what is asked for. A whole block is an answer to a request for a compact one (BIP152). */
  tipFor({ type, hash }: Inventory): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#tip || (type !== InvType.WITNESS_BLOCK && type !== InvType.CMPCT_BLOCK)) return undefined
    return equalBytes(hash, this.#tip.hash) ? this.#tip.bytes : undefined
  }

  forgetTip(): void {
    this.#tip = undefined
  }

  #heard(link: HubLink, header: Uint8Array): void {
    link.heardOf(hashKey(this.#hasher.sha256d(header)))
  }
}
