import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { equalBytes, hashKey } from '../wire/hash.ts'
import { MAX_HEADERS } from '../wire/headers.ts'
import { type Inventory, InvType, MAX_INVENTORY } from '../wire/inventory.ts'
import { encodeMessage, type Message } from '../wire/messages.ts'
import type { LinkId } from './queues.ts'
import type { SyncOutput } from './sync-peer.ts'

/** Hashes in one answer to `getblocks`. */
export const MAX_GETBLOCKS = 500
/** Blocks of a branch that we left, still given to those who have heard of them. */
const MAX_STALE = 288

type Locator = { locator: Uint8Array[]; stop: Uint8Array }

interface Client {
  /** What it asked for and has not got, in order. */
  queue: Inventory[]
  /** The block that is being read or sent. */
  busy: { id: number; node: HeaderNode } | 'sending' | undefined
  /** The last hash of a full answer to `getblocks`: whoever asks for it wants to know that more follows. */
  continuation: Uint8Array | undefined
}

/**
 * Gives headers and blocks of the connected chain. One block a link at a time: the next is read when the one before has
 * left. Links that never ask cost nothing here.
 */
export class Serve {
  readonly #network: Network
  readonly #tree: HeaderTree
  /** Headers only. */
  readonly #spv: boolean
  readonly #clients = new Map<LinkId, Client>()
  /** Reads that are out, by id. */
  readonly #reads = new Map<number, LinkId>()
  readonly #stale = new Set<string>()
  #nextId = 1
  #tip: HeaderNode

  constructor({ network, tree, spv }: { network: Network; tree: HeaderTree; spv: boolean }) {
    this.#network = network
    this.#tree = tree
    this.#spv = spv
    this.#tip = tree.mainAt(0)!
  }

  linkDown(link: LinkId): void {
    this.#clients.delete(link)
  }

  connected(tip: HeaderNode): void {
    const fork = this.#tree.fork(this.#tip, tip)
    for (let height = Math.max(fork.height, this.#tip.height - MAX_STALE) + 1; height <= this.#tip.height; height++) {
      this.#stale.add(hashKey(this.#tree.ancestor(this.#tip, height)!.hash))
    }
    for (const key of this.#stale) {
      if (this.#stale.size <= MAX_STALE) break
      this.#stale.delete(key)
    }
    this.#tip = tip
  }

  getheaders(link: LinkId, { locator, stop }: Locator): SyncOutput[] {
    const nodes = this.#after(locator, stop, MAX_HEADERS)
    const out = [send(link, { command: 'headers', headers: nodes.map((node) => node.raw) })]
    const known = nodes.at(-1) ?? this.#firstKnown(locator)
    if (known) out.push({ do: 'knows-block', link, hash: known.hash.slice() })
    return out
  }

  getblocks(link: LinkId, { locator, stop }: Locator): SyncOutput[] {
    const nodes = locator.length > 0 ? this.#after(locator, stop, MAX_GETBLOCKS) : []
    if (nodes.length === 0) return []
    if (nodes.length === MAX_GETBLOCKS) this.#client(link).continuation = nodes.at(-1)!.hash
    return [inv(link, nodes)]
  }

  /** The block entries of a `getdata`. */
  getdata(link: LinkId, items: readonly Inventory[]): SyncOutput[] {
    if (this.#spv) return []
    const blocks: Inventory[] = []
    for (const { type, hash } of items) {
      if (type === InvType.FILTERED_BLOCK) return [{ do: 'disconnect', link, reason: 'filtered-block-not-offered' }]
      if (isBlock(type)) blocks.push({ type, hash: hash.slice() })
    }
    if (blocks.length === 0) return []
    const client = this.#client(link)
    if (client.queue.length + blocks.length > MAX_INVENTORY) {
      return [{ do: 'misbehaving', link, reason: 'too-many-getdata' }]
    }
    client.queue.push(...blocks)
    return this.#next(link, client)
  }

  /** The answer to `read-block`. Nothing where the block is not kept. */
  blockRead(id: number, bytes: Uint8Array<ArrayBuffer> | undefined): SyncOutput[] {
    const link = this.#reads.get(id)
    this.#reads.delete(id)
    const client = link === undefined ? undefined : this.#clients.get(link)
    if (link === undefined || typeof client?.busy !== 'object' || client.busy.id !== id) return []
    const { node } = client.busy
    if (!bytes) {
      client.busy = undefined
      return [notFound(link, node.hash), ...this.#next(link, client)]
    }
    client.busy = 'sending'
    const out: SyncOutput[] = [{ do: 'send', link, command: 'block', payload: bytes }]
    out.push({ do: 'knows-block', link, hash: node.hash.slice() })
    if (client.continuation && equalBytes(client.continuation, node.hash)) {
      client.continuation = undefined
      out.push(inv(link, [this.#tip]))
    }
    return out
  }

  /** What was sent to the link has left. */
  drained(link: LinkId): SyncOutput[] {
    const client = this.#clients.get(link)
    if (client?.busy !== 'sending') return []
    client.busy = undefined
    return this.#next(link, client)
  }

  #next(link: LinkId, client: Client): SyncOutput[] {
    const out: SyncOutput[] = []
    while (!client.busy && client.queue.length > 0) {
      const { type, hash } = client.queue.shift()!
      const node = this.#tree.node(hash)
      if (!node || !this.#serves(node)) {
        out.push(notFound(link, hash))
        continue
      }
      const id = this.#nextId++
      client.busy = { id, node }
      this.#reads.set(id, link)
      // A compact block may be answered with the whole one (BIP152), which then is in the form with witness data.
      out.push({ do: 'read-block', link, id, node, witness: type !== InvType.BLOCK })
    }
    if (!client.busy && !client.continuation) this.#clients.delete(link)
    return out
  }

  #client(link: LinkId): Client {
    let client = this.#clients.get(link)
    if (!client) {
      client = { queue: [], busy: undefined, continuation: undefined }
      this.#clients.set(link, client)
    }
    return client
  }

  /** Blocks that were connected, now or lately: nothing that was not checked in full is handed on. */
  #serves(node: HeaderNode): boolean {
    return this.#tree.ancestor(this.#tip, node.height)?.id === node.id || this.#stale.has(hashKey(node.hash))
  }

  /** Of the connected chain only: whoever learns of a header from us will ask us for its block. */
  #after(locator: Uint8Array[], stop: Uint8Array, max: number): HeaderNode[] {
    const upTo = this.#spv ? this.#tree.best : this.#tip
    // A chain that has not reached the network's work may be anybody's: it is not passed on.
    if (upTo.work < this.#network.minChainWork) return []
    if (!this.#tree.isMain(upTo)) return this.#afterApart(locator, stop, max)
    return this.#tree.after(locator, stop, max, upTo.height).filter((node) => node.height <= upTo.height)
  }

  /** The same where the connected chain is not the best header chain, as the blocks of that are not here. */
  #afterApart(locator: Uint8Array[], stop: Uint8Array, max: number): HeaderNode[] {
    const tree = this.#tree
    const tip = this.#tip
    const find = (hash: Uint8Array) => {
      const node = tree.node(hash)
      return node && tree.ancestor(tip, node.height)?.id === node.id ? node : undefined
    }
    const last = find(stop)
    if (locator.length === 0) return last ? [last] : []
    let start = 0
    for (const hash of locator) {
      const node = find(hash)
      if (!node) continue
      start = node.height
      break
    }
    const nodes: HeaderNode[] = []
    const end = Math.min(start + max, last?.height ?? tip.height)
    for (let at = tree.ancestor(tip, end); at && at.height > start; at = tree.node(at.prev)) nodes.push(at)
    return nodes.reverse()
  }

  #firstKnown(locator: Uint8Array[]): HeaderNode | undefined {
    for (const hash of locator) {
      const node = this.#tree.node(hash)
      if (node) return node
    }
    return undefined
  }
}

function isBlock(type: number): boolean {
  return type === InvType.BLOCK || type === InvType.WITNESS_BLOCK || type === InvType.CMPCT_BLOCK
}

function send(link: LinkId, message: Message): SyncOutput {
  return { do: 'send', link, ...encodeMessage(message) }
}

function inv(link: LinkId, nodes: HeaderNode[]): SyncOutput {
  return send(link, { command: 'inv', items: nodes.map(({ hash }) => ({ type: InvType.BLOCK, hash })) })
}

/** Other implementations never say this of blocks; they pass over it, and a peer like us asks elsewhere at once. */
function notFound(link: LinkId, hash: Uint8Array): SyncOutput {
  return send(link, { command: 'notfound', items: [{ type: InvType.BLOCK, hash }] })
}
