import type { SeededRandom } from '../sim/random.ts'

/** A copy in which one byte, which must be there, is another. */
export function withByte(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = byte
  return copy
}

/** A copy in which one byte of some is another than it was. */
export function flipped(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length)
  return withByte(bytes, at, bytes[at]! ^ (1 + random.below(255)))
}
