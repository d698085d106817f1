import type { HeaderNode, HeaderTree } from './header-tree.ts'
import type { Network } from './network.ts'
import { workOf } from './target.ts'

/** A block counts as buried only under more work than the network does in this time at its present pace, seconds. */
const BURIED_FOR = 14n * 24n * 3600n

/**
 * Which blocks have scripts that need not run, because one that many people have checked builds on them: the network's
 * assumed-valid block. All else of such a block is checked as ever. The rule is Bitcoin Core's: nobody gains anything from
 * a false one but with a chain of the network's minimum work, buried by two weeks of it.
 */
export class AssumedBlocks {
  readonly #network: Network
  readonly #tree: HeaderTree
  /** The assumed-valid block, once its header is here. */
  #until: { id: number; height: number } | undefined

  constructor(network: Network, tree: HeaderTree) {
    this.#network = network
    this.#tree = tree
  }

  /** Whether the scripts of this block, whose header is in the tree, are taken as checked. */
  has(node: HeaderNode): boolean {
    const { assumeValid, minChainWork, pow } = this.#network
    if (!assumeValid) return false
    const tree = this.#tree
    this.#until ??= placeOf(tree.node(assumeValid))
    const { best } = tree
    if (!this.#until || node.height > this.#until.height || best.work < minChainWork) return false
    if (!tree.isMain(node) || tree.ancestor(tree.nodeById(this.#until.id)!, node.height)?.id !== node.id) return false
    return ((best.work - node.work) * BigInt(pow.spacing)) / workOf(best.bits) > BURIED_FOR
  }
}

/** A node itself would keep others in memory. */
function placeOf(node: HeaderNode | undefined): { id: number; height: number } | undefined {
  return node && { id: node.id, height: node.height }
}
