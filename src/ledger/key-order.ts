const ROW_LIMIT = 2 ** 32
/** Keys are told apart by so many bits, in two halves. */
const HALF_BITS = 12
const HALF = 2 ** HALF_BITS
const KEY_STEPS = HALF * HALF

/**
 * Row numbers in the order of their keys, for inserting into a B-tree: neighbours in the table are inserted one after
 * the other. Keys are whole numbers below `limit`; rows whose keys agree in the first 24 bits of that range stay in
 * the order they had, which is near enough for any page to be visited once. Sorted by counting, half a key at a time:
 * time in proportion to the rows, nothing compared.
 */
export function keyOrder(count: number, limit: number, keyOf: (row: number) => number): Uint32Array {
  if (count > ROW_LIMIT) throw new Error('too many rows in one batch')
  const scale = Math.min(1, KEY_STEPS / limit)
  const keys = new Uint32Array(count)
  const lowEnds = new Uint32Array(HALF)
  const highEnds = new Uint32Array(HALF)
  for (let row = 0; row < count; row++) {
    const key = Math.floor(keyOf(row) * scale)
    keys[row] = key
    lowEnds[key % HALF]!++
    highEnds[key >>> HALF_BITS]!++
  }
  startsOf(lowEnds)
  startsOf(highEnds)
  const byLow = new Uint32Array(count)
  for (let row = 0; row < count; row++) byLow[lowEnds[keys[row]! % HALF]!++] = row
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const row = byLow[i]!
    order[highEnds[keys[row]! >>> HALF_BITS]!++] = row
  }
  return order
}

/** Turns how many there are of each into where the first one goes. */
function startsOf(counts: Uint32Array): void {
  let start = 0
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!
    counts[i] = start
    start += count
  }
}
