const ROW_LIMIT = 2 ** 29
const KEY_STEPS = 2 ** 24

/**
 * Row numbers in the order of their keys, for inserting into a B-tree: neighbours in the table are inserted one after
 * the other. Keys are whole numbers below `limit`; rows whose keys agree in the first 24 bits of that range stay in
 * the order they had, which is near enough for any page to be visited once. Sorted as plain numbers, natively.
 */
export function keyOrder(count: number, limit: number, keyOf: (row: number) => number): Float64Array {
  if (count > ROW_LIMIT) throw new Error('too many rows in one batch')
  const scale = Math.min(1, KEY_STEPS / limit)
  const packed = new Float64Array(count)
  for (let row = 0; row < count; row++) packed[row] = Math.floor(keyOf(row) * scale) * ROW_LIMIT + row
  packed.sort()
  for (let i = 0; i < count; i++) packed[i]! %= ROW_LIMIT
  return packed
}
