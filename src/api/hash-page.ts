import { prefix48 } from '../wire/hash.ts'

/** Of hashes that lie end to end, the first `limit` after `after` in the order of their bytes, end to end again. */
export function pageOfHashes(hashes: Uint8Array, after: Uint8Array | undefined, limit: number): Uint8Array {
  const at = (i: number) => hashes.subarray(32 * i, 32 * i + 32)
  const indexes: number[] = []
  for (let i = 0; 32 * i < hashes.length; i++) {
    if (!after || compareBytes(at(i), after) > 0) indexes.push(i)
  }
  // Numbers sort by far the fastest, and say which few hashes are to be sorted in full.
  const highest = Float64Array.from(indexes, (i) => prefix48(at(i))).sort()[limit - 1] ?? Number.POSITIVE_INFINITY
  const page = indexes
    .filter((i) => prefix48(at(i)) <= highest)
    .sort((a, b) => compareBytes(at(a), at(b)))
    .slice(0, limit)
  const bytes = new Uint8Array(32 * page.length)
  page.forEach((i, place) => {
    bytes.set(at(i), 32 * place)
  })
  return bytes
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}
