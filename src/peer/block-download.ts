import { FAILED } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { hashKey } from '../wire/hash.ts'
import { type Inventory, InvType } from '../wire/inventory.ts'
import { encodeMessage } from '../wire/messages.ts'
import { DownloadPlan } from './download-plan.ts'
import type { Millis } from './ports.ts'
import type { LinkId } from './queues.ts'
import { StallClock } from './stall-clock.ts'
import {
  LIMITED_BLOCKS,
  type SyncOutput,
  type SyncPeer,
  servesAllBlocks,
  servesHeaders,
  servesWitness,
} from './sync-peer.ts'

export interface SyncLimits {
  /** Blocks asked of one peer at a time. */
  perPeer: number
  /** How far above the connected tip blocks are asked for. */
  windowBlocks: number
  /** Bytes of bodies that may wait above the connected tip; a little over it, as sizes are not known beforehand. */
  windowBytes: number
}

/** The limits of Bitcoin Core, and what a machine with a disk can hold. */
export const DEFAULT_LIMITS: SyncLimits = { perPeer: 16, windowBlocks: 1024, windowBytes: 64_000_000 }

/** Where nothing else is left to ask for, a block that is late is asked of one more peer. */
const RACE_AFTER: Millis = 2000
const MAX_RACERS = 3
/** A block that nobody asked for is welcome up to this far above the tip. */
const NEAR_TIP = 288
/** Blocks of a branch beside the best chain that are asked for. */
const MAX_ASIDE = 16
/** Blocks that a peer said it does not have, remembered for the link. */
const MAX_MISSING = 1024

/** A block under way. */
interface Flight {
  node: HeaderNode
  /** Who was asked, and when. */
  asked: Map<LinkId, Millis>
  raceAt: Millis
}

interface Source {
  readonly peer: SyncPeer
  /** What it was asked for and has not delivered, in order, by hash. */
  readonly flights: Map<string, HeaderNode>
  /** It has been busy with the first of them since. */
  since: Millis
  /** Blocks that it said it does not have, by hash. */
  missing: Set<string> | undefined
  /** Up to which height its chain and the best header chain are the same, as of two headers (by id). */
  shared: { best: number; target: number; height: number } | undefined
}

/** Blocks in order of height from several peers at once. Which ones, is the plan's; from whom and how long, is here. */
export class BlockDownload {
  readonly #network: Network
  readonly #tree: HeaderTree
  readonly #limits: SyncLimits
  readonly #plan: DownloadPlan
  readonly #stall = new StallClock()
  readonly #sources = new Map<LinkId, Source>()
  /** Sources with something under way. */
  readonly #busy = new Set<Source>()
  readonly #flights = new Map<string, Flight>()
  /** Who delivered what waits to be connected, by hash. */
  readonly #deliveredBy = new Map<string, LinkId>()
  /** Typical size of the blocks that came last, for those under way. */
  #expectedBytes = 0
  #deadline: Millis | undefined

  constructor({ network, tree, limits }: { network: Network; tree: HeaderTree; limits: SyncLimits }) {
    this.#network = network
    this.#tree = tree
    this.#limits = limits
    this.#plan = new DownloadPlan(tree, limits.windowBlocks)
  }

  get deadline(): Millis {
    this.#deadline ??= this.#nextDeadline()
    return this.#deadline
  }

  get inFlight(): number {
    return this.#flights.size
  }

  linkUp(peer: SyncPeer): void {
    if (!servesHeaders(peer.info)) return
    this.#sources.set(peer.link, { peer, flights: new Map(), since: 0, missing: undefined, shared: undefined })
  }

  linkDown(link: LinkId, now: Millis): SyncOutput[] {
    const source = this.#sources.get(link)
    if (!source) return []
    this.#sources.delete(link)
    for (const key of [...source.flights.keys()]) this.#unask(source, key, now)
    return this.assign(now)
  }

  /** Asks whoever is free for what is wanted, lowest first; `first` before the others. */
  assign(now: Millis, first?: LinkId): SyncOutput[] {
    this.#deadline = undefined
    this.#plan.refresh((node) => this.#flights.has(hashKey(node.hash)))
    const out: SyncOutput[] = []
    const preferred = first === undefined ? undefined : this.#sources.get(first)
    if (preferred) this.#assignTo(preferred, now, out)
    for (const source of this.#sources.values()) if (source !== preferred) this.#assignTo(source, now, out)
    if (preferred) this.#assignAside(preferred, now, out)
    this.#watchForStall(now)
    return out
  }

  /** A block came whose header is known. */
  block(link: LinkId, node: HeaderNode, bytes: Uint8Array<ArrayBuffer>, now: Millis): SyncOutput[] {
    const key = hashKey(node.hash)
    const source = this.#sources.get(link)
    const asked = source?.flights.has(key) ?? false
    if (source && asked) this.#delivered(source, key, now)
    const flight = this.#flights.get(key)
    // Late, after somebody else's, or of no use: dropped without reproach.
    if (this.#plan.has(node) || node.status & FAILED || (!asked && !flight && !this.#welcome(node))) {
      return this.assign(now, link)
    }
    this.#flights.delete(key)
    this.#plan.received(node, bytes.length)
    this.#deliveredBy.set(key, link)
    this.#expectedBytes = this.#expectedBytes === 0 ? bytes.length : (7 * this.#expectedBytes + bytes.length) / 8
    return [{ do: 'block', link, node, bytes }, ...this.assign(now, link)]
  }

  /** The peer does not have these. */
  notFound(link: LinkId, items: readonly Inventory[], now: Millis): SyncOutput[] {
    const source = this.#sources.get(link)
    if (!source) return []
    for (const { hash } of items) {
      const key = hashKey(hash)
      if (!source.flights.has(key)) continue
      source.missing ??= new Set()
      if (source.missing.size < MAX_MISSING) source.missing.add(key)
      this.#unask(source, key, now)
    }
    return this.assign(now)
  }

  bodyStored(node: HeaderNode): void {
    this.#deadline = undefined
    const key = hashKey(node.hash)
    this.#flights.delete(key)
    this.#plan.stored(node)
  }

  lost(node: HeaderNode, now: Millis): SyncOutput[] {
    this.#plan.dropped(node.hash)
    return this.assign(now)
  }

  connected(tip: HeaderNode, now: Millis): SyncOutput[] {
    if (tip.height > this.#plan.tip.height) this.#stall.progress()
    for (const node of this.#plan.connected(tip)) this.#deliveredBy.delete(hashKey(node.hash))
    if (!this.#plan.waiting) this.#deliveredBy.clear()
    return this.assign(now)
  }

  /**
   * The bytes or the block itself were bad. Where the header may still have a good block, it is asked for elsewhere.
   * Returns who delivered them, `from` unless that is not known.
   */
  invalid(
    hash: Uint8Array,
    from: LinkId | undefined,
    now: Millis,
  ): { from: LinkId | undefined; outputs: SyncOutput[] } {
    const key = hashKey(hash)
    const link = from ?? this.#deliveredBy.get(key)
    this.#deliveredBy.delete(key)
    this.#plan.dropped(hash)
    const source = link === undefined ? undefined : this.#sources.get(link)
    if (source) {
      source.missing ??= new Set()
      source.missing.add(key)
    }
    return { from: link, outputs: this.assign(now) }
  }

  wake(now: Millis): SyncOutput[] {
    if (now < this.deadline) return []
    const out: SyncOutput[] = []
    const staller = this.#stall.expired(now)
    if (staller !== undefined) out.push({ do: 'disconnect', link: staller, reason: 'block-stalled' })
    for (const source of this.#busy) {
      if (source.peer.link === staller || now < source.since + this.#blockTimeout()) continue
      // Once is enough: the link goes down next.
      source.since = Number.POSITIVE_INFINITY
      out.push({ do: 'disconnect', link: source.peer.link, reason: 'block-timeout' })
    }
    this.#race(now, out)
    this.#deadline = undefined
    return out
  }

  #assignTo(source: Source, now: Millis, out: SyncOutput[]): void {
    const nodes: HeaderNode[] = []
    while (source.flights.size + nodes.length < this.#limits.perPeer && this.#isOfUse(source, nodes.length)) {
      // Without room for any block there still is some for the lowest.
      const most = this.#hasRoom(nodes.length) ? undefined : 1
      const node = this.#plan.take((candidate) => this.#serves(source, candidate), most)
      if (!node) break
      nodes.push(node)
    }
    this.#ask(source, nodes, now, out)
  }

  /**
   * The end of a branch beside the best chain, with more work than the tip and on the connected chain, of whoever told of
   * it: it can be followed while the blocks of the best chain are kept back, and is here should it grow.
   */
  #assignAside(source: Source, now: Millis, out: SyncOutput[]): void {
    const { peer, flights } = source
    const { tip } = this.#plan
    const { best } = peer
    if (!best || best.work <= tip.work || best.status & FAILED || this.#tree.isMain(best)) return
    if (!servesWitness(peer.info)) return
    const lacking: HeaderNode[] = []
    let at = best
    for (let steps = 0; this.#tree.ancestor(tip, at.height)?.id !== at.id; steps++) {
      const key = hashKey(at.hash)
      if (steps === MAX_ASIDE || source.missing?.has(key)) return
      if (!this.#plan.has(at) && !this.#flights.has(key)) lacking.push(at)
      at = this.#tree.node(at.prev)!
    }
    const room = this.#limits.perPeer - flights.size
    if (room > 0) this.#ask(source, lacking.reverse().slice(0, room), now, out)
  }

  #ask(source: Source, nodes: readonly HeaderNode[], now: Millis, out: SyncOutput[]): void {
    const items: Inventory[] = []
    for (const node of nodes) {
      const key = hashKey(node.hash)
      this.#flights.set(key, { node, asked: new Map([[source.peer.link, now]]), raceAt: now + RACE_AFTER })
      this.#depart(source, key, node, now)
      items.push(this.#item(source, node))
    }
    if (items.length > 0) out.push(getdata(source.peer.link, items))
  }

  #item({ peer }: Source, node: HeaderNode): Inventory {
    return { type: servesWitness(peer.info) ? InvType.WITNESS_BLOCK : InvType.BLOCK, hash: node.hash }
  }

  #depart(source: Source, key: string, node: HeaderNode, now: Millis): void {
    if (source.flights.size === 0) source.since = now
    source.flights.set(key, node)
    this.#busy.add(source)
  }

  /** Takes a block off what the source owes. */
  #delivered(source: Source, key: string, now: Millis): void {
    source.flights.delete(key)
    source.since = now
    if (source.flights.size === 0) this.#busy.delete(source)
    this.#stall.relieve(source.peer.link)
  }

  /** The source will not deliver this one: unless somebody else will, it is wanted again. */
  #unask(source: Source, key: string, now: Millis): void {
    this.#delivered(source, key, now)
    const flight = this.#flights.get(key)
    if (!flight) return
    flight.asked.delete(source.peer.link)
    if (flight.asked.size > 0) return
    this.#flights.delete(key)
    this.#plan.putBack(flight.node)
  }

  /** `more` blocks are about to be asked for. */
  #hasRoom(more = 0): boolean {
    const expected = this.#plan.waitingBytes + (this.#flights.size + more + 1) * this.#expectedBytes
    return expected <= this.#limits.windowBytes
  }

  /** Whether there is room for this block. The very next one to be connected always has some. */
  #fits(node: HeaderNode, more = 0): boolean {
    return this.#hasRoom(more) || this.#plan.next?.id === node.id
  }

  /** Whether the source could serve any of what is wanted: only then is the window walked, which may be long. */
  #isOfUse(source: Source, more: number): boolean {
    const { best, info } = source.peer
    const { wanted, highestWanted } = this.#plan
    if (!best || !wanted || wanted.height > this.#sharedHeight(source) || !this.#fits(wanted, more)) return false
    if (!servesWitness(info) && wanted.height >= this.#network.heights.segwit) return false
    return servesAllBlocks(info) || highestWanted!.height > best.height - LIMITED_BLOCKS
  }

  /** The source has what is planned up to here: that lies on the best header chain. */
  #sharedHeight(source: Source): number {
    const { best } = source.peer
    const target = this.#tree.best
    if (!best) return -1
    if (source.shared?.best !== best.id || source.shared.target !== target.id) {
      const height = this.#tree.isMain(best) ? best.height : this.#tree.fork(best, target).height
      source.shared = { best: best.id, target: target.id, height }
    }
    return source.shared.height
  }

  #serves(source: Source, node: HeaderNode): boolean {
    const { peer, missing } = source
    const { best } = peer
    if (!best || node.height > this.#sharedHeight(source)) return false
    if (node.height >= this.#network.heights.segwit && !servesWitness(peer.info)) return false
    if (!servesAllBlocks(peer.info) && node.height <= best.height - LIMITED_BLOCKS) return false
    return !missing?.has(hashKey(node.hash))
  }

  #welcome(node: HeaderNode): boolean {
    const { tip } = this.#plan
    return node.work >= tip.work && node.height <= tip.height + NEAR_TIP
  }

  /**
   * The window cannot move because the very next block does not come, and somebody has nothing to do for it: whoever
   * holds that block up is timed (the rule of Bitcoin Core).
   */
  #watchForStall(now: Millis): void {
    const next = this.#plan.next
    const flight = next && this.#flights.get(hashKey(next.hash))
    const holdsUp = flight && this.#exhausted() ? this.#whoKeepsWaiting(flight) : undefined
    if (holdsUp === undefined) this.#stall.calm()
    else this.#stall.watch(holdsUp, now)
  }

  /** Who was asked for the block, where another source has a free hand and could use it. */
  #whoKeepsWaiting({ node, asked }: Flight): LinkId | undefined {
    for (const link of asked.keys()) {
      for (const { peer, flights } of this.#sources.values()) {
        const hasMore = peer.best !== undefined && peer.best.height > node.height
        if (peer.link !== link && flights.size < this.#limits.perPeer && hasMore) return link
      }
    }
    return undefined
  }

  /** More blocks are wanted than the window lets us ask for. */
  #exhausted(): boolean {
    const wanted = this.#plan.wanted
    return wanted ? !this.#fits(wanted) : this.#plan.moreBeyond
  }

  /** At the end of a chain nothing pushes against the window; there a late block is asked of a second and third peer. */
  #race(now: Millis, out: SyncOutput[]): void {
    if (this.#plan.wanted || this.#exhausted()) return
    for (const [key, flight] of this.#flights) {
      if (now < flight.raceAt) continue
      if (this.#plan.has(flight.node)) this.#flights.delete(key)
      flight.raceAt = now + RACE_AFTER
      if (flight.asked.size >= MAX_RACERS || !this.#flights.has(key) || !this.#tree.isMain(flight.node)) continue
      for (const source of this.#sources.values()) {
        if (source.flights.size > 0 || !this.#serves(source, flight.node)) continue
        flight.asked.set(source.peer.link, now)
        this.#depart(source, key, flight.node, now)
        out.push(getdata(source.peer.link, [this.#item(source, flight.node)]))
        break
      }
    }
  }

  /** One spacing for a block, and half of one for each other peer that shares the line. */
  #blockTimeout(): Millis {
    return this.#network.pow.spacing * 1000 * (1 + 0.5 * Math.max(0, this.#busy.size - 1))
  }

  #nextDeadline(): Millis {
    let deadline = this.#stall.deadline
    const timeout = this.#blockTimeout()
    for (const source of this.#busy) deadline = Math.min(deadline, source.since + timeout)
    if (this.#sources.size > 1 && !this.#plan.wanted && !this.#exhausted()) {
      for (const flight of this.#flights.values()) {
        if (flight.asked.size < MAX_RACERS) deadline = Math.min(deadline, flight.raceAt)
      }
    }
    return deadline
  }
}

function getdata(link: LinkId, items: Inventory[]): SyncOutput {
  const { command, payload } = encodeMessage({ command: 'getdata', items })
  return { do: 'send', link, command, payload }
}
