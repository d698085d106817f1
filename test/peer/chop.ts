import type { SeededRandom } from '../sim/random.ts'

/** The same bytes in pieces of 1 to `longest` bytes. */
export function chop(bytes: Uint8Array, random: SeededRandom, longest = 30): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(longest)
    pieces.push(bytes.slice(at, at + length))
    at += length
  }
  return pieces
}
