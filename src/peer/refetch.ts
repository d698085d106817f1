import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { hashKey } from '../wire/hash.ts'
import { type Inventory, InvType } from '../wire/inventory.ts'
import { encodeMessage } from '../wire/messages.ts'
import type { Millis } from './ports.ts'
import type { LinkId } from './queues.ts'
import {
  LIMITED_BLOCKS,
  type SyncOutput,
  type SyncPeer,
  servesAllBlocks,
  servesHeaders,
  servesWitness,
} from './sync-peer.ts'

/** Blocks asked for at one time; they come on top of a download and are not counted there. */
const AT_ONCE = 4
/** Blocks remembered as wanted. */
const MAX_WANTED = 1000
/** Nodes say nothing of a block that they do not have: after so long another one is asked. */
const ANSWER_WITHIN: Millis = 30_000
/** When all peers were asked in vain, they are asked once more after so long. */
const AGAIN_AFTER: Millis = 600_000

interface Want {
  node: HeaderNode
  /** Who was asked, or gave what would not do. */
  tried: Set<LinkId>
  /** Who is to give it now. */
  from: LinkId | undefined
  /** It came and is looked at. */
  came: boolean
  /** When to ask somebody else, or all of them again. */
  until: Millis
}

/**
 * Blocks that were here once and are wanted again, wherever they lie: a few at a time, of one peer after the other. Who
 * does not give one is not blamed, as it may be a block that only few still have.
 */
export class Refetch {
  readonly #network: Network
  readonly #tree: HeaderTree
  readonly #peers = new Map<LinkId, SyncPeer>()
  /** By hash, in the order in which they were asked for. */
  readonly #wants = new Map<string, Want>()
  /** One of those under way is done: there is room for another. */
  #hasRoom = false

  constructor({ network, tree }: { network: Network; tree: HeaderTree }) {
    this.#network = network
    this.#tree = tree
  }

  get deadline(): Millis {
    if (this.#hasRoom) return 0
    let deadline = Number.POSITIVE_INFINITY
    for (const { until } of this.#wants.values()) deadline = Math.min(deadline, until)
    return deadline
  }

  linkUp(peer: SyncPeer): void {
    if (servesHeaders(peer.info)) this.#peers.set(peer.link, peer)
  }

  linkDown(link: LinkId, now: Millis): SyncOutput[] {
    if (!this.#peers.delete(link)) return []
    for (const want of this.#wants.values()) {
      want.tried.delete(link)
      if (want.from === link && !want.came) this.#release(want)
    }
    return this.assign(now)
  }

  want(node: HeaderNode, now: Millis): SyncOutput[] {
    const key = hashKey(node.hash)
    if (this.#wants.has(key) || this.#wants.size >= MAX_WANTED) return []
    this.#wants.set(key, { node, tried: new Set(), from: undefined, came: false, until: Number.POSITIVE_INFINITY })
    return this.assign(now)
  }

  /** A block came, from whomever; whether it is one of these. It stays wanted until it is `stored`. */
  take(node: HeaderNode, link: LinkId): boolean {
    const want = this.#wants.get(hashKey(node.hash))
    if (!want || want.came) return false
    want.came = true
    want.from = link
    want.until = Number.POSITIVE_INFINITY
    return true
  }

  stored({ hash }: HeaderNode): void {
    if (this.#wants.delete(hashKey(hash))) this.#hasRoom = this.#wants.size > 0
  }

  /** What came was not the block. */
  failed(hash: Uint8Array, now: Millis): SyncOutput[] {
    const want = this.#wants.get(hashKey(hash))
    if (!want?.came) return []
    this.#giveUpOn(want)
    return this.assign(now)
  }

  /** The peer does not have these. */
  notFound(link: LinkId, items: readonly Inventory[], now: Millis): SyncOutput[] {
    for (const { hash } of items) {
      const want = this.#wants.get(hashKey(hash))
      if (want?.from === link && !want.came) this.#giveUpOn(want)
    }
    return this.assign(now)
  }

  wake(now: Millis): SyncOutput[] {
    for (const want of this.#wants.values()) {
      if (now < want.until) continue
      if (want.from === undefined) want.tried.clear()
      else this.#giveUpOn(want)
    }
    return this.assign(now)
  }

  /** Asks whoever can be asked. */
  assign(now: Millis): SyncOutput[] {
    this.#hasRoom = false
    const out: SyncOutput[] = []
    let underWay = 0
    for (const { from } of this.#wants.values()) if (from !== undefined) underWay++
    for (const want of this.#wants.values()) {
      if (underWay >= AT_ONCE) break
      if (want.from !== undefined) continue
      const peer = this.#peerFor(want)
      if (!peer) {
        if (want.tried.size > 0 && want.until === Number.POSITIVE_INFINITY) want.until = now + AGAIN_AFTER
        continue
      }
      want.from = peer.link
      want.until = now + ANSWER_WITHIN
      underWay++
      const type = servesWitness(peer.info) ? InvType.WITNESS_BLOCK : InvType.BLOCK
      const message = encodeMessage({ command: 'getdata', items: [{ type, hash: want.node.hash }] })
      out.push({ do: 'send', link: peer.link, ...message })
    }
    return out
  }

  /** Best one whose own chain holds the block. */
  #peerFor({ node, tried }: Want): SyncPeer | undefined {
    let other: SyncPeer | undefined
    for (const peer of this.#peers.values()) {
      if (tried.has(peer.link) || !this.#mayServe(peer, node)) continue
      if (peer.best && this.#tree.ancestor(peer.best, node.height)?.id === node.id) return peer
      other ??= peer
    }
    return other
  }

  #mayServe({ info, best }: SyncPeer, { height }: HeaderNode): boolean {
    if (height >= this.#network.heights.segwit && !servesWitness(info)) return false
    // One that has nothing new for us does not say where it stands.
    if (!best) return servesAllBlocks(info)
    return best.height >= height && (servesAllBlocks(info) || height > best.height - LIMITED_BLOCKS)
  }

  #giveUpOn(want: Want): void {
    if (want.from !== undefined) want.tried.add(want.from)
    this.#release(want)
  }

  #release(want: Want): void {
    want.from = undefined
    want.came = false
    want.until = Number.POSITIVE_INFINITY
  }
}
