import { type Hasher, prefix48 } from '../wire/hash.ts'
import { PrefixTable } from './prefix-table.ts'

/** From here on a sum is carried over: twice as much, and a double would begin to round. */
export const CARRY = 2 ** 52

/** An exact sum of satoshi: `high * CARRY + low`. */
export class Sum {
  high = 0
  low = 0

  /** `value` is negative where something is taken back. */
  add(value: number): void {
    this.low += value
    if (this.low >= CARRY) {
      this.low -= CARRY
      this.high++
    } else if (this.low <= -CARRY) {
      this.low += CARRY
      this.high--
    }
  }
}

/** By how much the sums of one script change. */
export class ScriptSums {
  readonly slot: number
  readonly script: Uint8Array
  readonly scripthash: Uint8Array<ArrayBuffer>
  /** The next script with the same prefix, if there is one. */
  readonly next: ScriptSums | undefined
  fundedCount = 0
  readonly funded = new Sum()
  spentCount = 0
  readonly spent = new Sum()
  txCount = 0
  /** The transaction that was counted last. */
  #lastTx = -1

  constructor(slot: number, script: Uint8Array, scripthash: Uint8Array<ArrayBuffer>, next: ScriptSums | undefined) {
    this.slot = slot
    this.script = script
    this.scripthash = scripthash
    this.next = next
  }

  /** What one transaction does has to come in a row. `sign`: 1, or -1 where it is taken back. */
  fund(txNum: number, value: number, sign: number): void {
    this.fundedCount += sign
    this.funded.add(sign * value)
    this.#count(txNum, sign)
  }

  spend(txNum: number, value: number, sign: number): void {
    this.spentCount += sign
    this.spent.add(sign * value)
    this.#count(txNum, sign)
  }

  /** The six bytes behind the prefix. */
  get next48(): number {
    return prefix48(this.scripthash.subarray(6))
  }

  /** Another run of transactions begins, whose numbers may be the same. */
  newRun(): void {
    this.#lastTx = -1
  }

  #count(txNum: number, sign: number): void {
    if (txNum === this.#lastTx) return
    this.#lastTx = txNum
    this.txCount += sign
  }
}

/** Scripts whose prefixes are of interest, each found by comparing bytes and hashed once. */
export class Scripts {
  readonly all: ScriptSums[] = []
  readonly #hasher: Hasher
  readonly #table = new PrefixTable()
  /** By prefix number. */
  readonly #first: (ScriptSums | undefined)[] = []

  constructor(prefixes: Iterable<number>, hasher: Hasher) {
    this.#hasher = hasher
    for (const prefix of prefixes) this.#table.add(prefix)
  }

  get prefixes(): readonly number[] {
    return this.#table.prefixes
  }

  /** The number of a prefix that is of interest, -1 for another one. */
  slotOf(prefix: number): number {
    return this.#table.find(prefix)
  }

  /** Those found so far whose prefix has the number `slot`. */
  of(slot: number): ScriptSums[] {
    const found: ScriptSums[] = []
    for (let sums = this.#first[slot]; sums; sums = sums.next) found.push(sums)
    return found
  }

  /** The script that is `length` bytes of `source` from `at`, whose prefix has the number `slot`. */
  sums(slot: number, source: Uint8Array, at: number, length: number): ScriptSums {
    for (let sums = this.#first[slot]; sums; sums = sums.next) {
      if (sums.script.length === length && isAt(sums.script, source, at)) return sums
    }
    const script = source.slice(at, at + length)
    const made = new ScriptSums(slot, script, this.#hasher.sha256(script), this.#first[slot])
    this.#first[slot] = made
    this.all.push(made)
    return made
  }
}

function isAt(script: Uint8Array, source: Uint8Array, at: number): boolean {
  for (let i = 0; i < script.length; i++) if (script[i] !== source[at + i]) return false
  return true
}
