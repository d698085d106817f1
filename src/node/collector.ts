import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Flags are the whole process's: to take it back would take it from a thread that is just about to look.
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options: { type: 'minor' | 'major'; execution: 'sync' }) => void

/**
 * Collects garbage after so many bytes of blocks have gone through a thread. Left to itself the engine looks at the small
 * objects, of which there are few, and lets the large buffers that hang on them pile up to several times of what is in use.
 */
export class Collector {
  readonly #every: number
  readonly #type: 'minor' | 'major'
  #bytes = 0

  /** `minor`: what died young, within a millisecond or so; `major`: everything, some twenty. */
  constructor(every: number, type: 'minor' | 'major') {
    this.#every = every
    this.#type = type
  }

  /** So many bytes more have gone through. */
  passed(bytes: number): void {
    this.#bytes += bytes
  }

  /** To be called where it does not matter that everything stands still. */
  collectIfDue(): void {
    if (this.#bytes < this.#every) return
    this.#bytes = 0
    gc({ type: this.#type, execution: 'sync' })
  }
}
