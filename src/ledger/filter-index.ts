import { filterHash, filterHeader, NO_FILTER_HEADER } from '../chain/block-filter.ts'
import { multiInsert } from '../store/multi-insert.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { type Hasher, nobleHasher } from '../wire/hash.ts'
import { blockHash } from '../wire/header.ts'
import { filterOf, keepFilters } from './block-filters.ts'

/** How far one step goes: whichever comes first. */
export interface FilterStep {
  blocks: number
  /** Bytes of the blocks read. */
  bytes: number
}

/** `behind`: there is more to do; `done`: the tip is reached; `stuck`: the next block cannot be read. */
export type FilterProgress = { kind: 'behind' | 'done' } | { kind: 'stuck'; blockId: number }

interface Place {
  height: number
  blockId: number
  header: Uint8Array
}

/**
 * The chain of filter headers (BIP 157) over the connected chain, made behind it a step at a time: a row says of a block
 * what its filter hashes to and what its filter header is. That follows from the block and those below it alone, so a
 * row stays true whatever the chain does: a reorganisation takes none away, and where a block has one, all below it do.
 * Filters themselves are not kept: they are quickly made of the block and what it spends.
 */
export class FilterIndex {
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  /** The highest block known to have its row; checked before it is built on. */
  #last: Place | undefined

  /** Marks the store as one that keeps filters. */
  constructor(sql: SqlPort, hasher: Hasher = nobleHasher) {
    this.#sql = sql
    this.#hasher = hasher
    keepFilters(sql)
  }

  /** Makes rows for what is committed, in one transaction. */
  advance({ blocks, bytes }: FilterStep): FilterProgress {
    return this.#sql.transactionSync(() => {
      let last = this.#frontier()
      const rows: { blockId: number; hash: Uint8Array; header: Uint8Array }[] = []
      let progress: FilterProgress = { kind: 'behind' }
      let read = 0
      for (const { height, id, size, raw } of this.#above(last, blocks)) {
        if (rows.length > 0 && read + size > bytes) break
        const filter = filterOf(this.#sql, { id, hash: blockHash(raw, this.#hasher), size }, this.#hasher)
        if (!filter) {
          progress = { kind: 'stuck', blockId: id }
          break
        }
        const hash = filterHash(filter, this.#hasher)
        const header = filterHeader(hash, last?.header ?? NO_FILTER_HEADER, this.#hasher)
        rows.push({ blockId: id, hash, header })
        read += size
        last = { height, blockId: id, header }
      }
      multiInsert(this.#sql, 'filter (block_id, hash, header)', 3, rows.length, (i, values) => {
        const { blockId, hash, header } = rows[i]!
        values.push(blockId, hash, header)
      })
      this.#last = last
      if (progress.kind === 'behind' && (last?.height ?? -1) === this.#tipHeight()) return { kind: 'done' }
      return progress
    })
  }

  /** The highest connected block that has its row; `undefined` when none does. */
  #frontier(): Place | undefined {
    const last = this.#last
    if (last && this.#placeAt(last.height)?.blockId === last.blockId) {
      // Blocks above may have rows from before the chain left them and came back.
      const above = this.#placeAt(last.height + 1)
      if (!above) return last
    }
    // Rows reach up to some height without a gap: halving finds it.
    let low = -1
    let high = this.#tipHeight()
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#placeAt(middle)) low = middle
      else high = middle - 1
    }
    return low < 0 ? undefined : this.#placeAt(low)
  }

  /** The connected block at a height, if it has its row. */
  #placeAt(height: number): Place | undefined {
    const row = this.#sql.sql
      .exec(
        'SELECT f.block_id, f.header FROM best b JOIN filter f ON f.block_id = b.header_id WHERE b.height = ?',
        height,
      )
      .raw()
      .toArray()[0]
    return row && { height, blockId: row[0] as number, header: blob(row[1]) }
  }

  #above(last: Place | undefined, count: number): { height: number; id: number; size: number; raw: Uint8Array }[] {
    return this.#sql.sql
      .exec(
        `SELECT b.height, b.header_id, b.size, h.raw FROM best b JOIN header h ON h.id = b.header_id
         WHERE b.height > ? ORDER BY b.height LIMIT ?`,
        last?.height ?? -1,
        count,
      )
      .raw()
      .toArray()
      .map(([height, id, size, raw]) => ({
        height: height as number,
        id: id as number,
        size: size as number,
        raw: blob(raw),
      }))
  }

  #tipHeight(): number {
    const row = this.#sql.sql.exec('SELECT max(height) FROM best').raw().toArray()[0]
    return (row?.[0] as number | null | undefined) ?? -1
  }
}
