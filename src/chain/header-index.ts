import { hashKey } from '../wire/hash.ts'
import { type HeaderNode, TreeNode } from './header-node.ts'
import { type HeaderRecord, type HeaderStore, MAIN } from './header-store.ts'
import { NodeTable } from './node-table.ts'

/** Heights below the best one that are always in memory: two retarget periods. */
export const WINDOW = 4032
/** How far memory may run past the window before it is trimmed, so that trimming costs little a header. */
const TRIM_EVERY = 2016
/** Nodes that come into memory before it is trimmed, a message of 2,000 on top of it, when there are no branches. */
const ROOM = WINDOW + TRIM_EVERY + 2000
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
  #nodes = new NodeTable(ROOM)
  /** Of `#nodes`, those on the main chain from height `#lowest` on; what lies below is dropped with the next trimming. */
  #main: (TreeNode | undefined)[] = []
  /** Those beside it, in the order in which they came or left the main chain. */
  readonly #sides = new Set<TreeNode>()
  /** Main headers from this height on are in memory. */
  #lowest: number
  #best: TreeNode

  /** The store must have a main chain. */
  constructor(store: HeaderStore) {
    this.#store = store
    const top = store.topHeight()
    this.#lowest = Math.max(0, top - WINDOW + 1)
    for (const record of store.fromHeight(this.#lowest)) this.#remember(TreeNode.fromRecord(record))
    this.#best = this.#mainInMemory(top)!
    this.trim()
  }

  /** Tip of the main chain. */
  get best(): TreeNode {
    return this.#best
  }

  /** The window and the branches beside it. */
  *inMemory(): Iterable<TreeNode> {
    for (const node of this.#main) if (node) yield node
    yield* this.#sides
  }

  node(hash: Uint8Array): TreeNode | undefined {
    return this.#nodes.get(hash) ?? this.#fromStore(this.#store.byHash(hash))
  }

  byId(id: number): TreeNode | undefined {
    return this.#fromStore(this.#store.byId(id))
  }

  /** Of a node that somebody held on to: the object in memory, if there is one, otherwise one with the stored status. */
  current(node: TreeNode): TreeNode {
    return this.#nodes.get(node.hashes, node.hashStart) ?? this.#fromStore(this.#store.byId(node.id)) ?? node
  }

  mainAt(height: number): TreeNode | undefined {
    const node = this.#mainInMemory(height)
    if (node || height < 0 || height > this.#best.height) return node
    return this.#fromStore(this.#store.mainAt(height))
  }

  /** Consecutive main headers; fewer than `count` where the chain ends. */
  mainRange(from: number, count: number): TreeNode[] {
    const nodes: TreeNode[] = []
    const end = Math.min(from + count, this.#best.height + 1)
    for (let height = Math.max(0, from); height < end; ) {
      const node = this.#mainInMemory(height)
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
    const inMemory = this.#nodes.get(prev)
    // Only what is in memory may be linked to: a link keeps its end alive.
    if (inMemory) node.parent = inMemory
    return inMemory ?? this.#fromStore(this.#store.byHash(prev))
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
    let children = new Set([hashKey(node.hash)])
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
        children.add(hashKey(child.hash))
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
      if (!(status & MAIN) && this.#mainInMemory(node.height)?.id === node.id) this.#setMain(node.height, undefined)
      if (status & MAIN) this.#sides.delete(node)
    }
    for (const { node } of changes) if (node.height >= this.#lowest) this.#remember(node)
    for (const node of insert) this.#remember(node)
    this.#best = best
    if (best.height < this.#lowest) {
      // All of the window has left the main chain: another begins.
      this.#lowest = best.height
      this.#main = []
      this.#remember(best)
    }
    this.#main.length = best.height - this.#lowest + 1
  }

  /** Takes up new statuses, which leave the main chain as it is and are written by somebody else. */
  note(changes: readonly StatusChange[]): void {
    if (changes.length === 0) return
    const status = changes.map((change) => ({ id: change.node.id, status: change.status }))
    this.#store.apply({ insert: [], status, isWritten: true })
    for (const change of changes) change.node.status = change.status
  }

  /** Drops a link to a parent that is not, or no longer, the object in memory. */
  unlinkStranger(node: TreeNode): void {
    if (node.parent && !this.#nodes.has(node.parent)) node.parent = undefined
  }

  /** Forgets what is below the window, and the oldest branches when there are too many. */
  trim(): void {
    let surplus = this.#sides.size - MAX_SIDE_NODES
    if (this.#nodes.size - this.#sides.size < WINDOW + TRIM_EVERY && surplus <= 0) return
    if (surplus > 0) surplus += MAX_SIDE_NODES / 2
    const lowest = Math.max(this.#lowest, this.#best.height - WINDOW + 1)
    this.#main = this.#main.slice(lowest - this.#lowest)
    this.#lowest = lowest
    for (const node of this.#sides) if (node.height < lowest || surplus-- > 0) this.#sides.delete(node)
    this.#nodes = new NodeTable(ROOM)
    for (const node of this.inMemory()) this.#nodes.add(node)
    // Whatever lies higher on the main chain is linked to what is in memory.
    const first = this.#main[0]
    if (first) this.unlinkStranger(first)
    for (const node of this.#sides) this.unlinkStranger(node)
  }

  #fromStore(record: HeaderRecord | undefined): TreeNode | undefined {
    return record && (this.#nodes.get(record.hash) ?? TreeNode.fromRecord(record))
  }

  #mainInMemory(height: number): TreeNode | undefined {
    return this.#main[height - this.#lowest]
  }

  #setMain(height: number, node: TreeNode | undefined): void {
    const at = height - this.#lowest
    while (this.#main.length < at) this.#main.push(undefined)
    this.#main[at] = node
  }

  #remember(node: TreeNode): void {
    this.#nodes.add(node)
    if (!(node.status & MAIN)) this.#sides.add(node)
    else if (node.height >= this.#lowest) this.#setMain(node.height, node)
  }
}
