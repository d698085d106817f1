import { publicKeyOf } from '../../src/script/sign.ts'
import { sha256 } from '../../src/wire/hash.ts'
import type { SeededRandom } from '../sim/random.ts'
import { withByte } from './edited-bytes.ts'

/** Keys that the programs name. The same in each run; nothing is theirs but test outputs. */
export const KEYS = Array.from({ length: 4 }, (_, i) => sha256(Uint8Array.of(i, 0x6b)))

/** Any of the keys as scripts may hold them: mostly compressed, or not, or hybrid, or no key at all. */
export function randomKey(random: SeededRandom): { key: Uint8Array; owner: number } {
  const owner = random.below(KEYS.length)
  const compressed = publicKeyOf(KEYS[owner]!)
  const kind = random.below(20)
  if (kind < 14) return { key: compressed, owner }
  const full = publicKeyOf(KEYS[owner]!, false)
  if (kind < 17) return { key: full, owner }
  if (kind === 17) return { key: withByte(full, 0, 6 + random.below(2)), owner }
  if (kind === 18) return { key: random.bytes(random.pick([0, 1, 32, 33, 33, 64, 65, 66])), owner }
  return { key: withByte(compressed, 0, random.below(9)), owner }
}
