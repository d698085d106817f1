import { CONNECTED, FAILED, HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { BlockRef, Reorg } from '../chain/reorg.ts'
import type { Chainstate, Connected, Invalid, Unavailable } from '../ledger/chainstate.ts'
import { MAX_CHANGES } from '../ledger/change-log.ts'
import { type Reorganisation, reorgBetween } from '../ledger/reorganisation.ts'
import type { LinkId } from '../peer/queues.ts'
import { toDisplay } from '../wire/hash.ts'
import type { BlockIntake } from './block-intake.ts'
import { BranchWatch } from './branch-watch.ts'
import type { LogLine, Millis } from './ports.ts'
import type { ReadyBlocks } from './ready-blocks.ts'

/** Blocks read back from the store and taken apart ahead of their turn. */
const READ_AHEAD = 4

export interface FollowerPorts {
  tree: HeaderTree
  chainstate: Chainstate
  ready: ReadyBlocks
  intake: BlockIntake
  /** Bytes of blocks connected in one go, about: what is left then is due at once, but after what has come meanwhile. */
  stepBytes: number
  /** The chain was moved, in memory: tip first, lowest first. */
  moved(reverted: readonly BlockRef[], connected: readonly Connected[]): void
  /** Commit what is open. */
  commit(): void
  /** What `commit` would tell, where the chainstate committed by itself; `undefined` where it is too much to tell. */
  committed(reorg: Reorg | undefined): void
  refused(refusal: Invalid, from: LinkId | undefined): void
  /** A stored block that is not connected cannot be read back, and counts as stored no longer. */
  lost(node: HeaderNode): void
  /** A connected block that would have to be taken back cannot be read. */
  damaged(node: HeaderNode): void
  log(line: LogLine): void
}

/** A reorganisation under way. */
interface Going {
  way: Reorganisation
  from: HeaderNode
  target: HeaderNode
}

/**
 * Brings the connected chain towards the best header, as far as the blocks at hand allow: one block after the other where
 * they build on the tip, as one change where they are on another branch. While the best chain's blocks do not come, another
 * one with more work than the tip is followed if it is here.
 */
export class ChainFollower {
  readonly #ports: FollowerPorts
  readonly #branch: BranchWatch
  /** The best header, as of the last look. */
  #best: HeaderNode
  /** Blocks at hand that were not on the best header chain when they came, by id; those with more work than the tip. */
  readonly #sides = new Set<number>()
  /** A block to which there is no way until one that would have to be taken back is mended. */
  #barred: number | undefined
  /** Under way to another branch, and from which tip. */
  #going: Going | undefined
  /** Bytes of blocks connected in this go. */
  #done = 0
  #rests = false
  /** The tip's bytes and sender, where it was connected from memory. */
  latest: { id: number; bytes: Uint8Array<ArrayBuffer>; from: LinkId | undefined } | undefined

  constructor(ports: FollowerPorts) {
    this.#ports = ports
    this.#best = ports.tree.best
    this.#branch = new BranchWatch(ports.tree, (node) => ports.chainstate.hasBody(node))
  }

  /** On the way to another branch with work in several steps. What stands in between is told to nobody. */
  get isUnderWay(): boolean {
    return this.#going !== undefined
  }

  /** More blocks may be at hand than one go connects. */
  get rests(): boolean {
    return this.#rests
  }

  /** The next step of a long way is due at once, but after what has come meanwhile. */
  get deadline(): Millis {
    return this.#going || this.#rests ? 0 : this.#branch.deadline
  }

  /** A block came in. */
  arrived(node: HeaderNode): void {
    const { tree, chainstate } = this.#ports
    if (node.work > chainstate.tip.work && !tree.isMain(node)) this.#sides.add(node.id)
  }

  /** A connected block can be read again. */
  mended(): void {
    this.#barred = undefined
    this.#branch.forget()
  }

  advance(now: Millis): void {
    this.#done = 0
    this.#rests = false
    if (this.#going) this.#goOn(this.#going)
    while (!this.#going && !this.#rests) {
      this.#lookAtBest()
      if (!this.#step(now)) return
      this.#rests = this.#done >= this.#ports.stepBytes
    }
  }

  /** Whether the chain moved, or the best header did. */
  #step(now: Millis): boolean {
    const { tree, chainstate } = this.#ports
    const { best } = tree
    const { tip } = chainstate
    if (best.work <= tip.work) return false
    if (tree.ancestor(best, tip.height)?.id === tip.id) {
      if (this.#extend(tree.ancestor(best, tip.height + 1)!)) return true
    } else {
      const target = this.#branch.target(tip, best, now)
      if (target && this.#goTo(target)) return true
    }
    return this.#sides.size > 0 && this.#followSide()
  }

  /** Blocks in memory are of the best chain; when that is another one, they go to the store. */
  #lookAtBest(): void {
    const { tree } = this.#ports
    const { best } = tree
    if (best.id === this.#best.id) return
    if (!tree.isMain(this.#best)) this.#shelve((node) => !tree.isMain(node))
    this.#best = best
  }

  #shelve(which: (node: HeaderNode) => boolean): void {
    const { ready, chainstate } = this.#ports
    for (const block of ready.takeAll()) {
      if (!which(block.node)) {
        ready.add(block)
        continue
      }
      chainstate.storeBody(block.node, block.bytes)
      this.arrived(block.node)
    }
  }

  /** Connects a child of the tip; false when it is not at hand. */
  #extend(next: HeaderNode): boolean {
    const { ready, chainstate, refused, moved, damaged } = this.#ports
    const block = ready.take(next)
    if (!block) {
      this.#readAhead(next)
      return false
    }
    const result = chainstate.connect(next, block.bytes, block.digest)
    if (result.kind === 'invalid') {
      refused(result, block.from)
      return true
    }
    if (result.kind === 'unavailable') {
      // It waits for another one to be mended.
      ready.add(block)
      damaged(result.node)
      return false
    }
    this.#done += block.bytes.length
    this.latest = { id: next.id, bytes: block.bytes, from: block.from }
    moved([], [result])
    return true
  }

  #readAhead(next: HeaderNode): void {
    const { tree, chainstate, ready, intake } = this.#ports
    const { best } = tree
    for (let height = next.height; height < next.height + READ_AHEAD && height <= best.height; height++) {
      const node = height === next.height ? next : tree.ancestor(best, height)!
      if (intake.isBusy(node)) continue
      if (!chainstate.hasBody(node)) return
      const body = chainstate.readBody(node)
      if (body.kind !== 'found') {
        this.lose(node, body.kind)
        return
      }
      if (node !== next && !ready.hasRoomFor(body.bytes.length)) return
      intake.reread(node, body.bytes)
    }
  }

  /** Makes it the tip, from the store, with one step now and the others later. */
  #goTo(target: HeaderNode): boolean {
    const { chainstate, commit } = this.#ports
    if (target.id === this.#barred) return false
    this.#shelve(() => true)
    commit()
    this.#branch.forget()
    const from = chainstate.tip
    this.#going = { way: chainstate.reorganise(target), from, target }
    return this.#goOn(this.#going)
  }

  /** Whether there may be another move. */
  #goOn({ way, from, target }: Going): boolean {
    const { tree, chainstate, committed, moved } = this.#ports
    const { reverted, connected, goesOn } = way.step()
    if (reverted.length + connected.length > 0) moved(reverted, connected)
    if (goesOn) return true
    this.#going = undefined
    const { tip } = chainstate
    // What came meanwhile waits in memory for where the way was then: the best chain may be another one by now.
    this.#shelve((node) => !tree.isMain(node) || !tree.isMain(tip))
    if (tip.id !== from.id) {
      this.latest = undefined
      const { height } = tree.fork(from, tip)
      const facts = { reverted: from.height - height, connected: tip.height - height, height: tip.height }
      if (facts.reverted > 0) this.#ports.log({ level: 'info', text: 'another branch has more work', facts })
      committed(reorgBetween(tree, from, tip, MAX_CHANGES))
    }
    // What cannot be read takes time to come back.
    return way.failures.map((failure) => this.#failed(failure, target)).every((isOver) => isOver)
  }

  /** Whether that is over already, and stands in the way no more. */
  #failed(failure: Invalid | Unavailable, target: HeaderNode): boolean {
    const { tree, chainstate, refused, damaged } = this.#ports
    if (failure.kind === 'invalid') {
      refused(failure, undefined)
      return true
    }
    const node = tree.nodeById(failure.node.id)!
    // The way back may have been long enough for it to be mended, or to come again.
    if (chainstate.hasBody(node)) return true
    if (node.status & CONNECTED) {
      this.#barred = target.id
      damaged(node)
    } else if (node.status & HAVE_BODY) this.lose(node, failure.why)
    return false
  }

  /** The one with the most work to which everything is at hand. */
  #followSide(): boolean {
    const { tree, chainstate } = this.#ports
    const { tip } = chainstate
    let target: HeaderNode | undefined
    for (const id of this.#sides) {
      const node = tree.nodeById(id)!
      if (node.work <= tip.work || node.status & FAILED) this.#sides.delete(id)
      else if (!tree.isMain(node) && node.work > (target?.work ?? 0n) && this.#isReachable(node)) target = node
    }
    return target !== undefined && this.#goTo(target)
  }

  #isReachable(node: HeaderNode): boolean {
    const { tree, chainstate } = this.#ports
    const fork = tree.fork(chainstate.tip, node)
    for (let at = node; at.id !== fork.id; at = tree.node(at.prev)!) {
      if (!chainstate.hasBody(at)) return false
    }
    return true
  }

  /** A stored block that is not connected cannot be read back: it is fetched again. */
  lose(node: HeaderNode, why: string): void {
    const facts = { height: node.height, hash: toDisplay(node.hash), why }
    this.#ports.log({ level: 'error', text: 'a stored block cannot be read', facts })
    this.#ports.tree.setStatus(node, 0, HAVE_BODY)
    this.#branch.forget()
    this.#ports.lost(node)
  }
}
