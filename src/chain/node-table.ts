import { readU32 } from './header-batch.ts'
import type { TreeNode } from './header-node.ts'

/** A power of two. */
const MIN_ROOM = 32

/**
 * Nodes by hash, through open addressing, at most half full. A place is found by the first bytes of the hash, in which no
 * proof of work shows: a header costs the work that it shows, so nobody makes many that collide. Nodes leave only
 * together, by making another table of those that stay.
 */
export class NodeTable {
  #slots!: (TreeNode | undefined)[]
  /** Of each slot, the first four bytes of the hash there: most of the others are passed by on these alone. */
  #words!: Uint32Array
  #size = 0

  /** With room for so many nodes; it grows when more come. */
  constructor(room = MIN_ROOM) {
    let slots = 2 * MIN_ROOM
    while (slots < 2 * room) slots *= 2
    this.#empty(slots)
  }

  get size(): number {
    return this.#size
  }

  /** The node whose hash is the 32 bytes from `at` on. */
  get(hashes: Uint8Array, at = 0): TreeNode | undefined {
    return this.#slots[this.#find(hashes, at)]
  }

  /** Whether this very object is in it. */
  has(node: TreeNode): boolean {
    return this.get(node.hashes, node.hashStart) === node
  }

  /** In the place of another object for the same header, if there is one. */
  add(node: TreeNode): void {
    const slot = this.#find(node.hashes, node.hashStart)
    const isNew = this.#slots[slot] === undefined
    this.#slots[slot] = node
    this.#words[slot] = readU32(node.hashes, node.hashStart)
    if (isNew && ++this.#size * 2 > this.#slots.length) this.#grow()
  }

  /** The slot of a hash, or the empty one where it would be. */
  #find(hashes: Uint8Array, at: number): number {
    const word = readU32(hashes, at)
    const mask = this.#slots.length - 1
    for (let slot = word & mask; ; slot = (slot + 1) & mask) {
      const node = this.#slots[slot]
      if (node === undefined || (this.#words[slot] === word && node.hasHash(hashes, at))) return slot
    }
  }

  #grow(): void {
    const nodes = this.#slots
    this.#empty(2 * nodes.length)
    for (const node of nodes) if (node) this.add(node)
  }

  #empty(slots: number): void {
    this.#slots = Array(slots).fill(undefined)
    this.#words = new Uint32Array(slots)
    this.#size = 0
  }
}
