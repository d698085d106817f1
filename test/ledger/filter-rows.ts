import type { Network } from '../../src/chain/network.ts'
import { FilterIndex, type FilterStep } from '../../src/ledger/filter-index.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'
import { bytesToHex } from '../../src/wire/hash.ts'
import { Ledger } from './open-ledger.ts'

/** All at once. */
export const ALL: FilterStep = { blocks: 10_000, bytes: 1e9 }

/** Advances until there is nothing more to do, and counts the steps. */
export function finish(index: FilterIndex, step: FilterStep = ALL): number {
  for (let steps = 1; ; steps++) {
    const { kind } = index.advance(step)
    if (kind === 'done') return steps
    if (kind === 'stuck') throw new Error('stuck')
  }
}

/** `hash header` of every connected block that has them, from genesis up. */
export function filterRows(sql: SqlPort): string[] {
  return sql.sql
    .exec('SELECT f.hash, f.header FROM best b JOIN filter f ON f.block_id = b.header_id ORDER BY b.height')
    .raw()
    .toArray()
    .map((row) => row.map((value) => bytesToHex(blob(value))).join(' '))
}

/** The same of a store that has seen nothing but these blocks (without genesis). */
export function freshFilterRows(network: Network, blocks: readonly Uint8Array<ArrayBuffer>[]): string[] {
  const fresh = new Ledger(undefined, { network })
  fresh.extend(blocks)
  finish(new FilterIndex(fresh.sql, nodeHasher))
  return filterRows(fresh.sql)
}
