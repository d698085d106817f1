import { scrypt } from '@noble/hashes/scrypt.js'
import { equalBytes, type Hasher, nobleHasher } from '../wire/hash.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import {
  bitsAt,
  countOf,
  dropFirst,
  firstGap,
  type HeaderBatch,
  hashAt,
  hashBatch,
  prevAt,
  rawAt,
} from './header-batch.ts'
import { HeaderIndex, type StatusChange } from './header-index.ts'
import { type HeaderNode, TreeNode } from './header-node.ts'
import {
  type HeaderError,
  isRetiredVersion,
  isTimewarp,
  MAX_FUTURE_SECONDS,
  MEDIAN_TIME_SPAN,
  medianTime,
} from './header-rules.ts'
import { CONNECTED, FAILED, HAVE_BODY, type HeaderStore, MAIN } from './header-store.ts'
import type { Network } from './network.ts'
import { NodeTable } from './node-table.ts'
import { requiredBits } from './required-bits.ts'
import { hashMeetsTarget, targetOf, workOf } from './target.ts'

export type { HeaderNode } from './header-node.ts'
export type { HeaderError } from './header-rules.ts'

/** Headers without enough work that are held back while their sender shows more: ten periods. */
const MAX_HELD = 20_160
/** How far below the tip a branch may end and still be stored. */
const ANTI_DOS_BLOCKS = 144n

export type HeaderResult =
  /** `added` are those not known before; `last` is the last of the message that is in the tree now. */
  | { kind: 'accepted'; added: HeaderNode[]; last: HeaderNode; bestChanged: boolean }
  /** The first header's parent is not known. */
  | { kind: 'unconnected'; missing: Uint8Array }
  /** Nothing of the message was kept. */
  | { kind: 'invalid'; code: HeaderError; index: number }
  /**
   * Valid, but a branch with so little work is not stored. `held`: it is remembered until another such run comes, and
   * headers that follow `last` (ask with `locator(last)`) are added to it until the work is enough.
   */
  | { kind: 'low-work'; last: HeaderNode; held: boolean }

export interface HeaderTreeOptions {
  network: Network
  store: HeaderStore
  hasher?: Hasher
  /** The hash that must meet the target, of the 80 bytes; the network's own unless given. */
  powHash?: (header: Uint8Array) => Uint8Array
}

/**
 * All valid headers, and which chain of them has the most work; of two with equal work, the one seen first. A header
 * is checked when it enters: link, work, bits by the network's rule, times, version.
 *
 * Until the best chain has the network's minimum work, headers are stored as they come: it is for the caller to ask one
 * peer at a time. From then on a run that ends below that, or more than 144 blocks' work below the best, is not stored.
 */
export class HeaderTree {
  readonly network: Network
  readonly #store: HeaderStore
  readonly #hasher: Hasher
  readonly #powHash: ((header: Uint8Array) => Uint8Array) | undefined
  readonly #index: HeaderIndex
  /** A run without enough work; each linked to its parent. */
  #held = new NodeTable()
  #nextId: number
  #lastWork = { bits: 0, work: 0n }

  constructor({ network, store, hasher = nobleHasher, powHash }: HeaderTreeOptions) {
    this.network = network
    this.#store = store
    this.#hasher = hasher
    this.#powHash = powHash ?? (network.powHash === 'scrypt' ? scryptHash : undefined)
    if (store.topHeight() < 0) this.#insertGenesis()
    const genesis = store.mainAt(0)
    if (genesis && !equalBytes(genesis.hash, network.genesisHash)) {
      throw new Error(`these headers are not of ${network.name}: another genesis block`)
    }
    this.#nextId = store.nextId()
    this.#index = new HeaderIndex(store)
    this.#chooseFromMemory()
  }

  /** The tip of the chain with the most work that is not known to be invalid. */
  get best(): HeaderNode {
    return this.#index.best
  }

  /** Takes in the headers of one message, 80 bytes each, oldest first. `now` in milliseconds. */
  accept(headers: readonly Uint8Array[], now: number): HeaderResult {
    if (headers.length === 0) return { kind: 'accepted', added: [], last: this.best, bestChanged: false }
    const batch = hashBatch(headers, this.#hasher)
    const gap = firstGap(batch)
    if (gap >= 0) return { kind: 'invalid', code: 'non-continuous', index: gap }

    const known = this.#countKnown(batch)
    const parent = known > 0 ? this.#index.node(hashAt(batch, known - 1)) : this.#nodeOrHeld(prevAt(batch, 0))
    if (known === headers.length) {
      if (parent!.status & FAILED) return { kind: 'invalid', code: 'duplicate-invalid', index: known - 1 }
      return { kind: 'accepted', added: [], last: parent!, bestChanged: false }
    }
    const fresh = known === 0 ? batch : dropFirst(batch, known)
    const workless = this.#firstWithoutWork(fresh)
    if (workless >= 0) return { kind: 'invalid', code: 'high-hash', index: known + workless }
    if (!parent) return { kind: 'unconnected', missing: prevAt(batch, 0).slice() }
    if (parent.status & FAILED) return { kind: 'invalid', code: 'bad-prevblk', index: known }

    const run = this.#runOnto(parent, fresh, now)
    if ('code' in run) return { kind: 'invalid', code: run.code, index: known + run.index }
    return this.#takeIn(run)
  }

  node(hash: Uint8Array): HeaderNode | undefined {
    return this.#index.node(hash)
  }

  nodeById(id: number): HeaderNode | undefined {
    return this.#index.byId(id)
  }

  /** The header of the most-work chain at this height. */
  mainAt(height: number): HeaderNode | undefined {
    return this.#index.mainAt(height)
  }

  /** Consecutive headers of the most-work chain; fewer than `count` where it ends. */
  mainRange(from: number, count: number): HeaderNode[] {
    return this.#index.mainRange(from, count)
  }

  isMain(node: HeaderNode): boolean {
    return this.#index.isMain(node)
  }

  /** Undefined above the node, and below the first known header. */
  ancestor(node: HeaderNode, height: number): HeaderNode | undefined {
    return this.#index.ancestor(own(node), height)
  }

  /** Unix seconds: the middle time of the node and the ten before it. */
  medianTimePast(node: HeaderNode): number {
    const times: number[] = []
    for (let at: TreeNode | undefined = own(node); at && times.length < MEDIAN_TIME_SPAN; at = this.#index.parent(at)) {
      times.push(at.time)
    }
    return medianTime(times)
  }

  /** The bits that a child of `parent` dated `time` must carry. */
  requiredBits(parent: HeaderNode, time: number): number {
    const index = this.#index
    return requiredBits(this.network, own(parent), time, (of, height) =>
      height === of.height - 1 ? index.parent(of) : index.ancestor(of, height),
    )
  }

  /** Hashes that tell a peer where we are: ten steps of one, then doubling, down to the first header. */
  locator(from: HeaderNode = this.best): Uint8Array[] {
    const hashes = [from.hash]
    let step = 1
    for (let node = own(from); node.height > 0; ) {
      const below = this.#index.ancestor(node, Math.max(0, node.height - step))
      if (!below) break
      hashes.push(below.hash)
      if (hashes.length > 10) step *= 2
      node = below
    }
    return hashes
  }

  /** The last common ancestor; one of the two where that is an ancestor of the other. */
  fork(a: HeaderNode, b: HeaderNode): HeaderNode {
    const height = Math.min(a.height, b.height)
    let left = this.#index.ancestor(own(a), height)
    let right = this.#index.ancestor(own(b), height)
    while (left && right && !left.isSame(right)) {
      left = this.#index.parent(left)
      right = this.#index.parent(right)
    }
    if (!left || !right) throw new Error('the headers have no known ancestor in common')
    return left
  }

  /**
   * What answers `getheaders` and `getblocks`: headers of the most-work chain after the first locator entry that is on
   * it (after genesis when none is), up to `stop` or `max` of them or height `upTo`. Without a locator, `stop` alone.
   */
  after(locator: readonly Uint8Array[], stop: Uint8Array, max: number, upTo = this.best.height): HeaderNode[] {
    const last = this.node(stop)
    if (locator.length === 0) return last ? [last] : []
    let start = 0
    for (const hash of locator) {
      const node = this.node(hash)
      if (!node || !this.isMain(node)) continue
      start = node.height
      break
    }
    const end = last && last.height > start && this.isMain(last) ? Math.min(last.height, upTo) : upTo
    return this.mainRange(start + 1, Math.min(max, end - start))
  }

  /** Sets and clears HAVE_BODY and CONNECTED; the other bits are the tree's own. One transaction. */
  setStatus(nodes: HeaderNode | readonly HeaderNode[], add: number, remove = 0): void {
    this.#index.apply([], this.#statusChanges(nodes, add, remove))
  }

  /** The same in memory alone: what the database has to be told, by whoever writes it. */
  noteStatus(nodes: readonly HeaderNode[], add: number): { id: number; status: number }[] {
    const changes = this.#statusChanges(nodes, add, 0)
    this.#index.note(changes)
    return changes.map(({ node, status }) => ({ id: node.id, status }))
  }

  #statusChanges(nodes: HeaderNode | readonly HeaderNode[], add: number, remove: number): StatusChange[] {
    if ((add | remove) & ~(HAVE_BODY | CONNECTED)) throw new Error('only HAVE_BODY and CONNECTED are set from outside')
    const changes: StatusChange[] = []
    for (const given of Array.isArray(nodes) ? (nodes as HeaderNode[]) : [nodes as HeaderNode]) {
      const node = this.#index.current(own(given))
      const status = (node.status & ~remove) | add
      if (node.status !== status) changes.push({ node, status })
      if (node !== given) own(given).status = status
    }
    return changes
  }

  /** The block of this header breaks a rule: neither it nor what builds on it is ever on the best chain again. */
  markFailed(node: HeaderNode): void {
    if (node.height === 0) throw new Error('the genesis block cannot fail')
    const failed = this.#index.descendants(own(node))
    const losesBest = failed.some(({ id }) => id === this.best.id)
    const changes = failed.map((each) => ({ node: each, status: (each.status | FAILED) & ~MAIN }))
    this.#held = new NodeTable()
    this.#index.apply([], changes, losesBest ? this.#index.parent(failed[0]!) : this.#index.best)
    if (!losesBest) return
    const most = this.#index.mostWork()
    if (most.id !== this.best.id) this.#switchTo(most, [])
  }

  // ---- taking in

  #nodeOrHeld(hash: Uint8Array): TreeNode | undefined {
    return this.#held.get(hash) ?? this.#index.node(hash)
  }

  /** How many of the first headers are in the tree. What lies below a known header is known, so halving finds it. */
  #countKnown(batch: HeaderBatch): number {
    const isKnown = (index: number) => this.#index.node(hashAt(batch, index)) !== undefined
    let end = countOf(batch)
    if (!isKnown(0)) return 0
    if (isKnown(end - 1)) return end
    let known = 1
    while (known < end) {
      const middle = (known + end) >> 1
      if (isKnown(middle)) known = middle + 1
      else end = middle
    }
    return known
  }

  /** Index of the first header whose work hash misses the target it claims, or that claims an easier one than allowed. */
  #firstWithoutWork(batch: HeaderBatch): number {
    let allowedBits = -1
    for (let i = 0; i < countOf(batch); i++) {
      const bits = bitsAt(batch, i)
      if (bits !== allowedBits) {
        const target = targetOf(bits)
        if (target === undefined || target > this.network.powLimit) return i
        allowedBits = bits
      }
      const powHash = this.#powHash?.(rawAt(batch, i))
      if (!(powHash ? hashMeetsTarget(powHash, bits) : hashMeetsTarget(batch.hashes, bits, i * 32))) return i
    }
    return -1
  }

  /** The headers as nodes on top of `parent`, checked; the run is cut before a header that is only too early. */
  #runOnto(parent: TreeNode, batch: HeaderBatch, now: number): TreeNode[] | { code: HeaderError; index: number } {
    const run: TreeNode[] = []
    let tip = parent
    for (let index = 0; index < countOf(batch); index++) {
      const work = tip.work + this.#workOf(bitsAt(batch, index))
      const node = new TreeNode(batch, index, tip.height + 1, work, tip)
      const code = this.#check(node, tip, now)
      if (code === 'time-too-new' && run.length > 0) break
      if (code) return { code, index }
      run.push(node)
      tip = node
    }
    return run
  }

  #check(node: TreeNode, parent: TreeNode, now: number): HeaderError | undefined {
    const { network } = this
    if (node.bits !== this.requiredBits(parent, node.time)) return 'bad-diffbits'
    if (!this.#isAfterMedian(node.time, parent)) return 'time-too-old'
    if (isTimewarp(network, node.height, node.time, parent.time)) return 'time-timewarp-attack'
    if (node.time * 1000 > now + MAX_FUTURE_SECONDS * 1000) return 'time-too-new'
    if (isRetiredVersion(network, node.height, node.version)) return 'bad-version'
    return undefined
  }

  /** Whether `time` is later than the median time past of `parent`: more than half of the times are before it. */
  #isAfterMedian(time: number, parent: TreeNode): boolean {
    let span = 0
    let before = 0
    for (let at: TreeNode | undefined = parent; at && span < MEDIAN_TIME_SPAN; at = this.#index.parent(at)) {
      span++
      if (at.time < time) before++
    }
    return before > span >> 1
  }

  #workOf(bits: number): bigint {
    if (bits !== this.#lastWork.bits) this.#lastWork = { bits, work: workOf(bits) }
    return this.#lastWork.work
  }

  /** A checked run enters the tree, with what was held below it, if it shows enough work. */
  #takeIn(added: TreeNode[]): HeaderResult {
    const below = heldBelow(added[0]!)
    const run = below.length === 0 ? added : [...below, ...added]
    const last = run.at(-1)!
    this.#index.unlinkStranger(run[0]!)
    if (last.work < this.#workThreshold()) {
      const held = run.length <= MAX_HELD
      this.#held = new NodeTable()
      if (held) for (const node of run) this.#held.add(node)
      return { kind: 'low-work', last, held }
    }
    this.#held = new NodeTable()
    for (const node of run) node.id = this.#nextId++
    const bestChanged = last.work > this.best.work
    if (bestChanged) this.#switchTo(last, run)
    else this.#index.apply(run, [])
    this.#index.trim()
    return { kind: 'accepted', added: run, last, bestChanged }
  }

  /** A run that ends with less work than this is not stored. */
  #workThreshold(): bigint {
    const { minChainWork } = this.network
    const { work, bits } = this.best
    if (work < minChainWork) return 0n
    const nearTip = work - ANTI_DOS_BLOCKS * this.#workOf(bits)
    return nearTip > minChainWork ? nearTip : minChainWork
  }

  // ---- choosing

  /** `target` becomes the best; `insert` are the new nodes that end in it. */
  #switchTo(target: TreeNode, insert: TreeNode[]): void {
    for (const node of insert) node.status |= MAIN
    const changes: StatusChange[] = []
    let fork = insert.length > 0 ? this.#index.parent(insert[0]!)! : target
    while (!this.#index.isMain(fork)) {
      changes.push({ node: fork, status: fork.status | MAIN })
      fork = this.#index.parent(fork)!
    }
    for (const node of this.#index.mainRange(fork.height + 1, this.best.height - fork.height)) {
      changes.push({ node, status: node.status & ~MAIN })
    }
    this.#index.apply(insert, changes, target)
  }

  /** At the start: a stop in the middle of `markFailed` may have left the choice open. */
  #chooseFromMemory(): void {
    let most = this.#index.best
    for (const node of this.#index.inMemory()) {
      if (node.status & FAILED) continue
      if (node.work > most.work || (node.work === most.work && node.id < most.id)) most = node
    }
    if (most !== this.#index.best) this.#switchTo(most, [])
  }

  #insertGenesis(): void {
    const { genesis, genesisHash, powLimitBits } = this.network
    const raw = genesis.subarray(0, HEADER_SIZE)
    const record = { id: 1, hash: genesisHash, height: 0, raw, work: workOf(powLimitBits), status: MAIN }
    this.#store.apply({ insert: [record], status: [] })
  }
}

/** Every node that a tree hands out is of its own making. */
function own(node: HeaderNode): TreeNode {
  return node as TreeNode
}

/** The held nodes between the tree and `node`, lowest first. */
function heldBelow(node: TreeNode): TreeNode[] {
  const held: TreeNode[] = []
  for (let at = node.parent; at && at.id === 0; at = at.parent) held.push(at)
  return held.reverse()
}

/** The work hash of Litecoin: scrypt with the header as both password and salt. */
function scryptHash(header: Uint8Array): Uint8Array {
  return scrypt(header, header, { N: 1024, r: 1, p: 1, dkLen: 32 })
}
