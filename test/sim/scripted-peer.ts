import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { WireError } from '../../src/wire/error.ts'
import { encodeFrame, FrameParser } from '../../src/wire/frame.ts'
import { hashKey } from '../../src/wire/hash.ts'
import { type Inventory, InvType } from '../../src/wire/inventory.ts'
import { decodeMessage, encodeMessage, type Message, type MessageOf } from '../../src/wire/messages.ts'
import { NO_ADDRESS } from '../../src/wire/net-address.ts'
import { isEmptyMwebTx } from '../../src/wire/transaction.ts'
import { BlockShelf } from './block-shelf.ts'
import type { Misdeed } from './misdeeds.ts'
import { CORE, type NodeStyle } from './node-styles.ts'
import { isBlockInv, PeerFetcher } from './peer-fetcher.ts'
import { PeerGiver } from './peer-giver.ts'

export type { Misdeed } from './misdeeds.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface ScriptedPeerOptions {
  network?: Network
  /** Whose behaviour: `CORE`, `LITECOIN` or `BCOIN` of `node-styles.ts`. */
  style?: NodeStyle
  /** Raw blocks above genesis, parents first. */
  blocks?: readonly Uint8Array[]
  /** It opened the connection. */
  dials?: boolean
  misdeeds?: readonly Misdeed[]
  /** Fetches what the other side has; true unless given. */
  syncs?: boolean
  relay?: boolean
  /** Unix seconds for `version`. */
  time?: number
  nonce?: bigint
}

/**
 * A node that plays its part: handshake, chain and transactions as a real one of its style does, over any byte pipe. It
 * holds what it was given, fetches what the other side has, and can do named things wrong.
 */
export class ScriptedPeer {
  readonly style: NodeStyle
  /** The blocks that it has. */
  readonly shelf: BlockShelf
  /** Commands that came, in order. */
  readonly heard: string[] = []
  /** Messages that came, in order, except blocks. */
  readonly messages: Message[] = []
  /** Commands that went out, in order. */
  readonly said: string[] = []
  /** Why it wants the connection closed. */
  hungUp: string | undefined
  /** The other side's `version`. */
  theirs: MessageOf<'version'> | undefined
  readonly #network: Network
  readonly #options: ScriptedPeerOptions
  readonly #misdeeds: ReadonlySet<Misdeed>
  readonly #parser: FrameParser
  readonly #fetcher: PeerFetcher
  readonly #giver: PeerGiver
  #out: Bytes[] = []
  #saidVersion = false
  #up = false
  /** They want blocks announced by headers. */
  #sendheaders = false

  constructor(options: ScriptedPeerOptions = {}) {
    this.#options = options
    this.#network = options.network ?? regtest
    this.style = options.style ?? CORE
    this.#misdeeds = new Set(options.misdeeds)
    this.#parser = new FrameParser(this.#network.magic)
    this.shelf = new BlockShelf(this.#network.genesis)
    for (const block of options.blocks ?? []) this.shelf.add(block)
    this.#fetcher = new PeerFetcher(this.style, this.shelf, (message) => this.#say(message))
    this.#giver = new PeerGiver(this.style, this.shelf, this.#misdeeds, (message) => this.#say(message))
  }

  /** Both sides have said verack. */
  get up(): boolean {
    return this.#up
  }

  /** Transactions that it has, by `hashKey` of the txid. */
  get txs(): ReadonlyMap<string, { bytes: Uint8Array }> {
    return this.#giver.txs
  }

  /** The connection is open. */
  start(): Bytes[] {
    if (this.#options.dials || this.style.speaksFirst) this.#version()
    return this.#take()
  }

  onBytes(chunk: Uint8Array): Bytes[] {
    if (this.hungUp) return []
    try {
      for (const { command, payload } of this.#parser.push(chunk)) {
        this.heard.push(command)
        const message = decodeMessage(command, payload)
        if (!message) continue
        if (message.command !== 'block') this.messages.push(message)
        this.#message(message)
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.hungUp = error.code
    }
    return this.#take()
  }

  /** A new block of its own, announced as its style does. */
  mined(bytes: Uint8Array): Bytes[] {
    const block = this.shelf.add(bytes)
    if (!block || !this.#up) return []
    const theyFollow = block.height === 1 || this.#fetcher.theyHave.has(hashKey(block.prev))
    if (this.#sendheaders && theyFollow) {
      this.#say({ command: 'headers', headers: [bytes.subarray(0, 80)] })
      this.#fetcher.theyHave.add(hashKey(block.hash))
    } else {
      this.#say({ command: 'inv', items: [{ type: InvType.BLOCK, hash: block.hash }] })
    }
    return this.#take()
  }

  /** A new transaction of its own. */
  offer(bytes: Uint8Array): Bytes[] {
    const tx = this.#giver.addTx(bytes)
    if (this.#up) this.#say({ command: 'inv', items: [this.#giver.nameOf(tx)] })
    return this.#take()
  }

  /** Anything at all. */
  say(message: Message): Bytes[] {
    this.#say(message)
    return this.#take()
  }

  #message(message: Message): void {
    if (message.command === 'version') this.#gotVersion(message)
    else if (!this.theirs) return
    else if (message.command === 'verack') this.#gotVerack()
    else if (this.#up) this.#established(message)
    else if (message.command === 'wtxidrelay') this.#giver.wtxidrelay = this.style.beforeVerack.length > 0
  }

  #gotVersion(message: MessageOf<'version'>): void {
    if (this.theirs) return
    this.theirs = message
    this.#version()
    if (Math.min(message.version, this.style.version) >= 70_016) for (const m of this.style.beforeVerack) this.#say(m)
    if (!this.#misdeeds.has('no-verack')) this.#say({ command: 'verack' })
  }

  #version(): void {
    if (this.#saidVersion) return
    this.#saidVersion = true
    const { version, services, userAgent } = this.style
    this.#say({
      command: 'version',
      version,
      services,
      timestamp: BigInt(this.#options.time ?? 1_700_000_000),
      addrRecv: NO_ADDRESS,
      addrFrom: { ...NO_ADDRESS, services },
      nonce: this.#options.nonce ?? 0x5eed_5eed_5eed_5eedn,
      userAgent,
      startHeight: this.#misdeeds.has('tall-tale') ? 1_000_000 : this.shelf.tip.height,
      relay: this.#options.relay ?? true,
    })
  }

  #gotVerack(): void {
    if (this.#up) return
    this.#up = true
    if (this.#misdeeds.has('garbage')) {
      this.#out.push(Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff))
      return
    }
    if (this.#misdeeds.has('late-wtxidrelay')) this.#say({ command: 'wtxidrelay' })
    if (this.#options.dials || this.style.alwaysGetaddr) this.#say({ command: 'getaddr' })
    for (const message of this.style.afterVerack) this.#say(message)
    const serves = (this.theirs!.services & 1n) !== 0n
    if (serves && (this.#options.syncs ?? true)) this.#fetcher.ask()
    for (const message of this.style.closing) this.#say(message)
  }

  #established(message: Message): void {
    if (this.#misdeeds.has('silent')) return
    switch (message.command) {
      case 'wtxidrelay':
      case 'sendaddrv2':
      case 'feature':
        this.hungUp = `${message.command} after verack`
        break
      case 'ping':
        this.#say({ command: 'pong', nonce: message.nonce })
        break
      case 'sendheaders':
        this.#sendheaders = true
        break
      case 'getheaders':
      case 'getblocks':
        for (const hash of message.locator) this.#fetcher.theyHave.add(hashKey(hash))
        this.#giver[message.command](message.locator, message.stop)
        break
      case 'getdata':
        this.#giver.getdata(message.items)
        for (const { hash } of message.items) this.#fetcher.theyHave.add(hashKey(hash))
        break
      case 'headers':
        this.#fetcher.headers(message.headers)
        break
      case 'inv':
        this.#inv(message.items)
        break
      case 'block':
        this.#fetcher.block(message.bytes)
        break
      case 'tx':
        if (!isEmptyMwebTx(message.bytes)) this.#giver.addTx(message.bytes)
        break
      case 'notfound':
        this.#fetcher.notFound(message.items)
        break
    }
  }

  #inv(items: readonly Inventory[]): void {
    const txs = items.filter((item) => !isBlockInv(item) && !this.#giver.knowsTx(item))
    const wanted = txs.map(({ type, hash }) => ({ type: type === InvType.WTX ? type : InvType.WITNESS_TX, hash }))
    if (wanted.length > 0) this.#say({ command: 'getdata', items: wanted })
    const blocks = items.filter(isBlockInv).map(({ hash }) => hash.slice())
    if (blocks.length > 0) this.#fetcher.announced(blocks)
  }

  #say(message: Message): void {
    const { command, payload } = encodeMessage(message)
    this.said.push(command)
    this.#out.push(encodeFrame(this.#network.magic, command, payload))
  }

  #take(): Bytes[] {
    const out = this.#out
    this.#out = []
    return out
  }
}
