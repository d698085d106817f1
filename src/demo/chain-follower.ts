import type { LedgerQueries } from '../ledger/queries.ts'
import { block } from '../wire/block.ts'
import { decode } from '../wire/codec.ts'
import { equalBytes, hashKey } from '../wire/hash.ts'
import type { WalletBlock } from './wallet-coins.ts'

/** Blocks that can be undone. */
const KEPT = 1000

/** Who is shown the chain, one block after the other. */
export interface ChainListener {
  connectBlock(block: WalletBlock): void
  disconnectBlock(hash: Uint8Array): void
}

export type FollowerQueries = Pick<LedgerQueries, 'blockHashAt' | 'rawBlock' | 'status'>

/** Shows a listener the connected chain of a node from the first block after the genesis block, reorgs included. */
export class ChainFollower {
  readonly #listener: ChainListener
  /** Hashes of the last blocks shown, lowest first. */
  readonly #shown: Uint8Array[] = []
  #height = 0

  constructor(listener: ChainListener) {
    this.#listener = listener
  }

  /** Height of the last block shown, 0 before the first. */
  get height(): number {
    return this.#height
  }

  /** Hash of the last block shown, undefined before the first. */
  get tip(): Uint8Array | undefined {
    return this.#shown.at(-1)
  }

  /** Brings the listener to the node's tip, or to `height`, whichever is lower. */
  async follow(queries: FollowerQueries, height = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      const { tip } = await queries.status()
      const target = Math.min(tip.height, height)
      await this.#undoStale(queries, target)
      if (this.#height >= target) return
      while (this.#height < target && (await this.#showNext(queries)));
    }
  }

  async #undoStale(queries: FollowerQueries, target: number): Promise<void> {
    for (let last = this.tip; last; last = this.tip) {
      const there = this.#height > target ? undefined : await queries.blockHashAt(this.#height)
      if (there && equalBytes(there, last)) return
      this.#listener.disconnectBlock(last)
      this.#shown.pop()
      this.#height--
    }
    if (this.#height > 0) throw new Error('the chain was reverted further than anybody remembers')
  }

  /** False where the chain has changed meanwhile. */
  async #showNext(queries: FollowerQueries): Promise<boolean> {
    const height = this.#height + 1
    const hash = await queries.blockHashAt(height)
    const body = hash && (await queries.rawBlock(hash))
    if (!hash || body?.kind === 'missing') return false
    if (body?.kind !== 'found') throw new Error(`block ${height} is ${body?.kind}`)
    const { header, transactions } = decode(block, body.bytes)
    const last = this.tip
    if (last && hashKey(header.prevBlock) !== hashKey(last)) return false
    this.#listener.connectBlock({ hash, height, transactions })
    this.#shown.push(hash)
    if (this.#shown.length > KEPT) this.#shown.shift()
    this.#height = height
    return true
  }
}
