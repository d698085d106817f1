import { Writer } from '../wire/codec.ts'
import { concatBytes, type Hasher, nobleHasher } from '../wire/hash.ts'
import { encodeGolombRice } from './golomb.ts'
import { SipHash } from './siphash.ts'

/** Bits of each distance that are written as they are. */
const P = 19
/** One in so many scripts that are not in a block seems to be. */
const M = 784_931
/** Scripts in one filter, so that the products below stay exact. No block reaches it: an output takes 4 * 10 weight units. */
const MAX_SCRIPTS = 170_000
const OP_RETURN = 0x6a

/** Scripts in a buffer of theirs: where each begins, and how long it is. */
export interface ScriptRanges {
  bytes: Uint8Array
  at: ArrayLike<number>
  length: ArrayLike<number>
}

/** What the genesis block's filter header builds on. */
export const NO_FILTER_HEADER: Uint8Array = new Uint8Array(32)

/**
 * The basic filter of a block (BIP 158): the scripts that its outputs pay to, those of OP_RETURN left out, and the
 * scripts that its inputs spend. Empty scripts count for nothing, and each script once.
 */
export function basicFilter(
  blockHash: Uint8Array,
  outputs: ScriptRanges,
  spent: ScriptRanges,
): Uint8Array<ArrayBuffer> {
  const set = new ScriptSet(blockHash, outputs.at.length + spent.at.length)
  for (let i = 0; i < outputs.at.length; i++) {
    if (outputs.bytes[outputs.at[i]!] !== OP_RETURN) set.add(outputs.bytes, outputs.at[i]!, outputs.length[i]!)
  }
  for (let i = 0; i < spent.at.length; i++) set.add(spent.bytes, spent.at[i]!, spent.length[i]!)
  const values = set.values()
  const writer = new Writer(5)
  writer.compactSize(values.length)
  return concatBytes(writer.finish(), encodeGolombRice(values, P))
}

export function filterHash(filter: Uint8Array, hasher: Hasher = nobleHasher): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hasher.sha256d(filter))
}

/** Commits to a block's filter and to those of all blocks before it (BIP 157). */
export function filterHeader(
  hash: Uint8Array,
  previous: Uint8Array,
  hasher: Hasher = nobleHasher,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hasher.sha256d(concatBytes(hash, previous)))
}

/** Scripts without repetition, by their SipHash; where two hashes agree the bytes are compared. Open addressing. */
class ScriptSet {
  readonly #hash: SipHash
  readonly #mask: number
  /** Number of the script at each place, counted from 1. */
  readonly #places: Int32Array
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #at: Uint32Array
  readonly #length: Uint32Array
  readonly #bytes: Uint8Array[] = []
  #count = 0

  constructor(blockHash: Uint8Array, capacity: number) {
    this.#hash = new SipHash(blockHash)
    const size = 2 ** Math.ceil(Math.log2(2 * capacity + 1))
    this.#mask = size - 1
    this.#places = new Int32Array(size)
    this.#high = new Uint32Array(capacity)
    this.#low = new Uint32Array(capacity)
    this.#at = new Uint32Array(capacity)
    this.#length = new Uint32Array(capacity)
  }

  add(bytes: Uint8Array, at: number, length: number): void {
    if (length === 0) return
    this.#hash.hash(bytes, at, length)
    const { high, low } = this.#hash
    let place = low & this.#mask
    for (let known = this.#places[place]!; known !== 0; known = this.#places[place]!) {
      if (this.#high[known - 1] === high && this.#low[known - 1] === low && this.#isAt(known - 1, bytes, at, length)) {
        return
      }
      place = (place + 1) & this.#mask
    }
    const index = this.#count++
    this.#places[place] = this.#count
    this.#high[index] = high
    this.#low[index] = low
    this.#at[index] = at
    this.#length[index] = length
    this.#bytes.push(bytes)
  }

  /** Each hash mapped evenly to 0 … N * M - 1, sorted. */
  values(): Float64Array {
    const n = this.#count
    if (n > MAX_SCRIPTS) throw new RangeError(`${n} scripts in one block`)
    const range = n * M
    const values = new Float64Array(n)
    for (let i = 0; i < n; i++) {
      // (hash * range) >> 64, by 16 bits of the hash at a time: each product stays below 2^53.
      const low = this.#low[i]!
      const high = this.#high[i]!
      let carry = Math.floor(((low & 0xffff) * range) / 0x1_0000)
      carry = Math.floor(((low >>> 16) * range + carry) / 0x1_0000)
      carry = Math.floor(((high & 0xffff) * range + carry) / 0x1_0000)
      values[i] = Math.floor(((high >>> 16) * range + carry) / 0x1_0000)
    }
    return values.sort()
  }

  #isAt(index: number, bytes: Uint8Array, at: number, length: number): boolean {
    if (this.#length[index] !== length) return false
    const known = this.#bytes[index]!
    const start = this.#at[index]!
    for (let i = 0; i < length; i++) if (known[start + i] !== bytes[at + i]) return false
    return true
  }
}
