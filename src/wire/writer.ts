/**
 * Collects little-endian fields in one growing buffer. Values come from our own side, so a number that does not fit
 * its field is a bug and throws a plain `RangeError`.
 */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  constructor(capacity = 128) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    check(value, 0, 0xff)
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    check(value, 0, 0xffff)
    const at = this.#grow(2)
    this.#view.setUint16(at, value, true)
  }

  u16be(value: number): void {
    check(value, 0, 0xffff)
    const at = this.#grow(2)
    this.#view.setUint16(at, value)
  }

  u32(value: number): void {
    check(value, 0, 0xffff_ffff)
    const at = this.#grow(4)
    this.#view.setUint32(at, value, true)
  }

  i32(value: number): void {
    check(value, -0x8000_0000, 0x7fff_ffff)
    const at = this.#grow(4)
    this.#view.setInt32(at, value, true)
  }

  u48(value: number): void {
    check(value, 0, 0xffff_ffff_ffff)
    const at = this.#grow(6)
    this.#view.setUint32(at, value % 0x1_0000_0000, true)
    this.#view.setUint16(at + 4, Math.floor(value / 0x1_0000_0000), true)
  }

  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw new RangeError(`${value} is not an unsigned 64-bit number`)
    const at = this.#grow(8)
    this.#view.setBigUint64(at, value, true)
  }

  i64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is not a signed 64-bit number`)
    const at = this.#grow(8)
    this.#view.setBigInt64(at, value, true)
  }

  compactSize(value: number): void {
    check(value, 0, Number.MAX_SAFE_INTEGER)
    if (value < 0xfd) {
      this.u8(value)
    } else if (value <= 0xffff) {
      this.u8(0xfd)
      this.u16(value)
    } else if (value <= 0xffff_ffff) {
      this.u8(0xfe)
      this.u32(value)
    } else {
      this.u8(0xff)
      this.u64(BigInt(value))
    }
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
  }

  /** Begins anew, in the same memory. */
  clear(): void {
    this.#length = 0
  }

  /** What was written, as a view that holds until the next write. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  /** What was written, in an ArrayBuffer of its own and of exactly that size. Ends this writer. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes
    return bytes.length === this.#length ? bytes : bytes.slice(0, this.#length)
  }

  /** Room for `by` more bytes; returns their offset. Replaces `#view`, so it is called before that is looked at. */
  #grow(by: number): number {
    const at = this.#length
    const length = at + by
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, at))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#length = length
    return at
  }
}

function check(value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${value} is not a whole number from ${least} to ${most}`)
  }
}
