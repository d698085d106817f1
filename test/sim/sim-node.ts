import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LinkId, ToHub, ToLedger } from '../../src/peer/queues.ts'
import type { SyncLimits } from '../../src/peer/sync.ts'
import { Hub, type HubLimits, type HubOutput } from '../../src/relay/hub.ts'
import { Services } from '../../src/wire/services.ts'
import { SimLedger } from './sim-ledger.ts'
import { type LineOptions, type SimEnd, SimLine } from './sim-network.ts'
import { DeadlineTimer, type Simulation } from './simulation.ts'

export interface SimNodeOptions {
  network?: Network
  name?: string
  limits?: SyncLimits
  hubLimits?: Partial<HubLimits>
  spv?: boolean
  /** Called with every output of the hub, before it is performed. */
  watch?: (output: HubOutput) => void
}

/** Hub and ledger of one node, each its own actor with queues between them, in a simulation. */
export class SimNode {
  readonly hub: Hub
  readonly name: string
  ledger: SimLedger
  /** Why links were closed by this side. */
  readonly closed: string[] = []
  readonly #simulation: Simulation
  readonly #options: SimNodeOptions
  readonly #ends = new Map<LinkId, SimEnd>()
  readonly #hubTimer: DeadlineTimer
  #ledgerTimer!: DeadlineTimer
  #nextLink: LinkId = 1
  readonly #todo: HubOutput[] = []
  #performing = false
  #epoch = 0

  constructor(simulation: Simulation, options: SimNodeOptions = {}) {
    this.#simulation = simulation
    this.#options = options
    this.name = options.name ?? 'node'
    const network = options.network ?? regtest
    this.hub = new Hub({
      network,
      services: options.spv ? 0n : Services.NETWORK | Services.WITNESS,
      userAgent: '/Causeway:0.1.0/',
      random: simulation.random,
      ...(options.hubLimits && { limits: options.hubLimits }),
    })
    this.#hubTimer = new DeadlineTimer(simulation, () => this.#perform(this.hub.wake(simulation.now)))
    this.ledger = this.#newLedger()
    this.ledger.start(this.#epoch)
  }

  get height(): number {
    return this.#options.spv ? this.ledger.tree.best.height : this.ledger.tip.height
  }

  /** The ledger is gone with all that was on the way to it, and another one with the same blocks takes over. */
  restartLedger(): void {
    const blocks = [...this.ledger.blocks.values()]
    this.ledger = this.#newLedger()
    this.ledger.start(this.#epoch)
    const headers = new Map(blocks.map((bytes) => [bytes, bytes.slice(0, 80)]))
    for (const bytes of blocks) {
      this.ledger.tree.accept([headers.get(bytes)!], this.#simulation.now)
      this.ledger.mine(bytes)
    }
  }

  /** Opens a line to another node. */
  dial(other: SimNode, options: LineOptions = {}): SimLine {
    const line = new SimLine(this.#simulation, options)
    other.own(line, 1, true)
    this.own(line, 0, false)
    return line
  }

  /** Takes one end of a line. */
  own(line: SimLine, side: 0 | 1, inbound: boolean): LinkId {
    const link = this.#nextLink++
    const end = line.ends[side]
    this.#ends.set(link, end)
    line.attach(side, {
      bytes: (chunk) => {
        if (this.#ends.has(link)) this.#perform(this.hub.bytes(link, chunk, this.#simulation.now))
      },
      closed: () => {
        if (this.#ends.delete(link)) this.#perform(this.hub.closed(link, this.#simulation.now))
      },
      drained: (unsent) => {
        if (this.#ends.has(link)) this.#perform(this.hub.buffered(link, unsent, this.#simulation.now))
      },
    })
    this.#perform(this.hub.accept(link, { inbound }, this.#simulation.now))
    return link
  }

  #newLedger(): SimLedger {
    this.#epoch++
    const ledger: SimLedger = new SimLedger({
      network: this.#options.network ?? regtest,
      ...(this.#options.limits && { limits: this.#options.limits }),
      ...(this.#options.spv && { spv: true }),
      now: () => this.#simulation.now,
      emit: (value) => this.#down(ledger, value),
    })
    this.#ledgerTimer = new DeadlineTimer(this.#simulation, () => {
      ledger.wake()
      this.#ledgerTimer.follow(ledger.sync.deadline)
    })
    return ledger
  }

  #down(from: SimLedger, value: ToHub): void {
    this.#simulation.after(1, () => {
      if (from === this.ledger) this.#perform(this.hub.fromLedger(value, this.#simulation.now))
    })
  }

  #up(value: ToLedger): void {
    const to = this.ledger
    this.#simulation.after(1, () => {
      if (to !== this.ledger) return
      to.receive(value)
      this.#ledgerTimer.follow(to.sync.deadline)
    })
  }

  /** In the order in which outputs were made, also those that performing brings about. */
  #perform(outputs: readonly HubOutput[]): void {
    this.#todo.push(...outputs)
    if (this.#performing) return
    this.#performing = true
    for (let output = this.#todo.shift(); output; output = this.#todo.shift()) this.#performOne(output)
    this.#performing = false
    this.#hubTimer.follow(this.hub.deadline)
  }

  #performOne(output: HubOutput): void {
    this.#options.watch?.(output)
    switch (output.do) {
      case 'write': {
        const end = this.#ends.get(output.link)
        if (!end) break
        end.write(output.bytes)
        this.#perform(this.hub.buffered(output.link, end.unsent, this.#simulation.now))
        break
      }
      case 'close':
        this.closed.push(output.reason)
        this.#ends.get(output.link)?.close()
        this.#ends.delete(output.link)
        break
      case 'ledger':
        this.#up(output.value)
        break
      case 'pause':
      case 'resume':
        this.#ends.get(output.link)?.[output.do]()
        break
      case 'log':
        break
    }
  }
}
