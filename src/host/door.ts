/**
 * What both ends of the WebSocket door agree on. Its messages are binary and carry the P2P byte stream as it would run
 * over TCP: where a WebSocket message begins or ends means nothing.
 */

/** Where the door is on an HTTP server, unless its owner says otherwise. */
export const DOOR_PATH = '/p2p'

/** Offered by whoever dials, and chosen by the door; its end is the version. */
export const SUBPROTOCOL = 'causeway.p2p.v1'

/** Most bytes of one WebSocket message. A P2P message may be longer: it spreads over several. */
export const MAX_FRAME = 1_048_576

/** What is written at once in more bytes than this leaves in several WebSocket messages. */
export const WRITE_FRAME = 262_144

/** Why a door or its guest ends the connection (RFC 6455, section 7.4.1). */
export const CloseCode = {
  /** The link is over, for reasons of the P2P protocol or for none. */
  NORMAL: 1000,
  /** A text message. */
  NOT_BINARY: 1003,
  /** Too many messages that carry nothing: pings, pongs, empty ones. */
  FLOOD: 1008,
  /** A message of more than `MAX_FRAME` bytes. */
  TOO_LARGE: 1009,
  /** The relay has lost what it knew of the link; it may be dialled again. */
  RESTART: 1012,
} as const

/** Pings, pongs and empty messages that a link may send at once, and how many more each second. */
export const IDLE_BURST = 20
export const IDLE_PER_SECOND = 1
