import { decodeMessage, type Message } from '../wire/messages.ts'
import { NO_ADDRESS } from '../wire/net-address.ts'
import { printable, type Version } from '../wire/version.ts'
import type { Millis } from './ports.ts'
import type { LinkInfo } from './queues.ts'

/** Peers older than this cannot sync by headers with anybody (the bound of Bitcoin Core). */
export const MIN_PEER_VERSION = 31_800
/** `wtxidrelay` and `sendaddrv2` are said to peers from here on (BIP339; Core says both at the same bound). */
const WTXID_VERSION = 70_016
/** `feature` has a meaning where both sides speak this (BIP434). */
const FEATURE_VERSION = 70_017
/** A peer that has not completed the handshake by then is closed. */
export const HANDSHAKE_WITHIN: Millis = 60_000

/** What we say about ourselves in `version`. */
export interface Ours {
  /** Protocol version. */
  version: number
  /** Service bits. */
  services: bigint
  userAgent: string
  /** Whether we want transactions announced. */
  relay: boolean
  /** Of this link alone, so that links cannot be told to belong together. */
  nonce: bigint
  startHeight: number
}

export interface HandshakeOptions {
  inbound: boolean
  ours: Ours
  /** The nonces of all our own links that dial: one of them in a peer's `version` means that the peer is us. */
  ownNonces: ReadonlySet<bigint>
  now: Millis
}

export type HandshakeOutput =
  | { do: 'send'; message: Message }
  | { do: 'up'; info: LinkInfo }
  | { do: 'close'; reason: string; misbehaving: boolean }

type State =
  /** `verackSeen`: the peer confirmed before it introduced itself, which only costs us a flag to allow. */
  | { at: 'awaiting-version'; verackSeen: boolean }
  | { at: 'awaiting-verack'; peer: Version; wtxidrelay: boolean; addrv2: boolean }
  | { at: 'done' }
  | { at: 'closed' }

/**
 * `version` and `verack` both ways, and what stands between them (BIPs 155, 339, 434). Commands that have no meaning
 * yet are passed over, as are repetitions. After `up` or `close` nothing more comes out of it.
 */
export class Handshake {
  readonly #inbound: boolean
  readonly #ours: Ours
  readonly #ownNonces: ReadonlySet<bigint>
  readonly #until: Millis
  #state: State = { at: 'awaiting-version', verackSeen: false }
  /** The peer takes `addrv2` (BIP155). */
  addrv2 = false

  constructor({ inbound, ours, ownNonces, now }: HandshakeOptions) {
    this.#inbound = inbound
    this.#ours = ours
    this.#ownNonces = ownNonces
    this.#until = now + HANDSHAKE_WITHIN
  }

  get deadline(): Millis {
    return this.#over() ? Number.POSITIVE_INFINITY : this.#until
  }

  /** Who dials speaks first. */
  start(now: Millis): HandshakeOutput[] {
    return this.#inbound ? [] : [this.#ourVersion(now)]
  }

  /** Throws `WireError` on a malformed payload of the commands that it reads. */
  receive(command: string, payload: Uint8Array, now: Millis): HandshakeOutput[] {
    const state = this.#state
    if (state.at === 'awaiting-version') {
      if (command === 'version') return this.#version(decodeMessage('version', payload), state.verackSeen, now)
      if (command === 'verack') state.verackSeen = true
      return []
    }
    if (state.at !== 'awaiting-verack') return []
    switch (command) {
      case 'wtxidrelay':
        state.wtxidrelay = this.#common(state.peer) >= WTXID_VERSION
        return []
      case 'sendaddrv2':
        state.addrv2 = true
        return []
      case 'feature':
        if (this.#common(state.peer) < FEATURE_VERSION) return this.#close('feature-not-negotiated')
        // No feature has been registered that we know, but its form is checked.
        decodeMessage('feature', payload)
        return []
      case 'verack':
        return this.#verack(state)
      default:
        return []
    }
  }

  wake(now: Millis): HandshakeOutput[] {
    return now < this.deadline ? [] : this.#close('handshake-timeout')
  }

  #version(peer: Version, verackSeen: boolean, now: Millis): HandshakeOutput[] {
    if (this.#isOurs(peer.nonce)) return this.#close('self-connection')
    if (peer.version < MIN_PEER_VERSION) return this.#close('obsolete-version')
    const state = { at: 'awaiting-verack' as const, peer, wtxidrelay: false, addrv2: false }
    this.#state = state
    const out: HandshakeOutput[] = []
    if (this.#inbound) out.push(this.#ourVersion(now))
    if (this.#common(peer) >= WTXID_VERSION) {
      out.push({ do: 'send', message: { command: 'wtxidrelay' } })
      out.push({ do: 'send', message: { command: 'sendaddrv2' } })
    }
    out.push({ do: 'send', message: { command: 'verack' } })
    if (verackSeen) out.push(...this.#verack(state))
    return out
  }

  #verack({ peer, wtxidrelay, addrv2 }: Extract<State, { at: 'awaiting-verack' }>): HandshakeOutput[] {
    this.#state = { at: 'done' }
    this.addrv2 = addrv2
    const info: LinkInfo = {
      version: peer.version,
      services: peer.services,
      userAgent: printable(peer.userAgent),
      startHeight: peer.startHeight,
      inbound: this.#inbound,
      relay: peer.relay,
      wtxidrelay,
    }
    return [{ do: 'up', info }]
  }

  #ourVersion(now: Millis): HandshakeOutput {
    const { version, services, userAgent, relay, nonce, startHeight } = this.#ours
    const message: Version & { command: 'version' } = {
      command: 'version',
      version,
      services,
      timestamp: BigInt(Math.floor(now / 1000)),
      // Addresses in `version` are used by nobody any more and would give ours away.
      addrRecv: NO_ADDRESS,
      addrFrom: { ...NO_ADDRESS, services },
      nonce,
      userAgent,
      startHeight,
      relay,
    }
    return { do: 'send', message }
  }

  /** A nonce of 0 stands for none. */
  #isOurs(nonce: bigint): boolean {
    return nonce !== 0n && (nonce === this.#ours.nonce || this.#ownNonces.has(nonce))
  }

  #common(peer: Version): number {
    return Math.min(peer.version, this.#ours.version)
  }

  #over(): boolean {
    return this.#state.at === 'done' || this.#state.at === 'closed'
  }

  #close(reason: string): HandshakeOutput[] {
    this.#state = { at: 'closed' }
    return [{ do: 'close', reason, misbehaving: false }]
  }
}
