import { JOB, LANES, type LanesFunction, Layout, sha256Lanes } from './sha256-lanes.ts'
import type { WasmMemory } from './wasm-code.ts'

/** Longer messages are left to OpenSSL, whose instructions for SHA-256 make up for what a call costs. */
const MOST_BLOCKS = 16
const WORDS_OF_JOB = JOB / 4
const HASH = 32
/** What is read past a message stays in memory. */
const SLACK = 64
const PAGE = 65_536

/** Hashes messages that are parts of one array, four at a time where that is faster. */
export class LanesHasher {
  readonly #memory: WasmMemory
  readonly #run: LanesFunction
  #bytes: Uint8Array
  #words: Uint32Array
  /** Messages of each number of blocks; then where the next of them goes. */
  readonly #counts = new Uint32Array(MOST_BLOCKS + 1)

  constructor() {
    const { memory, run } = sha256Lanes()
    this.#memory = memory
    this.#run = run
    this.#bytes = new Uint8Array(memory.buffer)
    this.#words = new Uint32Array(memory.buffer)
  }

  /**
   * The messages of `src` named by `ranges` (start, end, …) into consecutive 32-byte places of `out`, hashed twice if `again`
   * is 1. `other` is asked for those that are better hashed one by one: by number.
   */
  hash(src: Uint8Array, ranges: Uint32Array, out: Uint8Array, again: 0 | 1, other: (message: number) => void): void {
    const count = ranges.length / 2
    const hashesAt = Layout.free
    const jobsAt = hashesAt + count * HASH
    const { low, high } = this.#countBlocks(ranges)
    // Groups are filled up with messages that are hashed twice over.
    const messagesAt = jobsAt + (count + MOST_BLOCKS * LANES) * JOB
    this.#reserve(messagesAt + (high - low) + SLACK)
    if (high > low) this.#bytes.set(src.subarray(low, high), messagesAt)
    this.#placeJobs(ranges, jobsAt, hashesAt, messagesAt - low)
    const alone = this.#runGroups(jobsAt, again)
    out.set(this.#bytes.subarray(hashesAt, hashesAt + count * HASH))
    for (let i = 0; i < count; i++) if (blocksOf(ranges, i) > MOST_BLOCKS) other(i)
    for (const job of alone) other((this.#words[job / 4 + 2]! - hashesAt) / HASH)
  }

  /** Counts the messages by their blocks; the part of the source in which those lie that are hashed here. */
  #countBlocks(ranges: Uint32Array): { low: number; high: number } {
    const counts = this.#counts.fill(0)
    let low = 0xffff_ffff
    let high = 0
    for (let i = 0; i < ranges.length; i += 2) {
      const blocks = blocksOf(ranges, i / 2)
      if (blocks > MOST_BLOCKS) continue
      counts[blocks]!++
      low = Math.min(low, ranges[i]!)
      high = Math.max(high, ranges[i + 1]!)
    }
    return { low: high === 0 ? 0 : low, high }
  }

  /** Jobs of as many blocks lie side by side, and each such run has room for a last group that is whole. */
  #placeJobs(ranges: Uint32Array, jobsAt: number, hashesAt: number, shift: number): void {
    const next: number[] = []
    let at = jobsAt
    for (const count of this.#counts) {
      next.push(at)
      at += Math.ceil(count / LANES) * LANES * JOB
    }
    for (let i = 0; i < ranges.length; i += 2) {
      const blocks = blocksOf(ranges, i / 2)
      if (blocks > MOST_BLOCKS) continue
      const job = next[blocks]! / 4
      next[blocks]! += JOB
      this.#words[job] = ranges[i]! + shift
      this.#words[job + 1] = ranges[i + 1]! - ranges[i]!
      this.#words[job + 2] = hashesAt + (i / 2) * HASH
    }
  }

  /** Where the jobs lie that are not worth a group. */
  #runGroups(jobsAt: number, again: 0 | 1): number[] {
    const alone: number[] = []
    let at = jobsAt
    for (const [blocks, count] of this.#counts.entries()) {
      const over = count % LANES
      let groups = (count - over) / LANES
      const end = at + count * JOB
      if (over > 0) {
        if (isWorthAGroup(over, blocks)) {
          for (let job = end; job < end + (LANES - over) * JOB; job += JOB) {
            this.#words.copyWithin(job / 4, end / 4 - WORDS_OF_JOB, end / 4)
          }
          groups++
        } else for (let job = end - over * JOB; job < end; job += JOB) alone.push(job)
      }
      if (groups > 0) this.#run(at, groups, blocks, again)
      at += Math.ceil(count / LANES) * LANES * JOB
    }
    return alone
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#bytes.length
    if (missing <= 0) return
    this.#memory.grow(Math.ceil(missing / PAGE))
    this.#bytes = new Uint8Array(this.#memory.buffer)
    this.#words = new Uint32Array(this.#memory.buffer)
  }
}

/** With the padding. */
function blocksOf(ranges: Uint32Array, message: number): number {
  return (ranges[2 * message + 1]! - ranges[2 * message]! + 72) >>> 6
}

/** A group takes as long however few of its lanes are used; a hash by itself about as long as three blocks of one. */
function isWorthAGroup(messages: number, blocks: number): boolean {
  return messages * 3 > blocks
}
