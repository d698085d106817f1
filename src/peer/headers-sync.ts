import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { equalBytes, sha256d } from '../wire/hash.ts'
import { MAX_HEADERS } from '../wire/headers.ts'
import { encodeMessage } from '../wire/messages.ts'
import { PROTOCOL_VERSION } from '../wire/version.ts'
import type { Millis } from './ports.ts'
import type { LinkId } from './queues.ts'
import { type SyncOutput, type SyncPeer, servesHeaders } from './sync-peer.ts'

/** A `getheaders` that is not answered by then is given up. */
export const HEADERS_WITHIN: Millis = 2 * 60_000
/** While the first peer asked is still silent after this long, another one is asked as well. */
export const HEADERS_SLOW: Millis = 10_000
/** The whole first synchronisation may take this long, and a millisecond more for each header that is expected. */
const SYNC_WITHIN: Millis = 15 * 60_000
/** A tip younger than this is as good as current. */
const CURRENT_WITHIN: Millis = 24 * 3_600_000
/** An announcement may overtake a question, so a question is repeated no sooner than this. */
const ASK_AGAIN: Millis = 1000
/** Most headers by which a peer announces blocks unasked (BIP130, as Core does it); longer messages are answers. */
const MAX_ANNOUNCED = 8
/** Answers in a row that start at the same unknown block, by a peer none of whose headers connected: its genesis. */
const MAX_FOREIGN = 3
/** The same by a peer that did better before. */
const MAX_UNCONNECTED = 10

const ZERO = new Uint8Array(32)

/** What only the header side knows of a peer. */
interface HeaderPeer {
  readonly peer: SyncPeer
  /** It was asked for all the headers that it has. */
  introduced: boolean
  /** Hash of a block that it announced and of which we do not have the header. */
  hint: Uint8Array | undefined
  /** At least one of its headers was on our chain or connected to it. */
  connected: boolean
  unconnected: number
  /** When the first of those came. */
  unconnectedSince: Millis
  /** Where its last unconnected answer started, and how many in a row did. */
  foreign: { start: Uint8Array; times: number } | undefined
  /** Height of the last full batch of a row, −1 outside of one: each must lead higher than the one before. */
  reached: number
}

type State =
  | { at: 'idle' }
  /** One peer is asked for everything first, so that a long chain is not fetched from everybody at once. */
  | { at: 'syncing'; link: LinkId; slowAt: Millis; until: Millis }
  /** Somebody has told all that it has: everybody is asked, and keeps us up to date from then on. */
  | { at: 'current' }

/**
 * Headers first, from one peer, then from all (BIP130). Headers are taken in as they come from whoever sends them; the
 * header tree decides what they are worth.
 */
export class HeadersSync {
  readonly #network: Network
  readonly #tree: HeaderTree
  readonly #peers = new Map<LinkId, HeaderPeer>()
  /** Questions that are open, in the order in which they were asked, and so by deadline. */
  readonly #asked = new Map<LinkId, { at: Millis }>()
  #state: State = { at: 'idle' }

  constructor({ network, tree }: { network: Network; tree: HeaderTree }) {
    this.#network = network
    this.#tree = tree
  }

  get deadline(): Millis {
    const state = this.#state
    let deadline = Number.POSITIVE_INFINITY
    for (const { at } of this.#asked.values()) {
      deadline = at + HEADERS_WITHIN
      break
    }
    return state.at === 'syncing' ? Math.min(deadline, state.slowAt, state.until) : deadline
  }

  linkUp(peer: SyncPeer, now: Millis): SyncOutput[] {
    const entry: HeaderPeer = {
      peer,
      introduced: false,
      hint: undefined,
      connected: false,
      unconnected: 0,
      unconnectedSince: 0,
      foreign: undefined,
      reached: -1,
    }
    this.#peers.set(peer.link, entry)
    if (!servesHeaders(peer.info)) return []
    // A peer that claims nothing beyond what we have costs one small answer, so it need not wait for its turn.
    const small = peer.info.startHeight <= this.#tree.best.height
    if (this.#state.at === 'current' || small) return this.#introduce(entry, now)
    return this.#state.at === 'idle' ? this.#choose(now) : []
  }

  linkDown(link: LinkId, now: Millis): SyncOutput[] {
    this.#peers.delete(link)
    this.#asked.delete(link)
    return this.#state.at === 'syncing' && this.#state.link === link ? this.#choose(now) : []
  }

  /** A `headers` message: an answer, or new blocks announced. */
  headers(link: LinkId, raws: readonly Uint8Array[], now: Millis): SyncOutput[] {
    const entry = this.#peers.get(link)
    if (!entry) return []
    const answer = this.#asked.delete(link)
    if (raws.length === 0) return this.#toldAll(entry, now)
    const result = this.#tree.accept(raws, now)
    switch (result.kind) {
      case 'accepted': {
        const out: SyncOutput[] = []
        if (result.bestChanged) out.push({ do: 'headers-changed' })
        entry.connected = true
        entry.unconnected = 0
        this.#knows(entry, result.last, raws, out)
        const more = raws.length === MAX_HEADERS && result.last.height > entry.reached
        if (!more) return [...out, ...this.#toldAll(entry, now)]
        entry.reached = result.last.height
        if (this.#state.at === 'syncing' && this.#state.link === link) this.#state.slowAt = now + HEADERS_SLOW
        return [...out, ...this.#ask(entry, result.last, now)]
      }
      case 'unconnected':
        return this.#unconnected(entry, raws, answer, now)
      case 'invalid':
        // A header from the future is valid to somebody with another clock, or later.
        if (result.code === 'time-too-new') return this.#toldAll(entry, now)
        // Another network may hash its work in another way: that its headers show none tells less than where they hang.
        if (result.code === 'high-hash' && !this.#tree.node(raws[0]!.subarray(4, 36))) {
          return this.#unconnected(entry, raws, answer, now)
        }
        return [{ do: 'misbehaving', link, reason: `header-${result.code}` }]
      case 'low-work': {
        // No offence. The rest of a long branch may show enough.
        const more = result.held && raws.length === MAX_HEADERS && result.last.height > entry.reached
        if (!more) return this.#toldAll(entry, now)
        entry.reached = result.last.height
        return this.#ask(entry, result.last, now)
      }
    }
  }

  /** Blocks announced by hash. */
  announced(link: LinkId, hashes: readonly Uint8Array[], now: Millis): SyncOutput[] {
    const entry = this.#peers.get(link)
    if (!entry) return []
    const out: SyncOutput[] = []
    let unknown = false
    let highest: HeaderNode | undefined
    for (const hash of hashes) {
      const node = this.#tree.node(hash)
      unknown ||= !node
      if (!node) entry.hint = hash.slice()
      else if (!highest || node.work > highest.work) highest = node
    }
    if (highest) this.#knows(entry, highest, [], out)
    if (!unknown) return out
    // In the middle of a first synchronisation the announced block is far away; this peer's turn comes after it.
    if (this.#state.at === 'syncing' && this.#state.link !== link && !entry.introduced) return out
    const asked = this.#asked.get(link)
    if (!asked || now >= asked.at + ASK_AGAIN) out.push(...this.#ask(entry, this.#tree.best, now))
    return out
  }

  /** The header of a block that nobody asked for: a valid one is taken, for others nothing is put off. */
  unasked(link: LinkId, raw: Uint8Array, now: Millis): SyncOutput[] {
    const entry = this.#peers.get(link)
    if (!entry) return []
    const result = this.#tree.accept([raw], now)
    const out: SyncOutput[] = []
    if (result.kind === 'accepted') {
      if (result.bestChanged) out.push({ do: 'headers-changed' })
      this.#knows(entry, result.last, [raw], out)
    } else if (result.kind === 'invalid' && result.code !== 'time-too-new') {
      out.push({ do: 'misbehaving', link, reason: `header-${result.code}` })
    } else if (result.kind === 'unconnected' && !this.#asked.has(link) && this.#state.at !== 'syncing') {
      out.push(...this.#unconnected(entry, [raw], false, now))
    }
    return out
  }

  wake(now: Millis): SyncOutput[] {
    const out: SyncOutput[] = []
    for (const [link, { at }] of this.#asked) {
      if (now < at + HEADERS_WITHIN) break
      this.#asked.delete(link)
      out.push(...this.#unanswered(this.#peers.get(link)!, now))
    }
    const state = this.#state
    if (state.at === 'syncing' && now >= state.until) {
      const other = this.#candidate(state.link)
      if (other) {
        out.push({ do: 'disconnect', link: state.link, reason: 'headers-sync-timeout' })
        out.push(...this.#choose(now, state.link))
      } else {
        state.until = this.#syncUntil(now)
      }
    } else if (state.at === 'syncing' && now >= state.slowAt) {
      state.slowAt = Number.POSITIVE_INFINITY
      const other = this.#asked.has(state.link) && this.#candidate(state.link)
      if (other) out.push(...this.#sync(other, now))
    }
    return out
  }

  /** The peer said nothing to a question in all that time. */
  #unanswered(entry: HeaderPeer, now: Millis): SyncOutput[] {
    const { link, info } = entry.peer
    const out: SyncOutput[] = []
    const wasSyncing = this.#state.at === 'syncing' && this.#state.link === link
    // It claims to have more than we have and does not show it. Nodes in their own initial download are silent, too, and
    // may need us: those who dialled us are dropped only where we have somebody of our own choice (as in Bitcoin Core).
    const other = this.#candidate(link, true)
    const choice = other !== undefined && !(info.inbound && other.peer.info.inbound)
    const withholds = choice && info.startHeight > this.#tree.best.height
    if (withholds) out.push({ do: 'disconnect', link, reason: 'headers-timeout' })
    if (wasSyncing) out.push(...this.#choose(now, link))
    if (!withholds && entry.hint) out.push(...this.#askForHint(entry, now))
    return out
  }

  /** The peer has no further headers for us at this time. */
  #toldAll(entry: HeaderPeer, now: Millis): SyncOutput[] {
    entry.reached = -1
    const out: SyncOutput[] = []
    const promisedMore = entry.peer.info.startHeight > this.#tree.best.height
    if (this.#state.at === 'syncing' && this.#state.link === entry.peer.link) {
      // One that promised more than it told is no measure of being current: let the next one tell.
      if (promisedMore && this.#candidate(entry.peer.link)) out.push(...this.#choose(now, entry.peer.link))
      else out.push(...this.#becomeCurrent(now))
    }
    out.push(...this.#askForHint(entry, now))
    return out
  }

  /** Once: what was announced may not exist. */
  #askForHint(entry: HeaderPeer, now: Millis): SyncOutput[] {
    const hint = entry.hint
    if (!hint || this.#asked.has(entry.peer.link)) return []
    if (this.#state.at === 'syncing' && this.#state.link !== entry.peer.link) return []
    entry.hint = undefined
    const node = this.#tree.node(hint)
    if (!node) return this.#ask(entry, this.#tree.best, now)
    const out: SyncOutput[] = []
    this.#knows(entry, node, [], out)
    return out
  }

  #unconnected(entry: HeaderPeer, raws: readonly Uint8Array[], answer: boolean, now: Millis): SyncOutput[] {
    const { link } = entry.peer
    if (entry.unconnected++ === 0) entry.unconnectedSince = now
    if (answer) {
      // Announcements that overtake an answer look like one, but no two of them start at the same block.
      const start = raws[0]!.slice(4, 36)
      const again = entry.foreign !== undefined && equalBytes(entry.foreign.start, start)
      entry.foreign = { start, times: again ? entry.foreign!.times + 1 : 1 }
    }
    // Our questions end in our genesis: an answer that connects to none of it starts from another one.
    const foreign = answer && (raws.length > MAX_ANNOUNCED || entry.foreign!.times >= MAX_FOREIGN)
    if (!entry.connected && foreign) return [{ do: 'disconnect', link, reason: 'wrong-genesis' }]
    // A link may be older than our memory of it: its announcements go on while it answers our first question.
    const isPatient = !entry.connected && now < entry.unconnectedSince + HEADERS_SLOW
    if (entry.unconnected >= MAX_UNCONNECTED && !isPatient)
      return [{ do: 'misbehaving', link, reason: 'unconnected-headers' }]
    entry.hint = sha256d(raws.at(-1)!)
    return this.#ask(entry, this.#tree.best, now)
  }

  /** Notes what the peer has shown. `raws`: the headers it came with, of which few are announcements one by one. */
  #knows({ peer }: HeaderPeer, node: HeaderNode, raws: readonly Uint8Array[], out: SyncOutput[]): void {
    if (!peer.best || node.work > peer.best.work) peer.best = node
    if (raws.length <= MAX_ANNOUNCED) {
      // The parent of a header is the hash that the next one names.
      for (const raw of raws.slice(1)) out.push({ do: 'knows-block', link: peer.link, hash: raw.slice(4, 36) })
    }
    out.push({ do: 'knows-block', link: peer.link, hash: node.hash.slice() })
  }

  /** Picks the peer to synchronise from; with nobody left who claims to have more, we are current. */
  #choose(now: Millis, except?: LinkId): SyncOutput[] {
    this.#state = { at: 'idle' }
    const entry = this.#candidate(except)
    return entry ? this.#sync(entry, now) : this.#becomeCurrent(now)
  }

  #sync(entry: HeaderPeer, now: Millis): SyncOutput[] {
    this.#state = { at: 'syncing', link: entry.peer.link, slowAt: now + HEADERS_SLOW, until: this.#syncUntil(now) }
    return this.#introduce(entry, now)
  }

  #becomeCurrent(now: Millis): SyncOutput[] {
    const served = [...this.#peers.values()].some(({ peer }) => servesHeaders(peer.info))
    const behind = !this.#network.regtest && this.#tree.best.time * 1000 < now - CURRENT_WITHIN
    // With nobody to learn from, and a tip of long ago, the next peer starts over.
    this.#state = served || !behind ? { at: 'current' } : { at: 'idle' }
    const out: SyncOutput[] = []
    for (const entry of this.#peers.values()) {
      if (!entry.introduced && servesHeaders(entry.peer.info)) out.push(...this.#introduce(entry, now))
      else if (entry.hint) out.push(...this.#askForHint(entry, now))
    }
    return out
  }

  /** Somebody else to ask who claims more than we have (`asked`: or has been asked before), best one that we dialled. */
  #candidate(except?: LinkId, asked = false): HeaderPeer | undefined {
    let chosen: HeaderPeer | undefined
    for (const entry of this.#peers.values()) {
      const { link, info } = entry.peer
      if (link === except || (entry.introduced && !asked) || !servesHeaders(info)) continue
      if (!asked && info.startHeight <= this.#tree.best.height) continue
      if (!chosen || (chosen.peer.info.inbound && !info.inbound)) chosen = entry
    }
    return chosen
  }

  /** The first question to a peer, from the parent of our best header: whoever shares it answers with something. */
  #introduce(entry: HeaderPeer, now: Millis): SyncOutput[] {
    entry.introduced = true
    const best = this.#tree.best
    return this.#ask(entry, best.height > 0 ? (this.#tree.node(best.prev) ?? best) : best, now)
  }

  #ask(entry: HeaderPeer, from: HeaderNode, now: Millis): SyncOutput[] {
    const { link } = entry.peer
    this.#asked.delete(link)
    this.#asked.set(link, { at: now })
    const locator = this.#tree.locator(from)
    const { command, payload } = encodeMessage({
      command: 'getheaders',
      version: PROTOCOL_VERSION,
      locator,
      stop: ZERO,
    })
    return [{ do: 'send', link, command, payload }]
  }

  #syncUntil(now: Millis): Millis {
    const expected = Math.max(0, now / 1000 - this.#tree.best.time) / this.#network.pow.spacing
    return now + SYNC_WITHIN + expected
  }
}
