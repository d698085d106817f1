import type { Message } from '../wire/messages.ts'
import type { Millis, Random } from './ports.ts'

/** A link on which nothing came for so long is pinged. */
export const PING_AFTER: Millis = 2 * 60_000
/** And closed when the pong has not come after this long. */
export const PONG_WITHIN: Millis = 20 * 60_000
/** From here on a ping has a nonce and is answered (BIP31). */
export const PONG_VERSION = 60_001

export type KeepaliveOutput = { do: 'send'; message: Message } | { do: 'close'; reason: string; misbehaving: boolean }

export type KeepaliveState =
  /** Something was heard at `until − PING_AFTER`. */
  | { at: 'quiet'; until: Millis }
  | { at: 'awaiting-pong'; nonce: bigint; sent: Millis; until: Millis }
  /** The peer is too old to answer pings, or they are left to it. */
  | { at: 'off'; until: Millis }
  | { at: 'closed'; until: Millis }

export interface KeepaliveOptions {
  random: Random
  version: number
  now: Millis
  pings?: boolean
  state?: KeepaliveState
}

/** Pings a quiet peer and closes one that stays silent (BIP31). */
export class Keepalive {
  readonly #random: Random
  #state: KeepaliveState
  /** The last round trip, if any. */
  rttMs: Millis | undefined

  /**
   * `version`: the peer's protocol version. `pings`: false leaves them to the peer. `state`: of an earlier life, from
   * `snapshot`.
   */
  constructor({ random, version, now, pings = true, state }: KeepaliveOptions) {
    this.#random = random
    this.#state = state ?? {
      ...(version < PONG_VERSION || !pings
        ? { at: 'off', until: Number.POSITIVE_INFINITY }
        : { at: 'quiet', until: now + PING_AFTER }),
    }
  }

  get deadline(): Millis {
    return this.#state.until
  }

  /** A whole message came, of whatever kind. */
  heard(now: Millis): void {
    if (this.#state.at === 'quiet') this.#state.until = now + PING_AFTER
  }

  /** The answer to a peer's ping; a ping without a nonce, from before BIP31, wants none. */
  ping(nonce: bigint | undefined): KeepaliveOutput[] {
    if (nonce === undefined || this.#state.at === 'closed') return []
    return [{ do: 'send', message: { command: 'pong', nonce } }]
  }

  /** Whether it answers our ping; other nonces are nothing to us. */
  pong(nonce: bigint, now: Millis): boolean {
    if (this.#state.at !== 'awaiting-pong' || nonce !== this.#state.nonce) return false
    this.rttMs = now - this.#state.sent
    this.#state = { at: 'quiet', until: now + PING_AFTER }
    return true
  }

  wake(now: Millis): KeepaliveOutput[] {
    if (now < this.deadline) return []
    if (this.#state.at === 'awaiting-pong') {
      this.#state = { at: 'closed', until: Number.POSITIVE_INFINITY }
      return [{ do: 'close', reason: 'pong-timeout', misbehaving: false }]
    }
    const nonce = this.#random.u64()
    this.#state = { at: 'awaiting-pong', nonce, sent: now, until: now + PONG_WITHIN }
    return [{ do: 'send', message: { command: 'ping', nonce } }]
  }

  snapshot(): KeepaliveState {
    return { ...this.#state }
  }
}
