import { Worker } from 'node:worker_threads'
import type { LogLine } from '../host/ports.ts'
import type { ToHub, ToLedger } from '../peer/queues.ts'
import { StoreError } from '../store/error.ts'
import type { FromLedgerThread, LedgerCalls, LedgerThreadData, ToLedgerThread } from './ledger-protocol.ts'
import { transfersOf } from './transfers.ts'

export interface LedgerClientOptions {
  file: URL
  data: LedgerThreadData
  onQueue(values: ToHub[]): void
  onLog(line: LogLine): void
}

/** Blocks pass through quickly: a larger young generation only lets more of them pile up before they are let go. */
const YOUNG_MB = 8

interface Pending {
  resolve(value: never): void
  reject(error: Error): void
}

/** The main thread's end of the ledger's thread: the two queues, and questions with answers. */
export class LedgerClient {
  /** Resolves with the reason when the thread can go on no more, or has ended without being asked to. */
  readonly failed: Promise<Error>
  /** Resolves once the store is open, rejects with the reason why it cannot be used. */
  readonly ready: Promise<void>
  readonly calls: LedgerCalls
  readonly #thread: Worker
  readonly #pending = new Map<number, Pending>()
  #nextCall = 1
  /** Why nothing can be asked any more. */
  #over: Error | undefined
  /** Resolves when the thread has done all that it was asked to, or has ended. */
  readonly #stopped = Promise.withResolvers<void>()

  constructor({ file, data, onQueue, onLog }: LedgerClientOptions) {
    this.#thread = new Worker(file, { workerData: data, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    const ready = Promise.withResolvers<void>()
    const failed = Promise.withResolvers<Error>()
    this.ready = ready.promise
    this.failed = failed.promise
    const fail = (error: Error) => {
      this.#over ??= error
      ready.reject(error)
      failed.resolve(error)
      for (const { reject } of this.#pending.values()) reject(error)
      this.#pending.clear()
    }
    this.#thread.on('message', (message: FromLedgerThread) => {
      switch (message.kind) {
        case 'queue':
          return onQueue(message.values)
        case 'log':
          return onLog(message.line)
        case 'answer':
          return this.#take(message.id)?.resolve(message.value as never)
        case 'refusal':
          return this.#take(message.id)?.reject(new Error(message.message))
        case 'ready':
          return ready.resolve()
        case 'failed':
          return fail(
            message.code
              ? new StoreError(message.code, message.message)
              : Object.assign(new Error(message.message), { stack: message.stack }),
          )
        case 'stopped':
          return this.#stopped.resolve()
      }
    })
    this.#thread.on('error', fail)
    this.#thread.on('exit', () => {
      this.#stopped.resolve()
      fail(new Error('the ledger thread ended'))
    })
    this.calls = new Proxy({} as LedgerCalls, {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          this.#call(method as keyof LedgerCalls, args),
    })
  }

  queue(values: ToLedger[]): void {
    this.#post({ kind: 'queue', values }, transfersOf(values))
  }

  /** Commits what is open and ends the thread. Rejects with the reason when that commit, or anything before, failed. */
  async stop(): Promise<void> {
    this.#post({ kind: 'stop' })
    await this.#stopped.promise
    const failure = this.#over
    await this.#thread.terminate()
    if (failure) throw failure
  }

  #call(method: keyof LedgerCalls, args: unknown[]): Promise<never> {
    if (this.#over) return Promise.reject(this.#over)
    const id = this.#nextCall++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#post({ kind: 'call', id, method, args })
    })
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #post(message: ToLedgerThread, transfers: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfers)
  }
}
