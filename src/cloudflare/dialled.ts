/**
 * What a dialer and the hub agree on. The WebSocket between them carries the P2P stream of one TCP connection in binary
 * messages. Texts go only between the two: now and then the dialer sends a mark, and the hub sends it back once it has
 * worked off all that came before. So the dialer knows how much it may read on from its peer, and the hub has nothing to
 * remember for it.
 */

/** Asked of the hub's object by a dialer. The front passes on requests for the door only. */
export const DIALLED_PATH = '/dialled/'
export type DialledKind = 'manual' | 'automatic'

/** Tags the hub's sockets that lead to a dialer; nobody outside can set it. */
export const DIALLED_TAG = 'dialled'

/** How a link was dialled, if a request to the hub is a dialer's. */
export function dialledKind(request: Request): DialledKind | undefined {
  const { pathname } = new URL(request.url)
  if (pathname === `${DIALLED_PATH}manual`) return 'manual'
  return pathname === `${DIALLED_PATH}automatic` ? 'automatic' : undefined
}

/** A mark is the count of bytes sent before it. */
export const MAX_MARK = 16
/** Bytes between two marks. */
export const MARK_EVERY = 131_072
/** Bytes on their way to the hub or waiting there; with more the peer is not read from. */
export const WINDOW = 1_048_576
/** Bytes of the hub that have not left for the peer; with more the connection ends. The hub itself stops before. */
export const MAX_UNWRITTEN = 16_000_000
