import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import {
  type ScriptBlock,
  type ScriptCheck,
  type ScriptChecks,
  type ScriptFailure,
  ScriptRunner,
} from '../ledger/script-checks.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import type { Hasher } from '../wire/hash.ts'
import { ScriptBoard } from './script-board.ts'

/** What a thread that runs scripts is started with, beside its port. */
export interface ScriptThreadData {
  words: Int32Array<SharedArrayBuffer>
}

/** To hand a block over takes as long as running a few scripts. */
const LEAST_INPUTS = 8
/** Inputs that are taken at a time: enough that taking them costs nothing, few enough that all end at about the same time. */
const MOST_AT_ONCE = 32
const STRETCHES_PER_THREAD = 8
/** More would wait for the one that does all else. */
const MOST_THREADS = 15
/** Of a thread's memory: what scripts leave behind is forgotten at once. */
const YOUNG_MB = 8
/** A buffer of this size, in which most blocks fit, is used for one after the other; a larger one for the block alone. */
const BUFFER_BYTES = 8_000_000
/** A block that spends so many bytes of scripts is not laid out once more. */
const MOST_BYTES = 64_000_000
/** So few inputs never take that long: a thread that gives no sign must have died. */
const GIVE_UP_MS = 120_000

export interface ScriptThreadsOptions {
  file: URL
  /** Threads beside the caller's; with none it does everything. */
  threads: number
  secp256k1: Secp256k1
  hasher: Hasher
  giveUpMs?: number
  /** Told why a thread is lost. All goes on without it. */
  onLost?: (reason: string) => void
}

/** How many threads are of use on a machine that runs so many at once, beside the one that waits for them. */
export function scriptThreadsOn(parallelism: number): number {
  return Math.min(Math.max(parallelism - 1, 0), MOST_THREADS)
}

interface Thread {
  worker: Worker
  port: MessagePort
}

/**
 * Runs the scripts of large blocks in several threads, of which the caller's is one. They are started with the first such
 * block. A thread that ends, or throws, leaves what it had taken to the caller: no block waits for it forever.
 */
export class ScriptThreads implements ScriptChecks {
  readonly #options: ScriptThreadsOptions
  readonly #runner: ScriptRunner
  readonly #giveUpMs: number
  #board = new ScriptBoard()
  #threads: Thread[] = []
  #buffer: SharedArrayBuffer | undefined

  constructor(options: ScriptThreadsOptions) {
    this.#options = options
    this.#runner = new ScriptRunner(options.secp256k1, options.hasher)
    this.#giveUpMs = options.giveUpMs ?? GIVE_UP_MS
  }

  begin(block: ScriptBlock): ScriptCheck {
    const isShared = block.toRun >= LEAST_INPUTS && this.#options.threads > 0 && this.#share(block)
    return { settle: () => (isShared ? this.#settleShared() : this.#runHere(block)) }
  }

  async stop(): Promise<void> {
    const threads = this.#threads.splice(0)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  /** Whether the threads have it. */
  #share(block: ScriptBlock): boolean {
    if (block.bytes.length + block.prevouts.length > MOST_BYTES) return false
    const board = this.#board
    board.close()
    if (!board.waitForRest(this.#giveUpMs)) {
      this.#giveUp()
      return false
    }
    if (this.#threads.length === 0) this.#start()
    const stretchInputs = Math.max(
      1,
      Math.min(MOST_AT_ONCE, Math.floor(block.toRun / ((this.#threads.length + 1) * STRETCHES_PER_THREAD))),
    )
    const size = ScriptBoard.size(block, stretchInputs)
    const isNew = !this.#buffer || this.#buffer.byteLength < size
    if (isNew) this.#makeBuffer(size)
    board.open(block, this.#buffer!, stretchInputs, isNew)
    return true
  }

  #settleShared(): ScriptFailure | undefined {
    const board = this.#board
    board.work(this.#runner)
    board.close()
    const isOver = board.waitForEnd(this.#giveUpMs)
    const failure = board.finish(this.#runner)
    this.#runner.forget()
    if (!isOver) this.#giveUp()
    // The threads let go of it with the next one.
    if (this.#buffer && this.#buffer.byteLength > BUFFER_BYTES) this.#buffer = undefined
    return failure
  }

  #runHere(block: ScriptBlock): ScriptFailure | undefined {
    const { inputStart, txCount } = block.digest
    const failure = this.#runner.run(block, inputStart[1]!, inputStart[txCount]!)
    this.#runner.forget()
    return failure
  }

  #makeBuffer(size: number): void {
    this.#buffer = new SharedArrayBuffer(Math.max(size, BUFFER_BYTES))
    for (const { port } of this.#threads) port.postMessage(this.#buffer)
  }

  #start(): void {
    const { file, threads } = this.#options
    for (let i = 0; i < threads; i++) {
      const { port1, port2 } = new MessageChannel()
      const data: ScriptThreadData & { port: MessagePort } = { words: this.#board.words, port: port2 }
      const worker = new Worker(file, {
        workerData: data,
        transferList: [port2],
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      })
      // It keeps no process alive. Without it everything goes on, with one thread less.
      worker.unref()
      worker.on('error', (error) => this.#options.onLost?.(String(error)))
      this.#threads.push({ worker, port: port1 })
    }
  }

  /** Whatever the threads still do they do to a board that nobody looks at. Others are started with the next block. */
  #giveUp(): void {
    void this.stop()
    this.#board = new ScriptBoard()
    this.#buffer = undefined
    this.#options.onLost?.(`no sign for ${this.#giveUpMs} ms`)
  }
}
