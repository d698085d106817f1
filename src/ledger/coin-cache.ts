import { KEY_WORDS, OutpointIndex } from './outpoint-index.ts'

/** An entry says something about an outpoint: it is a coin, or it was one that the store still has. */
const USED = 1
const LIVE = 2
/** The store says otherwise: to be written, or deleted, with the batch. */
const DIRTY = 4
/** The store has no row for it, so that spending it leaves nothing to do. */
const FRESH = 8

const KEY_BYTES = 36
/** Bytes of an entry in all arrays, without its script and its places in the index. */
const ENTRY_BYTES = KEY_BYTES + 8 + 8 + 8 + 4 + 2 + 4 + 1
const INDEX_BYTES = 8
const MIN_ENTRIES = 1024
const MIN_ARENA = 32_768
/** Entries looked at to find the age of the middle one. */
const SAMPLE = 1023

/** What a flush has to write: entries, to be read through the cache before anything else is done to it. */
export interface CoinChanges {
  put: Uint32Array
  remove: Uint32Array
}

/**
 * The coins in memory, in front of the `coin` table: typed arrays, no object a coin.
 *
 * Outpoints are passed as `OutpointIndex` takes them. An *entry* is a number that stays valid until the next `reserve`,
 * `flushed` or `discard`. The scripts of all entries lie in one arena.
 *
 * Only clean coins are ever evicted, the oldest half first; changed ones stay until they are flushed with their batch.
 */
export class CoinCache {
  /** Per entry. */
  txNum!: Float64Array<ArrayBuffer>
  /** Satoshi. */
  value!: Float64Array<ArrayBuffer>
  /** prefix48 of sha256(scriptPubKey). */
  prefix!: Float64Array<ArrayBuffer>
  scriptAt!: Uint32Array<ArrayBuffer>
  scriptLength!: Uint16Array<ArrayBuffer>
  /** Whatever a block's check wants to remember. */
  stamp!: Uint32Array<ArrayBuffer>
  /** Scripts, with gaps. */
  arena: Uint8Array<ArrayBuffer> = new Uint8Array(MIN_ARENA)

  #state!: Uint8Array<ArrayBuffer>
  #keyBytes!: Uint8Array<ArrayBuffer>
  #index!: OutpointIndex
  #capacity = 0
  /** Entries below this were handed out before. */
  #high = 0
  /** Given back since; the rest of the entry is void. */
  #free: number[] = []
  #dirty = 0
  #arenaEnd = 0
  #arenaLive = 0
  readonly #budget: number
  readonly #seed: Uint8Array

  /** `budget`: bytes that it may hold beyond what waits for a flush. `seed`: 8 secret random bytes. */
  constructor(budget: number, seed: Uint8Array) {
    this.#budget = budget
    this.#seed = seed
    this.#allocate(MIN_ENTRIES)
  }

  /** Coins and coins to be deleted. */
  get size(): number {
    return this.#high - this.#free.length
  }

  /** Entries that wait for a flush. */
  get dirty(): number {
    return this.#dirty
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#capacity * (ENTRY_BYTES - KEY_BYTES) + this.#index.bytes + this.arena.length
  }

  /** Bytes of what waits for a flush, about. */
  get dirtyBytes(): number {
    const scripts = this.size === 0 ? 0 : this.#arenaLive / this.size
    return Math.round(this.#dirty * (ENTRY_BYTES + INDEX_BYTES + scripts))
  }

  /** Nine words an entry. */
  get keys(): Int32Array<ArrayBuffer> {
    return this.#index.keys
  }

  /** The entry of an outpoint, or -1. Whether it is a coin, `isLive` tells. */
  find(words: Int32Array, at: number): number {
    return this.#index.find(words, at)
  }

  /** A hash of the txid at `at` that nobody outside can foresee. */
  hashTxid(words: Int32Array, at: number): number {
    return this.#index.hashTxid(words, at)
  }

  /** A coin, rather than one that waits to be deleted. */
  isLive(entry: number): boolean {
    return (this.#state[entry]! & LIVE) !== 0
  }

  /** A view into the arena. */
  script(entry: number): Uint8Array<ArrayBuffer> {
    const at = this.scriptAt[entry]!
    return this.arena.subarray(at, at + this.scriptLength[entry]!)
  }

  /** A view into the keys: the 36 bytes. */
  outpoint(entry: number): Uint8Array<ArrayBuffer> {
    return this.#keyBytes.subarray(entry * KEY_BYTES, (entry + 1) * KEY_BYTES)
  }

  /** Makes room for so many entries more, evicting what is old and clean when the budget asks for it. */
  reserve(entries: number): void {
    const needed = this.size + entries
    const isTight = needed > this.#capacity
    const capacity = isTight ? Math.max(needed, Math.ceil(this.#capacity * 1.5)) : this.#capacity
    const bytes = capacity * (ENTRY_BYTES + INDEX_BYTES) + this.arena.length
    const clean = this.size - this.#dirty
    if (bytes > this.#budget && clean > 0 && clean >= this.#dirty) this.#rebuild(0, entries, this.#middleAge())
    else if (isTight) this.#rebuild(capacity, entries, -1)
  }

  /** A coin that the store has; the outpoint must have no entry. */
  load(words: Int32Array, at: number, txNum: number, value: number, prefix: number, script: Uint8Array): number {
    const entry = this.#insert(words, at)
    this.#state[entry] = USED | LIVE
    this.#fill(entry, txNum, value, prefix, script, 0, script.length)
    return entry
  }

  /**
   * A new coin; one of the same outpoint is replaced. Its script is `length` bytes of `source` from `scriptAt`; at most
   * 10,000. There must be room (`reserve`).
   */
  add(
    words: Int32Array,
    at: number,
    txNum: number,
    value: number,
    prefix: number,
    source: Uint8Array,
    scriptAt: number,
    length: number,
  ): void {
    let entry = this.find(words, at)
    if (entry < 0) {
      entry = this.#insert(words, at)
      this.#state[entry] = USED | LIVE | DIRTY | FRESH
      this.#dirty++
    } else {
      const state = this.#state[entry]!
      if ((state & DIRTY) === 0) this.#dirty++
      if (state & LIVE) this.#arenaLive -= this.scriptLength[entry]!
      this.#state[entry] = state | LIVE | DIRTY
    }
    this.#fill(entry, txNum, value, prefix, source, scriptAt, length)
  }

  /** A coin is gone. */
  spend(entry: number): void {
    const state = this.#state[entry]!
    this.#arenaLive -= this.scriptLength[entry]!
    if (state & FRESH) {
      this.#dirty--
      this.#drop(entry)
      return
    }
    if ((state & DIRTY) === 0) this.#dirty++
    this.scriptLength[entry] = 0
    this.#state[entry] = USED | DIRTY
  }

  /** A coin is gone that may be in the store only. There must be room (`reserve`). */
  remove(words: Int32Array, at: number): void {
    const found = this.find(words, at)
    if (found >= 0) {
      if (this.isLive(found)) this.spend(found)
      return
    }
    const entry = this.#insert(words, at)
    this.scriptLength[entry] = 0
    this.#state[entry] = USED | DIRTY
    this.#dirty++
  }

  /** What has to be written, in no order. */
  changes(): CoinChanges {
    const put = new Uint32Array(this.#dirty)
    const remove = new Uint32Array(this.#dirty)
    let puts = 0
    let removes = 0
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#state[entry]!
      if ((state & DIRTY) === 0) continue
      if (state & LIVE) put[puts++] = entry
      else remove[removes++] = entry
    }
    return { put: put.subarray(0, puts), remove: remove.subarray(0, removes) }
  }

  /** The store has all changes now. */
  flushed(): void {
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#state[entry]!
      if ((state & DIRTY) === 0) continue
      if (state & LIVE) this.#state[entry] = USED | LIVE
      else this.#drop(entry)
    }
    this.#dirty = 0
    this.reserve(0)
  }

  /** Forgets all changes: the store is right. */
  discard(): void {
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#state[entry]!
      if ((state & DIRTY) === 0) continue
      if (state & LIVE) this.#arenaLive -= this.scriptLength[entry]!
      this.#drop(entry)
    }
    this.#dirty = 0
  }

  #insert(words: Int32Array, at: number): number {
    const entry = this.#free.pop() ?? this.#high++
    if (entry >= this.#capacity) throw new Error('no room was reserved in the coin cache')
    this.stamp[entry] = 0
    this.#index.insert(entry, words, at)
    return entry
  }

  #fill(
    entry: number,
    txNum: number,
    value: number,
    prefix: number,
    source: Uint8Array,
    scriptAt: number,
    length: number,
  ): void {
    this.txNum[entry] = txNum
    this.value[entry] = value
    this.prefix[entry] = prefix
    if (this.#arenaEnd + length > this.arena.length) {
      this.scriptLength[entry] = 0
      this.#renewArena(length)
    }
    const { arena } = this
    const to = this.#arenaEnd
    // Most scripts are so short that setting up a copy costs more than the copy.
    if (length <= 40) for (let i = 0; i < length; i++) arena[to + i] = source[scriptAt + i]!
    else arena.set(source.subarray(scriptAt, scriptAt + length), to)
    this.scriptAt[entry] = to
    this.scriptLength[entry] = length
    this.#arenaEnd = to + length
    this.#arenaLive += length
  }

  #drop(entry: number): void {
    this.#index.remove(entry)
    this.#state[entry] = 0
    this.#free.push(entry)
  }

  /** txNum of the clean coin in the middle, about. */
  #middleAge(): number {
    const ages: number[] = []
    const step = Math.max(1, Math.floor(this.#high / SAMPLE))
    for (let entry = 0; entry < this.#high; entry += step) {
      if ((this.#state[entry]! & (USED | DIRTY)) === USED) ages.push(this.txNum[entry]!)
    }
    ages.sort((a, b) => a - b)
    return ages[ages.length >>> 1] ?? -1
  }

  /**
   * New arrays with room for `more`, of that capacity at least, without the clean coins of transactions up to `evict`.
   * Entries get other numbers.
   */
  #rebuild(capacity: number, more: number, evict: number): void {
    const { keys, txNum, value, prefix, arena, scriptAt, scriptLength } = this
    const state = this.#state
    const high = this.#high
    let count = 0
    let scripts = 0
    const isKept = (entry: number) => state[entry] !== 0 && ((state[entry]! & DIRTY) !== 0 || txNum[entry]! > evict)
    for (let entry = 0; entry < high; entry++) {
      if (!isKept(entry)) continue
      count++
      scripts += scriptLength[entry]!
    }
    this.#allocate(Math.max(MIN_ENTRIES, capacity, Math.ceil((count + more) * 1.25)))
    this.#high = 0
    this.#free = []
    this.#arenaEnd = 0
    this.#arenaLive = 0
    this.arena = new Uint8Array(Math.max(MIN_ARENA, Math.ceil(scripts * 1.25)))
    for (let entry = 0; entry < high; entry++) {
      if (!isKept(entry)) continue
      const moved = this.#insert(keys, entry * KEY_WORDS)
      this.#state[moved] = state[entry]!
      this.#fill(moved, txNum[entry]!, value[entry]!, prefix[entry]!, arena, scriptAt[entry]!, scriptLength[entry]!)
    }
  }

  /** An arena without gaps that has room for so many bytes more. Entries keep their numbers. */
  #renewArena(more: number): void {
    const old = this.arena
    const live = this.#arenaLive + more
    // Doubles only when it is mostly in use, so that gaps alone never make it grow.
    this.arena = new Uint8Array(live * 1.5 > old.length ? live * 2 : old.length)
    let end = 0
    for (let entry = 0; entry < this.#high; entry++) {
      if ((this.#state[entry]! & LIVE) === 0) continue
      const at = this.scriptAt[entry]!
      const length = this.scriptLength[entry]!
      this.arena.set(old.subarray(at, at + length), end)
      this.scriptAt[entry] = end
      end += length
    }
    this.#arenaEnd = end
  }

  #allocate(capacity: number): void {
    this.#capacity = capacity
    this.#index = new OutpointIndex(capacity, this.#seed)
    this.#keyBytes = new Uint8Array(this.#index.keys.buffer)
    this.txNum = new Float64Array(capacity)
    this.value = new Float64Array(capacity)
    this.prefix = new Float64Array(capacity)
    this.scriptAt = new Uint32Array(capacity)
    this.scriptLength = new Uint16Array(capacity)
    this.stamp = new Uint32Array(capacity)
    this.#state = new Uint8Array(capacity)
  }
}
