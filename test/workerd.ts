import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { exitOf, Guard } from './guard.ts'
import { poll } from './poll.ts'

const ROOT = join(import.meta.dirname, '..')
const WORKERD = join(ROOT, 'node_modules/.bin/workerd')
/** What people run; it embeds what `npm run build` makes. */
const CONFIG = join(ROOT, 'selfhost/causeway.capnp')
const BUILT = join(ROOT, 'dist')

const READY_WITHIN = 20_000
/** It never ends by itself while a WebSocket is open, so this is how long every stop takes then. */
const STOP_WITHIN = 500

export interface WorkerdOptions {
  /** Settings by the names of the environment, which otherwise has none of ours. */
  env?: Record<string, string>
  /** Another configuration than the one for people. */
  config?: string
  /** Further ones for `workerd serve`. */
  args?: string[]
}

/**
 * The self-host configuration under `workerd serve`, on a free port of 127.0.0.1 and with data of its own. Nothing of it
 * outlives the process that runs the tests.
 */
export class Workerd {
  /** `http://host:port`. */
  readonly http: string
  /** Where its objects keep their files. */
  readonly data: string
  readonly #args: string[]
  readonly #env: Record<string, string>
  readonly #guard: Guard
  #child: ChildProcess | undefined
  /** What it wrote so far. */
  log = ''

  private constructor(guard: Guard, port: number, { env = {}, config = CONFIG, args = [] }: WorkerdOptions) {
    this.#guard = guard
    this.http = `http://127.0.0.1:${port}`
    this.data = join(guard.folder, 'data')
    mkdirSync(this.data)
    this.#env = env
    this.#args = [
      ...['serve', config, '--socket-addr', `http=127.0.0.1:${port}`],
      ...['--directory-path', `data=${this.data}`, '--directory-path', `site=${join(BUILT, 'site')}`],
      ...args,
    ]
  }

  /** Resolves once it answers, whatever it answers. */
  static async start(options: WorkerdOptions = {}): Promise<Workerd> {
    if (!existsSync(join(BUILT, 'worker.js')))
      throw new Error(`there is no worker in ${BUILT}: run "npm run build" first`)
    const workerd = new Workerd(new Guard('workerd'), await freePort(), options)
    try {
      await workerd.launch()
    } catch (error) {
      await workerd.remove()
      throw error
    }
    return workerd
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it on the data and port that it had. */
  async launch(): Promise<void> {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CAUSEWAY_'))
    const child = spawn(WORKERD, this.#args, {
      cwd: this.#guard.folder,
      env: { ...Object.fromEntries(inherited), ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#guard.watch(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text
      })
    }
    const since = this.log.length
    await poll(
      'workerd answers',
      async () => {
        if (child.exitCode !== null) return true
        return (await fetch(`${this.http}/favicon.svg`, { signal: AbortSignal.timeout(2000) })).body !== null
      },
      { within: READY_WITHIN },
    )
    if (child.exitCode !== null) throw new Error(`workerd ended at once:\n${this.log.slice(since)}`)
  }

  /** Asks it to end (SIGTERM) and keeps its data. What has not ended by then is killed, as every process manager does. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN)
    await exitOf(child)
    clearTimeout(late)
  }

  /** Ends it as a power cut would (SIGKILL) and keeps its data. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.kill('SIGKILL')
    await exitOf(child)
  }

  /** Megabytes in memory now. */
  rssMb(): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))![1]) / 1000
  }

  /** Ends it, however, and removes its data. */
  async remove(): Promise<void> {
    await this.kill()
    await this.#guard.end()
  }
}
