import { DurableObject } from 'cloudflare:workers'
import { type DialTarget, Outbound } from '../bootstrap/outbound.ts'
import { Meter, type MeterSnapshot } from '../host/meter.ts'
import type { Millis } from '../host/ports.ts'
import { DIALLED_PATH, type DialledKind } from './dialled.ts'
import { DialledSocket } from './dialled-socket.ts'
import { resolveSeed } from './dns-over-https.ts'
import { dialerOf, type Env, hubOf } from './env.ts'
import { writeLog } from './log.ts'
import { meteredKv } from './metered-kv.ts'
import { edgeRandom } from './random.ts'
import { type Dialling, readSettings } from './settings.ts'
import { WakeUps } from './wake-ups.ts'

/** Peers of one object. The platform gives it six connections at a time; two are left for asking seeds. */
const PEERS_EACH = 4
/** At least so often the object is woken, or the platform lets it go, connections and all. */
const TICK: Millis = 30_000
/** Nodes ping their peers every two minutes: one that is silent for so long is gone, whatever its connection says. */
const SILENT: Millis = 600_000

/** Where the number of the object's share is kept. */
const SHARE = 'share'

/** How many dialers there are to be; none costs nothing. */
export function sharesOf({ named, seeds }: Dialling): number {
  return named.length > 0 ? Math.ceil(named.length / PEERS_EACH) : Math.min(1, seeds.length)
}

/**
 * Has every dialer know that it is wanted. Once is enough, as each wakes itself from then on by its alarm, so the front
 * calls this with the first request that each of its isolates serves: no schedule and no call of another object is
 * needed, new settings come with new isolates, and an alarm that the platform has given up on is set anew.
 */
export async function startDialers(env: Env, dialling: Dialling): Promise<void> {
  await Promise.all(Array.from({ length: sharesOf(dialling) }, (_, share) => dialerOf(env, share).ensure(share)))
}

/**
 * Dials a few peers by TCP and joins each to the hub. Open sockets keep the object in memory, where it is charged for,
 * and are gone when it loses that: each life begins by dialling all of them.
 */
export class Dialer extends DurableObject<Env> {
  readonly #meter = new Meter(Date.now)
  readonly #kv: SyncKvStorage
  readonly #dialling: Dialling
  readonly #port: number
  readonly #wakeUps: WakeUps
  readonly #sockets = new Set<DialledSocket>()
  /** Undefined while the settings have nothing to dial for this object. */
  #outbound: Outbound | undefined

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const settings = readSettings(env)
    if (settings.kind === 'refused') throw new Error(settings.text)
    this.#kv = meteredKv(ctx.storage.kv, this.#meter)
    this.#dialling = settings.dialling
    this.#port = settings.network.port
    this.#wakeUps = new WakeUps({ ctx, meter: this.#meter, ring: () => this.#wake(), rescueAfter: TICK })
    const share = this.#kv.get<number>(SHARE)
    if (share !== undefined) this.#begin(share)
  }

  /** Begins, if it has not: the object is to dial this share of the peers, counted from 0. */
  ensure(share: number): void {
    this.#meter.counts.requests++
    if (this.#kv.get<number>(SHARE) !== share) {
      this.#kv.put(SHARE, share)
      this.#begin(share)
    }
    this.#wake()
  }

  override alarm(): void {
    this.#wakeUps.rang()
    this.#wake()
  }

  measure(): MeterSnapshot {
    this.#meter.counts.requests++
    return this.#meter.snapshot()
  }

  #begin(share: number): void {
    const { named, seeds } = this.#dialling
    if (share >= sharesOf(this.#dialling)) return
    this.#outbound = new Outbound({
      named: named.slice(share * PEERS_EACH, (share + 1) * PEERS_EACH),
      seeds,
      port: this.#port,
      want: PEERS_EACH,
      random: () => edgeRandom.below(2 ** 32) / 2 ** 32,
    })
  }

  /** Does what is due. Without anything to dial no further alarm is set. */
  #wake(): void {
    const outbound = this.#outbound
    if (!outbound) return
    const now = Date.now()
    for (const socket of this.#sockets) if (now - socket.heardAt > SILENT) socket.end('silent')
    for (const output of outbound.wake(now)) {
      if (output.do === 'dial') this.#dial(outbound, output.target)
      else this.#resolve(outbound, output.seed)
    }
    this.#settle()
  }

  #settle(): void {
    if (this.#outbound) this.#wakeUps.set(Math.min(this.#outbound.deadline, Date.now() + TICK))
  }

  #dial(outbound: Outbound, target: DialTarget): void {
    if ('url' in target) throw new Error('settings give no doors to dial from here')
    const kind = this.#dialling.named.length > 0 ? 'manual' : 'automatic'
    try {
      const socket: DialledSocket = new DialledSocket(target, kind, {
        join: (kind) => this.#join(kind),
        opened: () => outbound.opened(target, Date.now()),
        gone: () => {
          this.#meter.release()
          this.#sockets.delete(socket)
          outbound.closed(target, Date.now())
          this.#settle()
        },
        count: (what, by) => {
          this.#meter.counts[what] += by
        },
      })
      this.#sockets.add(socket)
      this.#meter.hold()
    } catch (error) {
      // What the platform takes for no address. The others are dialled all the same.
      writeLog({ level: 'warn', text: 'a peer cannot be dialled', facts: { error: String(error) } })
      outbound.closed(target, Date.now())
    }
  }

  async #join(kind: DialledKind): Promise<WebSocket> {
    const response = await hubOf(this.env).fetch(`https://hub.local${DIALLED_PATH}${kind}`, {
      headers: { Upgrade: 'websocket' },
    })
    if (response.webSocket) return response.webSocket
    writeLog({ level: 'warn', text: 'the hub takes no dialled peer', facts: { status: response.status } })
    throw new Error(`the hub answers ${response.status}`)
  }

  #resolve(outbound: Outbound, seed: string): void {
    this.#meter.during(resolveSeed(this.#dialling.resolver, seed)).then((hosts) => {
      writeLog({ level: 'info', text: 'seed asked', facts: { seed, addresses: hosts.length } })
      outbound.resolved(seed, hosts, Date.now())
      this.#wake()
    })
  }
}
