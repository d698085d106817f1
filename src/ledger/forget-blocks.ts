import { CONNECTED } from '../chain/header-store.ts'
import type { HeaderTree } from '../chain/header-tree.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { deleteBlocks } from './batch-rows.ts'
import { forgetSums, writeBusy } from './busy-scripts.ts'
import { forgetDuplicates } from './duplicate-coinbases.ts'

/**
 * Takes the blocks above a height out of the chain without reading them: everything that the store says of them goes, but
 * their bodies. For a store whose coins are as of that height and cannot be brought further, as a block is unreadable. It
 * goes over the whole index, for that is not kept by block. Ids of blocks that turned out to be damaged on the way.
 */
export function forgetBlocks(sql: SqlPort, tree: HeaderTree, hasher: Hasher, above: number): ReadonlySet<number> {
  return sql.transactionSync(() => {
    const query = 'SELECT header_id, first_tx FROM best WHERE height > ? ORDER BY height'
    const blocks = sql.sql.exec(query, above).raw().toArray() as [id: number, firstTx: number][]
    const first = blocks[0]?.[1]
    if (first === undefined) return new Set<number>()
    const scripts = new Set<number>()
    const touched = sql.sql.exec('SELECT DISTINCT prefix48 FROM history WHERE tx_num >= ?', first)
    for (const [prefix] of touched.raw().toArray()) scripts.add(prefix as number)
    deleteBlocks(
      sql,
      blocks.map(([id]) => id),
      above + 1,
    )
    sql.sql.exec('DELETE FROM tx WHERE tx_num >= ?', first)
    sql.sql.exec('DELETE FROM history WHERE tx_num >= ?', first)
    sql.sql.exec('DELETE FROM spend WHERE spender_tx >= ?', first)
    forgetDuplicates(sql, above)
    tree.setStatus(
      blocks.map(([id]) => tree.nodeById(id)!),
      0,
      CONNECTED,
    )
    forgetSums(sql, [...scripts])
    const change = { reverted: [], connected: [], lost: scripts, got: new Float64Array(0), end: first }
    return writeBusy(sql, hasher, change)
  })
}
