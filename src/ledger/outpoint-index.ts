/** Words of 32 bits in an outpoint. */
export const KEY_WORDS = 9

/**
 * Finds entries by outpoint: open addressing over one array, at most half full. An outpoint is nine 32-bit words in
 * memory order (txid, index in little-endian), passed as an array and the place of the first. Entry `e`'s own lies in
 * `keys`, from word `stride * e` on.
 *
 * Hashed with a secret: whoever can grind txids cannot make chains in it.
 */
export class OutpointIndex {
  readonly #keys: Int32Array<ArrayBuffer>
  readonly #stride: number
  /** Entry + 1, or 0. */
  readonly #slots: Int32Array<ArrayBuffer>
  readonly #mask: number
  readonly #seed0: number
  readonly #seed1: number
  /** Where the last search that found nothing ended. */
  #vacant = 0

  /** `seed`: 8 secret random bytes. */
  constructor(capacity: number, seed: Uint8Array, keys: Int32Array<ArrayBuffer>, stride: number) {
    const words = new DataView(seed.buffer, seed.byteOffset, 8)
    this.#seed0 = words.getInt32(0)
    this.#seed1 = words.getInt32(4)
    this.#keys = keys
    this.#stride = stride
    let slots = 1
    while (slots < capacity * 2) slots *= 2
    this.#slots = new Int32Array(slots)
    this.#mask = slots - 1
  }

  /** Bytes held, the keys not counted. */
  get bytes(): number {
    return this.#slots.byteLength
  }

  /** The entry, or -1. */
  find(words: Int32Array, at: number): number {
    const keys = this.#keys
    const stride = this.#stride
    const slots = this.#slots
    const mask = this.#mask
    const w0 = words[at]!
    const w1 = words[at + 1]!
    const w8 = words[at + 8]!
    for (let slot = this.#slot(w0, w1, words[at + 2]!, w8); ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1
      if (entry < 0) {
        this.#vacant = slot
        return -1
      }
      const k = entry * stride
      if (
        keys[k] === w0 &&
        keys[k + 1] === w1 &&
        keys[k + 8] === w8 &&
        keys[k + 2] === words[at + 2] &&
        keys[k + 3] === words[at + 3] &&
        keys[k + 4] === words[at + 4] &&
        keys[k + 5] === words[at + 5] &&
        keys[k + 6] === words[at + 6] &&
        keys[k + 7] === words[at + 7]
      ) {
        return entry
      }
    }
  }

  /** `entry` stands for the outpoint at `at`, which no other one does. */
  insert(entry: number, words: Int32Array, at: number): void {
    this.#writeKey(entry, words, at)
    let slot = this.#home(entry)
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = entry + 1
  }

  /** The same, right after `find` has not found that outpoint. */
  insertMissing(entry: number, words: Int32Array, at: number): void {
    this.#writeKey(entry, words, at)
    this.#slots[this.#vacant] = entry + 1
  }

  /** Closes the gap, so that no search ends too early. */
  remove(entry: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let gap = this.#home(entry)
    while (slots[gap] !== entry + 1) gap = (gap + 1) & mask
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#home(slots[slot]! - 1)
      if (((slot - home) & mask) >= ((slot - gap) & mask)) {
        slots[gap] = slots[slot]!
        gap = slot
      }
    }
    slots[gap] = 0
  }

  /** Gives the memory of its own back at once; nothing can be found afterwards. */
  free(): void {
    this.#slots.buffer.transfer(0)
  }

  /** A hash of the txid at `at`, with the same secret. */
  hashTxid(words: Int32Array, at: number): number {
    return mix(words[at]! ^ this.#seed0, words[at + 1]! ^ this.#seed1, words[at + 2]!, 0)
  }

  #writeKey(entry: number, words: Int32Array, at: number): void {
    const k = entry * this.#stride
    for (let i = 0; i < KEY_WORDS; i++) this.#keys[k + i] = words[at + i]!
  }

  #home(entry: number): number {
    const keys = this.#keys
    const k = entry * this.#stride
    return this.#slot(keys[k]!, keys[k + 1]!, keys[k + 2]!, keys[k + 8]!)
  }

  #slot(w0: number, w1: number, w2: number, w8: number): number {
    return mix(w0 ^ this.#seed0, w1 ^ this.#seed1, w2, w8) & this.#mask
  }
}

/** Four words to one. A txid can be ground but not chosen: 96 of its bits and the output's index are enough. */
function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 13) ^ c, 0x27d4eb2f)
  h = Math.imul(h ^ (h >>> 15) ^ d, 0x165667b1)
  return h ^ (h >>> 16)
}
