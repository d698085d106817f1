import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../peer/ports.ts'

/** Chance from the system. */
export const systemRandom: Random = {
  u64: () => randomBytes(8).readBigUInt64LE(),
  below: (limit) => randomInt(limit),
}
