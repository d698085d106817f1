import { FAILED } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { WireError } from '../wire/error.ts'
import { blockHash, HEADER_SIZE } from '../wire/header.ts'
import { InvType } from '../wire/inventory.ts'
import { decodeMessage } from '../wire/messages.ts'
import { BlockDownload, DEFAULT_LIMITS, type SyncLimits } from './block-download.ts'
import { HeadersSync } from './headers-sync.ts'
import type { Millis } from './ports.ts'
import type { LinkId, LinkInfo } from './queues.ts'
import { Refetch } from './refetch.ts'
import { Serve } from './serve.ts'
import type { SyncOutput, SyncPeer } from './sync-peer.ts'

export { DEFAULT_LIMITS, type SyncLimits } from './block-download.ts'
export type { SyncOutput } from './sync-peer.ts'

export interface SyncOptions {
  network: Network
  tree: HeaderTree
  limits?: SyncLimits
  /** Headers only: no blocks are fetched and none are served. */
  spv?: boolean
}

/**
 * Synchronises with all links at once, headers first, and serves them in turn. Peers are ids to it, blocks are bytes: what
 * a block is worth the host finds out, and says so by `bodyStored`, `connected` and `invalidBlock`.
 */
export class Sync {
  readonly #tree: HeaderTree
  readonly #peers = new Map<LinkId, SyncPeer>()
  readonly #headers: HeadersSync
  readonly #download: BlockDownload | undefined
  readonly #refetch: Refetch
  readonly #serve: Serve

  constructor({ network, tree, limits = DEFAULT_LIMITS, spv = false }: SyncOptions) {
    this.#tree = tree
    this.#headers = new HeadersSync({ network, tree })
    this.#download = spv ? undefined : new BlockDownload({ network, tree, limits })
    this.#refetch = new Refetch({ network, tree })
    this.#serve = new Serve({ network, tree, spv })
  }

  get deadline(): Millis {
    const download = this.#download?.deadline ?? Number.POSITIVE_INFINITY
    return Math.min(this.#headers.deadline, download, this.#refetch.deadline)
  }

  /** Blocks asked for and not received. */
  get inFlight(): number {
    return this.#download?.inFlight ?? 0
  }

  /** A link that is known already is left as it is. */
  linkUp(link: LinkId, info: LinkInfo, now: Millis): SyncOutput[] {
    if (this.#peers.has(link)) return []
    const peer: SyncPeer = { link, info, best: undefined }
    this.#peers.set(link, peer)
    this.#download?.linkUp(peer)
    this.#refetch.linkUp(peer)
    return this.#headers.linkUp(peer, now)
  }

  linkDown(link: LinkId, now: Millis): SyncOutput[] {
    if (!this.#peers.delete(link)) return []
    this.#serve.linkDown(link)
    const download = this.#download?.linkDown(link, now) ?? []
    return [...this.#headers.linkDown(link, now), ...download, ...this.#refetch.linkDown(link, now)]
  }

  /** A message of a peer; commands that are not about headers or blocks are passed over. */
  message(link: LinkId, command: string, payload: Uint8Array<ArrayBuffer>, now: Millis): SyncOutput[] {
    if (!this.#peers.has(link)) return []
    try {
      return this.#message(link, command, payload, now)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return [{ do: 'misbehaving', link, reason: `malformed-${command}: ${error.code}` }]
    }
  }

  /** What was sent to the link has left the buffer. */
  drained(link: LinkId, _now: Millis): SyncOutput[] {
    return this.#serve.drained(link)
  }

  /** The answer to `read-block`; no bytes where the block is not kept. */
  blockRead(id: number, bytes: Uint8Array<ArrayBuffer> | undefined): SyncOutput[] {
    return this.#serve.blockRead(id, bytes)
  }

  /** The block of this header is stored, from whatever source. */
  bodyStored(node: HeaderNode): void {
    this.#download?.bodyStored(node)
    this.#refetch.stored(node)
  }

  /** What is stored of this block is damaged, wherever it lies: it is asked for again, until `bodyStored`. */
  fetchAgain(node: HeaderNode, now: Millis): SyncOutput[] {
    return this.#refetch.want(node, now)
  }

  /** The block of this header is stored no longer, though it is not connected: it is asked for again. */
  bodyLost(node: HeaderNode, now: Millis): SyncOutput[] {
    return this.#download?.lost(node, now) ?? []
  }

  /**
   * Blocks are connected up to here, and not committed, or blocks of a better branch were stored: more can be fetched, but
   * nothing of it is served.
   */
  advanced(tip: HeaderNode, now: Millis): SyncOutput[] {
    return this.#download?.connected(tip, now) ?? []
  }

  /** The connected tip is another one, higher or on another branch, and committed. Told once at the start, too. */
  connected(tip: HeaderNode, now: Millis): SyncOutput[] {
    this.#serve.connected(tip)
    return this.#download?.connected(tip, now) ?? []
  }

  /**
   * The block broke a rule, or its bytes were not those that the header commits to. Its sender is punished; where the
   * header has not failed, the block is asked for elsewhere.
   */
  invalidBlock(hash: Uint8Array, reason: string, from: LinkId | undefined, now: Millis): SyncOutput[] {
    const dropped = this.#download?.invalid(hash, from, now) ?? { from, outputs: [] }
    const outputs = [...dropped.outputs, ...this.#refetch.failed(hash, now)]
    if (dropped.from === undefined) return outputs
    return [{ do: 'misbehaving', link: dropped.from, reason }, ...outputs]
  }

  wake(now: Millis): SyncOutput[] {
    const again = now >= this.#refetch.deadline ? this.#refetch.wake(now) : []
    return [...this.#headers.wake(now), ...(this.#download?.wake(now) ?? []), ...again]
  }

  #message(link: LinkId, command: string, payload: Uint8Array<ArrayBuffer>, now: Millis): SyncOutput[] {
    switch (command) {
      case 'headers': {
        const { headers } = decodeMessage('headers', payload)
        return this.#thenAssign(this.#headers.headers(link, headers, now), link, now)
      }
      case 'inv': {
        const { items } = decodeMessage('inv', payload)
        const hashes = items.filter(({ type }) => type === InvType.BLOCK).map(({ hash }) => hash)
        if (hashes.length === 0) return []
        return this.#thenAssign(this.#headers.announced(link, hashes, now), link, now)
      }
      case 'block':
        return this.#block(link, payload, now)
      case 'notfound': {
        const { items } = decodeMessage('notfound', payload)
        return [...(this.#download?.notFound(link, items, now) ?? []), ...this.#refetch.notFound(link, items, now)]
      }
      case 'getheaders':
        return this.#serve.getheaders(link, decodeMessage('getheaders', payload))
      case 'getblocks':
        return this.#serve.getblocks(link, decodeMessage('getblocks', payload))
      case 'getdata':
        return this.#serve.getdata(link, decodeMessage('getdata', payload).items)
      default:
        return []
    }
  }

  #block(link: LinkId, bytes: Uint8Array<ArrayBuffer>, now: Millis): SyncOutput[] {
    if (!this.#download) return []
    if (bytes.length <= HEADER_SIZE) throw new WireError('truncated')
    const header = bytes.subarray(0, HEADER_SIZE)
    const known = this.#tree.node(blockHash(header))
    if (known) {
      const again: SyncOutput[] = this.#refetch.take(known, link) ? [{ do: 'block', link, node: known, bytes }] : []
      const download = this.#download.block(link, known, bytes, now)
      // One copy is enough for both.
      return again.length === 0 ? download : [...again, ...download.filter((output) => output.do !== 'block')]
    }
    // Nobody asked for it, as its header is new.
    const out = this.#headers.unasked(link, header, now)
    const node = this.#tree.node(blockHash(header))
    return node && !(node.status & FAILED) ? [...out, ...this.#download.block(link, node, bytes, now)] : out
  }

  /** A header just learned may be that of a block to fetch, best from who told us. */
  #thenAssign(out: SyncOutput[], link: LinkId, now: Millis): SyncOutput[] {
    const gone = out.some((output) => output.do === 'misbehaving' || output.do === 'disconnect')
    if (!this.#download) return out
    return [...out, ...this.#download.assign(now, gone ? undefined : link), ...this.#refetch.assign(now)]
  }
}
