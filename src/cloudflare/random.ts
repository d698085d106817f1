import type { Random } from '../peer/ports.ts'

/** Chance from the platform. */
export const edgeRandom: Random = {
  u64: () => crypto.getRandomValues(new BigUint64Array(1))[0]!,
  below(limit) {
    // Values above the last whole multiple would make small results likelier.
    const end = 2 ** 32 - (2 ** 32 % limit)
    const word = new Uint32Array(1)
    do crypto.getRandomValues(word)
    while (word[0]! >= end)
    return word[0]! % limit
  },
}
