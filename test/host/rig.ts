import { digestBlock } from '../../src/chain/digest.ts'
import { HAVE_BODY } from '../../src/chain/header-store.ts'
import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { HubHost } from '../../src/host/hub-host.ts'
import {
  type DigestedBlock,
  type LedgerLimits,
  type LedgerOutput,
  NODE_LIMITS,
  type SubmitResult,
} from '../../src/host/ledger-host.ts'
import { type OpenLedger, openLedger } from '../../src/host/open-ledger.ts'
import type { LogLine } from '../../src/host/ports.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import type { MempoolPort } from '../../src/ledger/mempool-port.ts'
import type { ScriptChecks } from '../../src/ledger/script-checks.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { openSqlite, type SqliteFile } from '../../src/node/sqlite.ts'
import { transfersOf } from '../../src/node/transfers.ts'
import type { LinkId, ToHub, ToLedger } from '../../src/peer/queues.ts'
import { Hub, type HubLimits } from '../../src/relay/hub.ts'
import type { CheckedCache } from '../../src/script/checked-cache.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'
import { WireError } from '../../src/wire/error.ts'
import { equalBytes, prefix48, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { decodeMessage } from '../../src/wire/messages.ts'
import { Services } from '../../src/wire/services.ts'
import { DeferredWriter } from '../ledger/deferred-writer.ts'
import { ScriptedPeer, type ScriptedPeerOptions } from '../sim/scripted-peer.ts'
import { type LineOptions, playOn, SimLine } from '../sim/sim-network.ts'
import { DeadlineTimer, type Simulation } from '../sim/simulation.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface RigOptions {
  network?: Network
  name?: string
  /** Of the database; in memory unless given. */
  path?: string
  /** What the ledger is given in place of its database, anew at each start. */
  port?: (sql: SqlPort) => SqlPort
  spv?: boolean
  limits?: Partial<LedgerLimits>
  /** Block filters are kept. */
  filters?: boolean
  /** Runs scripts of blocks. */
  scriptChecks?: ScriptChecks
  /** What was found good is remembered there. */
  checked?: CheckedCache
  /** Batches are written beside the ledger: not before somebody waits for that. */
  writer?: boolean
  hubLimits?: Partial<HubLimits>
  /** How long a value is on its way between hub, ledger and digester: least and most, ms. */
  hopMs?: [number, number]
  /** Takes a block apart; how long that may take. */
  digestMs?: [number, number]
  /** How long what the ledger wants to go on with at once waits for others; not at all unless given. */
  turnMs?: [number, number]
}

/** A scripted peer on a line to a rig. */
export interface Met {
  peer: ScriptedPeer
  line: SimLine
  /** The rig's name for it. */
  link: LinkId
  /** Sends what one of the peer's methods returned. */
  send: (frames: readonly Uint8Array[]) => void
}

/**
 * A whole relay without threads and sockets, in a simulation: real hub, real ledger over a real database, and a digester, each
 * an actor that gets its values late and by structured clone with the buffers moved, as between threads.
 */
export class Rig {
  readonly name: string
  readonly network: Network
  readonly hub: Hub
  readonly hubHost: HubHost
  readonly log: LogLine[] = []
  /** What the ledger said to the hub. */
  readonly said: ToHub[] = []
  /** Links that are not read from. */
  readonly paused = new Set<LinkId>()
  /** How often that began. */
  pauses = 0
  /** Payload bytes that a link's messages brought to the ledger and that it has not said it took, where there are any. */
  readonly untaken = new Map<LinkId, number>()
  ledger: OpenLedger
  mempool: MempoolPort | undefined
  sql: SqliteFile
  /** Blocks that were taken apart. */
  digests = 0
  readonly #simulation: Simulation
  readonly #options: RigOptions
  readonly #hubTimer: DeadlineTimer
  #ledgerTimer!: DeadlineTimer
  #epoch = 0
  readonly #channels = { up: { last: 0 }, down: { last: 0 }, digest: { last: 0 }, digested: { last: 0 } }

  constructor(simulation: Simulation, options: RigOptions = {}) {
    this.#simulation = simulation
    this.#options = options
    this.name = options.name ?? 'rig'
    this.network = options.network ?? regtest
    this.hub = new Hub({
      network: this.network,
      services: options.spv ? 0n : Services.NETWORK | Services.WITNESS,
      userAgent: `/${this.name}/`,
      random: simulation.random,
      hasher: nodeHasher,
      relayTransactions: !options.spv,
      ...(options.hubLimits && { limits: options.hubLimits }),
    })
    this.#hubTimer = new DeadlineTimer(simulation, () => this.hubHost.wake())
    this.hubHost = new HubHost({
      hub: this.hub,
      toLedger: (values) => this.#toLedger(values),
      schedule: (at) => this.#hubTimer.follow(at),
      now: () => simulation.now,
      log: (line) => this.log.push(line),
    })
    this.sql = this.#openStore()
    this.ledger = this.#openLedger()
  }

  get tip() {
    return this.ledger.host.tip
  }

  get height(): number {
    return this.tip.height
  }

  /** Height of the block that is committed. */
  get committed(): number {
    const row = this.sql.sql.exec('SELECT max(height) FROM best').raw().toArray()[0]
    return row![0] as number
  }

  /** Log lines, as text with reason. */
  get lines(): string[] {
    return this.log.map(({ text, facts }) => ('reason' in facts ? `${text}: ${facts.reason}` : text))
  }

  /**
   * The ledger is gone with all that was on its way to it and from it, and another one takes up its store. `kill`: without
   * a commit.
   */
  restartLedger({ kill = false } = {}): void {
    if (!kill) this.ledger.host.stop()
    if (this.#options.path !== undefined) {
      this.sql.close()
      this.sql = this.#openStore()
    }
    this.untaken.clear()
    this.ledger = this.#openLedger()
  }

  /** Ends it all. */
  stop(): void {
    this.hubHost.stop()
    this.ledger.host.stop()
    this.sql.close()
  }

  /** Opens a line to another rig. */
  dial(other: Rig, options: LineOptions = {}): SimLine {
    const line = new SimLine(this.#simulation, options)
    other.own(line, 1, true)
    this.own(line, 0, false)
    return line
  }

  /** Takes one end of a line. */
  own(line: SimLine, side: 0 | 1, inbound: boolean): LinkId {
    const end = line.ends[side]
    let link: LinkId | undefined
    const over = () => {
      if (link !== undefined) this.paused.delete(link)
    }
    line.attach(side, {
      bytes: (chunk) => link !== undefined && this.hubHost.bytes(link, chunk),
      closed: () => {
        over()
        if (link !== undefined) this.hubHost.closed(link)
      },
      drained: (unsent) => link !== undefined && this.hubHost.buffered(link, unsent),
    })
    link = this.hubHost.attach(
      {
        write: (bytes) => {
          end.write(bytes)
          return end.unsent
        },
        close: () => {
          over()
          end.close()
        },
        pause: () => {
          if (link !== undefined) this.paused.add(link)
          this.pauses++
          end.pause()
        },
        resume: () => {
          over()
          end.resume()
        },
      },
      { inbound },
    )
    return link
  }

  /** Connects a scripted peer. */
  meet(options: ScriptedPeerOptions = {}, lineOptions: LineOptions = {}): Met {
    const peer = new ScriptedPeer({ network: this.network, ...options })
    const line = new SimLine(this.#simulation, lineOptions)
    const link = this.own(line, 0, options.dials ?? false)
    return { peer, line, link, send: playOn(line, 1, peer) }
  }

  /** What the ledger announced, by height. */
  get announced(): number[] {
    return this.said.flatMap((value) => (value.kind === 'announce-block' ? [value.height] : []))
  }

  submitBlock(bytes: Uint8Array): { result: SubmitResult | undefined } {
    const answer: { result: SubmitResult | undefined } = { result: undefined }
    this.#perform(
      this.ledger,
      this.ledger.host.submitBlock(
        bytes.slice() as Bytes,
        (result) => {
          answer.result = result
        },
        this.#simulation.now,
      ),
    )
    return answer
  }

  /** Answers about the chain, which tell the ledger of what they cannot read. */
  openQueries(): ChainQueries {
    const onDamage = (blockId: number) => this.#simulation.after(1, () => this.reportDamage(blockId))
    return new ChainQueries({ sql: this.sql, network: this.network, hasher: nodeHasher, onDamage })
  }

  /** Somebody could not read this block (`header.id`). */
  reportDamage(blockId: number): void {
    this.#perform(this.ledger, this.ledger.host.damaged(blockId, this.#simulation.now))
  }

  broadcast(bytes: Uint8Array) {
    const { result, outputs } = this.ledger.host.broadcast(bytes, this.#simulation.now)
    this.#perform(this.ledger, outputs)
    return result
  }

  #openStore(): SqliteFile {
    return openSqlite(this.#options.path ?? ':memory:')
  }

  #openLedger(): OpenLedger {
    const simulation = this.#simulation
    const sql = this.#options.port?.(this.sql) ?? this.sql
    const ledger = openLedger({
      sql,
      ...(this.#options.writer && { writer: new DeferredWriter(sql) }),
      network: this.network,
      spv: this.#options.spv ?? false,
      epoch: ++this.#epoch,
      hasher: nodeHasher,
      secp256k1: nodeSecp256k1,
      ...(this.#options.checked && { checked: this.#options.checked }),
      ...(this.#options.scriptChecks && { scriptChecks: this.#options.scriptChecks }),
      limits: { ...NODE_LIMITS, ...this.#options.limits },
      filters: this.#options.filters ?? false,
      now: () => simulation.now,
    })
    this.mempool = ledger.mempool((outputs) => this.#perform(ledger, outputs))
    this.#ledgerTimer = new DeadlineTimer(simulation, () => {
      if (ledger === this.ledger) this.#perform(ledger, ledger.host.wake(simulation.now))
    })
    // Others find it in place when it speaks.
    simulation.after(0, () => this.#perform(ledger, ledger.host.start(simulation.now)))
    return ledger
  }

  #perform(ledger: OpenLedger, outputs: readonly LedgerOutput[]): void {
    const values: ToHub[] = []
    for (const output of outputs) {
      if (output.do === 'log') this.log.push(output.line)
      else if (output.do === 'hub') values.push(output.value)
      else this.#digest(ledger, output.id, output.bytes)
    }
    this.#ledgerTimer.follow(this.#turn(ledger.host.deadline))
    if (values.length === 0) return
    for (const value of values) this.#note(value)
    const moved = structuredClone(values, { transfer: transfersOf(values) })
    this.#hop(this.#channels.down, this.#options.hopMs, () => {
      if (ledger === this.ledger) this.hubHost.fromLedger(moved)
    })
  }

  #turn(deadline: number): number {
    const { turnMs } = this.#options
    const { now, random } = this.#simulation
    return turnMs && deadline <= now ? now + turnMs[0] + random.below(turnMs[1] - turnMs[0] + 1) : deadline
  }

  /** Keeps what the ledger said, and holds it to its promise: what it tells of is committed. */
  #note(value: ToHub): void {
    this.said.push(value)
    if (value.kind === 'taken') this.#credit(value.link, -value.bytes)
    if (this.#options.spv) return
    if (value.kind === 'announce-block' || value.kind === 'tip') this.#expectCommitted(value.hash)
    if (value.kind === 'send' && value.command === 'block')
      this.#expectCommitted(sha256d(value.payload.subarray(0, 80)))
    if (value.kind === 'send' && value.command === 'headers') {
      for (const raw of decodeMessage('headers', value.payload).headers) this.#expectCommitted(sha256d(raw))
    }
  }

  /** Of the connected chain, or of one that was: as the store has it. */
  #expectCommitted(hash: Uint8Array): void {
    const rows = this.sql.sql.exec('SELECT raw, status FROM header WHERE prefix48 = ?', prefix48(hash)).raw().toArray()
    const row = rows.find(([raw]) => equalBytes(sha256d(blob(raw)), hash))
    if (!row || !((row[1] as number) & HAVE_BODY)) throw new Error(`told of ${toDisplay(hash)}, which is not committed`)
  }

  #credit(link: LinkId, bytes: number): void {
    const left = (this.untaken.get(link) ?? 0) + bytes
    if (left === 0) this.untaken.delete(link)
    else this.untaken.set(link, left)
  }

  #toLedger(values: ToLedger[]): void {
    const to = this.ledger
    for (const value of values) if (value.kind === 'message') this.#credit(value.link, value.payload.length)
    const moved = structuredClone(values, { transfer: transfersOf(values) })
    this.#hop(this.#channels.up, this.#options.hopMs, () => {
      if (to !== this.ledger) return
      for (const value of moved) this.#perform(to, to.host.receive(value, this.#simulation.now))
    })
  }

  #digest(ledger: OpenLedger, id: number, given: Bytes): void {
    const bytes = structuredClone(given, { transfer: [given.buffer] })
    this.digests++
    this.#hop(this.#channels.digest, this.#options.digestMs, () => {
      const block = { bytes, result: digestOf(bytes) }
      this.#hop(this.#channels.digested, this.#options.hopMs, () => {
        if (ledger !== this.ledger) return
        this.#perform(ledger, ledger.host.digested(id, block, this.#simulation.now))
      })
    })
  }

  /** Later, and not before what went the same way earlier. */
  #hop(channel: { last: number }, [least, most]: [number, number] = [0, 2], action: () => void): void {
    const { now, random } = this.#simulation
    channel.last = Math.max(channel.last, now + least + random.below(most - least + 1))
    this.#simulation.at(channel.last, action)
  }
}

function digestOf(bytes: Bytes): DigestedBlock['result'] {
  try {
    return { kind: 'digest', digest: digestBlock(bytes, nodeHasher) }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return { kind: 'malformed', code: error.code }
  }
}
