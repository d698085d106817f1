import type { BlockDigest } from '../chain/digest.ts'
import type { SqlPort } from '../store/sql.ts'
import { type Hasher, prefix48 } from '../wire/hash.ts'
import { BlockDamaged, type BlockPart } from './block-damaged.ts'
import { readBody, writeBody } from './bodies.ts'
import { writeBusy } from './busy-scripts.ts'
import { encodeOffsets, offsetChecks, readOffsets } from './offsets.ts'
import { deleteParts, writeParts } from './parts.ts'
import { decodePrevouts, encodePrevouts, prevoutSize, readPrevouts, type SpentOutput } from './prevouts.ts'
import { rebuildSpent } from './rebuild.ts'

/** A block's row in `best`, as far as what else is stored of it is held against it. */
interface ConnectedRow {
  firstTx: number
  txCount: number
  size: number
  fees: number
  inputs: number
}

/** A raw block that was taken apart and holds by itself. */
export interface SoundBlock {
  /** `header.id`. */
  id: number
  bytes: Uint8Array
  digest: BlockDigest
}

/** Finds out what is damaged of a stored block, and writes it anew. */
export class BlockRepair {
  readonly #sql: SqlPort
  readonly #hasher: Hasher

  constructor(sql: SqlPort, hasher: Hasher) {
    this.#sql = sql
    this.#hasher = hasher
  }

  /** What of the block with this header id is not as it was written: reads all of it. */
  inspect(id: number): BlockPart[] {
    const row = this.#row(id)
    const damaged: BlockPart[] = []
    const body = readBody(this.#sql, id, this.#hasher)
    if (body.kind !== 'found' || (row && body.bytes.length !== row.size)) damaged.push('body')
    if (row && !this.#spent(id, row)) damaged.push('prevouts')
    if (row && !this.#hasOffsets(id, row)) damaged.push('offsets')
    return damaged
  }

  /**
   * Writes over what is damaged of it. False where that cannot be: it is not the block that its rows tell of, or those
   * are damaged too. Throws BlockDamaged for another block of which this one spends outputs: it comes first; the body
   * is written all the same.
   */
  mend({ id, bytes, digest }: SoundBlock): boolean {
    const row = this.#row(id)
    if (row && (digest.size !== row.size || digest.txCount !== row.txCount)) return false
    const damaged = this.inspect(id)
    if (damaged.includes('body')) {
      this.#sql.transactionSync(() => {
        deleteParts(this.#sql, 'body', id)
        writeBody(this.#sql, id, bytes, this.#hasher)
      })
    }
    if (!row) return true
    const stored = this.#spent(id, row)
    const spent = stored ?? rebuildSpent(this.#sql, this.#hasher, { digest, bytes, firstTx: row.firstTx })
    if (!spent || feesOf(digest, spent) !== row.fees) return false
    this.#sql.transactionSync(() => {
      if (!stored) {
        deleteParts(this.#sql, 'prevouts', id)
        writeParts(this.#sql, 'prevouts', id, encodePrevouts(spent), this.#hasher)
      }
      if (damaged.includes('offsets')) this.#writeOffsets(id, encodeOffsets(digest, entriesAt(digest, spent)))
      this.#sumUp(digest, spent)
    })
    return true
  }

  /** Scripts of the block may have become busy while their history could not be read. */
  #sumUp({ scriptPrefix }: BlockDigest, spent: readonly SpentOutput[]): void {
    const got = new Float64Array(scriptPrefix.length + spent.length)
    got.set(scriptPrefix)
    for (const [i, { script }] of spent.entries()) got[scriptPrefix.length + i] = prefix48(this.#hasher.sha256(script))
    const row = this.#sql.sql
      .exec('SELECT first_tx + tx_count FROM best ORDER BY height DESC LIMIT 1')
      .raw()
      .toArray()[0]
    const end = row![0] as number
    writeBusy(this.#sql, this.#hasher, { reverted: [], connected: [], lost: new Set(), got, end })
  }

  /** `undefined` for a block that is not connected. */
  #row(id: number): ConnectedRow | undefined {
    const query = 'SELECT first_tx, tx_count, size, fees, inputs FROM best WHERE header_id = ?'
    const row = this.#sql.sql.exec(query, id).raw().toArray()[0] as number[] | undefined
    if (!row) return undefined
    const [firstTx, txCount, size, fees, inputs] = row as [number, number, number, number, number]
    return { firstTx, txCount, size, fees, inputs }
  }

  /** `undefined` when they are damaged. */
  #spent(id: number, { inputs }: ConnectedRow): SpentOutput[] | undefined {
    if (inputs === 0) return []
    const stored = readPrevouts(this.#sql, id, 0, undefined, this.#hasher)
    const spent = stored.kind === 'found' ? decodePrevouts(stored.bytes) : undefined
    return spent?.length === inputs ? spent : undefined
  }

  #hasOffsets(id: number, { txCount }: ConnectedRow): boolean {
    try {
      readOffsets(this.#sql, id, txCount, this.#hasher)
      return true
    } catch (error) {
      if (!(error instanceof BlockDamaged)) throw error
      return false
    }
  }

  #writeOffsets(id: number, bytes: Uint8Array): void {
    this.#sql.sql.exec(
      'INSERT OR REPLACE INTO offsets (block_id, bytes, checks) VALUES (?, ?, ?)',
      id,
      bytes,
      offsetChecks(bytes, this.#hasher),
    )
  }
}

/** Satoshi that the transactions leave over. */
function feesOf({ txCount, outputStart, value }: BlockDigest, spent: readonly SpentOutput[]): number {
  let fees = 0
  for (const entry of spent) fees += entry.value
  for (let output = outputStart[1]!; output < outputStart[txCount]!; output++) fees -= value[output]!
  return fees
}

/** For each transaction, where its entries begin in the block's prevouts. */
function entriesAt({ txCount, inputStart }: BlockDigest, spent: readonly SpentOutput[]): Uint32Array {
  const at = new Uint32Array(txCount)
  let bytes = 0
  for (let t = 1; t < txCount; t++) {
    at[t] = bytes
    for (let i = inputStart[t]!; i < inputStart[t + 1]!; i++) {
      bytes += prevoutSize(spent[i - inputStart[1]!]!.script.length)
    }
  }
  return at
}
