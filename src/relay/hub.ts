import type { Network } from '../chain/network.ts'
import { PONG_VERSION, PONG_WITHIN } from '../peer/keepalive.ts'
import { Link, type LinkOutput, type LinkSnapshot } from '../peer/link.ts'
import type { Millis, Random } from '../peer/ports.ts'
import type { LinkId, LinkInfo, ToHub } from '../peer/queues.ts'
import { WireError } from '../wire/error.ts'
import { encodeFrame } from '../wire/frame.ts'
import { type Hasher, nobleHasher } from '../wire/hash.ts'
import { type Inventory, InvType } from '../wire/inventory.ts'
import { decodeMessage, encodeMessage, type Message } from '../wire/messages.ts'
import { PROTOCOL_VERSION } from '../wire/version.ts'
import { Admission } from './admission.ts'
import { Announcer, MAX_INV } from './announcer.ts'
import { BlockKnowledge } from './block-knowledge.ts'
import { BlockRelay } from './block-relay.ts'
import { Deadlines } from './deadlines.ts'
import { HubLink } from './hub-link.ts'
import {
  type AcceptOptions,
  DEFAULT_HUB_LIMITS,
  type HubLimits,
  type HubLinkSnapshot,
  type HubLogLine,
  type HubOptions,
  type HubOutput,
  type HubState,
  type LinkStatus,
} from './hub-types.ts'
import { LedgerGate } from './ledger-gate.ts'
import { Slots } from './slots.ts'
import { isTx, TxRelay } from './tx-relay.ts'

export type {
  AcceptOptions,
  HubLimits,
  HubLinkSnapshot,
  HubLogLine,
  HubOptions,
  HubOutput,
  HubState,
  LinkStatus,
} from './hub-types.ts'
export { DEFAULT_HUB_LIMITS } from './hub-types.ts'

/** Satoshi that can exist; a fee filter above is nonsense. */
const MAX_MONEY = 21_000_000_0000_0000n
/** What a node says that wants no transactions for now (the figure of Bitcoin Core). */
const NO_TRANSACTIONS = 9_936_506n
const SENDHEADERS_VERSION = 70_012
const FEEFILTER_VERSION = 70_013
/** So much may have been written since a peer last showed how far it has read, where the host cannot tell. */
const ASK_AFTER = 512_000

/**
 * Many links as one machine. Handshakes and pings are each link's own; messages that know the chain go up to the ledger
 * unread, within what it has room for; what the ledger has taken comes down and is announced to everybody else, and given
 * from a cache to those who ask.
 *
 * The host performs every output before the next input, and after each `write` tells by `buffered` how much of what was
 * written to that link has not left yet. Where no host can tell that, the peer is asked by a ping now and then, whose
 * pong comes when everything before it was read.
 *
 * The hub may lose its memory while nothing is under way: `snapshot` and `state` are what a later life goes on from.
 */
export class Hub {
  readonly #network: Network
  readonly #options: Required<Pick<HubOptions, 'services' | 'userAgent' | 'relayTransactions' | 'feeFilter' | 'pings'>>
  readonly #limits: HubLimits
  readonly #random: Random
  readonly #hasher: Hasher
  readonly #links = new Map<LinkId, HubLink>()
  readonly #bySlot = new Map<number, HubLink>()
  readonly #ownNonces = new Set<bigint>()
  readonly #slots: Slots
  readonly #deadlines = new Deadlines()
  readonly #admission: Admission
  readonly #txs: TxRelay
  readonly #blocks: BlockRelay
  readonly #announcer: Announcer
  readonly #ledger: LedgerGate
  #height = 0
  #synced = false
  /** When what is to be announced goes out; at once, but together. */
  #flushAt: Millis = Number.POSITIVE_INFINITY
  /** Of the input that is being worked on. */
  #now: Millis = 0
  #out: HubOutput[] = []
  /** Something of that goes to the ledger. */
  #tellsLedger = false

  constructor({ network, services, userAgent, random, limits, hasher = nobleHasher, ...options }: HubOptions) {
    const { relayTransactions = true, feeFilter = 100, pings = true, state } = options
    this.#network = network
    this.#options = { services, userAgent, relayTransactions, feeFilter, pings }
    this.#height = state?.height ?? 0
    this.#synced = state?.synced ?? false
    this.#limits = { ...DEFAULT_HUB_LIMITS, ...limits }
    this.#random = random
    this.#hasher = hasher
    const blocks = new BlockKnowledge()
    this.#slots = new Slots((freed) => {
      this.#txs.deleteLinks(freed)
      blocks.deleteLinks(freed)
    })
    this.#admission = new Admission(this.#limits)
    const isSlow = (link: HubLink) => link.buffered > this.#limits.holdBytes
    this.#txs = new TxRelay({
      maxItems: this.#limits.cacheItems,
      maxBytes: this.#limits.cacheBytes,
      hasher,
      send: (link, message) => this.#send(link, message),
      isSlow,
    })
    this.#txs.fetching = this.#synced
    this.#blocks = new BlockRelay({ blocks, hasher })
    this.#ledger = new LedgerGate({
      emit: (output) => {
        this.#out.push(output)
        this.#tellsLedger ||= output.do === 'ledger'
      },
      untakenBytes: this.#limits.untakenBytes,
      hasher,
    })
    this.#announcer = new Announcer({
      links: () => this.#links.values(),
      blocks,
      frame: (message) => this.#frame(message),
      write: (link, frame) => this.#write(link, frame),
      isSlow,
    })
  }

  get deadline(): Millis {
    return Math.min(this.#deadlines.earliest, this.#txs.deadline, this.#flushAt)
  }

  get state(): HubState {
    return { height: this.#height, synced: this.#synced }
  }

  /** Those that have completed their handshake. */
  links(): LinkStatus[] {
    const statuses: LinkStatus[] = []
    for (const { id, info, height, since, machine } of this.#links.values()) {
      if (!info) continue
      const { version, services, userAgent, inbound } = info
      const status = { id, client: userAgent, height, inbound, since: Math.floor(since / 1000), version, services }
      statuses.push(machine.rttMs === undefined ? status : { ...status, rttMs: machine.rttMs })
    }
    return statuses
  }

  /** A new connection. Ids are never used twice. */
  accept(id: LinkId, options: AcceptOptions, now: Millis): HubOutput[] {
    this.#now = now
    const link = this.#open(id, options)
    if (link) this.#fromMachine(link, link.machine.start(now))
    return this.#take()
  }

  /** What it takes to go on with a link in another life; undefined in the middle of its handshake or of a message. */
  snapshot(id: LinkId): HubLinkSnapshot | undefined {
    const link = this.#links.get(id)
    const machine = link?.machine.snapshot()
    if (!link || !machine) return undefined
    const { manual, since, height, sendheaders, feeFilter, buffered, draining, asked } = link
    return { machine, manual, since, height, sendheaders, feeFilter, buffered, draining, asked: asked && { ...asked } }
  }

  /** A link of an earlier life. Neither its peer nor the ledger is told anything. */
  restore(id: LinkId, snapshot: HubLinkSnapshot, now: Millis): HubOutput[] {
    this.#now = now
    const { machine, manual, ...rest } = snapshot
    const { info } = machine
    const link = this.#open(id, { inbound: info.inbound, kind: manual ? 'manual' : 'automatic' }, machine)
    if (!link) return this.#take()
    this.#ownNonces.delete(link.nonce)
    Object.assign(link, { ...rest, info })
    this.#deadlines.set(id, link.deadline)
    return this.#take()
  }

  /** Undefined, and closed, where there is no room. */
  #open(
    id: LinkId,
    { inbound, kind = 'automatic', addressKey }: AcceptOptions,
    snapshot?: LinkSnapshot,
  ): HubLink | undefined {
    const now = this.#now
    const refused = inbound ? this.#admission.enter(addressKey) : undefined
    if (refused !== undefined) {
      this.#log('info', 'connection refused', { link: id, reason: refused })
      this.#out.push({ do: 'close', link: id, reason: refused })
      return undefined
    }
    const { services, userAgent, relayTransactions: relay } = this.#options
    const nonce = this.#random.u64()
    const ours = { version: PROTOCOL_VERSION, services, userAgent, relay, nonce, startHeight: this.#height }
    const machine = new Link(
      {
        id,
        network: this.#network,
        inbound,
        ours,
        ownNonces: this.#ownNonces,
        random: this.#random,
        now,
        pings: this.#options.pings,
        hasher: this.#hasher,
      },
      snapshot,
    )
    if (!inbound) this.#ownNonces.add(nonce)
    const slot = this.#slots.take()
    const link = new HubLink({ id, slot, machine, manual: kind === 'manual', addressKey, nonce, now })
    this.#links.set(id, link)
    this.#bySlot.set(slot, link)
    return link
  }

  /** Bytes from the peer. The chunk may be used again afterwards. */
  bytes(id: LinkId, chunk: Uint8Array, now: Millis): HubOutput[] {
    this.#now = now
    const link = this.#links.get(id)
    if (!link) return []
    this.#fromMachine(link, link.machine.receive(chunk, now))
    this.#askForTransactions()
    return this.#take()
  }

  /** The connection is gone. */
  closed(id: LinkId, now: Millis): HubOutput[] {
    this.#now = now
    const link = this.#links.get(id)
    if (!link) return []
    if (link.info) this.#log('info', 'peer gone', { link: id })
    this.#remove(link)
    this.#askForTransactions()
    return this.#take()
  }

  /** So much of what was written to the link has not left yet; `undefined` where nobody can tell. */
  buffered(id: LinkId, bytes: number | undefined, now: Millis): HubOutput[] {
    this.#now = now
    const link = this.#links.get(id)
    if (!link) return []
    const answersPings = link.up && link.info!.version >= PONG_VERSION
    if (bytes !== undefined || !answersPings) link.buffered = bytes ?? 0
    this.#left(link)
    if (bytes === undefined) this.#ask(link)
    return this.#take()
  }

  /** All that was written to the link has left. */
  writable(id: LinkId, now: Millis): HubOutput[] {
    return this.buffered(id, 0, now)
  }

  wake(now: Millis): HubOutput[] {
    this.#now = now
    for (let id = this.#deadlines.due(now); id !== undefined; id = this.#deadlines.due(now)) {
      const link = this.#links.get(id)
      if (link?.asked && now >= link.asked.until) this.#close(link, 'slow-reader', false)
      else if (link) this.#fromMachine(link, link.machine.wake(now))
    }
    this.#txs.wake(now)
    this.#askForTransactions()
    if (now >= this.#flushAt) {
      this.#flushAt = Number.POSITIVE_INFINITY
      this.#announcer.flush()
    }
    return this.#take()
  }

  fromLedger(value: ToHub, now: Millis): HubOutput[] {
    this.#now = now
    const link = 'link' in value ? this.#links.get(value.link) : undefined
    switch (value.kind) {
      case 'epoch':
        this.#newLedger(value.height)
        break
      case 'send':
        this.#sendFromLedger(link, value.command, value.payload)
        break
      case 'announce-block':
        this.#announceBlock(value)
        break
      case 'announce-tx':
        this.#announceTx(value)
        break
      case 'want-txs':
        if (link?.up) this.#txs.wanted(link, value.txids, now)
        break
      case 'reopen-txs':
        this.#txs.reopen(value.txids)
        break
      case 'knows-block':
        if (link) this.#blocks.knows(link, value.hash, value.height)
        break
      case 'misbehaving':
      case 'disconnect':
        if (link) this.#close(link, value.reason, value.kind === 'misbehaving')
        break
      case 'tip':
        this.#height = value.height
        this.#txs.newTip()
        if (this.#synced !== value.synced) this.#setSynced(value.synced)
        break
      case 'taken':
        if (link) this.#ledger.taken(link, value.bytes)
        break
    }
    this.#askForTransactions()
    return this.#take()
  }

  // ---- from links

  #fromMachine(link: HubLink, outputs: LinkOutput[]): void {
    for (const output of outputs) {
      if (link.closed) return
      if (output.do === 'write') this.#write(link, output.bytes)
      else if (output.do === 'up') this.#linkUp(link, output.info)
      else if (output.do === 'message') this.#message(link, output.command, output.payload)
      else this.#close(link, output.reason, output.misbehaving)
    }
    if (!link.closed) this.#deadlines.set(link.id, link.deadline)
  }

  #linkUp(link: HubLink, info: LinkInfo): void {
    link.info = info
    link.height = info.startHeight
    this.#ownNonces.delete(link.nonce)
    const { inbound, userAgent: client, version, startHeight: height } = info
    this.#log('info', 'peer connected', { link: link.id, inbound, client, version, height })
    this.#ledger.tell({ kind: 'link-up', link: link.id, info })
    if (!inbound) this.#send(link, { command: 'getaddr' })
    if (version >= SENDHEADERS_VERSION) this.#send(link, { command: 'sendheaders' })
    this.#sendFeeFilter(link)
  }

  /** The one place where what a peer means is looked at outside of the ledger. */
  #message(link: HubLink, command: string, payload: Uint8Array<ArrayBuffer>): void {
    try {
      this.#dispatch(link, command, payload)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#close(link, `malformed-${command}`, true)
    }
  }

  #dispatch(link: HubLink, command: string, payload: Uint8Array<ArrayBuffer>): void {
    switch (command) {
      case 'inv':
        this.#inv(link, payload)
        break
      case 'getdata':
        this.#getdata(link, payload)
        break
      case 'notfound':
        this.#notfound(link, payload)
        break
      case 'tx':
        if (!this.#options.relayTransactions) break
        if (this.#txs.received(link, payload, this.#now)) this.#ledger.message(link, command, payload)
        break
      case 'headers':
        this.#blocks.heardHeaders(link, payload)
        this.#ledger.message(link, command, payload)
        break
      case 'block':
        this.#blocks.heardBlock(link, payload)
        this.#ledger.message(link, command, payload)
        break
      case 'getheaders':
      case 'getblocks':
        this.#ledger.request(link, { command, payload })
        break
      case 'sendheaders':
        link.sendheaders = true
        break
      case 'feefilter': {
        const { feeRate } = decodeMessage('feefilter', payload)
        if (feeRate >= 0n && feeRate <= MAX_MONEY) link.feeFilter = Number(feeRate)
        break
      }
      case 'pong':
        this.#answered(link, decodeMessage('pong', payload).nonce)
        break
      case 'mempool':
      case 'filterload':
      case 'filteradd':
      case 'filterclear':
      case 'getcfilters':
      case 'getcfheaders':
      case 'getcfcheckpt':
        this.#close(link, `${command}-not-offered`, false)
        break
      case 'addr':
      case 'addrv2':
      case 'sendcmpct':
        // Their form counts; what they say is not used.
        decodeMessage(command, payload)
        break
      default:
        // getaddr, for which there is no answer, and whatever else there may be.
        break
    }
  }

  #inv(link: HubLink, payload: Uint8Array<ArrayBuffer>): void {
    const { items } = decodeMessage('inv', payload)
    const blocks = items.filter((item) => item.type === InvType.BLOCK)
    this.#blocks.heardInv(link, blocks)
    this.#ledger.items(link, 'inv', payload, items, blocks)
    if (this.#options.relayTransactions) this.#txs.announcedBy(link, items, this.#now)
  }

  #getdata(link: HubLink, payload: Uint8Array<ArrayBuffer>): void {
    const { items } = decodeMessage('getdata', payload)
    const txs: Inventory[] = []
    const blocks: Inventory[] = []
    for (const item of items) {
      if (isTx(item.type)) txs.push({ type: item.type, hash: item.hash.slice() })
      else if (!this.#giveTip(link, item)) blocks.push(item)
    }
    this.#ledger.items(link, 'getdata', payload, items, blocks)
    if (txs.length > 0 && !this.#txs.askedFor(link, txs)) this.#close(link, 'too-many-getdata', true)
  }

  #giveTip(link: HubLink, item: Inventory): boolean {
    const bytes = this.#blocks.tipFor(item)
    if (!bytes || link.draining || link.buffered > this.#limits.holdBytes) return false
    this.#send(link, { command: 'block', bytes })
    this.#blocks.knows(link, item.hash)
    return true
  }

  #notfound(link: HubLink, payload: Uint8Array<ArrayBuffer>): void {
    const { items } = decodeMessage('notfound', payload)
    const others = items.filter((item) => !isTx(item.type))
    this.#ledger.items(link, 'notfound', payload, items, others)
    for (const item of items) if (isTx(item.type)) this.#txs.notFound(link, item, this.#now)
  }

  // ---- from the ledger

  #newLedger(height: number): void {
    this.#height = height
    this.#synced = false
    this.#txs.fetching = false
    this.#txs.newTip()
    this.#blocks.forgetTip()
    for (const link of this.#links.values()) this.#ledger.introduce(link)
  }

  #sendFromLedger(link: HubLink | undefined, command: string, payload: Uint8Array<ArrayBuffer>): void {
    if (!link?.up) return
    this.#ledger.given(link, { command, payload })
    if (command === 'block') this.#ledger.sending(link)
    for (const output of link.machine.send(command, payload)) {
      if (output.do === 'write') this.#write(link, output.bytes)
    }
  }

  #announceBlock(value: Extract<ToHub, { kind: 'announce-block' }>): void {
    this.#height = Math.max(this.#height, value.height)
    const block = this.#blocks.connected(value, this.#linkOf(value.from))
    for (const link of this.#links.values()) {
      if (block.has.has(link.slot)) link.height = Math.max(link.height, value.height)
    }
    this.#announcer.block(block)
    this.#flushAt = Math.min(this.#flushAt, this.#now)
  }

  #announceTx(value: Extract<ToHub, { kind: 'announce-tx' }>): void {
    if (!this.#options.relayTransactions) return
    this.#announcer.tx(this.#txs.accepted(value, this.#linkOf(value.from), this.#now))
    this.#flushAt = Math.min(this.#flushAt, this.#now)
  }

  #setSynced(synced: boolean): void {
    this.#synced = synced
    this.#txs.fetching = synced
    for (const link of this.#links.values()) if (link.up) this.#sendFeeFilter(link)
  }

  // ---- to links

  #sendFeeFilter(link: HubLink): void {
    if (!this.#options.relayTransactions || link.info!.version < FEEFILTER_VERSION) return
    this.#send(link, {
      command: 'feefilter',
      feeRate: this.#synced ? BigInt(this.#options.feeFilter) : NO_TRANSACTIONS,
    })
  }

  #askForTransactions(): void {
    for (const [slot, items] of this.#txs.requests()) {
      const link = this.#bySlot.get(slot)
      if (!link?.up) continue
      for (let from = 0; from < items.length; from += MAX_INV) {
        this.#send(link, { command: 'getdata', items: items.slice(from, from + MAX_INV) })
      }
    }
  }

  #send(link: HubLink, message: Message): void {
    if (link.up) this.#write(link, this.#frame(message))
  }

  #frame(message: Message): Uint8Array<ArrayBuffer> {
    const { command, payload } = encodeMessage(message)
    return encodeFrame(this.#network.magic, command, payload, this.#hasher)
  }

  #write(link: HubLink, bytes: Uint8Array<ArrayBuffer>): void {
    if (link.closed) return
    this.#out.push({ do: 'write', link: link.id, bytes })
    link.buffered += bytes.length
    if (link.asked) link.asked.after += bytes.length
    if (link.buffered > this.#limits.closeBytes) this.#close(link, 'slow-reader', false)
  }

  /** Less may wait than before. */
  #left(link: HubLink): void {
    this.#ledger.left(link, link.buffered)
    if (link.buffered > this.#limits.holdBytes) return
    this.#txs.writable(link)
    this.#announcer.release(link)
  }

  /** Has the peer show how far it has read, where that is worth a ping. */
  #ask(link: HubLink): void {
    if (link.asked || link.closed || (link.buffered <= ASK_AFTER && !link.draining)) return
    const nonce = this.#random.u64()
    this.#send(link, { command: 'ping', nonce })
    link.asked = { nonce, after: 0, until: this.#now + PONG_WITHIN }
    this.#deadlines.set(link.id, link.deadline)
  }

  #answered(link: HubLink, nonce: bigint): void {
    if (link.asked?.nonce !== nonce) return
    link.buffered = link.asked.after
    link.asked = undefined
    this.#left(link)
    this.#ask(link)
  }

  // ---- links that end

  #close(link: HubLink, reason: string, misbehaving: boolean): void {
    if (link.closed) return
    const discourage = misbehaving && !link.manual
    if (discourage && link.addressKey !== undefined) this.#admission.discourage(link.addressKey)
    const facts = { link: link.id, reason, client: link.info?.userAgent ?? '' }
    this.#log(misbehaving ? 'warn' : 'info', misbehaving ? 'peer misbehaves, closed' : 'peer closed', facts)
    this.#out.push({ do: 'close', link: link.id, reason, ...(discourage && { discourage }) })
    this.#remove(link)
  }

  #remove(link: HubLink): void {
    link.closed = true
    this.#links.delete(link.id)
    this.#bySlot.delete(link.slot)
    this.#deadlines.delete(link.id)
    this.#ownNonces.delete(link.nonce)
    if (link.inbound) this.#admission.leave(link.addressKey)
    this.#txs.linkDown(link.slot, this.#now)
    this.#slots.release(link.slot)
    if (link.info) this.#ledger.tell({ kind: 'link-down', link: link.id })
  }

  #linkOf(id: LinkId | undefined): HubLink | undefined {
    return id === undefined ? undefined : this.#links.get(id)
  }

  #log(level: HubLogLine['level'], text: string, facts: HubLogLine['facts']): void {
    this.#out.push({ do: 'log', line: { level, text, facts } })
  }

  #take(): HubOutput[] {
    const { heardBy } = this.#txs
    if (heardBy < Number.POSITIVE_INFINITY && (this.#tellsLedger || this.#now >= heardBy)) {
      this.#ledger.tell({ kind: 'heard', txs: this.#txs.takeHeard() })
    }
    this.#tellsLedger = false
    const out = this.#out
    this.#out = []
    return out
  }
}
