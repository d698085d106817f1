import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from 'vitest'
import { freePort } from '../free-port.ts'
import { exitOf, Guard } from '../guard.ts'

/** The program itself; Debian's /usr/bin/litecoind is a wrapper that writes into the home directory. */
export const LITECOIND = '/usr/lib/litecoin/litecoind'

const READY_WITHIN = 60_000
const STOP_WITHIN = 20_000
const RPC_WITHIN = 60_000
const START_ATTEMPTS = 3

/** A node that others make, as the tests know it. */
export interface NodeProgram {
  title: string
  path: string
  /** The name of the network that it is started on. */
  network: 'litecoin-regtest' | 'regtest'
  args: readonly string[]
}

const COMMON = [
  '-regtest',
  '-server',
  '-listen=1',
  '-rpcbind=127.0.0.1',
  '-rpcallowip=127.0.0.1',
  '-rpcuser=causeway',
  '-rpcpassword=causeway',
  '-dnsseed=0',
  '-discover=0',
  '-listenonion=0',
  '-fallbackfee=0.0001',
  '-txindex=1',
  '-peerbloomfilters=1',
  '-blockfilterindex=1',
  '-peerblockfilters=1',
  '-printtoconsole=0',
  // What it holds against its peers is logged.
  '-debug=net',
]

/** Litecoin Core with MWEB off for good, so that its blocks are Bitcoin's. */
export const litecoinCore: NodeProgram = {
  title: 'Litecoin Core',
  path: LITECOIND,
  network: 'litecoin-regtest',
  args: [...COMMON, '-upnp=0', '-vbparams=mweb:4102444800:4102444801'],
}

/** The one that CAUSEWAY_BITCOIND names. */
export const bitcoinCore: NodeProgram = {
  title: 'Bitcoin Core',
  path: process.env.CAUSEWAY_BITCOIND ?? '',
  network: 'regtest',
  args: [...COMMON, '-natpmp=0'],
}

/** The programs that are on this machine. */
export function nodePrograms(): NodeProgram[] {
  return [litecoinCore, bitcoinCore].filter(({ path }) => existsSync(path))
}

/** Runs a suite once with each node that is installed, and says which it skips. */
export function describeNodes(name: string, suite: (program: NodeProgram) => void): void {
  for (const program of [litecoinCore, bitcoinCore]) {
    if (existsSync(program.path)) describe(`${name}, ${program.title}`, () => suite(program))
    else describe.skip(`${name}, ${program.title} (skipped: it is not installed)`, () => suite(program))
  }
}

/** What a node answers to a call that it refuses; `code` as in its documentation, `reason` in its words. */
export class RpcError extends Error {
  readonly code: number
  readonly reason: string

  constructor(method: string, code: number, reason: string) {
    super(`${method}: ${reason} (${code})`)
    this.code = code
    this.reason = reason
  }
}

export interface StartOptions {
  program?: NodeProgram
  /** Options beside the usual ones, e.g. `-connect=127.0.0.1:1234`. */
  args?: readonly string[]
}

/**
 * A node of its own on loopback, in regtest, with a data directory that goes away with it. Ready for calls and
 * connections once `start` returns.
 */
export class Litecoind {
  readonly program: NodeProgram
  /** Where it listens for peers. */
  readonly p2p: { host: string; port: number }
  readonly #rpcPort: number
  readonly #guard = new Guard('node')
  #args: readonly string[]
  #child: ChildProcess | undefined
  #calls = 0

  private constructor(program: NodeProgram, args: readonly string[], p2pPort: number, rpcPort: number) {
    this.program = program
    this.p2p = { host: '127.0.0.1', port: p2pPort }
    this.#args = args
    this.#rpcPort = rpcPort
  }

  /** Starts on free ports; Litecoin Core unless another program is given. */
  static async start({ program = litecoinCore, args = [] }: StartOptions = {}): Promise<Litecoind> {
    for (let attempt = 1; ; attempt++) {
      const node = new Litecoind(program, args, await freePort(), await freePort())
      try {
        await node.#launch()
        return node
      } catch (error) {
        await node.stop()
        // Somebody else may have taken a port meanwhile.
        if (attempt === START_ATTEMPTS) throw error
      }
    }
  }

  /** `host:port` of its P2P listener. */
  get address(): string {
    return `${this.p2p.host}:${this.p2p.port}`
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** Calls a method; throws `RpcError` when the node refuses. Name a wallet where more than one is loaded. */
  async rpc<T = unknown>(method: string, params: readonly unknown[] = [], wallet?: string): Promise<T> {
    const path = wallet === undefined ? '' : `wallet/${encodeURIComponent(wallet)}`
    const response = await fetch(`http://127.0.0.1:${this.#rpcPort}/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa('causeway:causeway')}`,
        'content-type': 'application/json',
        // A node closes idle connections when it likes; one that is not reused cannot be closed under a call.
        connection: 'close',
      },
      body: JSON.stringify({ jsonrpc: '1.0', id: ++this.#calls, method, params }),
      signal: AbortSignal.timeout(RPC_WITHIN),
    })
    const text = await response.text()
    let answer: { result: T; error: { code: number; message: string } | null }
    try {
      answer = JSON.parse(text)
    } catch {
      throw new Error(`${method}: HTTP ${response.status} ${text.slice(0, 200)}`)
    }
    if (answer.error) throw new RpcError(method, answer.error.code, answer.error.message)
    return answer.result
  }

  /** Asks its REST interface, which it has with `-rest=1`; `path` below `/rest`. */
  rest(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#rpcPort}/rest${path}`, {
      ...init,
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(RPC_WITHIN),
    })
  }

  /** A wallet of its own, which it opens again whenever it starts. */
  async createWallet(): Promise<void> {
    await this.rpc('createwallet', ['w', false, false, '', false, null, true])
  }

  /** Mines blocks that pay to a script, with address or without; their hashes in display hex. */
  async mine(count: number, scriptHex = '51'): Promise<string[]> {
    return this.rpc('generatetodescriptor', [count, `raw(${scriptHex})`])
  }

  /** Ends it in an orderly way and starts it again on the same data and ports, with other extra options if given. */
  async restart(args: readonly string[] = this.#args): Promise<void> {
    await this.halt()
    this.#args = args
    await this.#launch()
  }

  /** Ends it in an orderly way and keeps its data. `restart` brings it back. */
  async halt(): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = exitOf(child)
    await this.rpc('stop').catch(() => child.kill('SIGTERM'))
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN)
    await ended
    clearTimeout(late)
  }

  /** Ends it as a power cut would. `restart` brings it back. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = exitOf(child)
    child.kill('SIGKILL')
    await ended
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.halt()
    await this.#guard.end()
  }

  /** What it has logged, for messages about tests that fail. */
  debugLog(): string {
    const path = join(this.#guard.folder, 'regtest', 'debug.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  async #launch(): Promise<void> {
    const args = [
      ...this.program.args,
      `-datadir=${this.#guard.folder}`,
      // A node that is told to listen to nobody wants no address for that.
      ...(this.#args.includes('-listen=0') ? [] : [`-bind=${this.address}`]),
      `-rpcport=${this.#rpcPort}`,
      ...this.#args,
    ]
    const child = spawn(this.program.path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    this.#guard.watch(child)
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000)
    })
    const forget = () => {
      if (this.#child === child) this.#child = undefined
    }
    child.once('exit', forget)
    child.once('error', (error) => {
      complaint += error.message
      forget()
    })
    await this.#ready(() => complaint)
  }

  /** Waits until calls are answered: a node refuses connections at first, then says -28 while it warms up. */
  async #ready(complaint: () => string): Promise<void> {
    const until = Date.now() + READY_WITHIN
    for (;;) {
      if (!this.#child) throw new Error(`${this.program.title} did not start: ${complaint()}`)
      try {
        await this.rpc('getblockchaininfo')
        return
      } catch (error) {
        if (error instanceof RpcError && error.code !== -28) throw error
        if (Date.now() > until) throw new Error(`${this.program.title} is not ready: ${(error as Error).message}`)
      }
      await sleep(50)
    }
  }
}
