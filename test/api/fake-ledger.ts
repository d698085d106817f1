import { merkleBranch } from '../../src/chain/merkle.ts'
import type { Reorg } from '../../src/chain/reorg.ts'
import { ChangeLog } from '../../src/ledger/change-log.ts'
import type {
  BlockInfo,
  BlockWithStats,
  BodyAnswer,
  BroadcastResult,
  Changes,
  HomeInfo,
  LedgerQueries,
  LedgerStatus,
  Outspend,
  Prevout,
  RecentTx,
  ScriptStats,
  ScriptTxs,
  TxInfo,
  TxoStats,
  TxStatus,
  UtxoInfo,
} from '../../src/ledger/queries.ts'
import { block as blockCodec } from '../../src/wire/block.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { concatBytes, equalBytes, hashKey, sha256 } from '../../src/wire/hash.ts'
import { blockHash } from '../../src/wire/header.ts'
import { isCoinbase, type ParsedTransaction, parseTransaction, transaction } from '../../src/wire/transaction.ts'
import { naiveStats } from '../ledger/naive-stats.ts'

interface FakeTx extends ParsedTransaction {
  raw: Uint8Array
  prevouts: (Prevout | undefined)[]
  fee: number
  /** `undefined` in the mempool. */
  block?: FakeBlock
  pos: number
  time: number
}

interface FakeBlock {
  raw: Uint8Array<ArrayBuffer>
  hash: Uint8Array
  height: number
  time: number
  txs: FakeTx[]
}

/**
 * A ledger of the simplest kind: every block and transaction parsed and in memory, every answer a walk over all of
 * them. It checks nothing and is slow, and so it is easy to believe. It has what Esplora's routes and the pages ask; for
 * the rest there is `real-front.ts`.
 */
export class FakeLedger implements Partial<LedgerQueries> {
  readonly blocksByHeight: FakeBlock[] = []
  readonly pool: FakeTx[] = []
  synced = true
  /** Height of the best header; the tip's while `undefined`. */
  headers: number | undefined
  /** Bodies that the store has lost or damaged, by height. */
  readonly bodies = new Map<number, 'pruned' | 'damaged'>()
  /** What the next questions reject with. */
  failing: Error | undefined
  /** What has happened; another one stands for a ledger that was started anew. */
  changes = new ChangeLog('fake')
  readonly #now: () => number

  /** The first block is the genesis; `now` is in Unix seconds. */
  constructor(blocks: readonly Uint8Array<ArrayBuffer>[], now: () => number = () => 0) {
    this.#now = now
    for (const raw of blocks) this.connect(raw)
  }

  connect(raw: Uint8Array<ArrayBuffer>): void {
    const { header, transactions } = decode(blockCodec, raw)
    const block: FakeBlock = {
      raw,
      hash: blockHash(raw.slice(0, 80)),
      height: this.blocksByHeight.length,
      time: header.time,
      txs: [],
    }
    this.blocksByHeight.push(block)
    for (const [pos, tx] of transactions.entries()) {
      const made = this.#make(encode(transaction, tx))!
      block.txs.push({ ...made, block, pos, time: header.time })
      const waiting = this.pool.findIndex(({ txid }) => equalBytes(txid, made.txid))
      if (waiting >= 0) this.pool.splice(waiting, 1)
    }
    this.changes.push({ kind: 'reorg', reorg: { reverted: [], connected: [refOf(block)] } })
  }

  /** Takes the tip away; its transactions but the coinbase wait again. */
  disconnect(): void {
    const block = this.blocksByHeight.pop()!
    for (const tx of block.txs.slice(1)) {
      const { block: _, ...waiting } = tx
      this.pool.push(waiting)
    }
    this.changes.push({ kind: 'reorg', reorg: { reverted: [refOf(block)], connected: [] } })
  }

  get tip(): FakeBlock {
    return this.blocksByHeight.at(-1)!
  }

  async status(): Promise<LedgerStatus> {
    this.#answering()
    return {
      tip: { height: this.tip.height, hash: this.tip.hash, time: this.tip.time },
      headers: this.headers ?? this.tip.height,
      synced: this.synced,
      mempool: {
        count: this.pool.length,
        vsize: sum(this.pool.map(vsizeOf)),
        feeSat: sum(this.pool.map((t) => t.fee)),
      },
    }
  }

  async blocks(from: number | undefined, limit: number): Promise<BlockInfo[] | undefined> {
    this.#answering()
    const top = from ?? this.tip.height
    if (top > this.tip.height) return undefined
    return this.blocksByHeight
      .slice(Math.max(0, top - limit + 1), top + 1)
      .reverse()
      .map((block) => this.#info(block))
  }

  async blockStats(from: Uint8Array | number | undefined, limit: number): Promise<BlockWithStats[] | undefined> {
    this.#answering()
    const top = from instanceof Uint8Array ? this.#find(from)?.height : (from ?? this.tip.height)
    if (top === undefined || top < 0 || top > this.tip.height) return undefined
    let utxos = 0
    const all = this.blocksByHeight.slice(0, top + 1).map((block) => {
      const stats = naiveStats(
        block.txs.map(({ tx, fee }) => ({ tx, fee: BigInt(fee) })),
        utxos,
        block.height,
      )
      utxos = stats.utxoSize
      return { block: this.#info(block), stats, coinbase: infoOf(block.txs[0]!) }
    })
    return all.slice(-limit).reverse()
  }

  async blockHashAt(height: number): Promise<Uint8Array | undefined> {
    this.#answering()
    return this.blocksByHeight[height]?.hash
  }

  async block(hash: Uint8Array): Promise<BlockInfo | undefined> {
    this.#answering()
    const block = this.#find(hash)
    return block && this.#info(block)
  }

  async rawBlock(hash: Uint8Array): Promise<BodyAnswer> {
    this.#answering()
    const block = this.#find(hash)
    if (!block) return { kind: 'missing' }
    const lost = this.bodies.get(block.height)
    return lost ? { kind: lost } : { kind: 'found', bytes: block.raw }
  }

  async blockTxids(hash: Uint8Array): Promise<Uint8Array | undefined> {
    this.#answering()
    const block = this.#find(hash)
    return block && concatBytes(...block.txs.map(({ txid }) => txid))
  }

  async blockTxs(hash: Uint8Array, start: number, limit: number) {
    this.#answering()
    const block = this.#find(hash)
    if (!block) return undefined
    return { height: block.height, total: block.txs.length, txs: block.txs.slice(start, start + limit).map(infoOf) }
  }

  async tx(txid: Uint8Array): Promise<TxInfo | undefined> {
    this.#answering()
    const tx = this.#tx(txid)
    return tx && infoOf(tx)
  }

  async txStatus(txid: Uint8Array): Promise<TxStatus> {
    this.#answering()
    const tx = this.#tx(txid)
    return tx ? statusOf(tx) : { confirmed: false }
  }

  async merkleProof(txid: Uint8Array) {
    this.#answering()
    const tx = this.#tx(txid)
    if (!tx?.block) return undefined
    const { height, hash, txs } = tx.block
    return { height, hash, pos: tx.pos, branch: merkleBranch(concatBytes(...txs.map((t) => t.txid)), tx.pos) }
  }

  async outspends(txid: Uint8Array): Promise<Outspend[] | undefined> {
    this.#answering()
    const tx = this.#tx(txid)
    return tx?.tx.outputs.map((_, vout): Outspend => {
      for (const spender of this.#all()) {
        const vin = spender.tx.inputs.findIndex(
          ({ prevout }) => prevout.index === vout && equalBytes(prevout.hash, tx.txid),
        )
        if (vin >= 0) return { spent: true, txid: spender.txid, vin, status: statusOf(spender) }
      }
      return { spent: false }
    })
  }

  async scriptStats(scripthash: Uint8Array): Promise<ScriptStats> {
    this.#answering()
    const own = ownedBy(scripthash)
    const of = (txs: FakeTx[]): TxoStats => {
      const funded = txs.flatMap(({ tx }) => tx.outputs.filter((o) => own(o.scriptPubKey))).map((o) => Number(o.value))
      const spent = txs.flatMap(({ prevouts }) => prevouts.filter((p) => p && own(p.script))).map((p) => p!.value)
      return {
        fundedCount: funded.length,
        fundedSum: sum(funded),
        spentCount: spent.length,
        spentSum: sum(spent),
        txCount: txs.filter((tx) => touches(tx, own)).length,
      }
    }
    return { chain: of(this.#confirmed()), mempool: of(this.pool) }
  }

  async scriptTxs(
    scripthash: Uint8Array,
    page: { mempool: number; chain: number; after?: Uint8Array },
  ): Promise<ScriptTxs> {
    this.#answering()
    const own = ownedBy(scripthash)
    const history = this.#confirmed()
      .filter((tx) => touches(tx, own))
      .reverse()
    const at = page.after ? history.findIndex(({ txid }) => equalBytes(txid, page.after!)) : -1
    const rest = page.after && at < 0 ? [] : history.slice(at + 1)
    return {
      mempool: this.pool
        .filter((tx) => touches(tx, own))
        .reverse()
        .slice(0, page.mempool)
        .map(infoOf),
      chain: rest.slice(0, page.chain).map(infoOf),
      more: rest.length > page.chain,
    }
  }

  async scriptUtxos(scripthash: Uint8Array, limit: number): Promise<UtxoInfo[] | 'too-many'> {
    this.#answering()
    const own = ownedBy(scripthash)
    const utxos: UtxoInfo[] = []
    for (const tx of this.#all()) {
      const spent = (await this.outspends(tx.txid))!
      for (const [vout, { value, scriptPubKey }] of tx.tx.outputs.entries()) {
        if (!own(scriptPubKey) || spent[vout]!.spent) continue
        utxos.push({ txid: tx.txid, vout, value: Number(value), status: statusOf(tx) })
      }
    }
    return utxos.length > limit ? 'too-many' : utxos
  }

  async mempool() {
    const { mempool } = await this.status()
    const bins = this.pool.map((tx): [number, number] => [(4 * tx.fee) / tx.weight, vsizeOf(tx)])
    return { ...mempool, histogram: bins.sort((a, b) => b[0] - a[0]) }
  }

  async mempoolTxids(): Promise<Uint8Array> {
    this.#answering()
    return concatBytes(...this.pool.map(({ txid }) => txid))
  }

  async mempoolRecent(limit: number): Promise<RecentTx[]> {
    this.#answering()
    return this.pool.toReversed().slice(0, limit).map(recentOf)
  }

  async broadcast(bytes: Uint8Array): Promise<BroadcastResult> {
    this.#answering()
    let tx: FakeTx | undefined
    try {
      tx = this.#make(bytes)
    } catch {
      return { kind: 'refused', code: -22, message: 'TX decode failed. Make sure the tx has at least one input.' }
    }
    if (!tx) return { kind: 'refused', code: -25, message: 'bad-txns-inputs-missingorspent' }
    if (this.#tx(tx.txid)?.block) {
      return { kind: 'refused', code: -27, message: 'Transaction outputs already in utxo set' }
    }
    if (!this.#tx(tx.txid)) {
      this.pool.push(tx)
      const { feeSat, vsize, value } = recentOf(tx)
      this.changes.push({ kind: 'tx', txid: tx.txid, feeSat, vsize, value })
    }
    return { kind: 'accepted', txid: tx.txid }
  }

  async changesSince(cursor: string | undefined, maxEntries?: number): Promise<Changes> {
    this.#answering()
    return this.changes.since(cursor, maxEntries)
  }

  async home(blocks: number, recent: number): Promise<HomeInfo> {
    return {
      status: await this.status(),
      blocks: (await this.blocks(undefined, blocks))!,
      recent: await this.mempoolRecent(recent),
    }
  }

  async txPage(txid: Uint8Array) {
    const tx = await this.tx(txid)
    const outspends = await this.outspends(txid)
    if (!tx || !outspends) return undefined
    const proof = await this.merkleProof(txid)
    return { tx, outspends, tip: this.tip.height, ...(proof && { proof }) }
  }

  async blockPage(at: Uint8Array | number, start: number, limit: number) {
    const hash = typeof at === 'number' ? await this.blockHashAt(at) : at
    const block = hash && (await this.block(hash))
    const page = hash && (await this.blockTxs(hash, start, limit))
    return block && page && { block, txs: page.txs, tip: this.tip.height }
  }

  async scriptPage(scripthash: Uint8Array, page: { mempool: number; chain: number; after?: Uint8Array }) {
    return {
      stats: await this.scriptStats(scripthash),
      history: await this.scriptTxs(scripthash, page),
      tip: this.tip.height,
    }
  }

  #answering(): void {
    if (this.failing) throw this.failing
  }

  /** `undefined` when it spends what nobody knows. */
  #make(raw: Uint8Array): FakeTx | undefined {
    const parsed = parseTransaction(raw)
    const { inputs, outputs } = parsed.tx
    const coinbase = isCoinbase(parsed.tx)
    const prevouts = inputs.map(({ prevout }) => {
      const output = coinbase ? undefined : this.#tx(prevout.hash)?.tx.outputs[prevout.index]
      return output && { value: Number(output.value), script: output.scriptPubKey }
    })
    if (!coinbase && prevouts.includes(undefined)) return undefined
    const spent = sum(prevouts.map((prevout) => prevout?.value ?? 0))
    const paid = sum(outputs.map(({ value }) => Number(value)))
    return { ...parsed, raw, prevouts, fee: coinbase ? 0 : spent - paid, pos: 0, time: this.#now() }
  }

  #info(block: FakeBlock): BlockInfo {
    const times = this.blocksByHeight.slice(Math.max(0, block.height - 10), block.height + 1).map(({ time }) => time)
    const outputs = block.txs.flatMap(({ tx }) => tx.outputs)
    const stripped = block.raw.length - sum(block.txs.map((tx) => tx.size - tx.strippedSize))
    const next = this.blocksByHeight[block.height + 1]?.hash
    return {
      hash: block.hash,
      height: block.height,
      header: block.raw.subarray(0, 80),
      txCount: block.txs.length,
      size: block.raw.length,
      weight: 3 * stripped + block.raw.length,
      medianTime: times.sort((a, b) => a - b)[times.length >> 1]!,
      fees: sum(block.txs.map(({ fee }) => fee)),
      inputs: sum(block.txs.slice(1).map(({ tx }) => tx.inputs.length)),
      outputs: outputs.length,
      outputValue: sum(outputs.map(({ value }) => Number(value))),
      ...(next && { next }),
    }
  }

  #find(hash: Uint8Array): FakeBlock | undefined {
    return this.blocksByHeight.find((block) => equalBytes(block.hash, hash))
  }

  #confirmed(): FakeTx[] {
    return this.blocksByHeight.flatMap(({ txs }) => txs)
  }

  #all(): FakeTx[] {
    return [...this.#confirmed(), ...this.pool]
  }

  #tx(txid: Uint8Array): FakeTx | undefined {
    const key = hashKey(txid)
    return this.#all().find((tx) => hashKey(tx.txid) === key)
  }
}

function infoOf(tx: FakeTx): TxInfo {
  const { txid, raw, prevouts, fee } = tx
  return { txid, raw, prevouts, fee, status: statusOf(tx), ...(!tx.block && { firstSeen: tx.time }) }
}

function statusOf({ block }: FakeTx): TxStatus {
  if (!block) return { confirmed: false }
  return { confirmed: true, height: block.height, hash: block.hash, time: block.time }
}

function recentOf(tx: FakeTx): RecentTx {
  const value = sum(tx.prevouts.map((prevout) => prevout?.value ?? 0))
  return { txid: tx.txid, feeSat: tx.fee, vsize: vsizeOf(tx), value, time: tx.time }
}

function refOf({ hash, height }: FakeBlock): Reorg['connected'][number] {
  return { hash, height, id: height }
}

function vsizeOf({ weight }: FakeTx): number {
  return Math.ceil(weight / 4)
}

function ownedBy(scripthash: Uint8Array): (script: Uint8Array) => boolean {
  return (script) => equalBytes(sha256(script), scripthash)
}

function touches(tx: FakeTx, own: (script: Uint8Array) => boolean): boolean {
  return (
    tx.tx.outputs.some(({ scriptPubKey }) => own(scriptPubKey)) ||
    tx.prevouts.some((prevout) => prevout !== undefined && own(prevout.script))
  )
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
