import type { HeaderNode } from '../chain/header-tree.ts'
import type { BlockRef } from '../chain/reorg.ts'
import type { BatchWriter, HandedBatch } from './batch-writer.ts'

/** Batches that a writer may have at a time: the next one lies ready when it is done with one. */
const MOST_AT_ONCE = 2

/** A batch that was handed to the writer, as its maker remembers it. */
export interface Handed {
  /** Header ids of the bodies in it. */
  bodyIds: ReadonlySet<number>
  /** Lowest first. */
  connected: readonly BlockRef[]
  tip: HeaderNode
  /** Number of the first transaction after it. */
  nextTx: number
  /** Bytes of memory that it holds. */
  bytes: number
}

/** What the writer has, and what it had and nobody was told of yet. */
export class HandedBatches {
  readonly #writer: BatchWriter
  /** Oldest first, as in `#written`, which came before. */
  #open: Handed[] = []
  #written: Handed[] = []
  readonly #onWritten: (handed: Handed, damaged: ReadonlySet<number>) => void

  /** `onWritten` is told of each batch when it is known to be in the store, and of blocks that turned out to be damaged. */
  constructor(writer: BatchWriter, onWritten: (handed: Handed, damaged: ReadonlySet<number>) => void) {
    this.#writer = writer
    this.#onWritten = onWritten
  }

  get isEmpty(): boolean {
    return this.#open.length + this.#written.length === 0
  }

  get bytes(): number {
    return [...this.#open, ...this.#written].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** The writer has nothing to do. */
  get isIdle(): boolean {
    return this.#writer.begun === 0
  }

  /** The writer would take another batch at once. */
  get hasRoom(): boolean {
    return this.#writer.begun < MOST_AT_ONCE
  }

  /** Whether a body is on its way. */
  has(headerId: number): boolean {
    return this.#open.some(({ bodyIds }) => bodyIds.has(headerId))
  }

  /** Whether the writer takes a batch of so many blocks and bytes. */
  takes(blocks: number, bytes: number): boolean {
    return blocks > 0 && bytes / blocks >= this.#writer.leastBytes
  }

  /** Waits for room. Throws what stopped an earlier batch. */
  give(handed: Handed, batch: HandedBatch): void {
    this.#poll()
    while (!this.hasRoom) this.#settle()
    this.#writer.begin(batch)
    this.#open.push(handed)
  }

  /** Waits until all is written. Throws what stopped it. */
  settle(): void {
    while (this.#open.length > 0) this.#settle()
  }

  /** The batches that are known to be written by now, oldest first; each is told of once. */
  take(): Handed[] {
    this.#poll()
    const written = this.#written
    this.#written = []
    return written
  }

  #poll(): void {
    for (;;) {
      const damaged = this.#open.length > 0 ? this.#writer.poll() : undefined
      if (!damaged) return
      this.#take(damaged)
    }
  }

  #settle(): void {
    this.#take(this.#writer.settle())
  }

  #take(damaged: ReadonlySet<number>): void {
    const handed = this.#open.shift()!
    this.#written.push(handed)
    this.#onWritten(handed, damaged)
  }
}
