import { type Hasher, hashKey } from '../wire/hash.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import type { Inventory } from '../wire/inventory.ts'
import { decodeMessage, encodeMessage } from '../wire/messages.ts'

/** Blocks asked for that are remembered of one link; nodes ask for a few at a time. */
const MAX_BLOCKS = 1000

export interface Request {
  command: string
  payload: Uint8Array<ArrayBuffer>
}

/**
 * What one peer has asked the ledger for and has not been given: a ledger that starts again knows nothing of it, and the
 * peer would wait in vain. Asking once too often does no harm.
 */
export class Owed {
  /** By the hash as a key. */
  readonly #blocks = new Map<string, Inventory>()
  #getheaders: Uint8Array<ArrayBuffer> | undefined
  #getblocks: Uint8Array<ArrayBuffer> | undefined

  get isEmpty(): boolean {
    return this.#blocks.size === 0 && !this.#getheaders && !this.#getblocks
  }

  asked({ command, payload }: Request): void {
    if (command === 'getheaders') this.#getheaders = payload
    else if (command === 'getblocks') this.#getblocks = payload
  }

  askedFor(items: readonly Inventory[]): void {
    for (const { type, hash } of items) {
      if (this.#blocks.size >= MAX_BLOCKS) return
      this.#blocks.set(hashKey(hash), { type, hash: hash.slice() })
    }
  }

  given({ command, payload }: Request, hasher: Hasher): void {
    if (command === 'headers') this.#getheaders = undefined
    else if (command === 'inv') this.#getblocks = undefined
    else if (command === 'block') this.#blocks.delete(hashKey(hasher.sha256d(payload.subarray(0, HEADER_SIZE))))
    else if (command === 'notfound') {
      for (const { hash } of decodeMessage('notfound', payload).items) this.#blocks.delete(hashKey(hash))
    }
  }

  /** To be asked again. */
  requests(): Request[] {
    const requests: Request[] = []
    if (this.#getheaders) requests.push({ command: 'getheaders', payload: this.#getheaders })
    if (this.#getblocks) requests.push({ command: 'getblocks', payload: this.#getblocks })
    if (this.#blocks.size > 0) requests.push(encodeMessage({ command: 'getdata', items: [...this.#blocks.values()] }))
    return requests
  }
}
