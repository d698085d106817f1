import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LinkId, ToHub, ToLedger } from '../../src/peer/queues.ts'
import { type AcceptOptions, Hub, type HubLimits, type HubOutput } from '../../src/relay/hub.ts'
import { encodeFrame, FrameParser } from '../../src/wire/frame.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/messages.ts'
import { NO_ADDRESS } from '../../src/wire/net-address.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'

export interface BenchLink {
  wtxidrelay?: boolean
  relay?: boolean
  version?: number
  startHeight?: number
}

/** A hub on a bench: links are brought up by hand, what it writes is read, and nothing happens by itself. */
export class HubBench {
  readonly hub: Hub
  now = 1_700_000_000_000
  /** What went up, in order. */
  readonly up: ToLedger[] = []
  readonly closed: { link: LinkId; reason: string; discourage?: boolean }[] = []
  readonly paused = new Set<LinkId>()
  readonly #said = new Map<LinkId, Message[]>()
  /** Whether the host tells that everything leaves at once; or that nobody can tell. */
  draining: boolean | 'unknown' = true

  /** `hub`: its earlier life, from whose state it goes on; no ledger has been heard of since. */
  constructor(
    options: {
      network?: Network
      limits?: Partial<HubLimits>
      synced?: boolean
      relay?: boolean
      pings?: boolean
      hub?: Hub
    } = {},
  ) {
    const { network = regtest, limits, synced = true, relay, pings, hub } = options
    this.hub = new Hub({
      network,
      services: 9n,
      userAgent: '/Causeway:0.1.0/',
      random: new SeededRandom(3),
      ...(relay !== undefined && { relayTransactions: relay }),
      ...(limits && { limits }),
      ...(pings !== undefined && { pings }),
      ...(hub && { state: hub.state }),
    })
    if (hub) return
    this.ledger({ kind: 'epoch', epoch: 1, height: 0 })
    this.ledger({ kind: 'tip', height: 0, hash: network.genesisHash, time: 0, synced })
  }

  /** A link through its handshake. What was said meanwhile is forgotten. */
  link(id: LinkId, peer: BenchLink = {}, options: AcceptOptions = { inbound: true }): LinkId {
    const { wtxidrelay = true, relay = true, version = 70_016, startHeight = 0 } = peer
    this.perform(this.hub.accept(id, options, this.now))
    this.say(id, {
      command: 'version',
      version,
      services: 9n,
      timestamp: 0n,
      addrRecv: NO_ADDRESS,
      addrFrom: NO_ADDRESS,
      nonce: BigInt(id) + 1000n,
      userAgent: '/bench/',
      startHeight,
      relay,
    })
    if (wtxidrelay) this.say(id, { command: 'wtxidrelay' })
    this.say(id, { command: 'verack' })
    this.said(id)
    return id
  }

  say(link: LinkId, message: Message): void {
    const { command, payload } = encodeMessage(message)
    this.sayRaw(link, command, payload)
  }

  sayRaw(link: LinkId, command: string, payload: Uint8Array): void {
    this.perform(this.hub.bytes(link, encodeFrame(regtest.magic, command, payload), this.now))
  }

  ledger(value: ToHub): void {
    this.perform(this.hub.fromLedger(value, this.now))
  }

  tx(bytes: Uint8Array<ArrayBuffer>, options: { from?: LinkId; feeRate?: number } = {}): void {
    const { txid, wtxid } = parseTransaction(bytes)
    const { from, feeRate = 1000 } = options
    this.ledger({ kind: 'announce-tx', txid, wtxid, feeRate, bytes, ...(from !== undefined && { from }) })
  }

  block({ hash, header, prev, height, bytes }: MadeBlock, options: { from?: LinkId; tip?: boolean } = {}): void {
    const { from, tip = true } = options
    this.ledger({
      kind: 'announce-block',
      hash,
      header,
      prev,
      height,
      ...(tip && { bytes }),
      ...(from !== undefined && { from }),
    })
  }

  /** Lets so much time go by, waking the hub at its deadlines. */
  wait(ms = 0): void {
    const end = this.now + ms
    for (let i = 0; this.hub.deadline <= end; i++) {
      if (i > 10_000) throw new Error('the deadline does not move')
      this.now = Math.max(this.now, this.hub.deadline)
      this.perform(this.hub.wake(this.now))
    }
    this.now = end
  }

  /** What was written to the link since the last call. */
  said(link: LinkId): Message[] {
    const said = this.#said.get(link) ?? []
    this.#said.set(link, [])
    return said
  }

  /** Messages of one command that went up since `up` was last emptied. */
  upCommands(): string[] {
    return this.up.map((value) => (value.kind === 'message' ? `${value.command} ${value.link}` : `${value.kind}`))
  }

  perform(outputs: readonly HubOutput[]): void {
    for (const output of outputs) {
      switch (output.do) {
        case 'write': {
          const said = this.#said.get(output.link) ?? []
          for (const { command, payload } of new FrameParser(regtest.magic).push(output.bytes)) {
            said.push(decodeMessage(command, payload)!)
          }
          this.#said.set(output.link, said)
          if (this.draining) {
            this.perform(this.hub.buffered(output.link, this.draining === 'unknown' ? undefined : 0, this.now))
          }
          break
        }
        case 'close':
          this.closed.push({
            link: output.link,
            reason: output.reason,
            ...(output.discourage && { discourage: true }),
          })
          break
        case 'ledger':
          this.up.push(output.value)
          break
        case 'pause':
          this.paused.add(output.link)
          break
        case 'resume':
          this.paused.delete(output.link)
          break
        case 'log':
          break
      }
    }
  }
}
