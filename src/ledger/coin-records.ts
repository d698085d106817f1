/**
 * Coins side by side in one buffer, 128 bytes each: two cache lines, so that whoever finds a coin by its key has nearly
 * always loaded all that there is to know of it. By record, all numbers in the machine's byte order:
 *
 *     0   36  outpoint, as on the wire
 *     36   4  stamp: whatever a block's check wants to remember
 *     40   8  txNum, of the transaction that made it; as a double, like the next two
 *     48   8  value, satoshi
 *     56   8  prefix48 of sha256(scriptPubKey)
 *     64   4  where a script that is too long for the record lies in the arena
 *     68   4  length of the script
 *     72   1  state
 *     73  55  the script, where it fits: every kind that is common does
 */
export class CoinRecords {
  readonly capacity: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Int32Array<ArrayBuffer>
  readonly doubles: Float64Array<ArrayBuffer>

  constructor(capacity: number) {
    this.capacity = capacity
    this.bytes = new Uint8Array(capacity * RECORD_BYTES)
    this.words = new Int32Array(this.bytes.buffer)
    this.doubles = new Float64Array(this.bytes.buffer)
  }

  /** Gives the memory back at once, not when it is collected; nothing can be read afterwards. */
  free(): void {
    this.bytes.buffer.transfer(0)
  }

  /** A copy of another's record. */
  copy(to: number, from: CoinRecords, entry: number): void {
    const target = to * RECORD_WORDS
    const source = entry * RECORD_WORDS
    for (let i = 0; i < RECORD_WORDS; i++) this.words[target + i] = from.words[source + i]!
  }
}

export const RECORD_BYTES = 128
export const RECORD_WORDS = RECORD_BYTES / 4
export const RECORD_DOUBLES = RECORD_BYTES / 8

/** Words, doubles and bytes from the start of a record. */
export const STAMP = 9
export const TX_NUM = 5
export const VALUE = 6
export const PREFIX = 7
export const SCRIPT_AT = 16
export const SCRIPT_LENGTH = 17
export const STATE = 72
export const SCRIPT = 73
/** The longest script that lies in a record. */
export const SHORT_SCRIPT = RECORD_BYTES - SCRIPT
