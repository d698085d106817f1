import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LogLine } from '../host/ports.ts'
import type { Log } from '../node/log.ts'
import { Site } from './site.ts'

/** What people run it with; it embeds the worker that the build put beside this program. */
const CONFIG = new URL('../selfhost/causeway.capnp', import.meta.url)
const SITE = new URL('./site', import.meta.url)

const SHELL = '/bin/sh'

/** A program that only has to say its version. */
const TRIED_WITHIN_MS = 20_000
const READY_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 50
/** After being asked to end it waits for connections that others have forgotten. Its data is safe all the time. */
const STOP_WITHIN_MS = 300
/** Letters of what it said last that are told when it ends by itself. */
const LAST_WORDS = 2000

const LEVELS = new Set<LogLine['level']>(['debug', 'info', 'warn', 'error'])

/**
 * Kills the process last named on its input, if any, once that input ends: when the demo has ended, however it did. The
 * system offers no way to bind the life of a process to another's that works everywhere.
 */
const GUARD = 'pid=; while read -r line; do pid=$line; done; if [ -n "$pid" ]; then kill -9 "$pid"; fi'

export type Workerd = { kind: 'found'; program: string } | { kind: 'missing'; why: string }

/** Looks for a workerd that runs on this machine. */
export async function findWorkerd(): Promise<Workerd> {
  if (!existsSync(SHELL)) return { kind: 'missing', why: `without ${SHELL} nothing would end it if this program died` }
  try {
    const { default: program } = createRequire(import.meta.url)('workerd') as { default: string }
    await promisify(execFile)(program, ['--version'], { timeout: TRIED_WITHIN_MS })
    return { kind: 'found', program }
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    const [firstLine] = (stderr || message).split('\n')
    return { kind: 'missing', why: firstLine! }
  }
}

export interface EdgeOptions {
  /** Of workerd. */
  program: string
  /** Where its objects keep their files. */
  data: string
  log: Log
}

export interface EdgeProcess {
  /** Where its API and pages are, without a slash at the end. */
  http: string
  /** Where peers come in: `ws://host:port/p2p`. */
  door: string
  /** Resolves with the reason when it has ended and nobody told it to. */
  failed: Promise<Error>
  stop(): Promise<void>
}

/**
 * Starts the edge relay as one does at home, `workerd serve` with the configuration in `selfhost/`, for regtest and on
 * a port that the system chooses. Resolves when its API answers; rejects, with nothing left running, when it does not
 * come to that.
 */
export async function startEdge({ program, data, log }: EdgeOptions): Promise<EdgeProcess> {
  mkdirSync(data, { recursive: true })
  const guard = spawn(SHELL, ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  const input = guard.stdin as Writable
  input.on('error', () => {})
  const options = ['--socket-addr', 'http=127.0.0.1:0', '--control-fd=3']
  const folders = ['--directory-path', `data=${data}`, '--directory-path', `site=${fileURLToPath(SITE)}`]
  const child = spawn(program, ['serve', fileURLToPath(CONFIG), ...options, ...folders], {
    env: { ...withoutSettings(process.env), CAUSEWAY_NETWORK: 'regtest' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // In a group of its own: Ctrl-C is for this program, which then ends everything in order.
    detached: true,
  })
  const ended = endOf(child).then((how) => {
    // Whatever has this number from now on is none of its business.
    input.end('\n')
    return how
  })
  input.write(`${child.pid ?? ''}\n`)
  const said = listen(child, log)
  let stopping = false
  const stop = async () => {
    stopping = true
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await ended
    clearTimeout(late)
  }
  const failed = new Promise<Error>((resolve) => {
    ended.then((how) => {
      if (!stopping) resolve(new Error(`workerd ended (${how})${said.last && `: ${said.last}`}`))
    })
  })
  try {
    const tooLate = delay(READY_WITHIN_MS, undefined, { ref: false }).then(() => {
      throw new Error(`workerd is not ready after ${READY_WITHIN_MS / 1000} s${said.last && `: ${said.last}`}`)
    })
    const early = failed.then((error) => Promise.reject(error))
    const http = await Promise.race([ready(child), tooLate, early])
    return { http, door: `${http.replace('http', 'ws')}/p2p`, failed, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Where it listens, once its API answers there. */
async function ready(child: ChildProcess): Promise<string> {
  const http = `http://127.0.0.1:${await portOf(child.stdio[3] as Readable)}`
  const site = new Site(http)
  const runs = () => child.exitCode === null && child.signalCode === null
  while (runs() && (await site.tipHash()) === undefined) await delay(LOOK_EVERY_MS)
  return http
}

/** workerd tells on this stream, a line each, which sockets it has opened. Not resolved when it never does. */
function portOf(control: Readable): Promise<number> {
  return new Promise((resolve) => {
    eachLine(control, (line) => {
      const { event, port } = JSON.parse(line) as { event: string; port?: number }
      if (event === 'listen' && port) resolve(port)
    })
  })
}

/** Passes on what it writes, and keeps the end of it. */
function listen(child: ChildProcess, log: Log): { last: string } {
  const said = { last: '' }
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    eachLine(stream, (line) => {
      said.last = `${said.last}${said.last && '\n'}${line}`.slice(-LAST_WORDS)
      const { level, text, facts } = logLine(line)
      log[level](facts, text)
    })
  }
  return said
}

/** What the relay wrote to its platform's log, or a word of the platform's own. */
function logLine(line: string): LogLine {
  try {
    const { level, text, ...facts } = JSON.parse(line) as LogLine & LogLine['facts']
    if (LEVELS.has(level) && typeof text === 'string') return { level, text, facts }
  } catch {}
  return { level: 'debug', text: line, facts: {} }
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line) take(line)
  })
}

/** How it ended, or why it could not be started. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.once('error', ({ message }) => resolve(message))
  })
}

/** The environment without what somebody has set for a relay of theirs. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CAUSEWAY_')))
}
