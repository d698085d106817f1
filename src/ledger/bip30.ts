import { bip30Applies } from '../chain/block-rules.ts'
import type { BlockDigest } from '../chain/digest.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Coins } from './coins.ts'
import { DuplicateCoinbases } from './duplicate-coinbases.ts'
import { type Candidate, eachNewCoin, NOTHING_SPENT } from './input-check.ts'

export interface Bip30Parts {
  sql: SqlPort
  network: Network
  tree: HeaderTree
  coins: Coins
}

/** No transaction may repeat one that has unspent outputs, but for two blocks of 2010 (BIP 30). */
export class Bip30 {
  readonly coinbases: DuplicateCoinbases
  readonly #p: Bip30Parts
  /** Of the tip at the height of BIP 34, once that was asked for. */
  #bip34Ancestor: HeaderNode | undefined

  constructor(parts: Bip30Parts) {
    this.#p = parts
    this.coinbases = new DuplicateCoinbases(parts.sql)
  }

  /** Takes up where the store stands, whose next transaction gets the number `nextTx`. */
  load(nextTx: number): void {
    this.coinbases.load(nextTx)
    this.#bip34Ancestor = undefined
  }

  /** Whether the rule holds in `node`, the child of `tip`. */
  holdsIn(node: HeaderNode, tip: HeaderNode): boolean {
    const { network, tree } = this.#p
    const { bip34 } = network.heights
    if (tip.height < bip34) this.#bip34Ancestor = undefined
    else if (network.bip34Hash) this.#bip34Ancestor ??= tree.ancestor(tip, bip34)
    return bip30Applies(network, node.height, node.hash, this.#bip34Ancestor?.hash)
  }

  /** txNum of the last transaction that the block's coinbase repeats. */
  repeatedBy({ digest, firstTx }: { digest: BlockDigest; firstTx: number }): number | undefined {
    return this.coinbases.earlier(digest.txids.subarray(0, 32), firstTx)
  }

  /** Whether the block makes a coin that is there already. Entries of the coin cache get other numbers. */
  replacesCoins({ digest, bytes }: Candidate): boolean {
    const { cache } = this.#p.coins
    cache.reserve(digest.outputStart[digest.txCount]!)
    return this.fetchReplaced(digest, bytes) > 0
  }

  /**
   * Brings those coins into the cache that outputs of the block would replace; says how many there are. There must be
   * room for as many as the block has outputs (`reserve`).
   */
  fetchReplaced(digest: BlockDigest, bytes: Uint8Array): number {
    const { coins } = this.#p
    const { cache } = coins
    const outputs = digest.outputStart[digest.txCount]!
    const words = new Int32Array(outputs * 9)
    const absent: number[] = []
    let count = 0
    eachNewCoin(digest, bytes, NOTHING_SPENT, (outpoint) => {
      words.set(outpoint, 9 * count)
      if (cache.find(outpoint, 0) < 0) absent.push(count)
      count++
    })
    coins.fetch(words, absent)
    let replaced = 0
    for (let n = 0; n < count; n++) {
      const entry = cache.find(words, n * 9)
      if (entry >= 0 && cache.isLive(entry)) replaced++
    }
    return replaced
  }

  /**
   * Undoing one of the exceptions to BIP 30: the coins that its coinbase replaced are there again, with the number `txNum`
   * of the transaction that it repeated. Those that had been spent before are named by their rows in `spend`.
   */
  restoreReplaced(digest: BlockDigest, bytes: Uint8Array, txNum: number): void {
    const { sql, coins } = this.#p
    const rows = sql.sql.exec('SELECT vout FROM spend WHERE funding_tx = ?', txNum).raw().toArray()
    const spent = new Set(rows.map((row) => row[0] as number))
    const { value, scriptPrefix, scriptAt, scriptLength } = digest
    eachNewCoin(digest, bytes, NOTHING_SPENT, (outpoint, output, t) => {
      if (t !== 0 || spent.has(output)) return
      const [at, length] = [scriptAt[output]!, scriptLength[output]!]
      coins.cache.add(outpoint, 0, txNum, value[output]!, scriptPrefix[output]!, bytes, at, length)
    })
  }
}
