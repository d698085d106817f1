import type { LinkId, ToHub, ToLedger } from '../peer/queues.ts'
import type { AcceptOptions, Hub, HubLinkSnapshot, HubOutput } from '../relay/hub.ts'
import { Meter, type MeterSnapshot } from './meter.ts'
import type { LogLine, Millis } from './ports.ts'

/** A byte stream to one peer, whatever carries it. */
export interface Pipe {
  /**
   * Takes all of it; gives the bytes that have not left yet, or nothing where that cannot be known. They are not to be
   * changed: other pipes may hold them too.
   */
  write(bytes: Uint8Array<ArrayBuffer>): number | undefined
  /** What was written still goes out, within reason. */
  close(reason: string): void
  pause(): void
  resume(): void
}

export interface HubHostPorts {
  hub: Hub
  /** The id of the first link; 1 unless given. Those of an earlier life are not to be used again. */
  firstLink?: LinkId
  toLedger(values: ToLedger[]): void
  /** Call `wake` at this time, in place of any earlier wish; `Infinity` for never. */
  schedule(at: Millis): void
  now(): Millis
  log(line: LogLine): void
  meter?: Meter
}

/** Feeds the hub with what its links bring and performs what it says, all of it before the next input. */
export class HubHost {
  /** Whoever carries the links counts here what only it can know. */
  readonly meter: Meter
  readonly #ports: HubHostPorts
  readonly #pipes = new Map<LinkId, Pipe>()
  #nextLink: LinkId
  #todo: HubOutput[] = []
  #performing = false
  #up: ToLedger[] = []
  #scheduled: Millis = Number.POSITIVE_INFINITY

  constructor(ports: HubHostPorts) {
    this.#ports = ports
    this.meter = ports.meter ?? new Meter(ports.now)
    this.#nextLink = ports.firstLink ?? 1
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
    this.#input((hub, now) => this.#perform(hub.accept(link, options, now)))
    return link
  }

  /** A link that an earlier life has left behind, with its id of then. */
  restore(pipe: Pipe, link: LinkId, snapshot: HubLinkSnapshot): void {
    this.#pipes.set(link, pipe)
    this.#input((hub, now) => this.#perform(hub.restore(link, snapshot, now)))
  }

  bytes(link: LinkId, chunk: Uint8Array): void {
    if (!this.#pipes.has(link)) return
    this.meter.counts.bytesIn += chunk.length
    this.#input((hub, now) => this.#perform(hub.bytes(link, chunk, now)))
  }

  /** So many bytes written to the link have not left yet. */
  buffered(link: LinkId, bytes: number): void {
    if (!this.#pipes.has(link)) return
    this.#input((hub, now) => this.#perform(hub.buffered(link, bytes, now)))
  }

  /** The connection is gone. */
  closed(link: LinkId): void {
    if (!this.#pipes.delete(link)) return
    this.#input((hub, now) => this.#perform(hub.closed(link, now)))
  }

  fromLedger(values: readonly ToHub[]): void {
    this.#input((hub, now) => {
      for (const value of values) this.#perform(hub.fromLedger(value, now))
    })
  }

  wake(): void {
    this.#scheduled = Number.POSITIVE_INFINITY
    this.#input((hub, now) => this.#perform(hub.wake(now)))
  }

  measure(): MeterSnapshot {
    const links = this.#ports.hub.links()
    const linksIn = links.filter(({ inbound }) => inbound).length
    return this.meter.snapshot({ linksIn, linksOut: links.length - linksIn })
  }

  /** Closes every link. */
  stop(): void {
    for (const [link, pipe] of [...this.#pipes]) {
      pipe.close('stopping')
      this.closed(link)
    }
  }

  #input(work: (hub: Hub, now: Millis) => void): void {
    this.meter.hold()
    try {
      work(this.#ports.hub, this.#ports.now())
      this.#finish()
    } finally {
      this.meter.release()
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
        this.#taken(output.value)
        this.#up.push(output.value)
        return
      case 'write': {
        const pipe = this.#pipes.get(output.link)
        if (!pipe) return
        this.#given(output.bytes)
        this.#perform(this.#ports.hub.buffered(output.link, pipe.write(output.bytes), this.#ports.now()))
        return
      }
      case 'close': {
        const pipe = this.#pipes.get(output.link)
        this.#pipes.delete(output.link)
        this.meter.refused('link', output.reason)
        pipe?.close(output.reason)
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

  #taken(value: ToLedger): void {
    if (value.kind !== 'message') return
    if (value.command === 'tx') this.meter.counts.transactionsIn++
    else if (value.command === 'block') this.meter.counts.blocksIn++
  }

  #given(frame: Uint8Array): void {
    const { counts } = this.meter
    counts.bytesOut += frame.length
    if (isCommand(frame, TX)) counts.transactionsOut++
    else if (isCommand(frame, BLOCK)) counts.blocksOut++
  }
}

/** Commands as they stand in a frame, after four bytes of magic, and one zero more. */
const TX = Uint8Array.of(0x74, 0x78, 0)
const BLOCK = Uint8Array.of(0x62, 0x6c, 0x6f, 0x63, 0x6b, 0)

/** All that a hub writes begins with a frame. */
function isCommand(frame: Uint8Array, command: Uint8Array): boolean {
  return command.every((byte, i) => frame[4 + i] === byte)
}
