import { merkleBranch, rootFromBranch } from '../chain/merkle.ts'
import type { Network } from '../chain/network.ts'
import { StoreError } from '../store/error.ts'
import type { SqlPort } from '../store/sql.ts'
import { equalBytes, type Hasher, nobleHasher } from '../wire/hash.ts'
import { headerTime } from '../wire/header.ts'
import { BlockDamaged } from './block-damaged.ts'
import { type BlockSummary, summaryOf } from './block-summary.ts'
import { readBody } from './bodies.ts'
import { BusyReader } from './busy-reader.ts'
import { ChainBlocks } from './chain-blocks.ts'
import { CoreChain } from './core-chain.ts'
import { MergedHistory } from './merged-history.ts'
import { type ForkedBlock, MiningQueries } from './mining-queries.ts'
import { readOffsets } from './offsets.ts'
import type {
  BlockInfo,
  BlockTxs,
  BlockWithStats,
  BodyAnswer,
  MerkleProof,
  Outspend,
  TxInfo,
  TxoStats,
  TxStatus,
  UtxoInfo,
} from './queries.ts'
import { MAX_WALKED, ScriptHistory } from './script-history.ts'
import { ScriptMatch } from './script-match.ts'
import { type StoredCoin, StoredCoins } from './stored-coins.ts'
import { type ConfirmedTx, confirmedInfo, statusOf, TxReader, transactionOf } from './tx-reader.ts'

/** Memory for transactions that were opened lately. */
const CACHE_BYTES = 4 * 2 ** 20

/** The connected chain's highest block. */
export interface ChainTip {
  height: number
  hash: Uint8Array
  /** Unix seconds. */
  time: number
}

export interface ChainQueriesOptions {
  sql: SqlPort
  network: Network
  hasher?: Hasher
  cacheBytes?: number
  /** Told of a block (`header.id`) that cannot be read as written, so that it may be repaired; in the middle of a read. */
  onDamage?: (blockId: number) => void
}

/**
 * Answers about the connected chain: synchronous functions of a database, which may be open to read only while another
 * connection writes it. Each answer is of one snapshot, and answers asked for inside `snapshot` are of the same one. Rows
 * keyed by a prefix are hints: whatever they point to is opened and its full hash compared.
 *
 * An answer reads no more than what it hands out, with these exceptions: `scriptStats` and `scriptUtxos` follow the history
 * of a script that is not busy, about a hundred transactions at most; `merkleProof` reads all txids of one block, `outspends`
 * those of every spender's block. HistoryTooLong is thrown where a script has too many rows in its way (`script-history.ts`),
 * BlockDamaged where a block cannot be read as written.
 */
export class ChainQueries {
  readonly mining: MiningQueries
  /** What Bitcoin Core's REST interface asks. */
  readonly core: CoreChain
  /** Histories of several scripts; to be asked inside `snapshot`. */
  readonly histories: MergedHistory
  readonly #sql: SqlPort
  readonly #network: Network
  readonly #hasher: Hasher
  readonly #onDamage: (blockId: number) => void
  #told: BlockDamaged | undefined
  readonly #blocks: ChainBlocks
  readonly #reader: TxReader
  readonly #coins: StoredCoins
  readonly #busy: BusyReader
  readonly #history: ScriptHistory

  constructor(options: ChainQueriesOptions) {
    const hasher = options.hasher ?? nobleHasher
    this.#sql = options.sql
    this.#network = options.network
    this.#onDamage = options.onDamage ?? (() => {})
    this.#hasher = hasher
    this.mining = new MiningQueries(options.sql, options.network, hasher)
    this.#reader = new TxReader(options.sql, hasher, options.cacheBytes ?? CACHE_BYTES)
    this.#coins = new StoredCoins(options.sql, this.#reader)
    this.core = new CoreChain(options.sql, hasher, this.#onDamage, this.#coins)
    this.#blocks = new ChainBlocks(options.sql, hasher)
    this.#busy = new BusyReader(options.sql)
    this.#history = new ScriptHistory(options.sql, this.#reader, this.#busy, hasher)
    this.histories = new MergedHistory(this.#history)
  }

  /** Everything that `ask` asks is answered of one moment. */
  snapshot<T>(ask: () => T): T {
    try {
      return this.#sql.transactionSync(ask)
    } catch (error) {
      // A snapshot inside another one has told of it.
      if (error instanceof BlockDamaged && error !== this.#told) {
        this.#told = error
        this.#onDamage(error.blockId)
      }
      throw error
    }
  }

  /** A ledger that has connected nothing stands on the genesis block. */
  tip(): ChainTip {
    const tip = this.#reader.tip()
    if (tip) return { height: tip.height, hash: tip.hash, time: tip.time }
    const { genesis, genesisHash } = this.#network
    return { height: 0, hash: genesisHash, time: headerTime(genesis) }
  }

  /** Height of the best header. */
  headerHeight(): number {
    return this.#blocks.headerHeight()
  }

  /** At most `limit` blocks, descending from `from` or the tip; `undefined` when `from` is above the tip. */
  blocks(from: number | undefined, limit: number): BlockInfo[] | undefined {
    return this.snapshot(() => {
      const tip = this.#blocks.tipHeight()
      if (tip === undefined || (from !== undefined && from > tip)) return undefined
      return this.#blocks.descending(from ?? tip, limit)
    })
  }

  /** The same with statistics and coinbases; `undefined` also for a hash that is not of a connected block. */
  blockStats(from: Uint8Array | number | undefined, limit: number): BlockWithStats[] | undefined {
    return this.snapshot(() => {
      const tip = this.#blocks.tipHeight()
      const start = from instanceof Uint8Array ? this.#blocks.find(from)?.height : (from ?? tip)
      if (tip === undefined || start === undefined || start < 0 || start > tip) return undefined
      const blocks = this.#blocks.descending(start, limit)
      return this.#blocks.stats(start, limit).map((stats, i) => {
        const block = blocks[i]!
        const place = this.#reader.blockAt(block.height)!
        return { block, stats, coinbase: confirmedInfo(this.#reader.open(place.firstTx, place)!) }
      })
    })
  }

  blocksWithForks(from: Uint8Array | number | undefined, limit: number): ForkedBlock[] | undefined {
    return this.snapshot(() => {
      const blocks = this.blockStats(from, limit)
      return blocks && this.mining.withForks(blocks)
    })
  }

  blockHashAt(height: number): Uint8Array | undefined {
    return this.#reader.blockAt(height)?.hash
  }

  block(at: Uint8Array | number): BlockInfo | undefined {
    return this.snapshot(() => {
      const height = typeof at === 'number' ? at : this.#blocks.find(at)?.height
      const [block] = height === undefined ? [] : this.#blocks.descending(height, 1)
      return block?.height === height ? block : undefined
    })
  }

  rawBlock(hash: Uint8Array): BodyAnswer {
    return this.snapshot(() => {
      const block = this.#blocks.find(hash)
      if (!block) return { kind: 'missing' }
      if (!block.keepsBody) return { kind: 'pruned' }
      const body = readBody(this.#sql, block.id, this.#hasher)
      if (body.kind === 'found' && body.bytes.length === block.size) return body
      this.#onDamage(block.id)
      return { kind: 'damaged' }
    })
  }

  blockTxids(hash: Uint8Array): Uint8Array | undefined {
    return this.snapshot(() => {
      const block = this.#blocks.find(hash)
      return block && readOffsets(this.#sql, block.id, block.txCount, this.#hasher).txids()
    })
  }

  blockSummary(hash: Uint8Array): BlockSummary | undefined {
    return this.snapshot(() => {
      const found = this.#blocks.find(hash)
      const block = found && this.#reader.blockAt(found.height)
      return block && summaryOf(this.#sql, this.#hasher, block)
    })
  }

  blockTxs(hash: Uint8Array, start: number, limit: number): BlockTxs | undefined {
    return this.snapshot(() => {
      const found = this.#blocks.find(hash)
      const block = found && this.#reader.blockAt(found.height)
      if (!block) return undefined
      const txs = this.#reader.openRun(block, start, limit).map(confirmedInfo)
      return { height: block.height, total: block.txCount, txs }
    })
  }

  tx(txid: Uint8Array): TxInfo | undefined {
    return this.snapshot(() => {
      const tx = this.#open(txid)
      return tx && confirmedInfo(tx)
    })
  }

  /** Whether the connected chain holds the transaction. */
  has(txid: Uint8Array): boolean {
    return this.snapshot(() => this.#reader.locate(txid) !== undefined)
  }

  /** How many outputs the transaction has. */
  outputCount(txid: Uint8Array): number | undefined {
    return this.snapshot(() => {
      const tx = this.#open(txid)
      return tx && transactionOf(tx).outputs.length
    })
  }

  txStatus(txid: Uint8Array): TxStatus {
    return this.snapshot(() => {
      const at = this.#reader.locate(txid)
      return at ? statusOf(at.block) : { confirmed: false }
    })
  }

  merkleProof(txid: Uint8Array): MerkleProof | undefined {
    return this.snapshot(() => {
      const at = this.#reader.locate(txid)
      if (!at) return undefined
      const { height, hash, id, firstTx, txCount } = at.block
      const pos = at.txNum - firstTx
      const offsets = readOffsets(this.#sql, id, txCount, this.#hasher)
      const branch = merkleBranch(offsets.txids(), pos, this.#hasher).map((sibling) => sibling.slice())
      const root = this.#blocks.descending(height, 1)[0]!.header.subarray(36, 68)
      if (!equalBytes(rootFromBranch(txid, pos, branch), root)) throw new BlockDamaged(id, 'offsets')
      return { height, hash, pos, branch }
    })
  }

  /** Who on the chain spends the outputs; one entry an output. */
  outspends(txid: Uint8Array): Outspend[] | undefined {
    return this.snapshot(() => {
      const tx = this.#open(txid)
      if (!tx) return undefined
      const outspends = transactionOf(tx).outputs.map((): Outspend => ({ spent: false }))
      const rows = this.#sql.sql
        .exec('SELECT vout, spender_tx, vin FROM spend WHERE funding_tx = ? ORDER BY spender_tx', tx.txNum)
        .raw() as Iterable<[number, number, number]>
      const nameOf = this.#reader.namer()
      for (const [vout, spenderTx, vin] of rows) {
        const spender = nameOf(spenderTx)
        if (!spender) throw new StoreError('corrupt', `output ${vout} of transaction ${tx.txNum} is spent by none`)
        outspends[vout] = { spent: true, txid: spender.txid, vin, status: statusOf(spender.block) }
      }
      return outspends
    })
  }

  scriptStats(scripthash: Uint8Array): TxoStats {
    return this.snapshot(() => this.#history.stats(scripthash))
  }

  /** Newest first, strictly after `after`; a valid but unknown `after` gives none. */
  scriptTxs(scripthash: Uint8Array, limit: number, after?: Uint8Array): { txs: TxInfo[]; more: boolean } {
    return this.snapshot(() => {
      const before = after && this.#history.place(scripthash, after)
      if (limit === 0 || (after && before === undefined)) return { txs: [], more: false }
      const txs: TxInfo[] = []
      for (const { tx } of this.#history.newestFirst(scripthash, { before })) {
        if (txs.length === limit) return { txs, more: true }
        txs.push(confirmedInfo(tx))
      }
      return { txs, more: false }
    })
  }

  /** What of a block concerns each of these scripts: its latest `limit` transactions, in block order. */
  scriptsInBlock(hash: Uint8Array, scripthashes: readonly Uint8Array[], limit: number): TxInfo[][] {
    return this.snapshot(() => {
      const found = this.#blocks.find(hash)
      const block = found && this.#reader.blockAt(found.height)
      return scripthashes.map((scripthash) => {
        const txs: TxInfo[] = []
        if (!block || limit === 0) return txs
        const place = { from: block.firstTx, before: block.firstTx + block.txCount }
        for (const { tx } of this.#history.newestFirst(scripthash, place)) {
          if (txs.push(confirmedInfo(tx)) === limit) break
        }
        return txs.reverse()
      })
    })
  }

  /** Unspent outputs, newest transaction first; `too-many` when there are more than `limit`. */
  scriptUtxos(scripthash: Uint8Array, limit: number): UtxoInfo[] | 'too-many' {
    return this.snapshot(() => {
      const isBusy = this.#busy.sums(scripthash) !== undefined
      // Rows whose coin is gone: of coinbases that were repeated (BIP 30).
      const gone = this.#network.bip30Exceptions.length
      if (isBusy && this.#busy.hasMoreCoins(scripthash, limit + gone)) return 'too-many'
      const coins = isBusy ? this.#busyCoins(scripthash) : this.#fewCoins(scripthash)
      const utxos: UtxoInfo[] = []
      for (const utxo of coins) if (utxos.push(utxo) > limit) return 'too-many'
      return utxos
    })
  }

  /** Of a script with few transactions, which are opened. */
  *#fewCoins(scripthash: Uint8Array): Generator<UtxoInfo> {
    for (const { tx, funds } of this.#history.newestFirst(scripthash, { mostRows: MAX_WALKED })) {
      for (const { vout, output } of funds) {
        if (this.#coin(tx.txid, vout)?.txNum !== tx.txNum) continue
        yield { txid: tx.txid, vout, value: Number(output.value), status: statusOf(tx.block) }
      }
    }
  }

  /** Of a script whose unspent outputs are kept in rows of their own: no transaction is opened. */
  *#busyCoins(scripthash: Uint8Array): Generator<UtxoInfo> {
    const match = new ScriptMatch(scripthash, this.#hasher)
    const nameOf = this.#reader.namer()
    for (const [txNum, vout] of this.#busy.coins(scripthash)) {
      const name = nameOf(txNum)
      const coin = name && this.#coin(name.txid, vout)
      if (coin?.txNum !== txNum || !match.test(coin.script)) continue
      yield { txid: name!.txid, vout, value: coin.value, status: statusOf(name!.block) }
    }
  }

  #open(txid: Uint8Array): ConfirmedTx | undefined {
    const at = this.#reader.locate(txid)
    return at && this.#reader.open(at.txNum, at.block)
  }

  /** Coins are keyed by outpoint, so of two transactions with the same txid (BIP30) only the later one has them. */
  #coin(txid: Uint8Array, vout: number): StoredCoin | undefined {
    const outpoint = new Uint8Array(36)
    outpoint.set(txid)
    new DataView(outpoint.buffer).setUint32(32, vout, true)
    return this.#coins.coin(outpoint)
  }
}
