import { DurableObject } from 'cloudflare:workers'
import { version } from '../../package.json'
import { CloseCode, MAX_FRAME, SUBPROTOCOL } from '../host/door.ts'
import { HubHost } from '../host/hub-host.ts'
import { WORKER_HUB_LIMITS } from '../host/limits.ts'
import { Meter, type MeterSnapshot } from '../host/meter.ts'
import type { Millis } from '../host/ports.ts'
import type { ToHub, ToLedger } from '../peer/queues.ts'
import { Hub as HubMachine, type HubState, type LinkStatus } from '../relay/hub.ts'
import { Services } from '../wire/services.ts'
import { DIALLED_TAG, type DialledKind, dialledKind, MAX_MARK } from './dialled.ts'
import { type Env, ledgerOf } from './env.ts'
import { edgeHasher } from './hasher.ts'
import { type Attachment, HubSocket } from './hub-socket.ts'
import type { Hello } from './ledger.ts'
import { writeLog } from './log.ts'
import { meteredKv } from './metered-kv.ts'
import { QueueLine } from './queue-line.ts'
import { edgeRandom } from './random.ts'
import { readSettings } from './settings.ts'
import { WakeUps } from './wake-ups.ts'

/** Where what the hub knows of the ledger is kept. */
const STATE = 'state'

/**
 * The relay's links, all of them hibernatable WebSockets. While they are silent the object has no memory and does not
 * run: each link rests as an attachment of its socket. Quiet peers are not pinged, as that would wake it for nothing:
 * every node pings its peers, and the platform tells when a connection is gone. A peer that leaves too much unread is
 * asked, and closed when it does not answer.
 */
export class Hub extends DurableObject<Env> {
  readonly #meter = new Meter(Date.now)
  readonly #kv: SyncKvStorage
  readonly #machine: HubMachine
  readonly #host: HubHost
  readonly #wakeUps: WakeUps
  readonly #ledger: QueueLine<ToLedger>
  readonly #sockets = new Map<WebSocket, HubSocket>()
  readonly #waiting = { bytes: 0 }
  /** Links whose attachment may be out of date. */
  readonly #touched = new Set<HubSocket>()
  #state: HubState | undefined
  #hostAt: Millis = Number.POSITIVE_INFINITY
  /** The ledger may have missed something. */
  #startsOver = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const settings = readSettings(env)
    if (settings.kind === 'refused') throw new Error(settings.text)
    this.#kv = meteredKv(ctx.storage.kv, this.#meter)
    this.#state = this.#kv.get<HubState>(STATE)
    this.#machine = new HubMachine({
      network: settings.network,
      random: edgeRandom,
      hasher: edgeHasher,
      userAgent: `/Causeway:${version}/`,
      services: Services.NETWORK | Services.WITNESS,
      pings: false,
      limits: WORKER_HUB_LIMITS,
      ...(this.#state && { state: this.#state }),
    })
    const sockets = ctx.getWebSockets().map((ws) => ({ ws, kept: ws.deserializeAttachment() as Attachment | null }))
    // The clock gives ids that no earlier life has used, even if nothing is left of it.
    const firstLink = Math.max(Date.now(), ...sockets.map(({ kept }) => (kept?.link ?? 0) + 1))
    this.#wakeUps = new WakeUps({ ctx, meter: this.#meter, ring: () => this.#run(() => this.#wake()) })
    let ledger = ledgerOf(env)
    this.#ledger = new QueueLine<ToLedger>({
      call: (values, fresh) => {
        if (fresh) ledger = ledgerOf(env)
        return this.#meter.during(ledger.take(values, fresh ? this.#hello() : undefined))
      },
      lost: (error) => {
        this.#startsOver = true
        writeLog({ level: 'warn', text: 'the ledger does not answer', facts: { error: String(error) } })
      },
      resumed: () => [],
      changed: () => this.#settle(),
    })
    this.#host = new HubHost({
      hub: this.#machine,
      firstLink,
      toLedger: (values) => this.#ledger.send(values),
      schedule: (at) => {
        this.#hostAt = at
      },
      now: () => Date.now(),
      log: writeLog,
      meter: this.#meter,
    })
    for (const { ws, kept } of sockets) this.#restore(ws, kept)
    this.#settle()
  }

  /** A request for the door, or a dialer that brings a peer. */
  override fetch(request: Request): Response {
    this.#meter.counts.requests++
    const kind = dialledKind(request)
    if (kind) return this.#takeDialled(kind)
    if (request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') {
      return new Response(`this door speaks ${SUBPROTOCOL}\n`, { status: 426, headers: { Upgrade: 'websocket' } })
    }
    const offered = request.headers
      .get('Sec-WebSocket-Protocol')
      ?.split(',')
      .map((name) => name.trim())
    if (!offered?.includes(SUBPROTOCOL)) return new Response(`this door speaks ${SUBPROTOCOL}\n`, { status: 400 })
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    // Counts links of one address while the object is awake; kept nowhere.
    const addressKey = request.headers.get('CF-Connecting-IP') ?? undefined
    this.#run(() => {
      const socket = this.#socketOf(server)
      socket.belongsTo(this.#host.attach(socket, { inbound: true, ...(addressKey && { addressKey }) }))
    })
    return new Response(null, { status: 101, webSocket: client, headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } })
  }

  override webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): void {
    this.#meter.counts.messagesIn++
    const socket = this.#sockets.get(ws)
    if (!socket) return
    this.#run(() => {
      if (typeof message === 'string') this.#mark(ws, socket, message)
      else if (message.byteLength > MAX_FRAME) this.#refuse(ws, socket, 'message-too-large', CloseCode.TOO_LARGE)
      else if (!socket.receive(new Uint8Array(message))) this.#refuse(ws, socket, 'unasked', CloseCode.FLOOD)
    })
  }

  override webSocketClose(ws: WebSocket): void {
    this.#gone(ws)
  }

  override webSocketError(ws: WebSocket): void {
    this.#gone(ws)
  }

  override alarm(): void {
    this.#wakeUps.rang()
    this.#run(() => this.#wake())
  }

  /** The queue from the ledger. */
  take(values: ToHub[]): void {
    this.#meter.counts.requests++
    this.#run(() => this.#host.fromLedger(values))
  }

  links(): LinkStatus[] {
    this.#meter.counts.requests++
    return this.#machine.links()
  }

  measure(): MeterSnapshot {
    this.#meter.counts.requests++
    return this.#host.measure()
  }

  // ---- one input

  #run(input: () => void): void {
    this.#meter.hold()
    try {
      input()
      this.#settle()
    } finally {
      this.#meter.release()
    }
  }

  #wake(): void {
    const now = Date.now()
    this.#ledger.wake(now)
    if (now < this.#hostAt) return
    this.#hostAt = Number.POSITIVE_INFINITY
    this.#host.wake()
  }

  /** Puts away what a later life needs, and sees to the next wake-up. */
  #settle(): void {
    for (const socket of this.#touched) socket.keep(this.#machine.snapshot(socket.link))
    this.#touched.clear()
    const { height, synced } = this.#machine.state
    if (height !== (this.#state?.height ?? 0) || synced !== (this.#state?.synced ?? false)) {
      this.#state = { height, synced }
      this.#kv.put(STATE, this.#state)
    }
    this.#wakeUps.set(Math.min(this.#hostAt, this.#ledger.deadline))
  }

  // ---- links

  #takeDialled(kind: DialledKind): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [DIALLED_TAG])
    this.#run(() => {
      const socket = this.#socketOf(server)
      socket.belongsTo(this.#host.attach(socket, { inbound: false, kind }))
    })
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Only dialers have reason to send texts. */
  #mark(ws: WebSocket, socket: HubSocket, text: string): void {
    if (text.length <= MAX_MARK && this.ctx.getTags(ws).includes(DIALLED_TAG)) socket.receiveMark(text)
    else this.#refuse(ws, socket, 'text-message', CloseCode.NOT_BINARY)
  }

  #socketOf(ws: WebSocket): HubSocket {
    const socket: HubSocket = new HubSocket(ws, {
      waiting: this.#waiting,
      deliver: (chunk) => {
        this.#touched.add(socket)
        this.#host.bytes(socket.link, chunk)
        this.#settle()
      },
      wrote: (messages) => {
        this.#meter.counts.messagesOut += messages
        this.#touched.add(socket)
      },
    })
    this.#sockets.set(ws, socket)
    return socket
  }

  /** A socket that this object had in an earlier life. */
  #restore(ws: WebSocket, kept: Attachment | null): void {
    const socket = this.#socketOf(ws)
    if (kept?.snapshot && ws.readyState === WebSocket.OPEN) {
      socket.belongsTo(kept.link, kept.snapshot)
      this.#host.restore(socket, kept.link, kept.snapshot)
      return
    }
    // Half a handshake or half a message went with the memory.
    this.#sockets.delete(ws)
    socket.close('evicted', CloseCode.RESTART)
    this.#forgets()
  }

  /** The ledger takes leave of links that are no more when it next hears which there are. */
  #forgets(): void {
    queueMicrotask(() => this.#ledger.greet())
  }

  #refuse(ws: WebSocket, socket: HubSocket, reason: string, code: number): void {
    writeLog({ level: 'info', text: 'peer closed', facts: { link: socket.link, reason } })
    this.#meter.refused('link', reason)
    socket.close(reason, code)
    this.#sockets.delete(ws)
    this.#host.closed(socket.link)
  }

  #gone(ws: WebSocket): void {
    const socket = this.#sockets.get(ws)
    if (!socket) return
    this.#sockets.delete(ws)
    this.#run(() => {
      socket.close('')
      this.#host.closed(socket.link)
    })
  }

  #hello(): Hello {
    const startsOver = this.#startsOver
    this.#startsOver = false
    return { links: this.#machine.links().map(({ id }) => id), startsOver }
  }
}
