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
  /** Batches that were begun. */
  begun = 0
  readonly #sql: SqlPort
  #batch: HandedBatch | undefined
  #result: ReadonlySet<number> | Error | undefined

  constructor(sql: SqlPort) {
    this.#sql = sql
  }

  get isBusy(): boolean {
    return this.#batch !== undefined
  }

  begin(batch: HandedBatch): void {
    if (this.#batch || this.#result) throw new Error('a batch is begun before the last one is settled')
    this.begun++
    this.#batch = structuredClone(batch, { transfer: buffersOf(batch) })
  }

  wait(): void {
    const batch = this.#batch
    if (!batch) return
    this.#batch = undefined
    try {
      this.#result = writeHanded(this.#sql, nodeHasher, batch)
    } catch (error) {
      this.#result = error as Error
    }
  }

  settle(): ReadonlySet<number> {
    this.wait()
    const result = this.#result!
    this.#result = undefined
    if (result instanceof Error) throw result
    return result
  }
}
