// Many WebSocket links on one relay in local workerd, beside a bare broadcast in workerd and one on Node with `ws`:
// connecting, memory, a block announced to all, silence, the first announcement after hibernation.
//   npm run bench -- links [links] [rounds]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { regtest } from '../src/chain/networks/regtest.ts'
import { SUBPROTOCOL } from '../src/host/door.ts'
import { encodeFrame } from '../src/wire/frame.ts'
import { InvType } from '../src/wire/inventory.ts'
import { encodeMessage, type Message } from '../src/wire/messages.ts'
import { NO_ADDRESS } from '../src/wire/net-address.ts'
import { freePort } from '../test/free-port.ts'
import { poll } from '../test/poll.ts'
import { ChainMaker } from '../test/sim/chain-maker.ts'
import { comeInAsPeer } from '../test/sim/ws-peer.ts'
import { Workerd } from '../test/workerd.ts'

const LINKS = Number(process.argv[2] ?? 1000)
const ROUNDS = Number(process.argv[3] ?? 20)
/** Connections opened at a time. */
const AT_ONCE = 20
/** Longer than an idle object keeps its memory. */
const SILENCE_MS = 15_000
const WITHIN = { within: 60_000 }

/** One server that is measured. */
interface Server {
  name: string
  url: string
  pid: number
  /** Whether each link introduces itself as a peer. */
  speaks: boolean
  /** Has the server send something to all links. */
  broadcast(): void
  end(): Promise<void>
}

interface Figures {
  connectS: number
  startMb: number
  linkKb: number
  /** Milliseconds of processor in all of the silence. */
  idleMs: number
  /** From one link to the last, median of rounds. */
  spreadMs: number
  /** From what brings it about to the last link, median of rounds. */
  wholeMs: number
  cpuUs: number
  wakeMs: number
  closed: number
}

const frame = (message: Message) => {
  const { command, payload } = encodeMessage(message)
  return encodeFrame(regtest.magic, command, payload)
}
const version = (nonce: bigint) =>
  frame({
    command: 'version',
    version: 70_016,
    services: 0n,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    addrRecv: NO_ADDRESS,
    addrFrom: NO_ADDRESS,
    nonce,
    userAgent: '/bench/',
    startHeight: 0,
    relay: false,
  })
const verack = frame({ command: 'verack' })
/** As long as the announcement of a block. */
const inv = frame({ command: 'inv', items: [{ type: InvType.BLOCK, hash: new Uint8Array(32) }] })

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!
const rssMb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1000
/** Processor time so far; the kernel counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function relayInWorkerd(): Promise<Server> {
  const workerd = await Workerd.start({ env: { CAUSEWAY_NETWORK: 'regtest' } })
  const url = `${workerd.http.replace('http', 'ws')}/p2p`
  const maker = new ChainMaker()
  maker.mine(10)
  const giver = await comeInAsPeer(url, { blocks: maker.chain().map(({ bytes }) => bytes) })
  const atTip = async () => Number(await (await fetch(`${workerd.http}/api/blocks/tip/height`)).text()) === 10
  await poll('the relay has the chain', atTip)
  return {
    name: 'relay in workerd',
    url,
    pid: workerd.pid!,
    speaks: true,
    broadcast: () => giver.send(giver.peer.mined(maker.mine(1)[0]!.bytes)),
    end: async () => {
      giver.close()
      await workerd.remove()
    },
  }
}

async function bare(name: string, url: string, pid: number, end: () => Promise<unknown>): Promise<Server> {
  const speaker = new WebSocket(url, { perMessageDeflate: false })
  await once(speaker, 'open')
  return {
    name,
    url,
    pid,
    speaks: false,
    broadcast: () => speaker.send(inv),
    end: async () => {
      speaker.terminate()
      await end()
    },
  }
}

async function bareInWorkerd(): Promise<Server> {
  const workerd = await Workerd.start({ config: join(import.meta.dirname, 'bare/hub.capnp') })
  return bare('bare in workerd', workerd.http.replace('http', 'ws'), workerd.pid!, () => workerd.remove())
}

async function bareOnNode(): Promise<Server> {
  const port = await freePort()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare/ws-hub.ts'), String(port)], {
    stdio: 'inherit',
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const url = `ws://127.0.0.1:${port}`
  await poll('ws listens', async () => {
    const ws = new WebSocket(url)
    await once(ws, 'open')
    ws.terminate()
    return true
  })
  return bare('bare ws on Node', url, child.pid!, async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
}

/** Links that count what comes. */
class Links {
  readonly #sockets: WebSocket[] = []
  readonly #heard = new Set<WebSocket>()
  #first = 0
  closed = 0

  async open({ url, speaks }: Server, count: number): Promise<void> {
    while (this.#sockets.length < count) {
      const some = Math.min(AT_ONCE, count - this.#sockets.length)
      await Promise.all(Array.from({ length: some }, () => this.#open(url, speaks)))
    }
  }

  async #open(url: string, speaks: boolean): Promise<void> {
    const ws = new WebSocket(url, speaks ? SUBPROTOCOL : [], { perMessageDeflate: false })
    ws.on('close', () => this.closed++)
    await once(ws, 'open')
    this.#sockets.push(ws)
    if (speaks) {
      ws.send(version(BigInt(this.#sockets.length)))
      await once(ws, 'message')
      ws.send(verack)
    }
    ws.on('message', () => {
      if (this.#heard.size === 0) this.#first = performance.now()
      this.#heard.add(ws)
    })
  }

  /** Milliseconds from its cause, and from the first link, until all links have got it. */
  async broadcast(server: Server): Promise<{ whole: number; spread: number }> {
    this.#heard.clear()
    const start = performance.now()
    server.broadcast()
    await poll('all have heard', () => this.#heard.size === this.#sockets.length, { ...WITHIN, every: 1 })
    const end = performance.now()
    return { whole: end - start, spread: end - this.#first }
  }

  close(): void {
    for (const ws of this.#sockets) ws.terminate()
  }
}

async function measure(server: Server): Promise<Figures> {
  const links = new Links()
  try {
    const startMb = rssMb(server.pid)
    const start = performance.now()
    await links.open(server, LINKS)
    const connectS = (performance.now() - start) / 1000
    // The rest of the introduction.
    await sleep(1000)
    const linkKb = ((rssMb(server.pid) - startMb) * 1000) / LINKS
    const rounds: { whole: number; spread: number }[] = []
    await links.broadcast(server)
    const before = cpuMs(server.pid)
    while (rounds.length < ROUNDS) rounds.push(await links.broadcast(server))
    const cpuUs = ((cpuMs(server.pid) - before) * 1000) / (ROUNDS * LINKS)
    await sleep(1000)
    const quiet = cpuMs(server.pid)
    await sleep(SILENCE_MS)
    const idleMs = cpuMs(server.pid) - quiet
    const { whole: wakeMs } = await links.broadcast(server)
    const spreadMs = median(rounds.map(({ spread }) => spread))
    const wholeMs = median(rounds.map(({ whole }) => whole))
    return { connectS, startMb, linkKb, idleMs, spreadMs, wholeMs, cpuUs, wakeMs, closed: links.closed }
  } finally {
    links.close()
    await server.end()
  }
}

console.log(`${LINKS} links, ${ROUNDS} announcements of ${inv.length} bytes to each; silence of ${SILENCE_MS / 1000} s`)
for (const start of [relayInWorkerd, bareInWorkerd, bareOnNode]) {
  const server = await start()
  const f = await measure(server)
  console.log(
    [
      server.name,
      `  connected      ${Math.round(LINKS / f.connectS)} links/s`,
      `  memory         ${f.startMb.toFixed()} MB before, ${f.linkKb.toFixed(1)} KB a link`,
      `  to all links   ${f.spreadMs.toFixed(1)} ms from first to last, ${f.wholeMs.toFixed(1)} ms from its cause (medians)`,
      `                 ${Math.round((1000 * LINKS) / f.spreadMs)} deliveries/s, ${f.cpuUs.toFixed(1)} µs of processor each`,
      `  in silence     ${f.idleMs.toFixed()} ms of processor`,
      `  after silence  ${f.wakeMs.toFixed(1)} ms until all had the next one; ${f.closed} links closed`,
    ].join('\n'),
  )
}
const [cpu] = cpus()
console.log(`workerd of node_modules, Node ${process.version}, ${availableParallelism()} cores (${cpu?.model.trim()})`)
