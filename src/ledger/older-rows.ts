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

/** Numbers held at a time, unless one script alone has more rows. */
const MANY = 500_000
/** Rows of unspent outputs held at a time. */
const MANY_COINS = 65_536
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
  isLost: boolean
}

interface Portion {
  /** How many rows there are, by slot. */
  rows: Map<number, number>
  /** All their transactions, ascending, each once. */
  txs: Float64Array
}

/** An output that pays to one of the scripts. `spender`: the transaction that spends it, if any does. */
type Visit = (sums: ScriptSums, output: TxOut, txNum: number, vout: number, spender: number | undefined) => void

/**
 * Sums up the history of scripts that become busy, as far as it lies before a transaction. Only outputs are read: what is
 * paid to a script stands in them, and whether it was spent, and by which transaction, in `spend`.
 *
 * Each transaction is opened once for all scripts, in chain order, so that a commit costs no more than a fraction of what
 * connecting those transactions did, however many scripts somebody lets become busy with it.
 */
export class OlderRows {
  /** Slots whose sums are not known, as something of their history cannot be read. */
  readonly unreadable = new Set<number>()
  /** Ids of the blocks that could not be read. */
  readonly damaged = new Set<number>()
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  readonly #scripts: Scripts
  readonly #before: number
  /** Takes the outputs without a row in `spend`: prefix48, next48, txNum, vout. */
  readonly #give: (coins: NumberRows) => void
  readonly #coins = new NumberRows(4)
  #block: Block | undefined

  constructor(sql: SqlPort, hasher: Hasher, scripts: Scripts, before: number, give: (coins: NumberRows) => void) {
    this.#sql = sql
    this.#hasher = hasher
    this.#scripts = scripts
    this.#before = before
    this.#give = give
  }

  walk(slots: readonly number[]): void {
    const shared: number[] = []
    for (const portion of this.#portions(slots, true)) {
      this.#follow(portion, (...visit) => this.#sumUp(...visit))
      for (const [slot, rows] of portion.rows) {
        const [only, other] = this.#scripts.of(slot)
        if (other) shared.push(slot)
        // A row of a script that has its prefix to itself is a transaction of it.
        else if (only) only.txCount += rows
      }
    }
    this.#giveCoins()
    this.#countTransactions(shared)
  }

  #sumUp(...[sums, { value, scriptPubKey: script }, txNum, vout, spender]: Parameters<Visit>): void {
    sums.fundedCount++
    sums.funded.add(Number(value))
    if (spender !== undefined && spender < this.#before) {
      sums.spentCount++
      sums.spent.add(Number(value))
    }
    // The genesis coinbase, and what can never be spent, were no coins.
    const isCoin = spender === undefined && txNum > 0 && !neverPasses(script, 0, script.length)
    if (isCoin) this.#addCoin(sums, txNum, vout)
  }

  /** Of scripts that share their prefix. */
  #countTransactions(slots: readonly number[]): void {
    for (const portion of this.#portions(slots, false)) {
      const txs = new Map<ScriptSums, Set<number>>()
      this.#follow(portion, (sums, _, txNum, __, spender) => {
        const touched = txs.get(sums) ?? new Set()
        txs.set(sums, touched.add(txNum))
        if (spender !== undefined && spender < this.#before) touched.add(spender)
      })
      for (const [sums, touched] of txs) sums.txCount += touched.size
    }
  }

  #addCoin(sums: ScriptSums, txNum: number, vout: number): void {
    this.#coins.add(this.#scripts.prefixes[sums.slot]!, sums.next48, txNum, vout)
    if (this.#coins.count >= MANY_COINS) this.#giveCoins()
  }

  #giveCoins(): void {
    this.#give(this.#coins)
    this.#coins.count = 0
  }

  /**
   * Scripts with all their transactions, many at a time. `condense`: a transaction in the history of many scripts takes the
   * room of one, which is right where nothing is kept for each row.
   */
  *#portions(slots: readonly number[], condense: boolean): Generator<Portion> {
    let rows = new Map<number, number>()
    let txs: Float64Array[] = []
    let count = 0
    for (const slot of slots) {
      const own = this.#rows(slot)
      if (condense && count + own.length > MANY) {
        txs = [distinct(txs, count)]
        count = txs[0]!.length
      }
      if (count > 0 && count + own.length > (condense ? MANY / 2 : MANY)) {
        yield { rows, txs: distinct(txs, count) }
        rows = new Map()
        txs = []
        count = 0
      }
      rows.set(slot, own.length)
      txs.push(own)
      count += own.length
    }
    if (count > 0) yield { rows, txs: distinct(txs, count) }
  }

  #rows(slot: number): Float64Array {
    const query = 'SELECT tx_num FROM history WHERE prefix48 = ? AND tx_num < ? ORDER BY tx_num'
    const rows = this.#sql.sql.exec(query, this.#scripts.prefixes[slot]!, this.#before).raw()
    return Float64Array.from(rows as Iterable<[number]>, ([txNum]) => txNum)
  }

  #follow({ txs, rows }: Portion, visit: Visit): void {
    this.#block = undefined
    for (let i = 0; i < txs.length; i++) {
      const txNum = txs[i]!
      if (!this.#block || txNum >= this.#block.endTx) this.#block = this.#blockOf(txNum)
      if (this.#block.isLost) continue
      const isOneOfMany = (txs[i + WHOLE] ?? Number.POSITIVE_INFINITY) < this.#block.endTx
      const raw = this.#raw(this.#block, txNum, isOneOfMany)
      if (raw) this.#visit(raw, txNum, rows, visit)
      else this.#lose(this.#block, rows)
    }
  }

  #visit(raw: Uint8Array, txNum: number, slots: ReadonlyMap<number, number>, visit: Visit): void {
    const { outputs } = decode(transaction, raw)
    const ranges = new Uint32Array(outputs.length * 2)
    outputs.forEach(({ scriptPubKey: script }, i) => {
      // An empty script is no view of the transaction.
      const at = script.length === 0 ? 0 : script.byteOffset - raw.byteOffset
      ranges[2 * i] = at
      ranges[2 * i + 1] = at + script.length
    })
    const hashes = new Uint8Array(outputs.length * 32)
    this.#hasher.sha256Many(raw, ranges, hashes)
    let spenders: Map<number, number> | undefined
    outputs.forEach((output, vout) => {
      const slot = this.#scripts.slotOf(prefix48(hashes.subarray(vout * 32, vout * 32 + 6)))
      if (!slots.has(slot)) return
      const { scriptPubKey: script } = output
      spenders ??= this.#spenders(txNum)
      visit(this.#scripts.sums(slot, script, 0, script.length), output, txNum, vout, spenders.get(vout))
    })
  }

  /** By output index. */
  #spenders(txNum: number): Map<number, number> {
    const rows = this.#sql.sql.exec('SELECT vout, spender_tx FROM spend WHERE funding_tx = ?', txNum).raw().toArray()
    return new Map(rows as [number, number][])
  }

  /** The transaction as it was written; `undefined` where it cannot be read. */
  #raw(block: Block, txNum: number, isOneOfMany: boolean): Uint8Array | undefined {
    try {
      block.offsets ??= readOffsets(this.#sql, block.id, block.endTx - block.firstTx, this.#hasher)
    } catch (error) {
      if (error instanceof BlockDamaged) return undefined
      throw error
    }
    const { bodyAt, bodyEnd } = block.offsets.place(txNum - block.firstTx)
    if (!block.body && isOneOfMany) {
      const whole = readBody(this.#sql, block.id, this.#hasher)
      if (whole.kind === 'found') block.body = whole.bytes
    }
    if (block.body) return block.body.subarray(bodyAt, bodyEnd)
    const range = readRange(this.#sql, block.id, bodyAt, bodyEnd, this.#hasher)
    return range.kind === 'found' ? range.bytes : undefined
  }

  #blockOf(txNum: number): Block {
    const [id, firstTx, txCount] = this.#sql.sql
      .exec('SELECT header_id, first_tx, tx_count FROM best WHERE first_tx <= ? ORDER BY first_tx DESC LIMIT 1', txNum)
      .raw()
      .toArray()[0] as [number, number, number]
    return { id, firstTx, endTx: firstTx + txCount, offsets: undefined, body: undefined, isLost: false }
  }

  /** Of all scripts that have transactions in the block the sums are not known. */
  #lose(block: Block, slots: ReadonlyMap<number, number>): void {
    block.isLost = true
    this.damaged.add(block.id)
    const query = 'SELECT 1 FROM history WHERE prefix48 = ? AND tx_num >= ? AND tx_num < ? LIMIT 1'
    for (const slot of slots.keys()) {
      const rows = this.#sql.sql.exec(query, this.#scripts.prefixes[slot]!, block.firstTx, block.endTx).raw()
      if (rows.toArray().length > 0) this.unreadable.add(slot)
    }
  }
}

/** The numbers of all lists, ascending, each once. */
function distinct(lists: readonly Float64Array[], total: number): Float64Array {
  const all = new Float64Array(total)
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  all.sort()
  let kept = 0
  for (let i = 0; i < total; i++) if (i === 0 || all[i] !== all[kept - 1]) all[kept++] = all[i]!
  return all.subarray(0, kept)
}
