import type { FilterIndex, FilterStep } from '../ledger/filter-index.ts'

/**
 * Lets the filter index follow the chain: one step at a time, so that other work comes between two steps, and none at
 * all while there is nothing to do.
 */
export class FilterKeeper {
  readonly #index: FilterIndex
  readonly #step: FilterStep
  /** A store that was just opened may have stopped anywhere. */
  #isDue = true

  constructor(index: FilterIndex, step: FilterStep) {
    this.#index = index
    this.#step = step
  }

  /** Whether `advance` has something to do. */
  get isDue(): boolean {
    return this.#isDue
  }

  /** The chain has moved, and that is committed. */
  moved(): void {
    this.#isDue = true
  }

  /** One step. Gives the id of a block that cannot be read: the index waits there until the chain moves. */
  advance(): number | undefined {
    const progress = this.#index.advance(this.#step)
    this.#isDue = progress.kind === 'behind'
    return progress.kind === 'stuck' ? progress.blockId : undefined
  }
}
