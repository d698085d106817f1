import { WINDOW } from '../chain/header-index.ts'
import { FAILED, HAVE_BODY, MAIN } from '../chain/header-store.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { type Hasher, hashKey } from '../wire/hash.ts'
import { blockHash } from '../wire/header.ts'

/** Headers beside the connected chain that are looked at for one answer, the highest first. */
export const MAX_SIDE_HEADERS = 4000

/**
 * As Bitcoin Core's getchaintips names them. `valid-headers`: the blocks are stored, and nothing more is claimed of
 * them, since a block that was connected once and reverted is not told from one that never was.
 */
export type BranchStatus = 'active' | 'valid-headers' | 'headers-only' | 'invalid'

/** The end of a branch of the header tree. */
export interface BranchTip {
  hash: Uint8Array
  height: number
  /** Headers that are not on the connected chain; 0 for its own tip. */
  branchLength: number
  status: BranchStatus
}

/** A header beside the connected chain. */
export interface SideHeader {
  hash: Uint8Array
  height: number
  /** Wire order. */
  prev: Uint8Array
  status: Exclude<BranchStatus, 'active'>
}

/**
 * The ends of all branches among the headers from `WINDOW` heights below the connected tip up, the highest first.
 * Deeper ones would take a walk over all headers; of a chain of headers that is farther ahead than that, as it is in a
 * first download, only the end is looked at.
 */
export function branchTips(sql: SqlPort, hasher: Hasher): BranchTip[] {
  const tip = topOf(sql, hasher, 'FROM best b JOIN header h ON h.id = b.header_id ORDER BY b.height DESC')
  const best = topOf(sql, hasher, `FROM header h WHERE h.status & ${MAIN} ORDER BY h.height DESC`)
  if (!tip || !best) return []
  const ceiling = tip.height + WINDOW
  const tips: BranchTip[] = [{ hash: tip.hash, height: tip.height, branchLength: 0, status: 'active' }]
  const isFarAhead = best.height > ceiling
  if (isFarAhead) {
    tips.push({ hash: best.hash, height: best.height, branchLength: best.height - tip.height, status: best.status })
  }
  const sides = new Map(
    sideHeaders(sql, hasher, Math.max(0, tip.height - WINDOW), ceiling).map((side) => [hashKey(side.hash), side]),
  )
  const parents = new Set([...sides.values()].map(({ prev }) => hashKey(prev)))
  for (const [key, end] of sides) {
    if (parents.has(key) || (isFarAhead && end.height === ceiling)) continue
    let branchLength = 0
    let { status } = end
    for (let at: SideHeader | undefined = end; at; at = sides.get(hashKey(at.prev))) {
      branchLength++
      if (at.status === 'headers-only' && status === 'valid-headers') status = 'headers-only'
    }
    tips.push({ hash: end.hash, height: end.height, branchLength, status })
  }
  return tips.sort((a, b) => b.height - a.height)
}

/**
 * Headers beside the connected chain at heights `from` to `to`, both included; the highest first, at most
 * `MAX_SIDE_HEADERS`. Heights of the connected chain that have one header only cost a look into the index.
 */
export function sideHeaders(sql: SqlPort, hasher: Hasher, from: number, to: number): SideHeader[] {
  const rows = sql.sql
    .exec(
      `SELECT h.height, h.raw, h.status
       FROM (SELECT height FROM header WHERE height BETWEEN ? AND ? GROUP BY height
             HAVING count(*) > 1 OR height > (SELECT max(height) FROM best)) forked
       JOIN header h ON h.height = forked.height
       LEFT JOIN best b ON b.header_id = h.id
       WHERE b.height IS NULL ORDER BY h.height DESC, h.id LIMIT ?`,
      from,
      to,
      MAX_SIDE_HEADERS,
    )
    .raw()
  return rows.toArray().map(([height, rawBlob, bits]) => {
    const raw = blob(rawBlob)
    const hash = blockHash(raw, hasher)
    return { hash, height: height as number, prev: raw.slice(4, 36), status: statusOf(bits as number) }
  })
}

function topOf(sql: SqlPort, hasher: Hasher, source: string) {
  const row = sql.sql.exec(`SELECT h.raw, h.height, h.status ${source} LIMIT 1`).raw().toArray()[0]
  if (!row) return undefined
  return {
    hash: blockHash(blob(row[0]), hasher),
    height: row[1] as number,
    status: statusOf(row[2] as number),
  }
}

function statusOf(bits: number): SideHeader['status'] {
  if (bits & FAILED) return 'invalid'
  return bits & HAVE_BODY ? 'valid-headers' : 'headers-only'
}
