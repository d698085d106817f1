import type { LinkId, ToHub, ToLedger } from '../peer/queues.ts'
import type { AcceptOptions, Hub, HubOutput } from '../relay/hub.ts'
import type { LogLine, Millis } from './ports.ts'

/** A byte stream to one peer, whatever carries it. */
export interface Pipe {
  /** Takes all of it; gives the bytes that have not left yet. They are not to be changed: other pipes may hold them too. */
  write(bytes: Uint8Array<ArrayBuffer>): number
  /** What was written still goes out, within reason. */
  close(): void
  pause(): void
  resume(): void
}

export interface HubHostPorts {
  hub: Hub
  toLedger(values: ToLedger[]): void
  /** Call `wake` at this time, in place of any earlier wish; `Infinity` for never. */
  schedule(at: Millis): void
  now(): Millis
  log(line: LogLine): void
}

/** Feeds the hub with what its links bring and performs what it says, all of it before the next input. */
export class HubHost {
  readonly #ports: HubHostPorts
  readonly #pipes = new Map<LinkId, Pipe>()
  #nextLink: LinkId = 1
  #todo: HubOutput[] = []
  #performing = false
  #up: ToLedger[] = []
  #scheduled: Millis = Number.POSITIVE_INFINITY

  constructor(ports: HubHostPorts) {
    this.#ports = ports
  }

  get links(): number {
    return this.#pipes.size
  }

  /**
   * A new connection. Its address key is never shown, logged or kept. It may be closed before this returns, when there is
   * no room for it.
   */
  attach(pipe: Pipe, options: AcceptOptions): LinkId {
    const link = this.#nextLink++
    this.#pipes.set(link, pipe)
    this.#perform(this.#ports.hub.accept(link, options, this.#ports.now()))
    this.#finish()
    return link
  }

  bytes(link: LinkId, chunk: Uint8Array): void {
    if (!this.#pipes.has(link)) return
    this.#perform(this.#ports.hub.bytes(link, chunk, this.#ports.now()))
    this.#finish()
  }

  /** So many bytes written to the link have not left yet. */
  buffered(link: LinkId, bytes: number): void {
    if (!this.#pipes.has(link)) return
    this.#perform(this.#ports.hub.buffered(link, bytes, this.#ports.now()))
    this.#finish()
  }

  /** The connection is gone. */
  closed(link: LinkId): void {
    if (!this.#pipes.delete(link)) return
    this.#perform(this.#ports.hub.closed(link, this.#ports.now()))
    this.#finish()
  }

  fromLedger(values: readonly ToHub[]): void {
    for (const value of values) this.#perform(this.#ports.hub.fromLedger(value, this.#ports.now()))
    this.#finish()
  }

  wake(): void {
    this.#scheduled = Number.POSITIVE_INFINITY
    this.#perform(this.#ports.hub.wake(this.#ports.now()))
    this.#finish()
  }

  /** Closes every link. */
  stop(): void {
    for (const [link, pipe] of [...this.#pipes]) {
      pipe.close()
      this.closed(link)
    }
  }

  /** In the order in which outputs were made, also those that performing brings about. */
  #perform(outputs: readonly HubOutput[]): void {
    for (const output of outputs) this.#todo.push(output)
    if (this.#performing) return
    this.#performing = true
    for (let i = 0; i < this.#todo.length; i++) this.#performOne(this.#todo[i]!)
    this.#todo = []
    this.#performing = false
  }

  /** Hands over what goes to the ledger, together, and sees to the next alarm. */
  #finish(): void {
    if (this.#performing) return
    const up = this.#up
    if (up.length > 0) {
      this.#up = []
      this.#ports.toLedger(up)
    }
    const at = this.#ports.hub.deadline
    if (at === this.#scheduled) return
    this.#scheduled = at
    this.#ports.schedule(at)
  }

  #performOne(output: HubOutput): void {
    switch (output.do) {
      case 'ledger':
        this.#up.push(output.value)
        return
      case 'write': {
        const left = this.#pipes.get(output.link)?.write(output.bytes)
        if (left !== undefined) this.#perform(this.#ports.hub.buffered(output.link, left, this.#ports.now()))
        return
      }
      case 'close': {
        const pipe = this.#pipes.get(output.link)
        this.#pipes.delete(output.link)
        pipe?.close()
        return
      }
      case 'pause':
      case 'resume':
        this.#pipes.get(output.link)?.[output.do]()
        return
      case 'log':
        this.#ports.log(output.line)
        return
    }
  }
}
