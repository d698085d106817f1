import { type HeaderChange, type HeaderRecord, type HeaderStore, MAIN } from '../chain/header-store.ts'
import { hashKey } from '../wire/hash.ts'

/** Records kept; more than a download is ahead of what it connects. */
const MAX_RECORDS = 4096
/** Records read at once for whoever goes up the chain. */
const RUN = 512

/**
 * Keeps headers that were looked at lately. A first download goes up the chain far below what the header tree has in memory,
 * and looks at each header many times on the way: at those that follow one another it reads a run at once.
 */
export class CachedHeaderStore implements HeaderStore {
  readonly #store: HeaderStore
  /** In the order in which they were read. */
  readonly #byId = new Map<number, HeaderRecord>()
  readonly #byHash = new Map<string, HeaderRecord>()
  /** Those of the main chain. */
  readonly #byHeight = new Map<number, HeaderRecord>()

  constructor(store: HeaderStore) {
    this.#store = store
  }

  apply(change: HeaderChange): void {
    this.#store.apply(change)
    for (const { id, status } of change.status) {
      const record = this.#byId.get(id)
      if (!record) continue
      this.#drop(record)
      this.#keep({ ...record, status })
    }
  }

  byHash(hash: Uint8Array): HeaderRecord | undefined {
    return this.#byHash.get(hashKey(hash)) ?? this.#keep(this.#store.byHash(hash))
  }

  byId(id: number): HeaderRecord | undefined {
    return this.#byId.get(id) ?? this.#keep(this.#store.byId(id))
  }

  mainAt(height: number): HeaderRecord | undefined {
    const kept = this.#byHeight.get(height)
    if (kept) return kept
    if (!this.#byHeight.has(height - 1)) return this.#keep(this.#store.mainAt(height))
    for (const record of this.#store.fromHeight(height, height + RUN)) if (record.status & MAIN) this.#keep(record)
    return this.#byHeight.get(height)
  }

  fromHeight(height: number, below?: number): HeaderRecord[] {
    return this.#store.fromHeight(height, below)
  }

  topHeight(): number {
    return this.#store.topHeight()
  }

  mostWork(): HeaderRecord | undefined {
    return this.#store.mostWork()
  }

  nextId(): number {
    return this.#store.nextId()
  }

  #keep(record: HeaderRecord | undefined): HeaderRecord | undefined {
    if (!record) return undefined
    const kept = this.#byId.get(record.id)
    if (kept) return kept
    this.#byId.set(record.id, record)
    this.#byHash.set(hashKey(record.hash), record)
    if (record.status & MAIN) this.#byHeight.set(record.height, record)
    for (const oldest of this.#byId.values()) {
      if (this.#byId.size <= MAX_RECORDS) break
      this.#drop(oldest)
    }
    return record
  }

  #drop(record: HeaderRecord): void {
    this.#byId.delete(record.id)
    this.#byHash.delete(hashKey(record.hash))
    if (this.#byHeight.get(record.height) === record) this.#byHeight.delete(record.height)
  }
}
