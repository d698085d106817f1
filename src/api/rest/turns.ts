import { fail } from '../errors.ts'

/** At most so many long answers are under way at a time: each holds a block, or the mempool, until its reader has it all. */
export class Turns {
  readonly #most: number
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  /**
   * The pieces that `make` gives, one after the other; the turn ends with the last one, or with `return`. To be read or
   * returned by whoever asked, in any case. When all turns are taken it fails as Core does when its queue is full.
   */
  async take<T>(make: () => Promise<Iterable<T>>): Promise<Iterable<T>> {
    if (this.#taken >= this.#most) fail('rest-busy')
    this.#taken++
    try {
      const pieces = await make()
      return new Turn(pieces[Symbol.iterator](), () => {
        this.#taken--
      })
    } catch (error) {
      this.#taken--
      throw error
    }
  }
}

/** Hands pieces on, and says once that it is over. Not a generator: one that was never begun would not see its end. */
class Turn<T> implements IterableIterator<T> {
  readonly #pieces: Iterator<T>
  readonly #over: () => void
  #isOver = false

  constructor(pieces: Iterator<T>, over: () => void) {
    this.#pieces = pieces
    this.#over = over
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<T> {
    if (this.#isOver) return { done: true, value: undefined }
    try {
      const result = this.#pieces.next()
      if (result.done) this.#end()
      return result
    } catch (error) {
      this.#end()
      throw error
    }
  }

  return(): IteratorResult<T> {
    this.#pieces.return?.()
    this.#end()
    return { done: true, value: undefined }
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#over()
  }
}
