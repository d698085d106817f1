import type { Network } from '../chain/network.ts'
import { WireError } from '../wire/error.ts'
import { encodeFrame, FrameParser } from '../wire/frame.ts'
import { type Hasher, nobleHasher } from '../wire/hash.ts'
import { decodeMessage, encodeMessage } from '../wire/messages.ts'
import { Handshake, type HandshakeOutput, type Ours } from './handshake.ts'
import { Keepalive, type KeepaliveOutput, type KeepaliveState } from './keepalive.ts'
import type { Millis, Random } from './ports.ts'
import type { LinkId, LinkInfo } from './queues.ts'

export interface LinkOptions {
  id: LinkId
  network: Network
  /** The peer dialled us. */
  inbound: boolean
  ours: Ours
  /** The nonces of all our links that dial; this link's own needs not be among them. */
  ownNonces?: ReadonlySet<bigint>
  random: Random
  now: Millis
  /** Whether a quiet peer is pinged; true unless given. */
  pings?: boolean
  hasher?: Hasher
}

export type LinkOutput =
  | { do: 'write'; bytes: Uint8Array<ArrayBuffer> }
  /** The handshake is done; messages follow. */
  | { do: 'up'; info: LinkInfo }
  | { do: 'message'; command: string; payload: Uint8Array<ArrayBuffer> }
  /** The last output of a link. `misbehaving`: a peer that follows the protocol cannot have done this. */
  | { do: 'close'; reason: string; misbehaving: boolean }

/** A link at rest, small plain values: what it takes to go on in another process. */
export interface LinkSnapshot {
  info: LinkInfo
  addrv2: boolean
  keepalive: KeepaliveState
}

/**
 * One peer: bytes in, bytes and messages out. Handshake, pings and the form of frames are settled here; every other
 * message, and the pong to a ping that was not of this machine's making, comes out with its payload unread. Nothing a peer sends makes it throw: what is malformed ends in `close`.
 */
export class Link {
  readonly id: LinkId
  readonly inbound: boolean
  readonly #magic: Uint8Array
  readonly #hasher: Hasher
  readonly #random: Random
  readonly #pings: boolean
  readonly #parser: FrameParser
  /** Let go of when it is done: most links are idle most of the time, and there may be thousands. */
  #handshake: Handshake | undefined
  #keepalive: Keepalive | undefined
  #info: LinkInfo | undefined
  #addrv2 = false
  #closed = false

  /** `snapshot`: go on where another process left off. The peer notices nothing. */
  constructor(options: LinkOptions, snapshot?: LinkSnapshot) {
    const { id, network, inbound, ours, ownNonces = new Set(), random, now, hasher = nobleHasher } = options
    this.id = id
    this.inbound = inbound
    this.#magic = network.magic
    this.#hasher = hasher
    this.#random = random
    this.#pings = options.pings ?? true
    this.#parser = new FrameParser(network.magic, { hasher })
    if (!snapshot) {
      this.#handshake = new Handshake({ inbound, ours, ownNonces, now })
      return
    }
    this.#info = snapshot.info
    this.#addrv2 = snapshot.addrv2
    this.#keepalive = new Keepalive({ random, version: snapshot.info.version, now, state: snapshot.keepalive })
  }

  /** Undefined until the handshake is done. */
  get info(): LinkInfo | undefined {
    return this.#info
  }

  /** The peer takes `addrv2` (BIP155). */
  get addrv2(): boolean {
    return this.#addrv2
  }

  /** The last round trip of a ping, if any. */
  get rttMs(): Millis | undefined {
    return this.#keepalive?.rttMs
  }

  get closed(): boolean {
    return this.#closed
  }

  get deadline(): Millis {
    if (this.#closed) return Number.POSITIVE_INFINITY
    return (this.#keepalive ?? this.#handshake)!.deadline
  }

  /** What a new link says first. Call it once, before anything else. */
  start(now: Millis): LinkOutput[] {
    return this.#run((out) => this.#perform(this.#handshake?.start(now) ?? [], now, out))
  }

  receive(chunk: Uint8Array, now: Millis): LinkOutput[] {
    return this.#run((out) => {
      for (const { command, payload } of this.#parser.push(chunk)) {
        this.#message(command, payload, now, out)
        if (this.#closed) return
      }
    })
  }

  wake(now: Millis): LinkOutput[] {
    return this.#run((out) => this.#perform((this.#keepalive ?? this.#handshake)!.wake(now), now, out))
  }

  /** The frame that carries a message; nothing once the link is closed. */
  send(command: string, payload: Uint8Array): LinkOutput[] {
    return this.#closed ? [] : [this.#write(command, payload)]
  }

  /** Undefined where another process could not go on: in the middle of the handshake or of a frame. */
  snapshot(): LinkSnapshot | undefined {
    if (this.#closed || !this.#info || !this.#keepalive || this.#parser.pendingBytes > 0) return undefined
    return { info: this.#info, addrv2: this.#addrv2, keepalive: this.#keepalive.snapshot() }
  }

  /** The one place where a malformed message or frame is caught. */
  #run(step: (out: LinkOutput[]) => void): LinkOutput[] {
    const out: LinkOutput[] = []
    if (this.#closed) return out
    try {
      step(out)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      // A broken frame is a broken stream or another network; it says nothing against the peer.
      this.#close(error.code, false, out)
    }
    return out
  }

  #message(command: string, payload: Uint8Array<ArrayBuffer>, now: Millis, out: LinkOutput[]): void {
    const keepalive = this.#keepalive
    try {
      if (keepalive) this.#established(keepalive, command, payload, now, out)
      else this.#perform(this.#handshake!.receive(command, payload, now), now, out)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#close(`malformed-${command}`, true, out)
    }
  }

  #established(
    keepalive: Keepalive,
    command: string,
    payload: Uint8Array<ArrayBuffer>,
    now: Millis,
    out: LinkOutput[],
  ): void {
    keepalive.heard(now)
    switch (command) {
      case 'version':
      case 'verack':
        break
      case 'wtxidrelay':
      case 'sendaddrv2':
      case 'feature':
        this.#close(`${command}-after-verack`, false, out)
        break
      case 'ping': {
        const nonce = payload.length === 0 ? undefined : decodeMessage('ping', payload).nonce
        this.#perform(keepalive.ping(nonce), now, out)
        break
      }
      case 'pong':
        // Some old peers answer without a nonce.
        if (payload.length === 0 || keepalive.pong(decodeMessage('pong', payload).nonce, now)) break
        out.push({ do: 'message', command, payload })
        break
      default:
        out.push({ do: 'message', command, payload })
    }
  }

  #perform(outputs: (HandshakeOutput | KeepaliveOutput)[], now: Millis, out: LinkOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'send') {
        const { command, payload } = encodeMessage(output.message)
        out.push(this.#write(command, payload))
      } else if (output.do === 'up') {
        this.#info = output.info
        this.#addrv2 = this.#handshake!.addrv2
        this.#handshake = undefined
        this.#keepalive = new Keepalive({
          random: this.#random,
          version: output.info.version,
          now,
          pings: this.#pings,
        })
        out.push(output)
      } else {
        this.#close(output.reason, output.misbehaving, out)
      }
    }
  }

  #write(command: string, payload: Uint8Array): LinkOutput {
    return { do: 'write', bytes: encodeFrame(this.#magic, command, payload, this.#hasher) }
  }

  #close(reason: string, misbehaving: boolean, out: LinkOutput[]): void {
    this.#closed = true
    out.push({ do: 'close', reason, misbehaving })
  }
}
