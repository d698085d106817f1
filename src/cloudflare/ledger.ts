import { DurableObject } from 'cloudflare:workers'
import type { LedgerHost, LedgerOutput } from '../host/ledger-host.ts'
import { WORKER_LIMITS } from '../host/limits.ts'
import { Meter, type MeterSnapshot } from '../host/meter.ts'
import { meteredSql } from '../host/metered-sql.ts'
import { type OpenLedger, openLedger } from '../host/open-ledger.ts'
import type { Millis } from '../host/ports.ts'
import { LedgerAnswers } from '../ledger/answers.ts'
import { ChainQueries } from '../ledger/chain-queries.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import type { LinkId, ToHub, ToLedger } from '../peer/queues.ts'
import { CheckedCache } from '../script/checked-cache.ts'
import { migrate } from '../store/migrate.ts'
import type { SqlPort } from '../store/sql.ts'
import { digest } from './digest.ts'
import { type Env, hubOf } from './env.ts'
import { edgeHasher, edgeScrypt } from './hasher.ts'
import { moveKeptTransactions } from './kept-transactions.ts'
import { writeLog } from './log.ts'
import { meteredKv } from './metered-kv.ts'
import { ownBytes } from './own-bytes.ts'
import { bytesIn, QueueLine } from './queue-line.ts'
import { edgeSecp256k1 } from './secp256k1.ts'
import { readSettings } from './settings.ts'
import { sqlPort } from './sql-port.ts'
import { WakeUps } from './wake-ups.ts'

/** One event works off messages and blocks of so many bytes, about 100 ms of small transactions. */
const SLICE_BYTES = 200_000
/** After so many the next work waits for an event of its own, so that questions that have come meanwhile go first. */
const HEAVY_BYTES = 50_000
/**
 * It rests between two events of its own, twice. A question that came during the first is found when the second begins, and
 * is asked, answered and passed on, all of them short turns of one thread, before it ends.
 */
const REST: Millis = 1
/** If the object is evicted in the middle of its work, it goes on by itself after this long. */
const RESCUE_AFTER: Millis = 30_000

/** How a hub that is new, or has lost touch, introduces itself. */
export interface Hello {
  /** All links that are up. */
  links: LinkId[]
  /** Something may have been lost on the way: nothing of before counts. */
  startsOver: boolean
}

/** A question's answer, or the name of a refusal that is an answer too: errors lose theirs on the way. */
export type Answered<T> = { value: T } | { refusal: string }

const REFUSALS = ['HistoryTooLong', 'BlockDamaged']

/**
 * The relay's ledger over the object's own SQLite. Nothing leaves the object before what it rests on is stored: the
 * platform holds messages back until writes are safe. What the code cannot go on from resets the object, and a new one
 * takes up where the store stands, under a new epoch.
 */
export class Ledger extends DurableObject<Env> {
  readonly #meter = new Meter(Date.now)
  readonly #measure: OpenLedger['measure']
  readonly #host: LedgerHost
  readonly #answers: LedgerAnswers
  readonly #wakeUps: WakeUps
  readonly #hub: QueueLine<ToHub>
  /** Links that the host has heard of, or will when it comes to them in the inbox. */
  readonly #links = new Set<LinkId>()
  /** The first words to a hub: the epoch and the tip. */
  #greeting: ToHub[] = []
  /** Undefined until there was reason to speak to the hub: questions alone do not wake it. */
  #down: ToHub[] | undefined
  #inbox: ToLedger[] = []
  #blocks: Extract<LedgerOutput, { do: 'digest' }>[] = []
  #goesOn = false
  /** Blocks that answers could not read as they were written. */
  readonly #damaged = new Set<number>()

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const settings = readSettings(env)
    if (settings.kind === 'refused') throw new Error(settings.text)
    const { network, filters } = settings
    const sql = sqlPort(ctx.storage)
    const epoch = nextEpoch(sql)
    moveKeptTransactions(meteredKv(ctx.storage.kv, this.#meter), sql)
    const ledger = openLedger({
      sql,
      network,
      spv: false,
      epoch,
      hasher: edgeHasher,
      scryptHash: edgeScrypt,
      secp256k1: edgeSecp256k1,
      checked: new CheckedCache(
        new ArrayBuffer(CheckedCache.bytesFor(WORKER_LIMITS.mempoolBytes)),
        crypto.getRandomValues(new Uint8Array(32)),
        edgeHasher,
      ),
      limits: WORKER_LIMITS,
      filters,
      now: Date.now,
      meter: this.#meter,
    })
    this.#host = ledger.host
    this.#measure = ledger.measure
    this.#answers = new LedgerAnswers(
      new ChainQueries({
        sql: meteredSql(sql, this.#meter),
        network,
        hasher: edgeHasher,
        onDamage: (blockId) => this.#damaged.add(blockId),
      }),
      ledger.mempool((outputs) => this.#run(() => this.#perform(outputs)))!,
    )
    this.#wakeUps = new WakeUps({
      ctx,
      meter: this.#meter,
      ring: () => this.#run(() => this.#wake()),
      atOnce: () => this.#goOn(),
      rescueAfter: RESCUE_AFTER,
    })
    let hub = hubOf(env)
    this.#hub = new QueueLine<ToHub>({
      call: (values, fresh) => {
        if (fresh) hub = hubOf(env)
        return this.#meter.during(hub.take(values))
      },
      lost: (error) => {
        writeLog({ level: 'warn', text: 'the hub does not answer', facts: { error: String(error) } })
        this.#forgetLinks()
      },
      resumed: () => this.#greeting,
      changed: () => this.#run(() => {}),
    })
    this.#perform(this.#host.start(Date.now()))
    this.#settle()
    if (this.#blocks.length > 0) this.#goOn()
  }

  /** The queue from the hub. */
  take(values: ToLedger[], hello?: Hello): void {
    this.#meter.counts.requests++
    this.#run(() => {
      this.#down ??= [...this.#greeting]
      if (hello) this.#forgetLinks(hello.startsOver ? [] : hello.links)
      for (const value of values) this.#receive(value)
      // The hub has links that this object has not heard of, or is to tell of them anew.
      const isGreeted = this.#down.includes(this.#greeting[0]!)
      if (!isGreeted && hello?.links.some((link) => !this.#links.has(link))) this.#down.push(...this.#greeting)
    })
  }

  /** Goes on with what is left over, and does what is due. */
  work(): void {
    this.#meter.counts.requests++
    this.#goesOn = false
    this.#run(() => this.#wake())
  }

  override alarm(): void {
    this.#wakeUps.rang()
    this.#run(() => this.#wake())
  }

  /** Answers one question of the front. */
  async ask<M extends keyof LedgerQueries>(
    method: M,
    args: Parameters<LedgerQueries[M]>,
  ): Promise<Answered<Awaited<ReturnType<LedgerQueries[M]>>>> {
    this.#meter.counts.requests++
    const answer = this.#answers[method] as (...args: unknown[]) => ReturnType<LedgerQueries[M]>
    try {
      return { value: ownBytes(await answer.apply(this.#answers, args)) }
    } catch (error) {
      const { name } = error as Error
      if (REFUSALS.includes(name)) return { refusal: name }
      throw error
    } finally {
      if (this.#damaged.size > 0) this.#run(() => this.#reportDamage())
    }
  }

  measure(): MeterSnapshot {
    this.#meter.counts.requests++
    return this.#measure()
  }

  // ---- one input

  /** What `input` throws, and what follows from it, ends this life of the object: nothing after it could be trusted. */
  #run(input: () => void): void {
    this.#meter.hold()
    try {
      input()
      // Whatever waits has its turn coming.
      const done = this.#goesOn ? 0 : this.#work()
      this.#settle()
      if (done >= HEAVY_BYTES || this.#blocks.length + this.#inbox.length > 0) this.#goOn()
    } catch (error) {
      const { message, stack = '' } = error as Error
      writeLog({ level: 'error', text: 'the ledger cannot go on', facts: { error: message, stack } })
      this.ctx.abort(message)
      throw error
    } finally {
      this.#meter.release()
    }
  }

  #reportDamage(): void {
    for (const blockId of this.#damaged) this.#perform(this.#host.damaged(blockId, Date.now()))
    this.#damaged.clear()
  }

  #wake(): void {
    const now = Date.now()
    this.#hub.wake(now)
    this.#perform(this.#host.wake(now))
  }

  #receive(value: ToLedger): void {
    if (value.kind === 'link-up') this.#links.add(value.link)
    else if (value.kind === 'link-down') this.#links.delete(value.link)
    this.#inbox.push(value)
  }

  /** Takes leave of links other than these. */
  #forgetLinks(except: readonly LinkId[] = []): void {
    const still = new Set(except)
    for (const link of this.#links) if (!still.has(link)) this.#receive({ kind: 'link-down', link })
  }

  /** One slice; gives its bytes. Blocks come before what came after them. */
  #work(): number {
    let done = 0
    while (done < SLICE_BYTES) {
      const block = this.#blocks.shift()
      const value = block ? undefined : this.#inbox.shift()
      if (block) {
        done += block.bytes.length
        this.#perform(this.#host.digested(block.id, digest(block.bytes), Date.now()))
      } else if (value) {
        // A block that came is counted when it is taken apart.
        if (value.kind === 'message' && value.command !== 'block') done += bytesIn(value)
        this.#perform(this.#host.receive(value, Date.now()))
      } else break
    }
    return done
  }

  #perform(outputs: readonly LedgerOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'hub') this.#tell(output.value)
      else if (output.do === 'digest') this.#blocks.push(output)
      else writeLog(output.line)
    }
  }

  #tell(value: ToHub): void {
    if (value.kind === 'epoch') {
      this.#greeting = [value]
      return
    }
    if (value.kind === 'tip') {
      const [epoch] = this.#greeting
      this.#greeting = [{ ...epoch, height: value.height } as ToHub, value]
      if (!this.#down) return
    }
    this.#down ??= [...this.#greeting]
    this.#down.push(value)
  }

  /** Sends what is to be sent, and sees to the next wake-up. */
  #settle(): void {
    if (this.#down && this.#down.length > 0) {
      this.#hub.send(this.#down)
      this.#down = []
    }
    this.#wakeUps.set(Math.min(this.#host.deadline, this.#hub.deadline))
  }

  /** An event of its own, with its own share of processor time; not before what has come by network meanwhile. */
  #goOn(): void {
    if (this.#goesOn) return
    this.#goesOn = true
    const failed = () => {
      this.#goesOn = false
    }
    const goOn = () => void this.env.LEDGER.get(this.ctx.id).work().catch(failed)
    setTimeout(() => setTimeout(goOn, REST), REST)
  }
}

/** Counts this object's lives. */
function nextEpoch(sql: SqlPort): number {
  migrate(sql)
  const { epoch } = sql.sql
    .exec<{ epoch: string }>(
      `INSERT INTO meta VALUES ('epoch', '1')
       ON CONFLICT (key) DO UPDATE SET value = CAST(value + 1 AS TEXT) RETURNING value AS epoch`,
    )
    .one()
  return Number(epoch)
}
