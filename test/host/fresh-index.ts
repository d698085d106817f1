import type { Network } from '../../src/chain/network.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { dump } from '../ledger/dump.ts'
import { noScripts } from '../ledger/no-scripts.ts'
import { Ledger, memory } from '../ledger/open-ledger.ts'

/** Rows shown of a table that differs. */
const SHOWN = 3

/**
 * How a store differs from one into which the blocks (without genesis) were connected one after the other: rows that are
 * only in one of them, some of each table. Empty where every row is the same.
 */
export function differences(
  sql: SqlPort,
  network: Network,
  blocks: readonly Uint8Array<ArrayBuffer>[],
): Record<string, string[]> {
  const fresh = new Ledger(memory(), { network, scriptChecks: noScripts })
  fresh.extend(blocks)
  const expected = dump(fresh.sql)
  const found: Record<string, string[]> = {}
  for (const [table, rows] of Object.entries(dump(sql))) {
    const mine = new Set(rows)
    const theirs = new Set(expected[table])
    const surplus = rows.filter((row) => !theirs.has(row)).map((row) => `only here: ${row.slice(0, 120)}`)
    const lacking = expected[table]!.filter((row) => !mine.has(row)).map((row) => `lacking: ${row.slice(0, 120)}`)
    const differing = [...surplus.slice(0, SHOWN), ...lacking.slice(0, SHOWN)]
    if (rows.length !== expected[table]!.length) differing.push(`${rows.length} rows, not ${expected[table]!.length}`)
    if (differing.length > 0) found[table] = differing
  }
  return found
}
