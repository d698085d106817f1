import type { Millis } from '../peer/ports.ts'
import { hashKey } from '../wire/hash.ts'
import type { NewEntry } from './mempool-pool.ts'
import type { ReplacedTx, Replacements, ReplacementTree } from './mempool-questions.ts'

/** How long a tree is remembered after its last replacement. */
const KEPT_MS: Millis = 72 * 3_600_000
/** Transactions remembered in all trees. */
const MAX_TXS = 10_000
/** Replacements of replacements that are remembered; older ones than those are cut off. */
const MAX_DEPTH = 50

type Entry = Pick<NewEntry, 'txid' | 'key' | 'feeSat' | 'vsize' | 'value' | 'time' | 'signalsRbf'>

interface Node {
  key: string
  tx: ReplacedTx
  /** Seconds until it was replaced. */
  interval?: number
  /** Something below, or what it replaced itself, did not say that it may be replaced. */
  fullRbf: boolean
  mined: boolean
  replaces: Node[]
  depth: number
}

interface Tree {
  root: Node
  at: Millis
}

/** Which transactions took the place of which, as far as it was seen here, within bounds of count and time. */
export class ReplacementHistory {
  /** By the latest replacement, oldest first. */
  readonly #trees = new Set<Tree>()
  readonly #treeOf = new Map<string, Tree>()
  readonly #nodes = new Map<string, Node>()

  get size(): number {
    return this.#nodes.size
  }

  /** `by` takes the place of these, which spend what it spends. */
  add(by: Entry, replaced: Iterable<Entry>, now: Millis): void {
    this.#forgetOld(now)
    const entries = [...replaced]
    // Whatever comes back after it was replaced once begins anew: what is remembered are trees.
    this.#fellAround(by.key)
    for (const { key } of entries) if (this.#treeOf.get(key)?.root.key !== key) this.#fellAround(key)
    const below: Node[] = []
    let isFull = false
    for (const entry of entries) {
      const tree = this.#treeOf.get(entry.key)
      const node = tree?.root ?? this.#leaf(entry)
      if (tree) this.#trees.delete(tree)
      node.interval = Math.max(0, by.time - node.tx.time)
      isFull ||= !entry.signalsRbf
      below.push(node)
    }
    const root: Node = {
      key: by.key,
      tx: { ...txOf(by), ...(isFull && { fullRbf: true }) },
      fullRbf: isFull || below.some(({ fullRbf }) => fullRbf),
      mined: false,
      replaces: below,
      depth: 1 + Math.max(...below.map(({ depth }) => depth)),
    }
    this.#nodes.set(by.key, root)
    cut(root, MAX_DEPTH, (node) => this.#drop(node))
    const tree = { root, at: now }
    this.#trees.add(tree)
    this.#plant(root, tree)
    for (const oldest of this.#trees) {
      if (this.#nodes.size <= MAX_TXS) break
      this.#fell(oldest)
    }
  }

  /** A block holds it, or, where `isMined` is false, holds it no more. */
  mined(key: string, isMined: boolean): void {
    const node = this.#nodes.get(key)
    if (node) node.mined = isMined
  }

  find(txid: Uint8Array, now: Millis): Replacements {
    this.#forgetOld(now)
    const key = hashKey(txid)
    const tree = this.#treeOf.get(key)
    const node = this.#nodes.get(key)
    return {
      tree: tree && treeOf(tree.root),
      replaces: node && node.replaces.length > 0 ? node.replaces.map(({ tx }) => tx.txid) : undefined,
    }
  }

  /** The latest trees, newest first. */
  latest(limit: number, fullRbfOnly: boolean, now: Millis): ReplacementTree[] {
    this.#forgetOld(now)
    const trees = [...this.#trees].reverse().filter(({ root }) => root.fullRbf || !fullRbfOnly)
    return trees.slice(0, limit).map(({ root }) => treeOf(root))
  }

  #leaf(entry: Entry): Node {
    const node = { key: entry.key, tx: txOf(entry), fullRbf: !entry.signalsRbf, mined: false, replaces: [], depth: 1 }
    this.#nodes.set(entry.key, node)
    return node
  }

  #plant(root: Node, tree: Tree): void {
    for (const { key } of walk(root)) this.#treeOf.set(key, tree)
  }

  #drop(root: Node): void {
    for (const { key } of walk(root)) {
      this.#nodes.delete(key)
      this.#treeOf.delete(key)
    }
  }

  #fellAround(key: string): void {
    const tree = this.#treeOf.get(key)
    if (tree) this.#fell(tree)
  }

  #fell(tree: Tree): void {
    this.#trees.delete(tree)
    this.#drop(tree.root)
  }

  #forgetOld(now: Millis): void {
    for (const tree of this.#trees) {
      if (now - tree.at < KEPT_MS) return
      this.#fell(tree)
    }
  }
}

function* walk(root: Node): Generator<Node> {
  const nodes = [root]
  for (const node of nodes) {
    yield node
    nodes.push(...node.replaces)
  }
}

/** Leaves so many levels. */
function cut(node: Node, levels: number, drop: (node: Node) => void): void {
  if (node.depth <= levels) return
  node.depth = levels
  if (levels > 1) {
    for (const below of node.replaces) cut(below, levels - 1, drop)
    return
  }
  for (const below of node.replaces) drop(below)
  node.replaces = []
}

function txOf({ txid, feeSat, vsize, value, time, signalsRbf }: Entry): ReplacedTx {
  return { txid, feeSat, vsize, value: value - feeSat, time, rbf: signalsRbf }
}

function treeOf({ tx, interval, fullRbf, mined, replaces }: Node): ReplacementTree {
  return {
    tx: { ...tx, ...(mined && { mined }) },
    time: tx.time,
    ...(interval !== undefined && { interval }),
    fullRbf,
    ...(mined && { mined }),
    replaces: replaces.map(treeOf),
  }
}
