import { type BatchWriter, type HandedBatch, writeHanded } from '../../src/ledger/batch-writer.ts'
import { buffersOf } from '../../src/node/batch-buffers.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import type { SqlPort } from '../../src/store/sql.ts'

/**
 * A writer that writes when somebody waits for it and not before, and has its batches as another thread has them: by
 * structured clone, the buffers moved.
 */
export class DeferredWriter implements BatchWriter {
  readonly leastBytes: number = 0
  /** Batches that it was given. */
  all = 0
  readonly #sql: SqlPort
  readonly #open: HandedBatch[] = []
  #failed: Error | undefined
  readonly #results: (ReadonlySet<number> | Error)[] = []

  constructor(sql: SqlPort) {
    this.#sql = sql
  }

  get begun(): number {
    return this.#open.length
  }

  begin(batch: HandedBatch): void {
    this.all++
    this.#open.push(structuredClone(batch, { transfer: buffersOf(batch) }))
  }

  wait(): void {
    while (this.#open.length > 0) this.writeOne()
  }

  writeOne(): void {
    const batch = this.#open.shift()!
    try {
      this.#results.push(this.#failed ?? writeHanded(this.#sql, nodeHasher, batch))
    } catch (error) {
      this.#failed = error as Error
      this.#results.push(this.#failed)
    }
  }

  poll(): ReadonlySet<number> | undefined {
    const result = this.#results.shift()
    if (result instanceof Error) throw result
    return result
  }

  settle(): ReadonlySet<number> {
    if (this.#results.length === 0) this.writeOne()
    return this.poll()!
  }
}
