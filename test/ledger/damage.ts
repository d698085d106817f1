import type { BlockPart } from '../../src/ledger/block-damaged.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'
import type { SeededRandom } from '../sim/random.ts'

/** What can happen to what is stored of a block, at a place that chance picks. */
export const KINDS_OF_DAMAGE = [
  'a flipped byte of the body',
  'a flipped byte of a check of the body',
  'a lost row of the body',
  'a flipped byte of the prevouts',
  'a flipped byte of a check of the prevouts',
  'a lost row of the prevouts',
  'a flipped byte of the places',
  'a flipped byte of a check of the places',
  'a lost row of the places',
] as const
export type KindOfDamage = (typeof KINDS_OF_DAMAGE)[number]

/** Does it to the block with this header id; the part that it hit, `undefined` where the block has no such rows. */
export function damageAt(
  { sql }: SqlPort,
  blockId: number,
  kind: KindOfDamage,
  random: SeededRandom,
): BlockPart | undefined {
  const part: BlockPart = kind.endsWith('body') ? 'body' : kind.endsWith('prevouts') ? 'prevouts' : 'offsets'
  const [table, key, low, high] =
    part === 'offsets'
      ? ['offsets', 'block_id', blockId, blockId + 1]
      : [part, 'id', blockId * PARTS_PER_BLOCK, (blockId + 1) * PARTS_PER_BLOCK]
  const rows = sql.exec(`SELECT ${key} FROM ${table} WHERE ${key} >= ? AND ${key} < ?`, low!, high!).raw().toArray()
  if (rows.length === 0) return undefined
  const row = random.pick(rows)[0] as number
  if (kind.startsWith('a lost row')) {
    sql.exec(`DELETE FROM ${table} WHERE ${key} = ?`, row)
    return part
  }
  const isCheck = kind.includes('check')
  if (isCheck && part !== 'offsets') {
    const { check } = sql.exec<{ check: number }>(`SELECT check48 AS "check" FROM ${table} WHERE id = ?`, row).one()
    const bit = 2 ** random.below(48)
    const flipped = Math.floor(check / bit) % 2 === 0 ? check + bit : check - bit
    sql.exec(`UPDATE ${table} SET check48 = ? WHERE id = ?`, flipped, row)
    return part
  }
  const column = isCheck ? 'checks' : 'bytes'
  const bytes = blob(sql.exec(`SELECT ${column} FROM ${table} WHERE ${key} = ?`, row).raw().toArray()[0]![0]).slice()
  bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
  sql.exec(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`, bytes, row)
  return part
}
