import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Meter } from '../host/meter.ts'
import type { BatchWriter, HandedBatch } from '../ledger/batch-writer.ts'
import { StoreError } from '../store/error.ts'
import { buffersOf } from './batch-buffers.ts'
import { CLOSE, type WriterThreadData, type Written } from './writer-protocol.ts'

/** Some hundred microseconds of writing; to hand it over takes tens. */
const LEAST_BYTES = 16_384
/** What is written hangs on few small objects. */
const YOUNG_MB = 8
/** No batch takes that long on a disk that is of any use: the thread must have died. */
const GIVE_UP_MS = 600_000

export interface WriterThreadOptions {
  file: URL
  /** The database file. */
  path: string
  /** Counts what the thread reads and writes. */
  meter: Meter
  /** Told of the bytes of each batch, which the caller has no longer. */
  onGiven(bytes: number): void
}

/** A `BatchWriter` that is a thread, started with the first batch or before. */
export class WriterThread implements BatchWriter {
  readonly leastBytes: number = LEAST_BYTES
  readonly #options: WriterThreadOptions
  readonly #begun = new Int32Array(new SharedArrayBuffer(4))
  #thread: Worker | undefined
  #port: MessagePort | undefined

  constructor(options: WriterThreadOptions) {
    this.#options = options
  }

  get begun(): number {
    return Atomics.load(this.#begun, 0)
  }

  /** There will be batches: the first one does not wait for the thread. */
  prepare(): void {
    this.#port ??= this.#start()
  }

  begin(batch: HandedBatch): void {
    this.prepare()
    const transfers = buffersOf(batch)
    const bytes = transfers.reduce((sum, { byteLength }) => sum + byteLength, 0)
    Atomics.add(this.#begun, 0, 1)
    this.#port!.postMessage(batch, transfers)
    this.#options.onGiven(bytes)
  }

  wait(): void {
    for (let begun = this.begun; begun > 0; begun = this.begun) this.#waitWhile(begun)
  }

  poll(): ReadonlySet<number> | undefined {
    const written = this.#port && (receiveMessageOnPort(this.#port)?.message as Written | undefined)
    if (!written) return undefined
    if (written.kind === 'failed') {
      const { code, message, stack } = written
      throw code ? new StoreError(code, message) : Object.assign(new Error(message), { stack })
    }
    for (const [name, count] of written.counts) this.#options.meter.counts[name] += count
    return new Set(written.damaged)
  }

  settle(): ReadonlySet<number> {
    for (;;) {
      const { begun } = this
      const damaged = this.poll()
      if (damaged) return damaged
      if (begun === 0) throw new StoreError('io', `${this.#options.path}: the thread that writes it has died`)
      this.#waitWhile(begun)
    }
  }

  /** Waits for what is being written; the thread closes the database, and ends. */
  async stop(): Promise<void> {
    if (!this.#thread || !this.#port) return
    this.wait()
    const ended = once(this.#thread, 'exit')
    this.#port.postMessage(CLOSE)
    await ended
  }

  /** Until one of so many batches is written. */
  #waitWhile(begun: number): void {
    if (Atomics.wait(this.#begun, 0, begun, GIVE_UP_MS) === 'timed-out') {
      throw new StoreError(
        'io',
        `${this.#options.path}: the thread that writes it has given no sign for ${GIVE_UP_MS} ms`,
      )
    }
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    const { file, path } = this.#options
    const data: WriterThreadData & { port: MessagePort } = { path, begun: this.#begun, port: port2 }
    this.#thread = new Worker(file, {
      workerData: data,
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    // It keeps no process alive, and says all that it has to say through its port.
    this.#thread.unref()
    this.#thread.on('error', () => {
      Atomics.store(this.#begun, 0, 0)
    })
    return port1
  }
}
