import { equalBytes, hashKey, sha256d } from '../../src/wire/hash.ts'
import { type Inventory, InvType } from '../../src/wire/inventory.ts'
import type { Message } from '../../src/wire/messages.ts'
import type { BlockShelf } from './block-shelf.ts'
import type { NodeStyle } from './node-styles.ts'

/** Blocks asked for at a time. */
const IN_FLIGHT = 16
const MAX_HEADERS = 2000
const ZERO = new Uint8Array(32)

/** How a scripted peer takes the other side's blocks in: by headers as nodes of today, or by getblocks as others. */
export class PeerFetcher {
  /** Blocks that the other side has shown to have. */
  readonly theyHave = new Set<string>()
  readonly #style: NodeStyle
  readonly #shelf: BlockShelf
  readonly #say: (message: Message) => void
  /** Headers of theirs whose blocks are missing here, lowest first. */
  #wanted: Uint8Array[] = []
  readonly #asked = new Set<string>()
  readonly #headersSeen = new Set<string>()
  /** Blocks whose parents have not come. */
  readonly #loose = new Map<string, Uint8Array>()
  #saidSendheaders = false

  constructor(style: NodeStyle, shelf: BlockShelf, say: (message: Message) => void) {
    this.#style = style
    this.#shelf = shelf
    this.#say = say
  }

  ask(locator = this.#shelf.locator()): void {
    this.#say({ command: this.#style.syncsBy, version: this.#style.version, locator, stop: ZERO })
  }

  headers(headers: readonly Uint8Array[]): void {
    const last = headers.at(-1)
    if (!last || this.#style.syncsBy === 'getblocks') return
    for (const header of headers) {
      const hash = sha256d(header)
      const prev = header.subarray(4, 36)
      this.theyHave.add(hashKey(hash))
      if (!this.#shelf.has(prev) && !this.#headersSeen.has(hashKey(prev))) {
        this.ask()
        return
      }
      if (this.#shelf.has(hash) || this.#headersSeen.has(hashKey(hash))) continue
      this.#headersSeen.add(hashKey(hash))
      this.#wanted.push(hash)
    }
    if (headers.length === MAX_HEADERS) this.ask([sha256d(last), ...this.#shelf.locator()].slice(0, 101))
    if (this.#style.lateSendheaders && !this.#saidSendheaders) {
      this.#saidSendheaders = true
      this.#say({ command: 'sendheaders' })
    }
    this.#fetch()
  }

  /** Blocks announced by hash. */
  announced(hashes: readonly Uint8Array[]): void {
    const unknown = hashes.filter((hash) => !this.#shelf.has(hash))
    for (const hash of hashes) this.theyHave.add(hashKey(hash))
    if (this.#style.syncsBy === 'getheaders') {
      if (unknown.length > 0) this.ask()
      return
    }
    const items = unknown.filter((hash) => !this.#asked.has(hashKey(hash)) && !this.#loose.has(hashKey(hash)))
    for (const hash of items) this.#asked.add(hashKey(hash))
    const last = hashes.at(-1)!
    const known = this.#loose.has(hashKey(last)) || (this.#shelf.has(last) && !equalBytes(last, this.#shelf.tip.hash))
    if (items.length > 0) this.#getdata(items)
    // It knows the last one and lacks what lies before it or after it.
    else if (known) this.ask()
  }

  block(bytes: Uint8Array): void {
    const hash = sha256d(bytes.subarray(0, 80))
    this.#asked.delete(hashKey(hash))
    this.theyHave.add(hashKey(hash))
    if (this.#shelf.has(hash)) return
    if (!this.#shelf.add(bytes.slice())) {
      this.#loose.set(hashKey(hash), bytes.slice())
      // What lies between is asked for.
      if (this.#style.syncsBy === 'getblocks') this.ask()
      return
    }
    for (const [key, loose] of this.#loose) if (this.#shelf.add(loose)) this.#loose.delete(key)
    if (this.#style.syncsBy === 'getheaders') this.#fetch()
  }

  notFound(items: readonly Inventory[]): void {
    for (const { hash } of items) this.#asked.delete(hashKey(hash))
  }

  #fetch(): void {
    const hashes: Uint8Array[] = []
    while (this.#asked.size < IN_FLIGHT && this.#wanted.length > 0) {
      const hash = this.#wanted.shift()!
      if (this.#shelf.has(hash) || this.#asked.has(hashKey(hash))) continue
      this.#asked.add(hashKey(hash))
      hashes.push(hash)
    }
    if (hashes.length > 0) this.#getdata(hashes)
  }

  #getdata(hashes: readonly Uint8Array[]): void {
    const type = this.#style.blockType
    this.#say({ command: 'getdata', items: hashes.map((hash) => ({ type, hash: hash.slice() })) })
  }
}

/** Whether an inventory entry is a block's. */
export function isBlockInv({ type }: Inventory): boolean {
  return type === InvType.BLOCK
}
