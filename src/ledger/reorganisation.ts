import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { BlockRef, Reorg } from '../chain/reorg.ts'
import type { Connected, Invalid, Unavailable } from './connect-result.ts'

/** Headers read at once along the best header chain. */
const RUN = 2016

/** What a reorganisation is made of, one block each. */
export interface ReorgMoves {
  readonly tip: HeaderNode
  /** A block that is needed and known to be unreadable: of the connected chain above `fork`. */
  damagedAbove(fork: HeaderNode): Unavailable | undefined
  revertTip(): Unavailable | undefined
  connectStored(node: HeaderNode): Connected | Invalid | Unavailable
  /** Whether what is open is as much as one transaction is to hold, after so many blocks. */
  isFull(blocks: number): boolean
  commit(): void
  /** Back to what was last committed. */
  discard(): void
}

/** What one step did. It is committed: a valid chain, though perhaps of less work than the one before. */
export interface ReorgStep {
  /** Tip first. */
  reverted: BlockRef[]
  /** Lowest first, above what is left of the chain after `reverted`. */
  connected: Connected[]
  /** More is to be done. */
  goesOn: boolean
}

/**
 * The way from the tip to another block, as work in steps. A step holds no more than fits one transaction, and a
 * reorganisation that fits one is one step. Where the target cannot be reached it turns around and comes to rest where
 * it began; where there is no way back either, as a block has become unreadable meanwhile, where it then stands.
 */
export class Reorganisation {
  /** Why the target was not reached; of two the second is why it did not come back. */
  readonly failures: (Invalid | Unavailable)[] = []
  readonly #moves: ReorgMoves
  readonly #tree: HeaderTree
  readonly #from: HeaderNode
  #target: HeaderNode
  #fork: HeaderNode
  /** Header ids above the fork up to the target, lowest first: all that is held of each block of a branch. */
  #way: Float64Array

  constructor(moves: ReorgMoves, tree: HeaderTree, target: HeaderNode) {
    this.#moves = moves
    this.#tree = tree
    this.#from = moves.tip
    this.#target = target
    this.#fork = tree.fork(moves.tip, target)
    this.#way = wayUp(tree, this.#fork, target)
  }

  step(): ReorgStep {
    const moves = this.#moves
    const step: ReorgStep = { reverted: [], connected: [], goesOn: false }
    // Bodies that came since the last step are to stay, whatever becomes of this one.
    moves.commit()
    while (moves.tip.id !== this.#target.id) {
      if (moves.isFull(step.reverted.length + step.connected.length)) {
        moves.commit()
        return { ...step, goesOn: true }
      }
      const failure = this.#move(step)
      if (!failure) continue
      moves.discard()
      this.failures.push(failure)
      const isLost = this.failures.length > 1 || moves.tip.id === this.#from.id
      if (!isLost) this.#turnAround()
      return { reverted: [], connected: [], goesOn: !isLost }
    }
    moves.commit()
    return step
  }

  /** One block down or up. */
  #move(step: ReorgStep): Invalid | Unavailable | undefined {
    const moves = this.#moves
    const { tip } = moves
    const at = tip.height - this.#fork.height
    const isOnWay = at === 0 ? tip.id === this.#fork.id : this.#way[at - 1] === tip.id
    if (isOnWay) {
      const result = moves.connectStored(this.#tree.nodeById(this.#way[at]!)!)
      if (result.kind !== 'connected') return result
      step.connected.push(result)
      return undefined
    }
    const failure = moves.damagedAbove(this.#fork) ?? moves.revertTip()
    if (!failure) step.reverted.push(blockRef(tip))
    return failure
  }

  #turnAround(): void {
    this.#target = this.#from
    this.#fork = this.#tree.fork(this.#moves.tip, this.#from)
    this.#way = wayUp(this.#tree, this.#fork, this.#from)
  }
}

/** How the chain differs between two tips; `undefined` where that names more than `most` blocks. */
export function reorgBetween(tree: HeaderTree, from: HeaderNode, to: HeaderNode, most: number): Reorg | undefined {
  const fork = tree.fork(from, to)
  if (from.height + to.height - 2 * fork.height > most) return undefined
  const reverted = [...wayUp(tree, fork, from)].reverse()
  const refs = (ids: Iterable<number>) => Array.from(ids, (id) => blockRef(tree.nodeById(id)!))
  return { reverted: refs(reverted), connected: refs(wayUp(tree, fork, to)) }
}

export function blockRef({ hash, height, id }: HeaderNode): BlockRef {
  return { hash: hash.slice(), height, id }
}

/** Header ids from above `fork` up to `to`. */
function wayUp(tree: HeaderTree, fork: HeaderNode, to: HeaderNode): Float64Array {
  const ids = new Float64Array(to.height - fork.height)
  if (tree.isMain(to)) {
    for (let i = 0; i < ids.length; i += RUN) {
      const run = tree.mainRange(fork.height + 1 + i, Math.min(RUN, ids.length - i))
      for (const [n, { id }] of run.entries()) ids[i + n] = id
    }
    return ids
  }
  let at: HeaderNode | undefined = to
  for (let i = ids.length - 1; i >= 0; i--) {
    ids[i] = at!.id
    at = tree.node(at!.prev)
  }
  return ids
}
