import { hash, scryptSync } from 'node:crypto'
import type { Hasher } from '../wire/hash.ts'
import { LanesHasher } from './lanes-hasher.ts'

/** Holds a first hash while the second is made of it. One thread runs one hash at a time. */
const scratch = Buffer.alloc(32)

function once(src: Uint8Array, out: Buffer, at: number): void {
  out.write(hash('sha256', src, 'binary'), at, 32, 'binary')
}

function twice(src: Uint8Array, out: Buffer, at: number): void {
  scratch.write(hash('sha256', src, 'binary'), 0, 32, 'binary')
  out.write(hash('sha256', scratch, 'binary'), at, 32, 'binary')
}

function over(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Where a single hash is put together: to lay a Buffer over every new array would cost as much as to hash. */
const result = Buffer.alloc(32)

function single(src: Uint8Array, how: typeof once): Uint8Array<ArrayBuffer> {
  how(src, result, 0)
  return new Uint8Array(result)
}

/** Fewer messages are hashed before the lanes are set up. */
const FEW = 4
let lanes: LanesHasher | undefined

function many(src: Uint8Array, ranges: Uint32Array, out: Uint8Array, how: typeof once): void {
  const target = over(out)
  const one = (i: number) => how(src.subarray(ranges[2 * i], ranges[2 * i + 1]), target, i * 32)
  if (ranges.length >= 2 * FEW) {
    lanes ??= new LanesHasher()
    lanes.hash(src, ranges, out, how === twice ? 1 : 0, one)
  } else for (let i = 0; i < ranges.length / 2; i++) one(i)
}

/**
 * Single messages: OpenSSL's SHA-256 through Node's one-shot `hash`. Digests are asked for as latin1 text and written back
 * as bytes: a Buffer for each costs more than twice as much, and most of a short hash's time. Many short ones: four at a
 * time, which takes a third of that.
 */
export const nodeHasher: Hasher = {
  sha256: (bytes) => single(bytes, once),
  sha256d: (bytes) => single(bytes, twice),
  sha256Many: (src, ranges, out) => many(src, ranges, out, once),
  sha256dMany: (src, ranges, out) => many(src, ranges, out, twice),
}

/** Litecoin's work hash of a header. */
export function scryptHash(header: Uint8Array): Uint8Array {
  return scryptSync(header, header, 32, { N: 1024, r: 1, p: 1 })
}
