import { hashKey } from '../../wire/hash.ts'

/** Bytes of text that are kept. */
const MAX_BYTES = 16 * 2 ** 20

interface ToldTx {
  txid: Uint8Array
  json: string
  /** Scripts that it concerns and somebody follows, by key. */
  scripts: readonly string[]
}

/**
 * Transactions of the mempool that concern scripts somebody follows, so that they can still be told when they are gone.
 * Of too many, the oldest are forgotten: that one of them is gone is then not told.
 */
export class ToldTxs {
  readonly #txs = new Map<string, ToldTx>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  put(txid: Uint8Array, json: string, scripts: readonly string[]): void {
    const txKey = hashKey(txid)
    const known = this.take(txKey)
    const tx = { txid, json, scripts: known ? [...new Set([...known.scripts, ...scripts])] : scripts }
    this.#txs.set(txKey, tx)
    this.#bytes += json.length
    for (const oldest of this.#txs.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.take(oldest)
    }
  }

  /** All that are kept, by key; some may be taken meanwhile. */
  all(): [string, ToldTx][] {
    return [...this.#txs]
  }

  has(txKey: string, script: string): boolean {
    return this.#txs.get(txKey)?.scripts.includes(script) ?? false
  }

  /** What is kept of a transaction, which is kept no longer. */
  take(txKey: string): ToldTx | undefined {
    const tx = this.#txs.get(txKey)
    if (!tx) return undefined
    this.#txs.delete(txKey)
    this.#bytes -= tx.json.length
    return tx
  }

  clear(): void {
    this.#txs.clear()
    this.#bytes = 0
  }
}
