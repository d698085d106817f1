import type { ScriptedPeer } from './scripted-peer.ts'
import type { Simulation } from './simulation.ts'

/** One end of a simulated connection, as its owner sees it. */
export interface SimEnd {
  /** Bytes for the other end. */
  write(bytes: Uint8Array): void
  close(): void
  /** Takes no more bytes in until `resume`. */
  pause(): void
  resume(): void
  /** Bytes written that the other end has not got. */
  readonly unsent: number
}

/** Who owns an end. */
export interface SimParty {
  bytes(chunk: Uint8Array): void
  /** The other end closed, or the line broke. */
  closed(): void
  /** Some of what was written has arrived. */
  drained?(unsent: number): void
}

export interface LineOptions {
  /** Least and most time that a piece travels; pieces never overtake each other. */
  latencyMs?: [number, number]
  /** Most bytes in a piece; pieces are cut at random below that. */
  chopTo?: number
}

/** A connection between two parties. Bytes arrive in order, late and in pieces. */
export class SimLine {
  readonly ends: [SimEnd, SimEnd]
  /** Nothing arrives any more, though nobody closed. */
  stalled = false
  broken = false
  readonly #simulation: Simulation
  readonly #options: Required<LineOptions>
  readonly #halves: [Half, Half]

  constructor(simulation: Simulation, options: LineOptions = {}) {
    this.#simulation = simulation
    this.#options = { latencyMs: options.latencyMs ?? [1, 20], chopTo: options.chopTo ?? 64_000 }
    this.#halves = [new Half(), new Half()]
    this.ends = [this.#end(0), this.#end(1)]
  }

  attach(side: 0 | 1, party: SimParty): void {
    this.#halves[side].party = party
  }

  /** Cuts the line: both sides are told. */
  break(): void {
    if (this.broken) return
    this.broken = true
    for (const half of this.#halves) this.#simulation.after(0, () => half.party?.closed())
  }

  #end(side: 0 | 1): SimEnd {
    const to = this.#halves[side === 0 ? 1 : 0]
    const own = this.#halves[side]
    return {
      write: (bytes) => this.#send(own, to, bytes),
      close: () => {
        if (this.broken) return
        this.broken = true
        const [least, most] = this.#options.latencyMs
        this.#simulation.at(Math.max(to.lastAt, this.#simulation.now + least + (most - least) / 2), () => {
          to.party?.closed()
        })
      },
      pause: () => {
        own.paused = true
      },
      resume: () => {
        own.paused = false
        for (const deliver of own.held.splice(0)) deliver()
      },
      get unsent() {
        return own.unsent
      },
    }
  }

  #send(from: Half, to: Half, bytes: Uint8Array): void {
    if (this.broken) return
    const { random } = this.#simulation
    const [least, most] = this.#options.latencyMs
    from.unsent += bytes.length
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(bytes.length - at, 1 + random.below(this.#options.chopTo))
      const piece = bytes.slice(at, at + length)
      at += length
      to.lastAt = Math.max(to.lastAt, this.#simulation.now + least + random.below(most - least + 1))
      const deliver = () => {
        if (this.stalled) return
        from.unsent -= length
        to.party?.bytes(piece)
        from.party?.drained?.(from.unsent)
      }
      this.#simulation.at(to.lastAt, () => {
        if (to.paused || to.held.length > 0) to.held.push(deliver)
        else deliver()
      })
    }
  }
}

class Half {
  party: SimParty | undefined
  /** When the last piece on its way here arrives. */
  lastAt = 0
  /** Of what this side wrote. */
  unsent = 0
  paused = false
  readonly held: (() => void)[] = []
}

/** Lets a scripted peer own one end of a line. Returns a function that sends what a method of the peer gave. */
export function playOn(line: SimLine, side: 0 | 1, peer: ScriptedPeer): (frames: readonly Uint8Array[]) => void {
  const end = line.ends[side]
  const send = (frames: readonly Uint8Array[]) => {
    for (const frame of frames) end.write(frame)
    if (peer.hungUp) end.close()
  }
  line.attach(side, {
    bytes: (chunk) => send(peer.onBytes(chunk)),
    closed: () => {
      peer.hungUp ??= 'closed'
    },
  })
  send(peer.start())
  return send
}
