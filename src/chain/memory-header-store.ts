import { equalBytes } from '../wire/hash.ts'
import { FAILED, type HeaderChange, type HeaderRecord, type HeaderStore, MAIN } from './header-store.ts'

const RAW = 80
const ENTRY = RAW + 32
const MIN_ENTRIES = 64

/**
 * Headers in memory, some 200 bytes each: for SPV without a disk, and for tests. Ids have to come in order.
 *
 * By hash they are found through open addressing, at most half full, by the first bytes of the hash: a header costs the
 * work that it shows, so nobody makes many that collide.
 */
export class MemoryHeaderStore implements HeaderStore {
  /** Raw header and hash of each id, from id 1; likewise the next three. */
  #entries = new Uint8Array(MIN_ENTRIES * ENTRY)
  #heights = new Int32Array(MIN_ENTRIES)
  #statuses = new Uint8Array(MIN_ENTRIES)
  /** The id that came before at the same height, or 0. */
  #older = new Int32Array(MIN_ENTRIES)
  readonly #works: bigint[] = []
  /** By height: the last id, or 0. */
  #newest = new Int32Array(MIN_ENTRIES)
  /** Ids by hash, or 0. */
  #slots = new Int32Array(4 * MIN_ENTRIES)
  #highest = -1
  #top = -1

  apply({ insert, status }: HeaderChange): void {
    for (const record of insert) this.#insert(record)
    for (const change of status) this.#statuses[change.id - 1] = change.status
    this.#findTop()
  }

  byHash(hash: Uint8Array): HeaderRecord | undefined {
    const mask = this.#slots.length - 1
    for (let slot = firstBytes(hash) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!
      if (id === 0) return undefined
      if (equalBytes(this.#hash(id), hash)) return this.#record(id)
    }
  }

  byId(id: number): HeaderRecord | undefined {
    return id >= 1 && id <= this.#works.length ? this.#record(id) : undefined
  }

  mainAt(height: number): HeaderRecord | undefined {
    const id = this.#mainIdAt(height)
    return id === 0 ? undefined : this.#record(id)
  }

  fromHeight(height: number, below = Number.POSITIVE_INFINITY): HeaderRecord[] {
    const records: HeaderRecord[] = []
    for (let at = Math.max(0, height); at < below && at <= this.#highest; at++) {
      const there: HeaderRecord[] = []
      for (let id = this.#newest[at]!; id !== 0; id = this.#older[id - 1]!) there.push(this.#record(id))
      records.push(...there.reverse())
    }
    return records
  }

  topHeight(): number {
    return this.#top
  }

  mostWork(): HeaderRecord | undefined {
    let best = 0
    for (let id = 1; id <= this.#works.length; id++) {
      if (this.#statuses[id - 1]! & FAILED) continue
      if (best === 0 || this.#works[id - 1]! > this.#works[best - 1]!) best = id
    }
    return best === 0 ? undefined : this.#record(best)
  }

  nextId(): number {
    return this.#works.length + 1
  }

  #insert(record: HeaderRecord): void {
    const { id, height, work, status } = record
    if (id !== this.nextId()) throw new Error(`header ${id} inserted where ${this.nextId()} comes next`)
    if (id > this.#heights.length) this.#growEntries()
    if (height >= this.#newest.length) this.#newest = grown(this.#newest, height + 1)
    const at = id - 1
    if (record.copyTo) record.copyTo(this.#entries, at * ENTRY)
    else {
      this.#entries.set(record.raw, at * ENTRY)
      this.#entries.set(record.hash, at * ENTRY + RAW)
    }
    this.#heights[at] = height
    this.#statuses[at] = status
    this.#older[at] = this.#newest[height]!
    this.#newest[height] = id
    this.#works.push(work)
    this.#highest = Math.max(this.#highest, height)
    this.#index(id)
  }

  #growEntries(): void {
    const more = 2 * this.#heights.length
    const entries = new Uint8Array(more * ENTRY)
    entries.set(this.#entries)
    const statuses = new Uint8Array(more)
    statuses.set(this.#statuses)
    this.#entries = entries
    this.#statuses = statuses
    this.#heights = grown(this.#heights, more)
    this.#older = grown(this.#older, more)
    this.#slots = new Int32Array(4 * more)
    for (let id = 1; id <= this.#works.length; id++) this.#index(id)
  }

  #index(id: number): void {
    const mask = this.#slots.length - 1
    let slot = firstBytes(this.#entries, (id - 1) * ENTRY + RAW) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = id
  }

  #findTop(): void {
    this.#top = Math.max(this.#top, this.#highest)
    while (this.#top >= 0 && this.#mainIdAt(this.#top) === 0) this.#top--
  }

  /** 0 where there is none. */
  #mainIdAt(height: number): number {
    let id = this.#newest[height] ?? 0
    while (id !== 0 && !(this.#statuses[id - 1]! & MAIN)) id = this.#older[id - 1]!
    return id
  }

  #hash(id: number): Uint8Array {
    return this.#entries.subarray((id - 1) * ENTRY + RAW, id * ENTRY)
  }

  #record(id: number): HeaderRecord {
    const at = (id - 1) * ENTRY
    return {
      id,
      hash: this.#entries.slice(at + RAW, at + ENTRY),
      height: this.#heights[id - 1]!,
      raw: this.#entries.slice(at, at + RAW),
      work: this.#works[id - 1]!,
      status: this.#statuses[id - 1]!,
    }
  }
}

function firstBytes(bytes: Uint8Array, at = 0): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** At least twice as long. */
function grown(values: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(Math.max(least, 2 * values.length))
  longer.set(values)
  return longer
}
