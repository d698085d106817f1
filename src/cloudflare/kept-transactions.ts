import type { Millis } from '../host/ports.ts'
import { hashKey } from '../wire/hash.ts'

interface Kept {
  txid: Uint8Array
  bytes: Uint8Array
  /** When it was taken. */
  time: Millis
}

const PREFIX = 'tx:'

/**
 * The mempool's transactions in an object's storage, which loses its memory minutes after the last event: what was taken
 * from a wallet is there until it is mined or has no place any more.
 */
export class KeptTransactions {
  readonly #kv: SyncKvStorage
  /** Where each is stored, by txid as a key. */
  readonly #places = new Map<string, string>()
  #next = 0

  constructor(kv: SyncKvStorage) {
    this.#kv = kv
  }

  get size(): number {
    return this.#places.size
  }

  /** Hands all back, parents before children; those that `takeBack` does not want are dropped. */
  load(takeBack: (bytes: Uint8Array, time: Millis) => boolean): void {
    for (const [place, { txid, bytes, time }] of [...this.#kv.list<Kept>({ prefix: PREFIX })]) {
      this.#next = Number(place.slice(PREFIX.length)) + 1
      if (takeBack(bytes, time)) this.#places.set(hashKey(txid), place)
      else this.#kv.delete(place)
    }
  }

  keep(txid: Uint8Array, bytes: Uint8Array, time: Millis): void {
    const key = hashKey(txid)
    if (this.#places.has(key)) return
    const place = `${PREFIX}${String(this.#next++).padStart(12, '0')}`
    this.#places.set(key, place)
    this.#kv.put<Kept>(place, { txid, bytes, time })
  }

  /** Drops those that are in the mempool no more. `txids`: 32 bytes each. */
  sweep(txids: Uint8Array): void {
    const present = new Set<string>()
    for (let at = 0; at < txids.length; at += 32) present.add(hashKey(txids.subarray(at, at + 32)))
    for (const [key, place] of this.#places) {
      if (present.has(key)) continue
      this.#kv.delete(place)
      this.#places.delete(key)
    }
  }
}
