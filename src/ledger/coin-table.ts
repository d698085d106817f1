import { digestBlock } from '../chain/digest.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import type { Bip30 } from './bip30.ts'
import { BlockDamaged } from './block-damaged.ts'
import { readBody } from './bodies.ts'
import { type Coins, outpointWords } from './coins.ts'
import { eachNewCoin, NOTHING_SPENT } from './input-check.ts'
import { KEY_WORDS } from './outpoint-index.ts'

const META_KEY = 'coins_height'

export interface CoinTableParts {
  sql: SqlPort
  hasher: Hasher
  coins: Coins
  bip30: Bip30
  /** Bytes of changed coins that may stay unwritten while a chain is taken in. */
  lagBytes: number
}

/**
 * When the table of coins is written. Most coins are spent soon after they were made: those that are both before they are
 * written never are. So while a chain is taken in the table may stay behind the blocks that are committed; how far it
 * goes is in the store, and what is missing is made of the stored blocks when the store is opened.
 */
export class CoinTable {
  readonly #p: CoinTableParts
  /** As in the store, by `coinsHeight`. */
  #height: number | undefined

  constructor(parts: CoinTableParts) {
    this.#p = parts
  }

  /** Bytes of changed coins beyond what may stay unwritten. */
  get surplusBytes(): number {
    return Math.max(0, this.#p.coins.cache.dirtyBytes - this.#p.lagBytes)
  }

  /** Whether coins are to be written with a commit. `mayWait`: not if they are few. */
  isDue(mayWait: boolean): boolean {
    if (mayWait && this.#p.lagBytes > 0 && this.surplusBytes === 0) return false
    return this.#height !== undefined || this.#p.coins.cache.dirty > 0
  }

  /** All changes. To be called inside a transaction; `written` is for after it. */
  write(): void {
    this.#p.coins.flush()
    if (this.#height !== undefined) writeCoinsHeight(this.#p.sql, undefined)
  }

  written(): void {
    this.#p.coins.cache.flushed()
    this.#height = undefined
  }

  /**
   * Blocks above `height` are committed without their coins: what is to be written with them by `writeCoinsHeight`,
   * `undefined` where the store says so already.
   */
  stay(height: number): number | undefined {
    if (this.#height !== undefined || this.#p.coins.cache.dirty === 0) return undefined
    this.#height = height
    return height
  }

  /**
   * Brings the table from where the store says that it is to the tip's height, block by block. Says how far it came: not to
   * the tip where something that it takes cannot be read, `damaged` being the id of that block.
   */
  catchUp(tip: number): { height: number; damaged?: number } {
    const { sql, coins, lagBytes } = this.#p
    const from = coinsHeight(sql) ?? tip
    this.#height = undefined
    for (let height = from + 1; height <= tip; height++) {
      try {
        this.#replay(height)
      } catch (error) {
        if (!(error instanceof BlockDamaged)) throw error
        this.#flush(height - 1, tip)
        return { height: height - 1, damaged: error.blockId }
      }
      if (coins.cache.dirtyBytes > lagBytes) this.#flush(height, tip)
    }
    if (from < tip) this.#flush(tip, tip)
    return { height: tip }
  }

  /** What a block did to the coins. Throws BlockDamaged, having done nothing. */
  #replay(height: number): void {
    const { sql, hasher, coins, bip30 } = this.#p
    const { cache } = coins
    const row = sql.sql.exec('SELECT header_id, first_tx FROM best WHERE height = ?', height).raw().toArray()[0]
    const [id, firstTx] = row as [number, number]
    const body = readBody(sql, id, hasher)
    if (body.kind !== 'found') throw new BlockDamaged(id, 'body')
    const { bytes } = body
    const digest = digestBlock(bytes, hasher)
    const { txCount, inputStart, outputStart, value, scriptPrefix, scriptAt, scriptLength } = digest
    const repeats = bip30.repeatedBy({ digest, firstTx }) !== undefined
    cache.reserve(inputStart[txCount]! + 2 * outputStart[txCount]!)
    if (repeats) bip30.fetchReplaced(digest, bytes)
    eachNewCoin(digest, bytes, NOTHING_SPENT, (outpoint, output, t) => {
      const [at, length] = [scriptAt[output]!, scriptLength[output]!]
      cache.add(outpoint, 0, firstTx + t, value[output]!, scriptPrefix[output]!, bytes, at, length)
    })
    const outpoints = outpointWords(digest.outpoints)
    for (let i = inputStart[1]!; i < inputStart[txCount]!; i++) cache.remove(outpoints, i * KEY_WORDS)
  }

  #flush(height: number, tip: number): void {
    const { sql, coins } = this.#p
    sql.transactionSync(() => {
      coins.flush()
      writeCoinsHeight(sql, height < tip ? height : undefined)
    })
    coins.cache.flushed()
  }
}

/** The height as of which the table `coin` stands, where that is below the tip; `undefined`: as of the tip. */
export function coinsHeight(sql: SqlPort): number | undefined {
  const row = sql.sql.exec('SELECT value FROM meta WHERE key = ?', META_KEY).raw().toArray()[0]
  return row && Number(row[0])
}

/** To be called inside the transaction that makes it true. */
export function writeCoinsHeight(sql: SqlPort, height: number | undefined): void {
  if (height === undefined) sql.sql.exec('DELETE FROM meta WHERE key = ?', META_KEY)
  else sql.sql.exec('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', META_KEY, String(height))
}
