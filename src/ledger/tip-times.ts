import { MEDIAN_TIME_SPAN, medianTime } from '../chain/header-rules.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { MedianTimes } from '../chain/locks.ts'

/**
 * Median times past of the connected chain. That of the tip is asked for with every block, which may be far below what
 * the header tree has in memory, so the last times are kept here.
 */
export class TipTimes implements MedianTimes {
  readonly #tree: HeaderTree
  #tip: HeaderNode
  /** Unix seconds, of the tip and up to ten blocks before it, the tip's last. */
  #times: number[] = []

  constructor(tree: HeaderTree, tip: HeaderNode) {
    this.#tree = tree
    this.#tip = tip
    for (let at: HeaderNode | undefined = tip; at && this.#times.length < MEDIAN_TIME_SPAN; at = parentOf(tree, at)) {
      this.#times.unshift(at.time)
    }
  }

  /** `node`, a child of the tip, is the tip now. */
  push(node: HeaderNode): void {
    this.#tip = node
    this.#times.push(node.time)
    if (this.#times.length > MEDIAN_TIME_SPAN) this.#times.shift()
  }

  medianTimePast(height: number): number {
    if (height !== this.#tip.height) return this.#tree.medianTimePast(this.#tree.ancestor(this.#tip, height)!)
    return medianTime(this.#times)
  }
}

function parentOf(tree: HeaderTree, node: HeaderNode): HeaderNode | undefined {
  return node.height === 0 ? undefined : tree.node(node.prev)
}
