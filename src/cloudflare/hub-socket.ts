import { CloseCode, WRITE_FRAME } from '../host/door.ts'
import type { Pipe } from '../host/hub-host.ts'
import type { LinkId } from '../peer/queues.ts'
import type { HubLinkSnapshot } from '../relay/hub.ts'

/** Bytes that wait here while the ledger is behind. Nobody is asked for more at a time, so an honest peer stays below. */
const MAX_WAITING = 10_000_000
/** And of all links together: whoever adds to more than that loses its link. */
const MAX_WAITING_TOGETHER = 20_000_000
/** The platform takes no longer reason. */
const MAX_REASON = 123

/** What the platform keeps of a WebSocket while the hub has no memory; at most 2 KB. */
export interface Attachment {
  link: LinkId
  /** Absent in the middle of the handshake or of a message. */
  snapshot?: HubLinkSnapshot
}

export interface HubSocketPorts {
  /** Bytes that wait on all links of the hub. */
  readonly waiting: { bytes: number }
  /** Bytes of the peer's stream, in order. */
  deliver(chunk: Uint8Array): void
  /** Something was written, in so many WebSocket messages. */
  wrote(messages: number): void
}

/**
 * A hibernatable WebSocket as a pipe. It cannot be told to stop reading, so what comes in a pause waits here; and it does
 * not tell what has left, so that is for the hub to find out.
 */
export class HubSocket implements Pipe {
  readonly #ws: WebSocket
  readonly #ports: HubSocketPorts
  #link: LinkId = 0
  #paused = false
  /** Texts are marks of a dialer. */
  #waiting: (Uint8Array | string)[] = []
  #waitingBytes = 0
  #closed = false
  /** What of the last attachment tells whether another one is needed. */
  #kept: string | undefined

  constructor(ws: WebSocket, ports: HubSocketPorts) {
    this.#ws = ws
    this.#ports = ports
  }

  get link(): LinkId {
    return this.#link
  }

  /** The link that this is, with what the platform has kept of it. */
  belongsTo(link: LinkId, snapshot?: HubLinkSnapshot): void {
    this.#link = link
    if (snapshot) this.#kept = essence(snapshot)
    else this.keep(undefined)
  }

  /** False where the peer sends more than may wait. */
  receive(chunk: Uint8Array): boolean {
    if (!this.#paused && this.#waiting.length === 0) this.#ports.deliver(chunk)
    else {
      this.#waiting.push(chunk)
      this.#waits(chunk.length)
    }
    const isModest = this.#waitingBytes <= MAX_WAITING && this.#ports.waiting.bytes <= MAX_WAITING_TOGETHER
    return isModest || this.#waitingBytes === 0
  }

  /** Sends a dialer's mark back when all that came before it is worked off. */
  receiveMark(mark: string): void {
    if (!this.#paused && this.#waiting.length === 0) this.#giveBack(mark)
    else this.#waiting.push(mark)
  }

  write(bytes: Uint8Array<ArrayBuffer>): undefined {
    try {
      for (let at = 0; at < bytes.length; at += WRITE_FRAME) this.#ws.send(bytes.subarray(at, at + WRITE_FRAME))
    } catch {
      // It is gone; the platform says so by another event.
    }
    this.#ports.wrote(Math.ceil(bytes.length / WRITE_FRAME))
  }

  close(reason: string, code: number = CloseCode.NORMAL): void {
    this.#closed = true
    this.#waiting = []
    this.#waits(-this.#waitingBytes)
    try {
      this.#ws.close(code, reason.slice(0, MAX_REASON))
    } catch {
      // It is closed.
    }
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    // An input of its own, after all that the present one brings about.
    queueMicrotask(() => this.#deliverWaiting())
  }

  /** Has the platform keep this in place of what it keeps, where that differs in what matters. */
  keep(snapshot: HubLinkSnapshot | undefined): void {
    const kept = snapshot ? essence(snapshot) : ''
    if (kept === this.#kept || this.#closed) return
    this.#kept = kept
    const attachment: Attachment = snapshot ? { link: this.#link, snapshot } : { link: this.#link }
    this.#ws.serializeAttachment(attachment)
  }

  #deliverWaiting(): void {
    while (!this.#paused) {
      const chunk = this.#waiting.shift()
      if (chunk === undefined) return
      if (typeof chunk === 'string') {
        this.#giveBack(chunk)
        continue
      }
      this.#waits(-chunk.length)
      this.#ports.deliver(chunk)
    }
  }

  #giveBack(mark: string): void {
    try {
      this.#ws.send(mark)
    } catch {
      // It is gone; the platform says so by another event.
    }
    this.#ports.wrote(1)
  }

  #waits(bytes: number): void {
    this.#waitingBytes += bytes
    this.#ports.waiting.bytes += bytes
  }
}

/** Every write moves `buffered`; only how much about that is counts for a later life. */
function essence({ height, sendheaders, feeFilter, asked, draining, buffered }: HubLinkSnapshot): string {
  return `${height} ${sendheaders} ${feeFilter} ${asked?.nonce} ${draining} ${buffered >>> 17}`
}
