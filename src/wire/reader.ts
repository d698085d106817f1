import { WireError } from './error.ts'

/** Stands for every empty byte string read, so that millions of empty witness items cost one slot each. */
const EMPTY = new Uint8Array(0)

/**
 * Reads little-endian fields from bytes that nobody has checked. Every read past the end throws `truncated`.
 * Byte strings are views of the source: copy what must outlive it, and never write to them.
 */
export class Reader {
  readonly source: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at = 0

  constructor(source: Uint8Array) {
    this.source = source
    this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength)
    this.#end = source.byteLength
  }

  /** Offset of the next byte in `source`. */
  get at(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  /** The next byte without taking it; undefined at the end. */
  peek(): number | undefined {
    return this.source[this.#at]
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  /** Ports are the one big-endian field of the protocol. */
  u16be(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  /** 48 bits, the short transaction ids of BIP152. */
  u48(): number {
    const at = this.#take(6)
    return this.#view.getUint32(at, true) + this.#view.getUint16(at + 4, true) * 0x1_0000_0000
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true)
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true)
  }

  /** A compact size of at most 2^53 − 1; larger ones are `too-large`, longer forms than needed `not-minimal`. */
  compactSize(): number {
    const first = this.u8()
    if (first < 0xfd) return first
    if (first === 0xfd) return minimal(this.u16(), 0xfd)
    if (first === 0xfe) return minimal(this.u32(), 0x1_0000)
    const low = this.u32()
    const high = this.u32()
    if (high > 0x1f_ffff) throw new WireError('too-large', 'compact size above 2^53')
    return minimal(high * 0x1_0000_0000 + low, 0x1_0000_0000)
  }

  /** A count or length that must not exceed `max`. */
  count(max: number): number {
    const count = this.compactSize()
    if (count > max) throw new WireError('too-large', `${count} above ${max}`)
    return count
  }

  /** The next `length` bytes as a view. */
  bytes(length: number): Uint8Array {
    if (length === 0) return EMPTY
    const at = this.#take(length)
    return new Uint8Array(this.source.buffer, this.source.byteOffset + at, length)
  }

  /** Passes over the next `length` bytes. */
  skip(length: number): void {
    this.#take(length)
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) throw new WireError('truncated')
    this.#at = at + length
    return at
  }
}

function minimal(value: number, least: number): number {
  if (value < least) throw new WireError('not-minimal')
  return value
}
