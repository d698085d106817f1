import { CONNECTED, FAILED } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Chainstate, Invalid } from '../ledger/chainstate.ts'
import type { LinkId } from '../peer/queues.ts'
import { equalBytes } from '../wire/hash.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import type { DigestedBlock, SubmitResult } from './ledger-output.ts'
import type { Millis } from './ports.ts'
import type { ReadyBlock, ReadyBlocks } from './ready-blocks.ts'

export interface IntakePorts {
  tree: HeaderTree
  chainstate: Chainstate
  ready: ReadyBlocks
  /** Have the block taken apart; comes back by `digested`. The buffer is given away. */
  digest(id: number, bytes: Uint8Array<ArrayBuffer>): void
  /** The block is here, in memory or in the store. */
  arrived(node: HeaderNode): void
  /** A connected block, which was here before, is to be written anew. */
  mend(block: ReadyBlock): void
  /** Not to be kept. `from`: who sent it. */
  refused(refusal: Invalid, from: LinkId | undefined): void
}

/** A block that is being taken apart. */
interface Job {
  /** Undefined for a block handed in: its header enters the tree only when its bytes are known to be in order. */
  node: HeaderNode | undefined
  from: LinkId | undefined
  /** It comes from the store. */
  stored: boolean
  done: ((result: SubmitResult) => void) | undefined
}

/**
 * Blocks from wherever they come up to the point where they wait for their turn: taken apart elsewhere, checked as far as
 * that goes without coins, then kept in memory where they are next on the way to the best header, in the store otherwise.
 */
export class BlockIntake {
  readonly #ports: IntakePorts
  #nextJob = 1
  readonly #jobs = new Map<number, Job>()
  /** Header ids of what `#jobs` know by header. */
  readonly #digesting = new Set<number>()
  /** Handed in and here, but not committed. */
  #submitted: { node: HeaderNode; done: (result: SubmitResult) => void }[] = []

  constructor(ports: IntakePorts) {
    this.#ports = ports
  }

  /** Whether the block is being taken apart or is in memory. */
  isBusy(node: HeaderNode): boolean {
    return this.#digesting.has(node.id) || this.#ports.ready.has(node)
  }

  /** A block that a link sent. */
  receive(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>, from: LinkId): void {
    if (node.status & FAILED || this.isBusy(node)) return
    if (this.#ports.chainstate.hasBody(node)) this.#ports.arrived(node)
    else this.#start({ node, from, stored: false, done: undefined }, bytes)
  }

  /** A block read back from the store, as its turn is near or as what is made of it is to be mended. */
  reread(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>): void {
    this.#start({ node, from: undefined, stored: true, done: undefined }, bytes)
  }

  /** A block of our own. `done` is called once its fate is known and committed. */
  submit(bytes: Uint8Array<ArrayBuffer>, done: (result: SubmitResult) => void): void {
    this.#start({ node: undefined, from: undefined, stored: false, done }, bytes)
  }

  digested(id: number, { bytes, result }: DigestedBlock, now: Millis): void {
    const job = this.#jobs.get(id)
    if (!job) return
    this.#jobs.delete(id)
    if (job.node) this.#digesting.delete(job.node.id)
    if (result.kind === 'malformed') {
      // No block at all has these bytes: they say nothing of the header.
      if (job.node)
        this.#ports.refused({ kind: 'invalid', node: job.node, reason: result.code, mutated: true }, job.from)
      job.done?.({ kind: 'refused', reason: result.code })
      return
    }
    const { digest } = result
    const node = job.node ?? this.#enter(digest, bytes, now)
    if (typeof node === 'string') {
      job.done?.({ kind: 'refused', reason: node })
      return
    }
    if (job.done) this.#submitted.push({ node, done: job.done })
    // The same block may have come by another way meanwhile.
    const isHere = this.#ports.ready.has(node) || this.#ports.chainstate.hasBody(node)
    if (job.stored || !isHere) this.#place({ node, bytes, digest, from: job.from }, job.stored)
  }

  /** Whether an answer is owed for blocks that were handed in. */
  get owesAnswers(): boolean {
    return this.#submitted.length > 0
  }

  /** To be called with everything committed: tells what became of the blocks handed in. */
  answer(): void {
    const submitted = this.#submitted
    this.#submitted = []
    for (const { node, done } of submitted) done(this.#fateOf(node))
  }

  /** The block breaks a rule: whoever handed it in is told why, and what builds on it is dropped. */
  failed({ node, reason }: Invalid): void {
    const { ready, tree } = this.#ports
    const isFailed = ({ id }: HeaderNode) => ((tree.nodeById(id)?.status ?? FAILED) & FAILED) !== 0
    for (const { done } of this.#submitted.filter((submitted) => submitted.node.id === node.id)) {
      done({ kind: 'refused', reason })
    }
    this.#submitted = this.#submitted.filter((submitted) => submitted.node.id !== node.id)
    for (const block of ready.takeAll()) if (!isFailed(block.node)) ready.add(block)
    for (const [id, job] of this.#jobs) {
      if (!job.node || !isFailed(job.node)) continue
      this.#jobs.delete(id)
      this.#digesting.delete(job.node.id)
    }
  }

  #start(job: Job, bytes: Uint8Array<ArrayBuffer>): void {
    const id = this.#nextJob++
    this.#jobs.set(id, job)
    if (job.node) this.#digesting.add(job.node.id)
    this.#ports.digest(id, bytes)
  }

  /** The header of a block that was handed in gets its place in the tree; or why it has none. */
  #enter(digest: ReadyBlock['digest'], bytes: Uint8Array, now: Millis): HeaderNode | string {
    const refused = this.#ports.chainstate.checkForm(bytes, digest)
    if (refused) return refused
    const result = this.#ports.tree.accept([bytes.slice(0, HEADER_SIZE)], now)
    if (result.kind === 'accepted') return result.last
    if (result.kind === 'invalid') return result.code
    return result.kind === 'unconnected' ? 'prev-blk-not-found' : 'too-little-chainwork'
  }

  #place(block: ReadyBlock, stored: boolean): void {
    const { tree, chainstate, ready, arrived, mend, refused } = this.#ports
    const { node, bytes, digest, from } = block
    const refusal = chainstate.checkAlone(node, bytes, digest)
    if (refusal) {
      refused(refusal, from)
      return
    }
    if (isConnected(tree, node)) {
      mend(block)
      if (!stored) arrived(node)
      return
    }
    const { tip } = chainstate
    const isNext = equalBytes(node.prev, tip.hash)
    const isOnWay = node.height > tip.height && tree.isMain(node) && tree.isMain(tip)
    // The next one has room always: what is there waits for it.
    if (isOnWay && (isNext || ready.hasRoomFor(bytes.length))) ready.add(block)
    else if (!stored) chainstate.storeBody(node, bytes)
    if (!stored) arrived(node)
  }

  #fateOf(node: HeaderNode): SubmitResult {
    const { tree, chainstate } = this.#ports
    const { status } = tree.nodeById(node.id)!
    if (status & FAILED) return { kind: 'refused', reason: 'bad-prevblk' }
    return tree.ancestor(chainstate.tip, node.height)?.id === node.id ? { kind: 'connected' } : { kind: 'stored' }
  }
}

function isConnected(tree: HeaderTree, { id }: HeaderNode): boolean {
  return (tree.nodeById(id)!.status & CONNECTED) !== 0
}
