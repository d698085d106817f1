import { equalBytes, hashKey } from '../wire/hash.ts'
import { isCoinbase, type Outpoint, type Transaction, txid } from '../wire/transaction.ts'
import { anchor, type OwnScript } from './wallet-outputs.ts'

/** A coinbase can be spent in the hundredth block after its own. */
const COINBASE_MATURITY = 100
/** Blocks that can be undone; what was spent below them is forgotten. */
const KEPT_BLOCKS = 1000
/** No script of the wallet's is longer (a bare multisig of two keys has 71 bytes). */
const LONGEST_OWN = 80

/** An output that the wallet can spend or once could. */
export interface Coin {
  outpoint: Outpoint
  /** Satoshi. */
  valueSat: number
  own: OwnScript
}

/** A block as the wallet needs it. */
export interface WalletBlock {
  hash: Uint8Array
  height: number
  transactions: readonly Transaction[]
}

interface Entry {
  key: string
  tx: Transaction
  txid: Uint8Array
  /** Absent while it waits for a block. */
  height?: number
  coinbase: boolean
  /** Every input spends a coin of the wallet's. */
  ours: boolean
  coins: Coin[]
}

interface ConnectedBlock {
  hash: Uint8Array
  height: number
  entries: Entry[]
}

/**
 * The transactions that concern a wallet and the coins they leave it, kept in step with a chain that may be undone:
 * unconfirmed transactions come first or never, blocks confirm them, a disconnected block gives them back, and
 * whatever spends the same output as a newer one is dropped with all that was built on it.
 */
export class CoinBook {
  readonly #ownScript: (script: Uint8Array) => OwnScript | undefined
  readonly #entries = new Map<string, Entry>()
  readonly #coins = new Map<string, Coin>()
  /** Outpoint to the known transaction that spends it. */
  readonly #spenders = new Map<string, Entry>()
  readonly #blocks: ConnectedBlock[] = []
  #height = -1

  /** `ownScript` tells which scripts are the wallet's. */
  constructor(ownScript: (script: Uint8Array) => OwnScript | undefined) {
    this.#ownScript = ownScript
  }

  /** Height of the last block connected, −1 before the first. */
  get height(): number {
    return this.#height
  }

  /** Takes an unconfirmed transaction in. False when it does not concern the wallet, or spends what a block spent. */
  add(tx: Transaction): boolean {
    if (!this.#concerns(tx)) return false
    for (const { prevout } of tx.inputs) {
      if (this.#spenders.get(outpointKey(prevout))?.height !== undefined) return false
    }
    this.#record(tx)
    return true
  }

  /** The next block of the chain, which must follow the one before. */
  connect(block: WalletBlock): void {
    if (this.#height >= 0 && block.height !== this.#height + 1) {
      throw new Error(`block ${block.height} does not follow ${this.#height}`)
    }
    this.#height = block.height
    const entries: Entry[] = []
    for (const tx of block.transactions) {
      this.#dropConflicts(tx)
      if (!this.#concerns(tx)) continue
      const entry = this.#record(tx)
      entry.height = block.height
      entries.push(entry)
    }
    this.#blocks.push({ hash: block.hash, height: block.height, entries })
    if (this.#blocks.length > KEPT_BLOCKS) this.#forget(this.#blocks.shift()!)
  }

  /** Undoes the last block, which must be this one. Its transactions wait for a block again; its coinbase is gone. */
  disconnect(hash: Uint8Array): void {
    const block = this.#blocks.at(-1)
    if (!block || !equalBytes(block.hash, hash)) throw new Error('only the last block can be disconnected')
    this.#blocks.pop()
    this.#height = block.height - 1
    for (const entry of block.entries) {
      delete entry.height
      if (entry.coinbase) this.#drop(entry)
    }
  }

  /** Forgets an unconfirmed transaction, as when no node takes it, and all that was built on it. */
  abandon(id: Uint8Array): void {
    const entry = this.#entries.get(hashKey(id))
    if (entry && entry.height === undefined) this.#drop(entry)
  }

  /** Coins that nothing known spends, oldest first, unconfirmed ones last. */
  unspent(): Coin[] {
    return [...this.#coins.values()]
      .filter((coin) => !this.#spenders.has(outpointKey(coin.outpoint)))
      .sort((a, b) => (this.heightOf(a) ?? Number.POSITIVE_INFINITY) - (this.heightOf(b) ?? Number.POSITIVE_INFINITY))
  }

  /** The unspent coin at an outpoint; throws where there is none. */
  find(outpoint: Outpoint): Coin {
    const key = outpointKey(outpoint)
    const coin = this.#coins.get(key)
    if (!coin || this.#spenders.has(key)) throw new Error('not an unspent coin of this wallet')
    return coin
  }

  /** Height of the block that holds the coin; undefined while it waits for one. */
  heightOf(coin: Coin): number | undefined {
    return this.#entryOf(coin).height
  }

  /** Whether the next block may spend it. */
  isMature(coin: Coin): boolean {
    const { coinbase, height } = this.#entryOf(coin)
    return !coinbase || (height !== undefined && this.#height + 1 - height >= COINBASE_MATURITY)
  }

  /** Whether the transaction that made the coin is the wallet's own through and through. */
  isOurs(coin: Coin): boolean {
    return this.#entryOf(coin).ours
  }

  /** Unconfirmed transactions, each after those it spends from. */
  unconfirmed(): Transaction[] {
    const order: Entry[] = []
    const visit = (entry: Entry): void => {
      if (entry.height !== undefined || order.includes(entry)) return
      for (const parent of this.#parents(entry)) visit(parent)
      order.push(entry)
    }
    for (const entry of this.#entries.values()) visit(entry)
    return order.map(({ tx }) => tx)
  }

  /** How many unconfirmed transactions hang together with those that made these coins. */
  clusterSize(coins: readonly Coin[]): number {
    const found = new Set<Entry>()
    const queue = coins.map((coin) => this.#entryOf(coin))
    for (let entry = queue.pop(); entry; entry = queue.pop()) {
      if (entry.height !== undefined || found.has(entry)) continue
      found.add(entry)
      queue.push(...this.#parents(entry), ...this.#children(entry))
    }
    return found.size
  }

  #entryOf(coin: Coin): Entry {
    const entry = this.#entries.get(hashKey(coin.outpoint.hash))
    if (!entry) throw new Error('a coin of an unknown transaction')
    return entry
  }

  #concerns(tx: Transaction): boolean {
    return (
      tx.inputs.some(({ prevout }) => this.#coins.has(outpointKey(prevout))) ||
      tx.outputs.some(({ scriptPubKey }) => this.#lookUp(scriptPubKey) !== undefined)
    )
  }

  #lookUp(script: Uint8Array): OwnScript | undefined {
    return script.length <= LONGEST_OWN ? this.#ownScript(script) : undefined
  }

  /** Keeps a transaction; the same one again changes nothing. */
  #record(tx: Transaction): Entry {
    const id = txid(tx)
    const key = hashKey(id)
    const known = this.#entries.get(key)
    if (known) return known
    this.#dropConflicts(tx)
    const spends = tx.inputs.map(({ prevout }) => this.#coins.has(outpointKey(prevout)))
    const coins: Coin[] = []
    for (const [index, { value, scriptPubKey }] of tx.outputs.entries()) {
      // Anchors belong to whoever spends them first; the wallet counts those that it made.
      const isAnchor = equalBytes(scriptPubKey, anchor.script) && spends.includes(true)
      const own = isAnchor ? anchor : this.#lookUp(scriptPubKey)
      if (own) coins.push({ outpoint: { hash: id, index }, valueSat: Number(value), own })
    }
    const entry = { key, tx, txid: id, coinbase: isCoinbase(tx), ours: !spends.includes(false), coins }
    this.#entries.set(key, entry)
    for (const coin of coins) this.#coins.set(outpointKey(coin.outpoint), coin)
    for (const { prevout } of tx.inputs) this.#spenders.set(outpointKey(prevout), entry)
    return entry
  }

  /** Drops the unconfirmed transactions that spend what `tx` spends. */
  #dropConflicts(tx: Transaction): void {
    let key: string | undefined
    for (const { prevout } of tx.inputs) {
      const other = this.#spenders.get(outpointKey(prevout))
      if (!other || other.height !== undefined) continue
      key ??= hashKey(txid(tx))
      if (other.key !== key) this.#drop(other)
    }
  }

  /** Removes a transaction and those that spend from it. */
  #drop(entry: Entry): void {
    for (const child of this.#children(entry)) this.#drop(child)
    this.#entries.delete(entry.key)
    for (const { outpoint } of entry.coins) this.#coins.delete(outpointKey(outpoint))
    for (const { prevout } of entry.tx.inputs) {
      const key = outpointKey(prevout)
      if (this.#spenders.get(key) === entry) this.#spenders.delete(key)
    }
  }

  #parents(entry: Entry): Entry[] {
    return entry.tx.inputs.flatMap(({ prevout }) => this.#entries.get(hashKey(prevout.hash)) ?? [])
  }

  #children(entry: Entry): Entry[] {
    const spenders = entry.coins.map(({ outpoint }) => this.#spenders.get(outpointKey(outpoint)))
    return [...new Set(spenders.filter((spender) => spender !== undefined))]
  }

  /** A block too deep to be undone: what it spent is spent for good. */
  #forget(block: ConnectedBlock): void {
    for (const entry of block.entries) {
      for (const { prevout } of entry.tx.inputs) {
        const key = outpointKey(prevout)
        this.#spenders.delete(key)
        this.#coins.delete(key)
        const parent = this.#entries.get(hashKey(prevout.hash))
        if (parent) this.#forgetWhenSpent(parent)
      }
      this.#forgetWhenSpent(entry)
    }
  }

  #forgetWhenSpent(entry: Entry): void {
    if (entry.coins.every(({ outpoint }) => !this.#coins.has(outpointKey(outpoint)))) this.#entries.delete(entry.key)
  }
}

function outpointKey({ hash, index }: Outpoint): string {
  return `${hashKey(hash)}${index}`
}
