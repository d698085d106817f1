import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { CloseCode, IDLE_BURST, IDLE_PER_SECOND, MAX_FRAME, WRITE_FRAME } from '../host/door.ts'
import type { HubHost, Pipe } from '../host/hub-host.ts'
import type { LogLine } from '../host/ports.ts'
import type { LinkId } from '../peer/queues.ts'
import type { AcceptOptions } from '../relay/hub.ts'

/** After this long a closing connection is cut off, whether its last bytes have left or not. */
const LINGER_MS = 1000
/** Bytes of the reason in a close frame (RFC 6455); ours are ASCII. */
const MAX_REASON = 123

/** For `ws`, at either end. */
export const WS_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME,
  // What is held of an incomplete message costs memory by the piece, too.
  maxBufferedChunks: 4096,
  maxFragments: 256,
  maxPendingAutoPongs: IDLE_BURST,
  closeTimeout: LINGER_MS,
  // A text message ends the link whatever it says.
  skipUTF8Validation: true,
}

/** What `ws` calls a message that is longer than allowed. */
const TOO_LONG = new Set(['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'])

export interface WsLinkOptions extends AcceptOptions {
  log(line: LogLine): void
  /** Called once, when it is over. */
  onGone?: () => void
}

/** Joins an open WebSocket to the hub. `socket` is what it runs over. */
export function attachWebSocket(hub: HubHost, ws: WebSocket, socket: Socket, options: WsLinkOptions): void {
  const { log, onGone, ...accept } = options
  const { counts } = hub.meter
  const pipe: Pipe = {
    write(bytes) {
      for (let at = 0; at < bytes.length; at += WRITE_FRAME) {
        counts.messagesOut++
        ws.send(bytes.subarray(at, at + WRITE_FRAME))
      }
      return ws.bufferedAmount
    },
    close: (reason) => ws.close(CloseCode.NORMAL, reason.slice(0, MAX_REASON)),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
  }
  const link: LinkId = hub.attach(pipe, accept)
  const idle = new Allowance()
  let refused = false
  const refuse = (reason: string, code?: number) => {
    if (refused) return
    refused = true
    log({ level: 'info', text: 'peer closed', facts: { link, reason } })
    hub.meter.refused('link', reason)
    hub.closed(link)
    if (code !== undefined) ws.close(code, reason)
  }
  const idled = () => {
    if (!idle.take(performance.now())) refuse('idle-flood', CloseCode.FLOOD)
  }
  ws.on('message', (data: Buffer, isBinary) => {
    counts.messagesIn++
    if (!isBinary) refuse('text-message', CloseCode.NOT_BINARY)
    else if (data.length === 0) idled()
    else hub.bytes(link, data)
  })
  ws.on('ping', idled)
  ws.on('pong', idled)
  // What is no WebSocket frame, or too long a one: `ws` has said so to the peer.
  ws.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code?.startsWith('WS_ERR_')) refuse(TOO_LONG.has(error.code) ? 'message-too-large' : 'bad-frame')
  })
  ws.on('close', () => {
    hub.closed(link)
    onGone?.()
  })
  socket.on('drain', () => hub.buffered(link, ws.bufferedAmount))
  // The other side has ended without a word; if it reads no more either, the rest would never leave.
  socket.on('end', () => {
    hub.closed(link)
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  })
}

/** How many messages that carry nothing a link may still send. */
class Allowance {
  #left = IDLE_BURST
  #at = 0

  /** `now`: milliseconds of any clock that never goes back. */
  take(now: number): boolean {
    this.#left = Math.min(IDLE_BURST, this.#left + ((now - this.#at) / 1000) * IDLE_PER_SECOND)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
