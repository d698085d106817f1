import type { LiveSource } from '../../../src/api/ws/need.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'
import { ChangeLog } from '../../../src/ledger/change-log.ts'
import type { LiveOverview } from '../../../src/ledger/live-questions.ts'
import type { TxInfo, TxStatus } from '../../../src/ledger/queries.ts'
import { encode } from '../../../src/wire/codec.ts'
import { equalBytes, hashKey, sha256 } from '../../../src/wire/hash.ts'
import { transaction, txid as txidOf } from '../../../src/wire/transaction.ts'

interface WorldTx {
  txid: Uint8Array
  raw: Uint8Array
  script: Uint8Array
}

interface WorldBlock {
  hash: Uint8Array
  txs: WorldTx[]
}

/** A chain and a mempool of the simplest kind, each transaction paying to one script, with the log of what happens to them. */
export class World implements LiveSource {
  /** Another one stands for a ledger that was started anew. */
  log = new ChangeLog('w')
  readonly mempool: WorldTx[] = []
  readonly chain: WorldBlock[] = []
  #made = 0

  pay(script: Uint8Array): WorldTx {
    const tx = this.#make(script)
    this.mempool.push(tx)
    this.log.push({ kind: 'tx', txid: tx.txid, feeSat: 1, vsize: 100, value: 2 })
    return tx
  }

  /** Another takes the place of the `i`th that waits. */
  replace(i: number, script: Uint8Array): void {
    const before = this.mempool.splice(i, 1)[0]!
    const tx = this.#make(script)
    this.mempool.push(tx)
    this.log.push({ kind: 'removed', txid: before.txid, why: 'replaced', by: tx.txid })
    this.log.push({ kind: 'tx', txid: tx.txid, feeSat: 1, vsize: 100, value: 2 })
  }

  evict(i: number): void {
    const tx = this.mempool.splice(i, 1)[0]!
    this.log.push({ kind: 'removed', txid: tx.txid, why: 'evicted' })
  }

  /** Mines every other one that waits. */
  mine(): WorldBlock {
    const txs = this.mempool.filter((_, i) => i % 2 === 0)
    for (const { txid } of txs) {
      this.mempool.splice(
        this.mempool.findIndex((tx) => tx.txid === txid),
        1,
      )
      this.log.push({ kind: 'removed', txid, why: 'mined' })
    }
    const block = { hash: sha256(Uint8Array.of(...numberBytes(++this.#made), 1)), txs }
    this.chain.push(block)
    this.log.push({ kind: 'reorg', reorg: { reverted: [], connected: [this.#ref(block)] } })
    return block
  }

  /** The tip goes, and what was in it waits again. */
  unmine(): void {
    const height = this.chain.length
    const block = this.chain.pop()!
    for (const tx of block.txs) {
      this.mempool.push(tx)
      this.log.push({ kind: 'tx', txid: tx.txid, feeSat: 1, vsize: 100, value: 2 })
    }
    this.log.push({ kind: 'reorg', reorg: { reverted: [{ hash: block.hash, height, id: 0 }], connected: [] } })
  }

  of(script: Uint8Array): { waiting: WorldTx[]; mined: WorldTx[] } {
    const own = (tx: WorldTx) => equalBytes(tx.script, script)
    return { waiting: this.mempool.filter(own), mined: this.chain.flatMap(({ txs }) => txs.filter(own)) }
  }

  async changesSince(cursor: string | undefined, maxEntries?: number) {
    return this.log.since(cursor, maxEntries)
  }

  async live(): Promise<LiveOverview> {
    return {
      status: {
        tip: { height: this.chain.length, hash: regtest.genesisHash, time: 0 },
        headers: 0,
        synced: true,
        mempool: { count: 0, vsize: 0, feeSat: 0 },
      },
      blocks: [],
      recent: [],
      levels: {
        count: this.mempool.length,
        vsize: 0,
        feeSat: 0,
        bytes: 0,
        usage: 0,
        maxUsage: 0,
        minFeeRate: 0,
        minRelayFeeRate: 0,
        incrementalFeeRate: 0,
      },
      queue: [],
      period: undefined,
    }
  }

  async whereabouts(txids: readonly Uint8Array[]) {
    return txids.map((txid) => {
      const info = this.#info(txid)
      if (!info) return { at: 'nowhere' as const }
      if (info.status.confirmed) return { at: 'chain' as const, status: info.status }
      const place = this.mempool.findIndex((tx) => equalBytes(tx.txid, txid))
      return { at: 'mempool' as const, position: { block: 0, vsize: 100 * place + 50 } }
    })
  }

  async txs(txids: readonly Uint8Array[]) {
    return txids.map((txid) => this.#info(txid))
  }

  async replacements() {
    return { tree: undefined, replaces: undefined }
  }

  async scriptsInBlock(hash: Uint8Array, scripthashes: readonly Uint8Array[]) {
    const block = this.chain.find((block) => equalBytes(block.hash, hash))
    return scripthashes.map((wanted) =>
      (block?.txs ?? [])
        .filter(({ script }) => equalBytes(sha256(script), wanted))
        .map(({ txid }) => this.#info(txid)!),
    )
  }

  async scriptsInMempool(scripthashes: readonly Uint8Array[], limit: number) {
    return scripthashes.map((wanted) =>
      this.mempool
        .filter(({ script }) => equalBytes(sha256(script), wanted))
        .slice(-limit)
        .map(({ txid }) => this.#info(txid)!),
    )
  }

  #make(script: Uint8Array): WorldTx {
    const tx = {
      version: 2,
      inputs: [
        {
          prevout: { hash: sha256(numberBytes(++this.#made)), index: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0,
          witness: [],
        },
      ],
      outputs: [{ value: 1n, scriptPubKey: script }],
      lockTime: 0,
    }
    return { txid: txidOf(tx), raw: encode(transaction, tx), script }
  }

  #info(txid: Uint8Array): TxInfo | undefined {
    const key = hashKey(txid)
    const height = this.chain.findIndex(({ txs }) => txs.some((tx) => hashKey(tx.txid) === key))
    const block = this.chain[height]
    const tx = (block?.txs ?? this.mempool).find((tx) => hashKey(tx.txid) === key)
    if (!tx) return undefined
    const status: TxStatus = block
      ? { confirmed: true, height: height + 1, hash: block.hash, time: 0 }
      : { confirmed: false }
    return { txid: tx.txid, raw: tx.raw, prevouts: [{ value: 2, script: Uint8Array.of(0x6a) }], fee: 1, status }
  }

  #ref({ hash }: WorldBlock) {
    return { hash, height: this.chain.length, id: 0 }
  }
}

function numberBytes(n: number): Uint8Array {
  return new Uint8Array(new Float64Array([n]).buffer)
}
