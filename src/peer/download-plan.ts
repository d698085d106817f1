import { CONNECTED, HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import { hashKey } from '../wire/hash.ts'

/** A block of the target's chain that is here. */
interface Waiting {
  node: HeaderNode
  /** What it counts for in the window. */
  bytes: number
  /** It was taken apart and is in order. */
  stored: boolean
}

/**
 * Which blocks are wanted: those of the best header chain above where the connected chain leaves it, in order of
 * height, as far as the window reaches.
 */
export class DownloadPlan {
  readonly #tree: HeaderTree
  readonly #windowBlocks: number
  #tip: HeaderNode
  /** The last header chain that was planned for. */
  #target: HeaderNode
  /** Height from which the window reaches up: of the last block that both chains share, or of a branch is at hand. */
  #base: number
  /** The connected chain is not on the way to the target: what comes waits in the store until the branch is here. */
  #apart = false
  /** The lowest height that has not been looked at. */
  #cursor: number
  /** Wanted and not asked of anybody, ascending. */
  #open: HeaderNode[] = []
  /** Received and not connected, by hash. */
  readonly #waiting = new Map<string, Waiting>()
  #waitingBytes = 0

  constructor(tree: HeaderTree, windowBlocks: number) {
    this.#tree = tree
    this.#windowBlocks = windowBlocks
    this.#tip = tree.mainAt(0)!
    this.#target = this.#tip
    this.#base = 0
    this.#cursor = 1
  }

  /** The connected tip. */
  get tip(): HeaderNode {
    return this.#tip
  }

  /** Bytes of the blocks received and not connected. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Anything received is not connected yet. */
  get waiting(): boolean {
    return this.#waiting.size > 0
  }

  /** The next block to connect, where the header for it is there. */
  get next(): HeaderNode | undefined {
    return this.#tree.mainAt(this.#base + 1)
  }

  /** The lowest block that nobody has been asked for. */
  get wanted(): HeaderNode | undefined {
    return this.#open[0]
  }

  /** Blocks are wanted that lie above the window. */
  get moreBeyond(): boolean {
    return this.#target.height > this.#base + this.#windowBlocks
  }

  /** The block is here, connected or not. */
  has(node: HeaderNode): boolean {
    return (node.status & (HAVE_BODY | CONNECTED)) !== 0 || this.#waiting.has(hashKey(node.hash))
  }

  /** Takes up what the header tree and the connected tip have become. */
  refresh(underWay: (node: HeaderNode) => boolean): void {
    const { best } = this.#tree
    if (best.id !== this.#target.id) {
      const grew = this.#tree.ancestor(best, this.#target.height)?.id === this.#target.id
      this.#target = best
      if (!grew) this.#startOver()
    }
    if (this.#apart) this.#goAlong()
    const end = Math.min(this.#target.height, this.#base + this.#windowBlocks)
    for (; this.#cursor <= end; this.#cursor++) {
      const node = this.#tree.mainAt(this.#cursor)!
      if (!this.has(node) && !underWay(node)) this.#open.push(node)
    }
  }

  /** The highest block that nobody has been asked for. */
  get highestWanted(): HeaderNode | undefined {
    return this.#open.at(-1)
  }

  /** The lowest open block that will do, of the `most` lowest, which is open no longer. */
  take(willDo: (node: HeaderNode) => boolean, most = this.#open.length): HeaderNode | undefined {
    for (let index = 0; index < Math.min(most, this.#open.length); index++) {
      if (willDo(this.#open[index]!)) return this.#open.splice(index, 1)[0]
    }
    return undefined
  }

  /** Whoever was asked will not deliver it. */
  putBack(node: HeaderNode): void {
    if (node.height >= this.#cursor || node.height <= this.#base || this.has(node)) return
    if (this.#tree.mainAt(node.height)?.id !== node.id) return
    const index = this.#open.findIndex((other) => other.height >= node.height)
    if (index < 0) this.#open.push(node)
    else if (this.#open[index]!.id !== node.id) this.#open.splice(index, 0, node)
  }

  received(node: HeaderNode, bytes: number): void {
    this.#close(node)
    this.#waiting.set(hashKey(node.hash), { node, bytes, stored: false })
    this.#waitingBytes += bytes
  }

  /** The block is here and in order, by whatever way it came. */
  stored(node: HeaderNode): void {
    this.#close(node)
    const key = hashKey(node.hash)
    const entry = this.#waiting.get(key)
    // One that is not on the way to the target waits for nothing.
    if (!this.#tree.isMain(node)) this.#forget(key)
    else if (entry) entry.stored = true
    else if (!this.has(node)) this.#waiting.set(key, { node, bytes: 0, stored: true })
  }

  /** What was here was bad, or is gone. Where the header still counts, the block is wanted again. */
  dropped(hash: Uint8Array): void {
    this.#forget(hashKey(hash))
    const node = this.#tree.node(hash)
    if (!node) return
    if (this.#apart && node.height <= this.#base && this.#tree.isMain(node)) {
      this.#base = node.height - 1
      this.#cursor = node.height
      this.#open = []
    }
    this.putBack(node)
  }

  /** The connected tip is another one. Returns what waited for it. */
  connected(tip: HeaderNode): HeaderNode[] {
    if (tip.id === this.#tip.id) return []
    const from = this.#tree.fork(this.#tip, tip)
    const arrived = this.#waitingBetween(from.height, tip)
    for (const { hash } of arrived) this.#forget(hashKey(hash))
    const alongTarget = from.id === this.#tip.id && this.#base === from.height && this.#tree.isMain(tip)
    this.#tip = tip
    if (!alongTarget) {
      this.#startOver()
      return arrived
    }
    this.#base = tip.height
    this.#cursor = Math.max(this.#cursor, tip.height + 1)
    while (this.#open.length > 0 && this.#open[0]!.height <= tip.height) this.#open.shift()
    return arrived
  }

  #startOver(): void {
    this.#target = this.#tree.best
    this.#base = this.#tree.fork(this.#tip, this.#target).height
    this.#apart = this.#base < this.#tip.height
    this.#cursor = this.#base + 1
    this.#open = []
    // Blocks of a branch that lost wait for nothing any more.
    for (const [key, { node }] of this.#waiting) if (!this.#tree.isMain(node)) this.#forget(key)
  }

  /** Moves the window up a branch of which the lowest blocks are stored. */
  #goAlong(): void {
    while (this.#base < this.#target.height) {
      const next = this.#tree.mainAt(this.#base + 1)!
      const entry = this.#waiting.get(hashKey(next.hash))
      if (!entry?.stored && !(next.status & (HAVE_BODY | CONNECTED))) break
      if (entry) {
        this.#waitingBytes -= entry.bytes
        entry.bytes = 0
      }
      this.#base++
    }
    this.#cursor = Math.max(this.#cursor, this.#base + 1)
  }

  /** Of what waits, the ancestors of `tip` above a height. */
  #waitingBetween(height: number, tip: HeaderNode): HeaderNode[] {
    const found: HeaderNode[] = []
    if (tip.height - height > this.#waiting.size) {
      for (const { node } of this.#waiting.values()) {
        if (node.height > height && this.#tree.ancestor(tip, node.height)?.id === node.id) found.push(node)
      }
      return found
    }
    for (let at = height + 1; at <= tip.height; at++) {
      const node = this.#tree.ancestor(tip, at)!
      if (this.#waiting.has(hashKey(node.hash))) found.push(node)
    }
    return found
  }

  /** Of what is open, nearly always none or the lowest. */
  #close(node: HeaderNode): void {
    const index = this.#open.findIndex((other) => other.height >= node.height)
    if (this.#open[index]?.id === node.id) this.#open.splice(index, 1)
  }

  #forget(key: string): boolean {
    const entry = this.#waiting.get(key)
    if (!entry) return false
    this.#waiting.delete(key)
    this.#waitingBytes -= entry.bytes
    return true
  }
}
