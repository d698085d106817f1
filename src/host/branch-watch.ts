import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Millis } from './ports.ts'

/** A branch up to this long (a retarget period) is gone over to whole, so that it is one step to all who follow. */
const WHOLE_BRANCH = 2016
/** But not when so much time passes without another block of it. */
const PATIENCE: Millis = 5000

/** How far the blocks at hand reach along the best header chain, where the connected chain is another one. */
export class BranchWatch {
  readonly #tree: HeaderTree
  readonly #hasBody: (node: HeaderNode) => boolean
  #seen: { tip: number; fork: HeaderNode; reach: HeaderNode; since: Millis } | undefined
  #deadline: Millis = Number.POSITIVE_INFINITY

  constructor(tree: HeaderTree, hasBody: (node: HeaderNode) => boolean) {
    this.#tree = tree
    this.#hasBody = hasBody
  }

  /** When waiting for the rest of a branch is over. */
  get deadline(): Millis {
    return this.#deadline
  }

  /** The block to go over to now, if any: of more work than `tip`, and everything on the way to it at hand. */
  target(tip: HeaderNode, best: HeaderNode, now: Millis): HeaderNode | undefined {
    const { fork, reach, since } = this.#look(tip, best, now)
    this.#deadline = Number.POSITIVE_INFINITY
    if (reach.work <= tip.work) return undefined
    const patience = since + PATIENCE
    if (reach.id === best.id || best.height - fork.height > WHOLE_BRANCH || now >= patience) return reach
    this.#deadline = patience
    return undefined
  }

  /** What was seen holds no longer: a block turned out to be lost, or the chain moved. */
  forget(): void {
    this.#seen = undefined
    this.#deadline = Number.POSITIVE_INFINITY
  }

  /** From where the last look ended, so that a long branch is not walked for each of its blocks. */
  #look(tip: HeaderNode, best: HeaderNode, now: Millis) {
    let seen = this.#seen
    if (seen?.tip !== tip.id || this.#tree.ancestor(best, seen.reach.height)?.id !== seen.reach.id) {
      const fork = this.#tree.fork(tip, best)
      seen = { tip: tip.id, fork, reach: fork, since: now }
      this.#seen = seen
    }
    while (seen.reach.height < best.height) {
      const next = this.#tree.ancestor(best, seen.reach.height + 1)!
      if (!this.#hasBody(next)) break
      seen.reach = next
      seen.since = now
    }
    return seen
  }
}
