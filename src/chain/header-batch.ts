import type { Hasher } from '../wire/hash.ts'
import { HEADER_SIZE } from '../wire/header.ts'

/** Headers that arrived together, in two buffers. */
export interface HeaderBatch {
  /** n * 80 bytes. */
  raws: Uint8Array
  /** n * 32 bytes. */
  hashes: Uint8Array
}

export function hashBatch(headers: readonly Uint8Array[], hasher: Hasher): HeaderBatch {
  const raws = new Uint8Array(headers.length * HEADER_SIZE)
  const hashes = new Uint8Array(headers.length * 32)
  const ranges = new Uint32Array(headers.length * 2)
  for (let i = 0; i < headers.length; i++) {
    if (headers[i]!.length !== HEADER_SIZE) throw new RangeError('a header has 80 bytes')
    raws.set(headers[i]!, i * HEADER_SIZE)
    ranges[2 * i] = i * HEADER_SIZE
    ranges[2 * i + 1] = (i + 1) * HEADER_SIZE
  }
  hasher.sha256dMany(raws, ranges, hashes)
  return { raws, hashes }
}

export function countOf({ hashes }: HeaderBatch): number {
  return hashes.length / 32
}

export function hashAt({ hashes }: HeaderBatch, index: number): Uint8Array {
  return hashes.subarray(index * 32, index * 32 + 32)
}

export function rawAt({ raws }: HeaderBatch, index: number): Uint8Array {
  return raws.subarray(index * HEADER_SIZE, (index + 1) * HEADER_SIZE)
}

export function prevAt({ raws }: HeaderBatch, index: number): Uint8Array {
  return raws.subarray(index * HEADER_SIZE + 4, index * HEADER_SIZE + 36)
}

/** Index of the first header that does not follow the one before it, or -1. */
export function firstGap(batch: HeaderBatch): number {
  const { raws, hashes } = batch
  for (let i = 1; i < countOf(batch); i++) {
    const prev = i * HEADER_SIZE + 4
    const hash = (i - 1) * 32
    for (let byte = 0; byte < 32; byte++) if (raws[prev + byte] !== hashes[hash + byte]) return i
  }
  return -1
}

/** The rest in buffers of its own, so that known headers are not kept alive by new ones. */
export function dropFirst({ raws, hashes }: HeaderBatch, count: number): HeaderBatch {
  return { raws: raws.slice(count * HEADER_SIZE), hashes: hashes.slice(count * 32) }
}

export function bitsAt({ raws }: HeaderBatch, index: number): number {
  return readU32(raws, index * HEADER_SIZE + 72)
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
