import { hashKey } from '../wire/hash.ts'
import { FAILED, type HeaderChange, type HeaderRecord, type HeaderStore, MAIN } from './header-store.ts'

const RAW = 80
const ENTRY = RAW + 32

/** Headers in memory, some 300 bytes each: for SPV without a disk, and for tests. Ids have to come in order. */
export class MemoryHeaderStore implements HeaderStore {
  /** Raw header and hash of each id, from id 1. */
  #entries = new Uint8Array(64 * ENTRY)
  readonly #heights: number[] = []
  readonly #works: bigint[] = []
  readonly #statuses: number[] = []
  readonly #idByKey = new Map<string, number>()
  readonly #idsAtHeight = new Map<number, number[]>()
  #highest = -1
  #top = -1

  apply({ insert, status }: HeaderChange): void {
    for (const record of insert) this.#insert(record)
    for (const change of status) this.#statuses[change.id - 1] = change.status
    this.#findTop()
  }

  byHash(hash: Uint8Array): HeaderRecord | undefined {
    const id = this.#idByKey.get(hashKey(hash))
    return id === undefined ? undefined : this.#record(id)
  }

  byId(id: number): HeaderRecord | undefined {
    return id >= 1 && id <= this.#heights.length ? this.#record(id) : undefined
  }

  mainAt(height: number): HeaderRecord | undefined {
    const id = this.#mainIdAt(height)
    return id === undefined ? undefined : this.#record(id)
  }

  fromHeight(height: number, below = Number.POSITIVE_INFINITY): HeaderRecord[] {
    const records: HeaderRecord[] = []
    for (let at = height; at < below && at <= this.#highest; at++) {
      for (const id of this.#idsAtHeight.get(at) ?? []) records.push(this.#record(id))
    }
    return records
  }

  topHeight(): number {
    return this.#top
  }

  mostWork(): HeaderRecord | undefined {
    let best = 0
    for (let id = 1; id <= this.#heights.length; id++) {
      if (this.#statuses[id - 1]! & FAILED) continue
      if (best === 0 || this.#works[id - 1]! > this.#works[best - 1]!) best = id
    }
    return best === 0 ? undefined : this.#record(best)
  }

  nextId(): number {
    return this.#heights.length + 1
  }

  #insert({ id, hash, height, raw, work, status }: HeaderRecord): void {
    if (id !== this.nextId()) throw new Error(`header ${id} inserted where ${this.nextId()} comes next`)
    const at = (id - 1) * ENTRY
    if (at === this.#entries.length) {
      const larger = new Uint8Array(2 * at)
      larger.set(this.#entries)
      this.#entries = larger
    }
    this.#entries.set(raw, at)
    this.#entries.set(hash, at + RAW)
    this.#heights.push(height)
    this.#highest = Math.max(this.#highest, height)
    this.#works.push(work)
    this.#statuses.push(status)
    this.#idByKey.set(hashKey(hash), id)
    const siblings = this.#idsAtHeight.get(height)
    if (siblings) siblings.push(id)
    else this.#idsAtHeight.set(height, [id])
  }

  #findTop(): void {
    this.#top = Math.max(this.#top, this.#highest)
    while (this.#top >= 0 && this.#mainIdAt(this.#top) === undefined) this.#top--
  }

  #mainIdAt(height: number): number | undefined {
    return this.#idsAtHeight.get(height)?.find((id) => this.#statuses[id - 1]! & MAIN)
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
