import { hashKey, sha256d } from '../../src/wire/hash.ts'

export interface ShelvedBlock {
  hash: Uint8Array
  prev: Uint8Array
  height: number
  bytes: Uint8Array
}

/** Raw blocks that connect, in all their branches. The tip is the highest, of equals the first that came. */
export class BlockShelf {
  readonly genesisHash: Uint8Array
  readonly #blocks = new Map<string, ShelvedBlock>()
  /** The chain up to the tip, by height. */
  #chain: ShelvedBlock[] = []

  constructor(genesis: Uint8Array) {
    this.genesisHash = sha256d(genesis.subarray(0, 80))
    const block = { hash: this.genesisHash, prev: genesis.subarray(4, 36), height: 0, bytes: genesis }
    this.#blocks.set(hashKey(this.genesisHash), block)
    this.#chain = [block]
  }

  get tip(): ShelvedBlock {
    return this.#chain.at(-1)!
  }

  /** From height 1 up to the tip. */
  get chain(): readonly ShelvedBlock[] {
    return this.#chain.slice(1)
  }

  /** Undefined where the parent is not here. */
  add(bytes: Uint8Array): ShelvedBlock | undefined {
    const prev = bytes.subarray(4, 36)
    const parent = this.#blocks.get(hashKey(prev))
    if (!parent) return undefined
    const block = { hash: sha256d(bytes.subarray(0, 80)), prev, height: parent.height + 1, bytes }
    this.#blocks.set(hashKey(block.hash), block)
    if (block.height > this.tip.height) this.#moveTo(block)
    return block
  }

  has(hash: Uint8Array): boolean {
    return this.#blocks.has(hashKey(hash))
  }

  find(hash: Uint8Array): ShelvedBlock | undefined {
    return this.#blocks.get(hashKey(hash))
  }

  locator(): Uint8Array[] {
    const hashes: Uint8Array[] = []
    let step = 1
    for (let height = this.tip.height; height > 0; height -= step) {
      hashes.push(this.#chain[height]!.hash)
      if (hashes.length > 10) step *= 2
    }
    return [...hashes, this.genesisHash]
  }

  /** The chain after the first hash of the locator that is on it. */
  after(locator: readonly Uint8Array[], stop: Uint8Array, max: number): ShelvedBlock[] {
    const isOnChain = (block: ShelvedBlock | undefined) => block && this.#chain[block.height] === block
    const start = locator.map((hash) => this.find(hash)).find(isOnChain)?.height ?? 0
    const end = this.find(stop)?.height ?? this.tip.height
    return this.#chain.slice(start + 1, Math.min(end, start + max) + 1)
  }

  #moveTo(tip: ShelvedBlock): void {
    for (let at = tip; this.#chain[at.height] !== at; at = this.#blocks.get(hashKey(at.prev))!) {
      this.#chain[at.height] = at
    }
    this.#chain.length = tip.height + 1
  }
}
