import type { Millis } from '../host/ports.ts'
import type { ToHub, ToLedger } from '../peer/queues.ts'

/** Bytes of payload in one call; the platform carries less than 32 MiB at once. */
const CALL_BYTES = 8_000_000
/** What else a value may come to. */
const VALUE_BYTES = 300
/** After a loss the first attempt is made at once. */
const FIRST_RETRY: Millis = 1000
const LAST_RETRY: Millis = 60_000

export interface QueueLineOptions<V> {
  /** Calls the other object; what one stub is asked without waiting arrives in order. `fresh`: by a new stub. */
  call(values: V[], fresh: boolean): Promise<void>
  /** Something did not arrive. What is sent from here on until `resumed` is dropped. */
  lost(error: unknown): void
  /** What to say first after a loss. */
  resumed(): V[]
  /** `deadline` has changed. */
  changed(): void
}

/**
 * One of the two queues between objects. Where a call fails nobody knows what arrived: both sides start over, so the line
 * drops what follows, and goes on with what `resumed` gives once the other object may be there again.
 */
export class QueueLine<V extends ToHub | ToLedger> {
  readonly #options: QueueLineOptions<V>
  /** Counts losses: failures of calls made before the last one are no news. */
  #age = 0
  #fresh = true
  #retryAt: Millis = Number.POSITIVE_INFINITY
  #wait: Millis = 0

  constructor(options: QueueLineOptions<V>) {
    this.#options = options
  }

  /** When `wake` wants to be called. */
  get deadline(): Millis {
    return this.#retryAt
  }

  send(values: readonly V[]): void {
    if (this.#retryAt !== Number.POSITIVE_INFINITY) return
    for (const batch of batchesOf(values)) this.#call(batch)
  }

  /** Makes a new connection known, where nothing else does. */
  greet(): void {
    if (this.#fresh && this.#retryAt === Number.POSITIVE_INFINITY) this.#call([])
  }

  wake(now: Millis): void {
    if (now < this.#retryAt) return
    this.#retryAt = Number.POSITIVE_INFINITY
    this.#call(this.#options.resumed())
  }

  #call(values: V[]): void {
    const age = this.#age
    const fresh = this.#fresh
    this.#fresh = false
    this.#options.call(values, fresh).then(
      () => {
        if (age === this.#age) this.#wait = 0
      },
      (error) => {
        if (age === this.#age) this.#lost(error)
      },
    )
  }

  #lost(error: unknown): void {
    this.#age++
    this.#fresh = true
    this.#retryAt = Date.now() + this.#wait
    this.#wait = Math.min(LAST_RETRY, Math.max(FIRST_RETRY, this.#wait * 2))
    this.#options.lost(error)
    this.#options.changed()
  }
}

/** In order, each small enough for one call. Not one value has a payload of more than 4 MB. */
export function* batchesOf<V extends ToHub | ToLedger>(values: readonly V[]): Iterable<V[]> {
  let batch: V[] = []
  let bytes = 0
  for (const value of values) {
    const size = bytesIn(value)
    if (batch.length > 0 && bytes + size > CALL_BYTES) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(value)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

export function bytesIn(value: ToHub | ToLedger): number {
  const payload = 'payload' in value ? value.payload : 'bytes' in value ? value.bytes : undefined
  return VALUE_BYTES + (payload instanceof Uint8Array ? payload.length : 0)
}
