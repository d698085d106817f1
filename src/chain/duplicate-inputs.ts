import { readU32 } from './header-batch.ts'

const SIZE = 36
/** Up to so many outpoints, comparing each with each is fastest. */
const FEW = 12

/** Whether two of the outpoints, 36 bytes each, are equal. Takes n log n steps whatever they are. */
export function hasDuplicateInputs(outpoints: Uint8Array): boolean {
  const count = outpoints.length / SIZE
  if (count <= FEW) return someEqual(outpoints, count)
  // Four bytes of the txid and the low bits of the index nearly always tell outpoints apart.
  const keys = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const at = i * SIZE
    const index = outpoints[at + 32]! | (outpoints[at + 33]! << 8) | ((outpoints[at + 34]! & 0x0f) << 16)
    keys[i] = readU32(outpoints, at) * 0x10_0000 + index
  }
  keys.sort()
  for (let i = 1; i < count; i++) if (keys[i] === keys[i - 1]) return hasEqualNeighbours(outpoints, count)
  return false
}

function someEqual(outpoints: Uint8Array, count: number): boolean {
  for (let i = 1; i < count; i++) for (let j = 0; j < i; j++) if (compare(outpoints, i, j) === 0) return true
  return false
}

function hasEqualNeighbours(outpoints: Uint8Array, count: number): boolean {
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => compare(outpoints, a, b))
  for (let i = 1; i < count; i++) if (compare(outpoints, order[i]!, order[i - 1]!) === 0) return true
  return false
}

function compare(outpoints: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < SIZE; i++) {
    const difference = outpoints[a * SIZE + i]! - outpoints[b * SIZE + i]!
    if (difference !== 0) return difference
  }
  return 0
}
