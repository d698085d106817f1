import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './free-port.ts'
import { exitOf, Guard } from './guard.ts'

const ROOT = join(import.meta.dirname, '..')
const NODE = join(ROOT, 'node_modules/.bin/node')
/** What `npm run build` makes; another build is tried where `CAUSEWAY_PROGRAM` names one. */
const PROGRAM = resolve(ROOT, process.env.CAUSEWAY_PROGRAM ?? 'dist/causeway.js')

const READY_WITHIN = 20_000
const STOP_WITHIN = 5000
const LOG_WITHIN = 10_000
const HTTP_WITHIN = 10_000

/** What the first line of a started relay, node or SPV node says. */
const READY = new Set(['relay', 'node', 'SPV node'])

/** One line of the log: what it says, and its facts beside. */
export interface LogEntry {
  level: number
  time: string
  msg: string
  [fact: string]: unknown
}

export interface ProgramOptions {
  /** Where it keeps its data; a fresh temporary directory, which goes away with the program, unless given. */
  data?: string
  /** Added to the environment, which otherwise has no setting of ours. */
  env?: Record<string, string>
}

export interface WaitOptions {
  /** Only entries after so many; see `mark`. All that were ever logged unless given. */
  since?: number
  /** Milliseconds. */
  within?: number
}

/** How a process ended. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/**
 * The built program as a process of its own. Nothing of it outlives the process that runs the tests: neither it nor its
 * temporary data.
 */
export class Program {
  /** Everything logged so far, by all its runs. */
  readonly log: LogEntry[] = []
  /** The directory given by `--data`. */
  readonly data: string
  readonly #args: string[]
  readonly #env: Record<string, string>
  readonly #guard: Guard
  readonly #listeners = new Set<() => void>()
  #child: ChildProcess | undefined
  #ended: Promise<Ended> | undefined

  private constructor(args: string[], { data, env = {} }: ProgramOptions) {
    this.#guard = new Guard('program')
    this.data = data ?? join(this.#guard.folder, 'data')
    this.#args = args
    this.#env = env
  }

  /**
   * Starts `relay`, `node` or `node --spv` and waits until it is up. Beside `args`, and unless they say otherwise: data
   * and log as this class needs them, HTTP and P2P on free ports of 127.0.0.1. Throws when it ends instead, with what it
   * said.
   */
  static async start(args: readonly string[], options: ProgramOptions = {}): Promise<Program> {
    const all = [...args]
    const unlessGiven = (name: string, value: string) => {
      if (!args.some((arg) => arg === name || arg.startsWith(`${name}=`))) all.push(name, value)
    }
    unlessGiven('--log', 'debug')
    unlessGiven('--log-format', 'json')
    if (!args.includes('--spv')) unlessGiven('--http', `127.0.0.1:${await freePort()}`)
    if (args[0] === 'relay') unlessGiven('--p2p', `127.0.0.1:${await freePort()}`)
    const program = new Program(all, options)
    try {
      await program.#launch()
    } catch (error) {
      await program.remove()
      throw error
    }
    return program
  }

  /** Runs a command that ends by itself, with exactly these arguments. */
  static async run(args: readonly string[], { data, env = {} }: ProgramOptions = {}): Promise<Ended> {
    const guard = new Guard('program')
    try {
      const child = spawnProgram(data === undefined ? args : [...args, '--data', data], env, guard)
      return await endOf(child)
    } finally {
      await guard.end()
    }
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Where the pages are, as `http://host:port`, and the API below `/api`; throws when it serves none. */
  get http(): string {
    return this.#fact('http') as string
  }

  /** `host:port` of its P2P listener; throws when it has none. */
  get p2p(): string {
    return `127.0.0.1:${this.#fact('p2p')}`
  }

  /** How much has been logged: entries after this are new. */
  get mark(): number {
    return this.log.length
  }

  /** The entries with this text and at least these facts. */
  logged(text: string, facts: Record<string, unknown> = {}, since = 0): LogEntry[] {
    return this.log
      .slice(since)
      .filter((entry) => entry.msg === text && Object.entries(facts).every(([name, value]) => entry[name] === value))
  }

  /** The first entry with this text and at least these facts, logged already or to come. */
  async waitForLog(
    text: string,
    facts: Record<string, unknown> = {},
    { since = 0, within = LOG_WITHIN }: WaitOptions = {},
  ): Promise<LogEntry> {
    const [found] = this.logged(text, facts, since)
    if (found) return found
    return new Promise((resolve, reject) => {
      const look = () => {
        const [found] = this.logged(text, facts, since)
        if (found) end(() => resolve(found))
        else if (!this.#child) end(() => reject(new Error(`the program ended and never logged ${wanted}`)))
      }
      const late = setTimeout(() => {
        const last = this.log.slice(-5).map((entry) => JSON.stringify(entry))
        end(() => reject(new Error(`${wanted} was not logged within ${within} ms; the last was\n${last.join('\n')}`)))
      }, within)
      const end = (settle: () => void) => {
        clearTimeout(late)
        this.#listeners.delete(look)
        settle()
      }
      const wanted = `"${text}" ${JSON.stringify(facts)}`
      this.#listeners.add(look)
      look()
    })
  }

  /** Asks its HTTP server; `path` begins with `/`. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.http}${path}`, { signal: AbortSignal.timeout(HTTP_WITHIN), ...init })
  }

  /** The JSON at a path; throws for any status but 200. */
  async json<T>(path: string): Promise<T> {
    return (await this.#ok(path)).json() as Promise<T>
  }

  async text(path: string): Promise<string> {
    return (await this.#ok(path)).text()
  }

  async bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await (await this.#ok(path)).arrayBuffer())
  }

  /** Asks it to end (SIGTERM) and keeps its data. Throws unless it ends by itself within five seconds and reports no failure. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN)
    const ended = await this.#ended!
    clearTimeout(late)
    if (ended.signal === 'SIGKILL') throw new Error(`it did not stop within ${STOP_WITHIN} ms`)
    if (ended.code !== 0) throw new Error(`it stopped with ${outcome(ended)}`)
  }

  /** Ends it as a power cut would (SIGKILL) and keeps its data. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.kill('SIGKILL')
    await this.#ended
  }

  /** Resolves when it has ended, by itself or not. */
  async ended(): Promise<Ended> {
    return this.#ended!
  }

  /** Starts it again on the same data and ports, after stopping it where it still runs. */
  async restart(): Promise<void> {
    await this.stop()
    await this.#launch()
  }

  /** Ends it, however, and removes its temporary data. */
  async remove(): Promise<void> {
    await this.kill()
    await this.#guard.end()
  }

  async #launch(): Promise<void> {
    const since = this.mark
    const child = spawnProgram([...this.#args, '--data', this.data], this.#env, this.#guard)
    this.#child = child
    const lines = createInterface({ input: child.stdout! })
    lines.on('line', (line) => this.#heard(line))
    this.#ended = endOf(child)
    const over = this.#ended.then((ended) => {
      if (this.#child === child) this.#child = undefined
      for (const look of [...this.#listeners]) look()
      return ended
    })
    const up = Promise.withResolvers<void>()
    const look = () => {
      if (this.log.slice(since).some(({ msg }) => READY.has(msg))) up.resolve()
    }
    this.#listeners.add(look)
    const late = setTimeout(() => up.reject(new Error(`it was not up within ${READY_WITHIN} ms`)), READY_WITHIN)
    over.then((ended) => up.reject(new Error(`it ended at once with ${outcome(ended)}`)))
    try {
      await up.promise
    } finally {
      clearTimeout(late)
      this.#listeners.delete(look)
    }
  }

  #heard(line: string): void {
    let entry: LogEntry
    try {
      entry = JSON.parse(line)
    } catch {
      // Whatever is printed for people is no part of the log.
      return
    }
    this.log.push(entry)
    for (const look of [...this.#listeners]) look()
  }

  #fact(name: string): unknown {
    const fact = this.log.findLast(({ msg }) => READY.has(msg))?.[name]
    if (fact === undefined) throw new Error(`this program has no ${name}`)
    return fact
  }

  async #ok(path: string): Promise<Response> {
    const response = await this.fetch(path)
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }
}

function spawnProgram(args: readonly string[], env: Record<string, string>, guard: Guard): ChildProcess {
  if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: run "npm run build" first`)
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CAUSEWAY_'))
  const child = spawn(NODE, [PROGRAM, ...args], {
    // No settings file lies here.
    cwd: guard.folder,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  guard.watch(child)
  return child
}

/** Resolves when the process is gone and all that it printed has been read. */
async function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await exitOf(child)
  await closed
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr }
}

function outcome({ code, signal, stderr }: Ended): string {
  return `${signal ?? `exit code ${code}`}${stderr && `:\n${stderr.slice(-2000)}`}`
}
