import { WireError } from './error.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export { Reader, Writer }

/**
 * One declaration of a byte form, used in both directions. `read` trusts nothing and throws `WireError`; `write` trusts
 * its own side and throws a plain error where a value cannot be written.
 */
export interface Codec<T> {
  read(reader: Reader): T
  write(writer: Writer, value: T): void
}

export type Decoded<C> = C extends Codec<infer T> ? T : never

/** The bytes of a value, in an ArrayBuffer of their own. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.finish()
}

/** The value of which `bytes` is the whole form; bytes left over are `trailing`. Byte strings in it are views. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  if (reader.remaining > 0) throw new WireError('trailing', `${reader.remaining} bytes`)
  return value
}

export const u8: Codec<number> = { read: (r) => r.u8(), write: (w, value) => w.u8(value) }
export const u16: Codec<number> = { read: (r) => r.u16(), write: (w, value) => w.u16(value) }
export const u16be: Codec<number> = { read: (r) => r.u16be(), write: (w, value) => w.u16be(value) }
export const u32: Codec<number> = { read: (r) => r.u32(), write: (w, value) => w.u32(value) }
export const i32: Codec<number> = { read: (r) => r.i32(), write: (w, value) => w.i32(value) }
export const u48: Codec<number> = { read: (r) => r.u48(), write: (w, value) => w.u48(value) }
export const u64: Codec<bigint> = { read: (r) => r.u64(), write: (w, value) => w.u64(value) }
export const i64: Codec<bigint> = { read: (r) => r.i64(), write: (w, value) => w.i64(value) }

/** A count as the protocol writes it, 1 to 9 bytes, shortest form only, at most 2^53 − 1. */
export const compactSize: Codec<number> = {
  read: (r) => r.compactSize(),
  write: (w, value) => w.compactSize(value),
}

/** Bytes that a count takes, below 2^32. */
export function compactSizeLength(count: number): number {
  if (count < 0xfd) return 1
  return count <= 0xffff ? 3 : 5
}

/** A compact size that carries bits instead of a count, over the whole 64-bit range (services in BIP155). */
export const compactU64: Codec<bigint> = {
  read(r) {
    if (r.peek() !== 0xff) return BigInt(r.compactSize())
    r.u8()
    const value = r.u64()
    if (value <= 0xffff_ffffn) throw new WireError('not-minimal')
    return value
  },
  write(w, value) {
    if (value <= 0xffff_ffffn) {
      w.compactSize(Number(value))
    } else {
      w.u8(0xff)
      w.u64(value)
    }
  },
}

/** One byte, 0 or 1. */
export const bool: Codec<boolean> = {
  read(r) {
    const byte = r.u8()
    if (byte > 1) throw new WireError('bad-value', `${byte} is neither 0 nor 1`)
    return byte === 1
  },
  write: (w, value) => w.u8(value ? 1 : 0),
}

/** A number of another codec that must not exceed `max`. */
export function atMost(codec: Codec<number>, max: number): Codec<number> {
  return {
    read(r) {
      const value = codec.read(r)
      if (value > max) throw new WireError('too-large', `${value} above ${max}`)
      return value
    },
    write(w, value) {
      if (value > max) throw new RangeError(`${value} above ${max}`)
      codec.write(w, value)
    },
  }
}

/** One byte that always has this value; any other is `bad-value`. */
export function literal<const N extends number>(expected: N): Codec<N> {
  return {
    read(r) {
      const byte = r.u8()
      if (byte !== expected) throw new WireError('bad-value', `${byte} in place of ${expected}`)
      return expected
    },
    write: (w) => w.u8(expected),
  }
}

/** Exactly `length` bytes, as a view. */
export function bytes(length: number): Codec<Uint8Array> {
  return {
    read: (r) => r.bytes(length),
    write(w, value) {
      if (value.length !== length) throw new RangeError(`${value.length} bytes in place of ${length}`)
      w.bytes(value)
    },
  }
}

/** 32 bytes in wire order. */
export const hash32 = bytes(32)

/** A length of at most `max`, then that many bytes, as a view. */
export function varBytes(max: number): Codec<Uint8Array> {
  return {
    read: (r) => r.bytes(r.count(max)),
    write(w, value) {
      if (value.length > max) throw new RangeError(`${value.length} bytes, above ${max}`)
      w.compactSize(value.length)
      w.bytes(value)
    },
  }
}

/** As `varBytes`, one character (U+0000 to U+00FF) per byte, so that every byte string survives the round trip. */
export function varString(max: number, min = 0): Codec<string> {
  return {
    read(r) {
      const length = r.count(max)
      if (length < min) throw new WireError('bad-value', `${length} characters, below ${min}`)
      return latin1(r.bytes(length))
    },
    write(w, value) {
      if (value.length > max || value.length < min) {
        throw new RangeError(`${value.length} characters, outside ${min} to ${max}`)
      }
      w.compactSize(value.length)
      for (let i = 0; i < value.length; i++) w.u8(value.charCodeAt(i))
    },
  }
}

/** Everything up to the end, as a view. */
export const rest: Codec<Uint8Array> = { read: (r) => r.rest(), write: (w, value) => w.bytes(value) }

/**
 * A count of at most `max`, then that many items. Space grows with the items really read, so a claimed count costs
 * nothing by itself.
 */
export function list<T>(item: Codec<T>, max: number): Codec<T[]> {
  return {
    read(r) {
      const count = r.count(max)
      const items: T[] = []
      for (let i = 0; i < count; i++) items.push(item.read(r))
      return items
    },
    write(w, items) {
      if (items.length > max) throw new RangeError(`${items.length} items, above ${max}`)
      w.compactSize(items.length)
      for (const value of items) item.write(w, value)
    },
  }
}

/** A field that old peers leave out at the end of a message: read as `absent` then, and always written. */
export function optional<T>(codec: Codec<T>, absent: T): Codec<T> {
  return { read: (r) => (r.remaining === 0 ? absent : codec.read(r)), write: codec.write }
}

/** A value and a fixed form after it that carries nothing. */
export function followedBy<T, N>(codec: Codec<T>, tail: Codec<N>, value: N): Codec<T> {
  return {
    read(r) {
      const head = codec.read(r)
      tail.read(r)
      return head
    },
    write(w, head) {
      codec.write(w, head)
      tail.write(w, value)
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the one place where codecs of different types stand in one row
type AnyCodec = Codec<any>
export type FieldCodecs = Record<string, AnyCodec>
export type DecodedFields<F extends FieldCodecs> = { [K in keyof F]: Decoded<F[K]> }

/** Fields one after the other, in the order of declaration. */
export function struct<F extends FieldCodecs>(fields: F): Codec<DecodedFields<F>> {
  const names = Object.keys(fields)
  const codecs = Object.values<AnyCodec>(fields)
  return {
    read(r) {
      const value: Record<string, unknown> = {}
      for (let i = 0; i < names.length; i++) value[names[i]!] = codecs[i]!.read(r)
      return value as DecodedFields<F>
    },
    write(w, value) {
      for (let i = 0; i < names.length; i++) codecs[i]!.write(w, value[names[i]!])
    },
  }
}

function latin1(value: Uint8Array): string {
  let text = ''
  for (let i = 0; i < value.length; i++) text += String.fromCharCode(value[i]!)
  return text
}
