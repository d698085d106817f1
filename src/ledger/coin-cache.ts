import {
  CoinRecords,
  PREFIX,
  RECORD_BYTES,
  RECORD_DOUBLES,
  RECORD_WORDS,
  SCRIPT,
  SCRIPT_AT,
  SCRIPT_LENGTH,
  SHORT_SCRIPT,
  STAMP,
  STATE,
  TX_NUM,
  VALUE,
} from './coin-records.ts'
import { OutpointIndex } from './outpoint-index.ts'

/** An entry says something about an outpoint: it is a coin, or it was one that the store still has. */
const USED = 1
const LIVE = 2
/** The store says otherwise: to be written, or deleted, with the batch. */
const DIRTY = 4
/** The store has no row for it, so that spending it leaves nothing to do. */
const FRESH = 8

const KEY_BYTES = 36
/** With its places in the index. */
const ENTRY_BYTES = RECORD_BYTES + 8
const MIN_ENTRIES = 1024
/** Once it holds more it takes all that its budget allows: memory that nothing was written to costs nothing yet. */
const FEW_ENTRIES = 16_384
/** Beyond the budget. Both the old and the new records are there while it grows. */
const GROWTH = 1.35
/** What is moved gets so many times the room that it needs. */
const SPARE = 1.25
const MIN_ARENA = 32_768
/** Of the budget, at least. */
const SCRIPT_SHARE = 1 / 16
/** Entries looked at to find the age of the middle one. */
const SAMPLE = 1023

/** What a flush has to write: entries, to be read through the cache before anything else is done to it. */
export interface CoinChanges {
  put: Uint32Array
  remove: Uint32Array
}

/**
 * The coins in memory, in front of the `coin` table: records in one buffer, no object a coin.
 *
 * Outpoints are passed as `OutpointIndex` takes them. An *entry* is a number that stays valid until the next `reserve`,
 * `flushed` or `discard`. Scripts that are too long for a record lie in one arena.
 *
 * Only clean coins are ever evicted, the oldest half first; changed ones stay until they are flushed with their batch.
 */
export class CoinCache {
  #records!: CoinRecords
  #index!: OutpointIndex
  /** Long scripts, with gaps. */
  #arena: Uint8Array<ArrayBuffer> = new Uint8Array(MIN_ARENA)
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
    return this.#records.bytes.length + this.#index.bytes + this.#arena.length
  }

  /** Bytes of what waits for a flush, about. */
  get dirtyBytes(): number {
    const scripts = this.size === 0 ? 0 : this.#arenaLive / this.size
    return Math.round(this.#dirty * (ENTRY_BYTES + scripts))
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
    return (this.#stateOf(entry) & LIVE) !== 0
  }

  txNum(entry: number): number {
    return this.#records.doubles[entry * RECORD_DOUBLES + TX_NUM]!
  }

  /** Satoshi. */
  value(entry: number): number {
    return this.#records.doubles[entry * RECORD_DOUBLES + VALUE]!
  }

  /** prefix48 of sha256(scriptPubKey). */
  prefix(entry: number): number {
    return this.#records.doubles[entry * RECORD_DOUBLES + PREFIX]!
  }

  /** Whatever a block's check wants to remember; 0 at first. */
  stamp(entry: number): number {
    return this.#records.words[entry * RECORD_WORDS + STAMP]!
  }

  setStamp(entry: number, stamp: number): void {
    this.#records.words[entry * RECORD_WORDS + STAMP] = stamp
  }

  /** The script is so many bytes of `scriptSource(entry)`, from `scriptStart(entry)` on. */
  scriptLength(entry: number): number {
    return this.#records.words[entry * RECORD_WORDS + SCRIPT_LENGTH]!
  }

  scriptSource(entry: number): Uint8Array<ArrayBuffer> {
    return this.scriptLength(entry) <= SHORT_SCRIPT ? this.#records.bytes : this.#arena
  }

  scriptStart(entry: number): number {
    if (this.scriptLength(entry) <= SHORT_SCRIPT) return entry * RECORD_BYTES + SCRIPT
    return this.#records.words[entry * RECORD_WORDS + SCRIPT_AT]!
  }

  /** A view. */
  script(entry: number): Uint8Array<ArrayBuffer> {
    const at = this.scriptStart(entry)
    return this.scriptSource(entry).subarray(at, at + this.scriptLength(entry))
  }

  /** A view of the 36 bytes. */
  outpoint(entry: number): Uint8Array<ArrayBuffer> {
    return this.#records.bytes.subarray(entry * RECORD_BYTES, entry * RECORD_BYTES + KEY_BYTES)
  }

  /** The first word of the outpoint, in memory order. */
  firstWord(entry: number): number {
    return this.#records.words[entry * RECORD_WORDS]!
  }

  /** Makes room for so many entries more, evicting what is old and clean when the budget asks for it. */
  reserve(entries: number): void {
    const needed = this.size + entries
    const held = this.#records.capacity
    const isTight = needed > held
    const capacity = isTight ? this.#grown(held, needed) : held
    const clean = this.size - this.#dirty
    if (this.#bytesFor(capacity) > this.#budget && clean > 0 && clean >= this.#dirty) {
      // Where only the long scripts have become too many, the records make room for them.
      const evict = isTight || needed * SPARE > this.#allowed ? this.#middleAge() : -1
      this.#rebuild(this.#allowed, entries, evict)
    } else if (isTight) this.#rebuild(capacity, entries, -1)
  }

  /** A coin that the store has; the outpoint must have no entry. */
  load(words: Int32Array, at: number, txNum: number, value: number, prefix: number, script: Uint8Array): number {
    const entry = this.#take()
    this.#index.insert(entry, words, at)
    this.#setState(entry, USED | LIVE)
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
      entry = this.#take()
      this.#index.insertMissing(entry, words, at)
      this.#setState(entry, USED | LIVE | DIRTY | FRESH)
      this.#dirty++
    } else {
      const state = this.#stateOf(entry)
      if ((state & DIRTY) === 0) this.#dirty++
      this.#forgetScript(entry)
      this.#setState(entry, state | LIVE | DIRTY)
    }
    this.#fill(entry, txNum, value, prefix, source, scriptAt, length)
  }

  /** A coin is gone. */
  spend(entry: number): void {
    const state = this.#stateOf(entry)
    this.#forgetScript(entry)
    if (state & FRESH) {
      this.#dirty--
      this.#drop(entry)
      return
    }
    if ((state & DIRTY) === 0) this.#dirty++
    this.#setState(entry, USED | DIRTY)
  }

  /** A coin is gone that may be in the store only. There must be room (`reserve`). */
  remove(words: Int32Array, at: number): void {
    const found = this.find(words, at)
    if (found >= 0) {
      if (this.isLive(found)) this.spend(found)
      return
    }
    const entry = this.#take()
    this.#index.insertMissing(entry, words, at)
    this.#setState(entry, USED | DIRTY)
    this.#dirty++
  }

  /** What has to be written, in no order. */
  changes(): CoinChanges {
    const put = new Uint32Array(this.#dirty)
    const remove = new Uint32Array(this.#dirty)
    let puts = 0
    let removes = 0
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#stateOf(entry)
      if ((state & DIRTY) === 0) continue
      if (state & LIVE) put[puts++] = entry
      else remove[removes++] = entry
    }
    return { put: put.subarray(0, puts), remove: remove.subarray(0, removes) }
  }

  /** The store has all changes now. */
  flushed(): void {
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#stateOf(entry)
      if ((state & DIRTY) === 0) continue
      if (state & LIVE) this.#setState(entry, USED | LIVE)
      else this.#drop(entry)
    }
    this.#dirty = 0
    this.reserve(0)
  }

  /** Forgets all changes: the store is right. */
  discard(): void {
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#stateOf(entry)
      if ((state & DIRTY) === 0) continue
      this.#forgetScript(entry)
      this.#drop(entry)
    }
    this.#dirty = 0
  }

  #stateOf(entry: number): number {
    return this.#records.bytes[entry * RECORD_BYTES + STATE]!
  }

  #setState(entry: number, state: number): void {
    this.#records.bytes[entry * RECORD_BYTES + STATE] = state
  }

  #grown(held: number, needed: number): number {
    const larger = Math.max(needed, Math.ceil(held * GROWTH))
    return larger > FEW_ENTRIES ? Math.max(larger, this.#allowed) : larger
  }

  /** Entries that the budget has room for, beside the long scripts and as many more of them. */
  get #allowed(): number {
    const scripts = Math.max(2 * this.#arena.length, this.#budget * SCRIPT_SHARE)
    return Math.max(0, Math.floor((this.#budget - scripts) / ENTRY_BYTES))
  }

  #bytesFor(capacity: number): number {
    return capacity * ENTRY_BYTES + this.#arena.length
  }

  /** An entry that stands for nothing yet, without a script. */
  #take(): number {
    const entry = this.#free.pop() ?? this.#high++
    if (entry >= this.#records.capacity) throw new Error('no room was reserved in the coin cache')
    const at = entry * RECORD_WORDS
    this.#records.words[at + STAMP] = 0
    this.#records.words[at + SCRIPT_LENGTH] = 0
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
    const { bytes, words, doubles } = this.#records
    const at = entry * RECORD_DOUBLES
    doubles[at + TX_NUM] = txNum
    doubles[at + VALUE] = value
    doubles[at + PREFIX] = prefix
    if (length <= SHORT_SCRIPT) {
      const to = entry * RECORD_BYTES + SCRIPT
      // So few bytes that setting up a copy costs more than the copy.
      for (let i = 0; i < length; i++) bytes[to + i] = source[scriptAt + i]!
    } else {
      if (this.#arenaEnd + length > this.#arena.length) this.#renewArena(length)
      this.#arena.set(source.subarray(scriptAt, scriptAt + length), this.#arenaEnd)
      words[entry * RECORD_WORDS + SCRIPT_AT] = this.#arenaEnd
      this.#arenaEnd += length
      this.#arenaLive += length
    }
    words[entry * RECORD_WORDS + SCRIPT_LENGTH] = length
  }

  #forgetScript(entry: number): void {
    const length = this.scriptLength(entry)
    if (length > SHORT_SCRIPT) this.#arenaLive -= length
    this.#records.words[entry * RECORD_WORDS + SCRIPT_LENGTH] = 0
  }

  #drop(entry: number): void {
    this.#index.remove(entry)
    this.#setState(entry, 0)
    this.#free.push(entry)
  }

  /** txNum of the clean coin in the middle, about. */
  #middleAge(): number {
    const ages: number[] = []
    const step = Math.max(1, Math.floor(this.#high / SAMPLE))
    for (let entry = 0; entry < this.#high; entry += step) {
      if ((this.#stateOf(entry) & (USED | DIRTY)) === USED) ages.push(this.txNum(entry))
    }
    ages.sort((a, b) => a - b)
    return ages[ages.length >>> 1] ?? -1
  }

  /**
   * New records with room for `more`, of that capacity at least, without the clean coins of transactions up to `evict`.
   * Entries get other numbers.
   */
  #rebuild(capacity: number, more: number, evict: number): void {
    const old = this.#records
    const arena = this.#arena
    this.#index.free()
    const kept: number[] = []
    let long = 0
    for (let entry = 0; entry < this.#high; entry++) {
      const state = this.#stateOf(entry)
      if (state === 0 || ((state & DIRTY) === 0 && this.txNum(entry) <= evict)) continue
      kept.push(entry)
      const length = this.scriptLength(entry)
      if (length > SHORT_SCRIPT) long += length
    }
    this.#allocate(Math.max(MIN_ENTRIES, capacity, Math.ceil((kept.length + more) * SPARE)))
    this.#high = kept.length
    this.#free = []
    this.#arena = new Uint8Array(Math.max(MIN_ARENA, Math.ceil(long * SPARE)))
    this.#arenaEnd = 0
    for (const [entry, before] of kept.entries()) {
      this.#records.copy(entry, old, before)
      this.#index.insert(entry, old.words, before * RECORD_WORDS)
      this.#moveScript(entry, arena)
    }
    this.#arenaLive = this.#arenaEnd
    old.free()
  }

  /** An arena without gaps that has room for so many bytes more. Entries keep their numbers. */
  #renewArena(more: number): void {
    const old = this.#arena
    const live = this.#arenaLive + more
    // Doubles only when it is mostly in use, so that gaps alone never make it grow.
    this.#arena = new Uint8Array(live * 1.5 > old.length ? live * 2 : old.length)
    this.#arenaEnd = 0
    for (let entry = 0; entry < this.#high; entry++) if (this.isLive(entry)) this.#moveScript(entry, old)
  }

  /** To the end of the arena, if the script is long. */
  #moveScript(entry: number, from: Uint8Array): void {
    const length = this.scriptLength(entry)
    if (length <= SHORT_SCRIPT) return
    const word = entry * RECORD_WORDS + SCRIPT_AT
    const at = this.#records.words[word]!
    this.#arena.set(from.subarray(at, at + length), this.#arenaEnd)
    this.#records.words[word] = this.#arenaEnd
    this.#arenaEnd += length
  }

  #allocate(capacity: number): void {
    this.#records = new CoinRecords(capacity)
    this.#index = new OutpointIndex(capacity, this.#seed, this.#records.words, RECORD_WORDS)
  }
}
