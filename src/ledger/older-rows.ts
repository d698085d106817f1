import type { SqlPort } from '../store/sql.ts'
import { decode } from '../wire/codec.ts'
import { type Hasher, prefix48 } from '../wire/hash.ts'
import { type TxOut, transaction } from '../wire/transaction.ts'
import { BlockDamaged } from './block-damaged.ts'
import { readBody, readRange } from './bodies.ts'
import { neverPasses } from './input-check.ts'
import { NumberRows } from './number-rows.ts'
import { readOffsets, type TxOffsets } from './offsets.ts'
import type { ScriptSums, Scripts } from './script-sums.ts'

/** Rows asked for at a time. */
const PAGE = 1000
/** Rows followed at a time: in chain order, so that a block is looked up once for all scripts. */
const MANY = 65_536
/** From so many transactions on a body is read whole. */
const WHOLE = 16

interface Block {
  id: number
  firstTx: number
  endTx: number
  /** Once they were read. */
  offsets: TxOffsets | undefined
  /** The whole body, where it pays off. */
  body: Uint8Array | undefined
}

/**
 * Sums up the history of scripts that become busy, as far as it lies before a transaction. Only outputs are read: what is
 * paid to a script stands in them, and whether it was spent, and by which transaction, in `spend`.
 */
export class OlderRows {
  /** Outputs without a row in `spend`: prefix48, next48, txNum, vout. */
  readonly coins = new NumberRows(4)
  /** Slots whose sums are not known, as something of their history cannot be read. */
  readonly unreadable = new Set<number>()
  /** Ids of the blocks that could not be read. */
  readonly damaged = new Set<number>()
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  readonly #scripts: Scripts
  readonly #before: number
  /** Transactions of the scripts that are being summed up, in no order, some more than once. */
  readonly #touched = new Map<ScriptSums, number[]>()
  /** txNum, slot. */
  #pairs: [number, number][] = []
  #block: Block | undefined

  constructor(sql: SqlPort, hasher: Hasher, scripts: Scripts, before: number) {
    this.#sql = sql
    this.#hasher = hasher
    this.#scripts = scripts
    this.#before = before
  }

  walk(slots: Iterable<number>): void {
    for (const slot of slots) {
      for (let from = 0; from < this.#before; ) from = this.#collect(slot, from)
      if (this.#pairs.length >= MANY) this.#finish()
    }
    this.#finish()
  }

  /** A page of a script's rows; where the next one begins. */
  #collect(slot: number, from: number): number {
    const prefix = this.#scripts.prefixes[slot]!
    const rows = this.#sql.sql
      .exec(
        'SELECT tx_num FROM history WHERE prefix48 = ? AND tx_num >= ? AND tx_num < ? ORDER BY tx_num LIMIT ?',
        prefix,
        from,
        this.#before,
        PAGE,
      )
      .raw()
      .toArray() as [number][]
    for (const [txNum] of rows) this.#pairs.push([txNum, slot])
    // A history that goes on for long is followed as it comes.
    if (this.#pairs.length >= MANY) this.#follow()
    return rows.length < PAGE ? this.#before : rows.at(-1)![0] + 1
  }

  /** All rows of all scripts asked about so far are known. */
  #finish(): void {
    this.#follow()
    for (const [sums, txs] of this.#touched) sums.txCount += new Set(txs).size
    this.#touched.clear()
  }

  #follow(): void {
    const pairs = this.#pairs.sort((a, b) => a[0] - b[0])
    this.#pairs = []
    for (let i = 0, end = 0; i < pairs.length; i = end) {
      const txNum = pairs[i]![0]
      while (end < pairs.length && pairs[end]![0] === txNum) end++
      const slots = pairs.slice(i, end).map(([, slot]) => slot)
      const ahead = pairs[i + WHOLE]?.[0] ?? Number.POSITIVE_INFINITY
      const outputs = this.#outputs(txNum, ahead)
      if (outputs) this.#add(txNum, outputs, slots)
      else for (const slot of slots) this.unreadable.add(slot)
    }
  }

  #add(txNum: number, outputs: readonly TxOut[], slots: readonly number[]): void {
    let spenders: Map<number, number> | undefined
    outputs.forEach(({ value, scriptPubKey: script }, vout) => {
      const slot = this.#scripts.slotOf(prefix48(this.#hasher.sha256(script)))
      if (!slots.includes(slot)) return
      const sums = this.#scripts.sums(slot, script, 0, script.length)
      sums.fundedCount++
      sums.funded.add(Number(value))
      this.#touch(sums, txNum)
      spenders ??= this.#spenders(txNum)
      const spender = spenders.get(vout)
      if (spender === undefined) {
        // The genesis coinbase, and what can never be spent, were no coins.
        if (txNum > 0 && !neverPasses(script, 0, script.length)) {
          this.coins.add(this.#scripts.prefixes[slot]!, sums.next48, txNum, vout)
        }
      } else if (spender < this.#before) {
        sums.spentCount++
        sums.spent.add(Number(value))
        this.#touch(sums, spender)
      }
    })
  }

  #touch(sums: ScriptSums, txNum: number): void {
    const txs = this.#touched.get(sums)
    if (txs) txs.push(txNum)
    else this.#touched.set(sums, [txNum])
  }

  /** By output index. */
  #spenders(txNum: number): Map<number, number> {
    const rows = this.#sql.sql.exec('SELECT vout, spender_tx FROM spend WHERE funding_tx = ?', txNum).raw().toArray()
    return new Map(rows as [number, number][])
  }

  /** `ahead`: the txNum some rows further on, which may be of the same block. */
  #outputs(txNum: number, ahead: number): readonly TxOut[] | undefined {
    if (!this.#block || txNum >= this.#block.endTx) this.#block = this.#blockOf(txNum)
    const block = this.#block
    try {
      block.offsets ??= readOffsets(this.#sql, block.id, block.endTx - block.firstTx, this.#hasher)
    } catch (error) {
      if (error instanceof BlockDamaged) return this.#lost(block)
      throw error
    }
    const { bodyAt, bodyEnd } = block.offsets.place(txNum - block.firstTx)
    if (!block.body && ahead < block.endTx) {
      const whole = readBody(this.#sql, block.id, this.#hasher)
      if (whole.kind === 'found') block.body = whole.bytes
    }
    const range = block.body ? undefined : readRange(this.#sql, block.id, bodyAt, bodyEnd, this.#hasher)
    if (range && range.kind !== 'found') return this.#lost(block)
    // Offsets and body are as they were written, so this is the transaction.
    return decode(transaction, range?.bytes ?? block.body!.subarray(bodyAt, bodyEnd)).outputs
  }

  #blockOf(txNum: number): Block {
    const [id, firstTx, txCount] = this.#sql.sql
      .exec('SELECT header_id, first_tx, tx_count FROM best WHERE first_tx <= ? ORDER BY first_tx DESC LIMIT 1', txNum)
      .raw()
      .toArray()[0] as [number, number, number]
    return { id, firstTx, endTx: firstTx + txCount, offsets: undefined, body: undefined }
  }

  #lost({ id }: Block): undefined {
    this.damaged.add(id)
  }
}
