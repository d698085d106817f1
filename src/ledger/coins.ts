import { multiDelete } from '../store/multi-delete.ts'
import { multiInsert } from '../store/multi-insert.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { type Hasher, prefix48 } from '../wire/hash.ts'
import type { CoinCache } from './coin-cache.ts'
import { keyOrder } from './key-order.ts'

/** Outpoints per statement. */
const MANY = 32
const MANY_PLACES = Array(MANY).fill('?').join(', ')
const COLUMNS = 'outpoint, tx_num, value, script'

/** The coin cache and the table behind it. */
export class Coins {
  readonly cache: CoinCache
  readonly #sql: SqlPort
  readonly #hasher: Hasher
  readonly #key = new Uint8Array(36)
  readonly #keyWords = new Int32Array(this.#key.buffer)

  constructor(sql: SqlPort, cache: CoinCache, hasher: Hasher) {
    this.#sql = sql
    this.cache = cache
    this.#hasher = hasher
  }

  /**
   * Brings those coins into the cache that the store has. `words` holds outpoints, of which those numbered in `wanted`
   * are meant. There must be room for them (`reserve`).
   */
  fetch(words: Int32Array, wanted: readonly number[]): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
    const outpoint = (n: number) => bytes.subarray(n * 36, (n + 1) * 36)
    let i = 0
    for (; i + MANY <= wanted.length; i += MANY) {
      const outpoints = wanted.slice(i, i + MANY).map(outpoint)
      this.#load(`SELECT ${COLUMNS} FROM coin WHERE outpoint IN (${MANY_PLACES})`, outpoints)
    }
    for (; i < wanted.length; i++) {
      this.#load(`SELECT ${COLUMNS} FROM coin WHERE outpoint = ?`, [outpoint(wanted[i]!)])
    }
  }

  /** Writes what changed. To be called inside a transaction; `cache.flushed` is for after it. */
  flush(): void {
    const { cache } = this
    const { put, remove } = cache.changes()
    // The first bytes of a txid decide where a row goes; read as they are compared, big-endian.
    const order = (entries: Uint32Array) =>
      keyOrder(entries.length, 2 ** 32, (i) => byteSwapped(cache.firstWord(entries[i]!)))
    const removeOrder = order(remove)
    multiDelete(this.#sql, 'coin', ['outpoint'], remove.length, (i, values) => {
      values.push(cache.outpoint(remove[removeOrder[i]!]!))
    })
    const putOrder = order(put)
    multiInsert(
      this.#sql,
      `coin (${COLUMNS})`,
      4,
      put.length,
      (n, values) => {
        const entry = put[putOrder[n]!]!
        values.push(cache.outpoint(entry), cache.txNum(entry), cache.value(entry), cache.script(entry))
      },
      'INSERT OR REPLACE',
    )
  }

  #load(query: string, outpoints: Uint8Array[]): void {
    const rows = this.#sql.sql
      .exec(query, ...outpoints)
      .raw()
      .toArray()
    for (const [outpoint, txNum, value, scriptBlob] of rows) {
      this.#key.set(blob(outpoint))
      if (this.cache.find(this.#keyWords, 0) >= 0) continue
      const script = blob(scriptBlob)
      const prefix = prefix48(this.#hasher.sha256(script))
      this.cache.load(this.#keyWords, 0, txNum as number, value as number, prefix, script)
    }
  }
}

/** The outpoints of a digest as 32-bit words, nine each. */
export function outpointWords(outpoints: Uint8Array): Int32Array {
  const bytes = outpoints.byteOffset % 4 === 0 ? outpoints : outpoints.slice()
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
}

function byteSwapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
