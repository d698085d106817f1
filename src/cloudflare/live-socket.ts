import { SocketClose } from '../api/ws/feed.ts'
import { LiveSockets, MAX_MESSAGE, type SocketsOptions } from '../api/ws/sockets.ts'

/** A front looks at the ledger for one client each, so it looks less often. */
const POLL_EVERY_MS = 2000
/**
 * Characters that a client may be sent without saying anything. The platform does not tell what has left, and holds in
 * memory what has not: so of a client that never speaks nobody knows whether it reads, and now and then it has to come back.
 */
const MAX_UNHEARD = 8 * 2 ** 20

/**
 * A WebSocket of its own for one client, served by the front for as long as it is open: no object takes part but when it
 * is asked.
 */
export function openLiveSocket(options: SocketsOptions): Response {
  const { 0: theirs, 1: ours } = new WebSocketPair()
  ours.accept()
  const live = new LiveSockets({ ...options, limits: { pollEveryMs: POLL_EVERY_MS, ...options.limits } })
  let unheard = 0
  const close = (code: number, reason: string) => {
    try {
      ours.close(code, reason)
    } catch {
      // It is closed.
    }
  }
  const client = live.open({
    send: (text) => {
      try {
        ours.send(text)
      } catch {
        // It is gone; the platform says so by another event.
      }
      unheard += text.length
      return unheard > MAX_UNHEARD ? Number.POSITIVE_INFINITY : undefined
    },
    close,
  })!
  const leave = () => client.closed()
  ours.addEventListener('message', ({ data }) => {
    unheard = 0
    const size = typeof data === 'string' ? data.length : data.byteLength
    if (size > MAX_MESSAGE) {
      leave()
      close(SocketClose.TOO_LARGE, 'message too large')
    } else client.message(typeof data === 'string' ? data : new TextDecoder().decode(data))
  })
  ours.addEventListener('close', ({ code }) => {
    leave()
    // The platform leaves it to us to answer; codes that only stand for one must not be sent.
    close(code === 1005 || code === 1006 ? 1000 : code, '')
  })
  ours.addEventListener('error', leave)
  return new Response(null, { status: 101, webSocket: theirs })
}
