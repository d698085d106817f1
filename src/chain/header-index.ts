import { hashKey } from '../wire/hash.ts'
import { type HeaderNode, TreeNode } from './header-node.ts'
import { type HeaderRecord, type HeaderStore, MAIN } from './header-store.ts'

/** Heights below the best one that are always in memory: two retarget periods. */
export const WINDOW = 4032
/** How far memory may run past the window before it is trimmed, so that trimming costs little a header. */
const TRIM_EVERY = 2016
/** Headers beside the main chain kept in memory; more are read from the store when needed. */
const MAX_SIDE_NODES = 16_384
/** Heights read at once from the store. */
const CHUNK = 2016

export interface StatusChange {
  node: TreeNode
  status: number
}

/**
 * Where headers are found: the last 4,032 heights and the branches there in memory, everything else in the store. No
 * answer depends on which of the two it came from. The store is written before memory is.
 */
export class HeaderIndex {
  readonly #store: HeaderStore
  /** By hash, in the order in which they came. */
  readonly #nodes = new Map<string, TreeNode>()
  /** Of `#nodes`, those on the main chain, by height. */
  readonly #main = new Map<number, TreeNode>()
  /** The others, in the order in which they came or left the main chain. */
  readonly #sides = new Set<TreeNode>()
  /** Main headers from this height on are in memory. */
  #lowest: number
  #best: TreeNode

  /** The store must have a main chain. */
  constructor(store: HeaderStore) {
    this.#store = store
    const top = store.topHeight()
    this.#lowest = Math.max(0, top - WINDOW + 1)
    for (const record of store.fromHeight(this.#lowest)) {
      this.#remember(TreeNode.fromRecord(record, hashKey(record.hash)))
    }
    this.#best = this.#main.get(top)!
    this.trim()
  }

  /** Tip of the main chain. */
  get best(): TreeNode {
    return this.#best
  }

  inMemory(): Iterable<TreeNode> {
    return this.#nodes.values()
  }

  node(hash: Uint8Array, key = hashKey(hash)): TreeNode | undefined {
    return this.#nodes.get(key) ?? this.#fromStore(this.#store.byHash(hash), key)
  }

  byId(id: number): TreeNode | undefined {
    return this.#fromStore(this.#store.byId(id))
  }

  /** Of a node that somebody held on to: the object in memory, if there is one, otherwise one with the stored status. */
  current(node: TreeNode): TreeNode {
    return this.#nodes.get(node.key) ?? this.#fromStore(this.#store.byId(node.id), node.key) ?? node
  }

  mainAt(height: number): TreeNode | undefined {
    const node = this.#main.get(height)
    if (node || height < 0 || height > this.#best.height) return node
    return this.#fromStore(this.#store.mainAt(height))
  }

  /** Consecutive main headers; fewer than `count` where the chain ends. */
  mainRange(from: number, count: number): TreeNode[] {
    const nodes: TreeNode[] = []
    const end = Math.min(from + count, this.#best.height + 1)
    for (let height = Math.max(0, from); height < end; ) {
      const node = this.#main.get(height)
      if (node) {
        nodes.push(node)
        height++
        continue
      }
      const chunkEnd = Math.min(height + CHUNK, end)
      for (const record of this.#store.fromHeight(height, chunkEnd)) {
        if (record.status & MAIN) nodes.push(this.#fromStore(record)!)
      }
      height = chunkEnd
    }
    return nodes
  }

  isMain(node: HeaderNode): boolean {
    return this.mainAt(node.height)?.id === node.id
  }

  parent(node: TreeNode): TreeNode | undefined {
    if (node.parent) return node.parent
    if (node.height === 0) return undefined
    const { prev } = node
    const key = hashKey(prev)
    const inMemory = this.#nodes.get(key)
    // Only what is in memory may be linked to: a link keeps its end alive.
    if (inMemory) node.parent = inMemory
    return inMemory ?? this.#fromStore(this.#store.byHash(prev), key)
  }

  ancestor(node: TreeNode, height: number): TreeNode | undefined {
    let at: TreeNode | undefined = node.height < height ? undefined : node
    while (at && at.height > height) {
      if (this.isMain(at)) return this.mainAt(height)
      at = this.parent(at)
    }
    return at
  }

  /** The node and everything that builds on it, by height. */
  descendants(node: TreeNode): TreeNode[] {
    const found = [this.current(node)]
    let height = node.height
    let parents = new Set<string>()
    let children = new Set([node.key])
    for (let from = height + 1; ; from += CHUNK) {
      const records = this.#store.fromHeight(from, from + CHUNK)
      for (const record of records) {
        if (record.height !== height) {
          height = record.height
          parents = children
          children = new Set()
          if (parents.size === 0) return found
        }
        if (!parents.has(hashKey(record.raw.subarray(4, 36)))) continue
        const child = this.#fromStore(record)!
        found.push(child)
        children.add(child.key)
      }
      if (records.length === 0) return found
    }
  }

  /** The header with the most work that has not failed, first seen of equals. */
  mostWork(): TreeNode {
    return this.#fromStore(this.#store.mostWork())!
  }

  /** Writes new nodes, parents first, and new statuses to the store and then to memory. `best` is the new main tip. */
  apply(insert: TreeNode[], changes: StatusChange[], best = this.#best): void {
    if (insert.length > 0 || changes.length > 0) {
      this.#store.apply({ insert, status: changes.map(({ node, status }) => ({ id: node.id, status })) })
    }
    for (const { node, status } of changes) {
      node.status = status
      if (!(status & MAIN) && this.#main.get(node.height)?.id === node.id) this.#main.delete(node.height)
      if (status & MAIN) this.#sides.delete(node)
    }
    for (const { node } of changes) if (node.height >= this.#lowest) this.#remember(node)
    for (const node of insert) this.#remember(node)
    this.#best = best
  }

  /** Drops a link to a parent that is not, or no longer, the object in memory. */
  unlinkStranger(node: TreeNode): void {
    if (node.parent && this.#nodes.get(node.parent.key) !== node.parent) node.parent = undefined
  }

  /** Forgets what is below the window, and the oldest branches when there are too many. */
  trim(): void {
    let surplus = this.#sides.size - MAX_SIDE_NODES
    if (this.#main.size < WINDOW + TRIM_EVERY && surplus <= 0) return
    if (surplus > 0) surplus += MAX_SIDE_NODES / 2
    const lowest = Math.max(this.#lowest, this.#best.height - WINDOW + 1)
    for (let height = this.#lowest; height < lowest; height++) {
      const node = this.#main.get(height)
      if (!node) continue
      this.#nodes.delete(node.key)
      this.#main.delete(height)
    }
    this.#lowest = lowest
    for (const node of this.#sides) {
      if (node.height >= lowest && surplus-- <= 0) continue
      this.#nodes.delete(node.key)
      this.#sides.delete(node)
    }
    // Whatever lies higher on the main chain is linked to what is in memory.
    const first = this.#main.get(lowest)
    if (first) this.unlinkStranger(first)
    for (const node of this.#sides) this.unlinkStranger(node)
  }

  #fromStore(record: HeaderRecord | undefined, key = record && hashKey(record.hash)): TreeNode | undefined {
    return record && (this.#nodes.get(key!) ?? TreeNode.fromRecord(record, key!))
  }

  #remember(node: TreeNode): void {
    this.#nodes.set(node.key, node)
    if (node.status & MAIN) this.#main.set(node.height, node)
    else this.#sides.add(node)
  }
}
