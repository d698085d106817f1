import { expect } from 'vitest'
import type { ChainQueries } from '../../src/ledger/chain-queries.ts'
import type { BlockInfo, BlockStats, Outspend, TxInfo, TxoStats, UtxoInfo } from '../../src/ledger/queries.ts'
import { block } from '../../src/wire/block.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { bytesToHex, concatBytes, equalBytes, hexToBytes, sha256, sha256d } from '../../src/wire/hash.ts'
import { type Transaction, transaction, txid } from '../../src/wire/transaction.ts'
import { naiveStats } from './naive-stats.ts'

interface NaiveTx {
  info: TxInfo
  tx: Transaction
  /** Position in its block. */
  pos: number
  outspends: Outspend[]
  /** Hex of the scripthashes that it pays to or spends from. */
  scripts: Set<string>
}

interface NaiveBlock {
  info: BlockInfo
  stats: BlockStats
  bytes: Uint8Array
  txs: NaiveTx[]
}

/**
 * What a ledger has to answer about a chain, worked out from parsed blocks by walking over everything. The chain must
 * be valid and without repeated txids; `blocks` begin with genesis.
 */
export class NaiveChain {
  readonly blocks: NaiveBlock[] = []
  /** In chain order. */
  readonly txs: NaiveTx[] = []
  readonly scripthashes = new Set<string>()
  readonly #byId = new Map<string, NaiveTx>()

  readonly #hash: typeof sha256

  /** `hash`: SHA-256, or what a test puts in its place for scripts. */
  constructor(blocks: readonly Uint8Array[], hash: typeof sha256 = sha256) {
    this.#hash = hash
    for (const bytes of blocks) this.#add(bytes)
  }

  get tip(): NaiveBlock {
    return this.blocks.at(-1)!
  }

  tx(id: Uint8Array): NaiveTx | undefined {
    return this.#byId.get(bytesToHex(id))
  }

  #add(bytes: Uint8Array): void {
    const { header, transactions } = decode(block, bytes)
    const height = this.blocks.length
    const hash = sha256d(bytes.subarray(0, 80))
    const status = { confirmed: true, height, hash, time: header.time } as const
    const txs = transactions.map((tx, pos) => this.#addTx(tx, pos, status))
    const times = [...this.blocks.slice(-10).map(({ info }) => info), { header: bytes }].map(({ header }) =>
      timeOf(header),
    )
    if (height > 0) this.tip.info.next = hash
    const stripped = bytes.length - txs.reduce((sum, { tx }) => sum + witnessSize(tx), 0)
    this.blocks.push({
      bytes,
      txs,
      stats: naiveStats(
        txs.map(({ tx, info }) => ({ tx, fee: BigInt(info.fee) })),
        this.blocks.at(-1)?.stats.utxoSize ?? 0,
        height,
      ),
      info: {
        hash,
        height,
        header: bytes.slice(0, 80),
        txCount: txs.length,
        size: bytes.length,
        weight: 3 * stripped + bytes.length,
        medianTime: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!,
        fees: txs.reduce((sum, { info }) => sum + info.fee, 0),
        inputs: transactions.slice(1).reduce((sum, tx) => sum + tx.inputs.length, 0),
        outputs: transactions.reduce((sum, tx) => sum + tx.outputs.length, 0),
        outputValue: transactions.reduce((sum, tx) => sum + outputSum(tx), 0),
        next: undefined,
      },
    })
  }

  #addTx(tx: Transaction, pos: number, status: TxInfo['status']): NaiveTx {
    const id = txid(tx)
    const prevouts = tx.inputs.map(({ prevout }, vin) => {
      if (pos === 0) return undefined
      const parent = this.tx(prevout.hash)!
      parent.outspends[prevout.index] = { spent: true, txid: id, vin, status }
      const { value, scriptPubKey } = parent.tx.outputs[prevout.index]!
      return { value: Number(value), script: scriptPubKey }
    })
    const scripts = new Set(
      [...prevouts.map((out) => out?.script), ...tx.outputs.map((out) => out.scriptPubKey)].map((script) =>
        this.#hashOf(script),
      ),
    )
    scripts.delete('')
    for (const script of scripts) this.scripthashes.add(script)
    const fee = pos === 0 ? 0 : prevouts.reduce((sum, out) => sum + out!.value, 0) - outputSum(tx)
    const info: TxInfo = { txid: id, raw: encode(transaction, tx), prevouts, fee, status }
    const naive = { info, tx, pos, outspends: tx.outputs.map((): Outspend => ({ spent: false })), scripts }
    this.txs.push(naive)
    this.#byId.set(bytesToHex(id), naive)
    return naive
  }

  /** Newest first. */
  history(scripthashHex: string): NaiveTx[] {
    return this.txs.filter(({ scripts }) => scripts.has(scripthashHex)).reverse()
  }

  stats(scripthashHex: string): TxoStats {
    const history = this.history(scripthashHex)
    const funded = history.flatMap(({ tx }) =>
      tx.outputs.filter((out) => this.#hashOf(out.scriptPubKey) === scripthashHex),
    )
    const spent = history.flatMap(({ info }) =>
      info.prevouts.filter((out) => out && this.#hashOf(out.script) === scripthashHex),
    )
    return {
      fundedCount: funded.length,
      fundedSum: funded.reduce((sum, { value }) => sum + Number(value), 0),
      spentCount: spent.length,
      spentSum: spent.reduce((sum, out) => sum + out!.value, 0),
      txCount: history.length,
    }
  }

  /** Newest transaction first. What can never be spent, genesis' coinbase included, is no coin. */
  utxos(scripthashHex: string): UtxoInfo[] {
    return this.history(scripthashHex).flatMap(({ tx, info, outspends }) =>
      tx.outputs.flatMap(({ value, scriptPubKey }, vout) => {
        const isCoin = scriptPubKey[0] !== 0x6a && scriptPubKey.length <= 10_000 && this.txs[0]!.info !== info
        if (this.#hashOf(scriptPubKey) !== scripthashHex || outspends[vout]!.spent || !isCoin) return []
        return [{ txid: info.txid, vout, value: Number(value), status: info.status }]
      }),
    )
  }

  #hashOf(script: Uint8Array | undefined): string {
    return script ? bytesToHex(this.#hash(script)) : ''
  }
}

function outputSum(tx: Transaction): number {
  return tx.outputs.reduce((sum, { value }) => sum + Number(value), 0)
}

function timeOf(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(68, true)
}

function witnessSize(tx: Transaction): number {
  const stripped = { ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness: [] })) }
  return encode(transaction, tx).length - encode(transaction, stripped).length
}

/** Asks everything that there is to ask, and compares. `pages`: how long the pages of blocks and histories are. */
export function expectSameAnswers(queries: ChainQueries, naive: NaiveChain, pages = 7): void {
  expectSameBlocks(queries, naive, pages)
  for (const tx of naive.txs) expectSameTx(queries, naive, tx)
  for (const script of naive.scripthashes) expectSameScript(queries, naive, script, pages)
}

function expectSameBlocks(queries: ChainQueries, naive: NaiveChain, pages: number): void {
  const { info: tip } = naive.tip
  expect(queries.tip()).toEqual({ height: tip.height, hash: tip.hash, time: timeOf(tip.header) })
  expect(queries.blocks(undefined, pages)).toEqual(queries.blocks(tip.height, pages))
  expect(queries.blocks(tip.height + 1, pages)).toBeUndefined()
  expect(queries.blockStats(undefined, pages)).toEqual(queries.blockStats(tip.height, pages))
  for (const from of [tip.height + 1, -1, new Uint8Array(32)]) expect(queries.blockStats(from, 1)).toBeUndefined()
  for (const height of [tip.height + 1, tip.height + 100, -1]) {
    expect([queries.blockHashAt(height), queries.block(height)]).toEqual([undefined, undefined])
  }
  for (const { info, bytes, txs } of naive.blocks) {
    const { hash, height } = info
    const descending = naive.blocks.slice(Math.max(0, height - pages + 1), height + 1).reverse()
    expect(queries.blocks(height, pages)).toEqual(descending.map((each) => each.info))
    const withStats = descending.map(({ info, stats, txs }) => ({ block: info, stats, coinbase: txs[0]!.info }))
    expect(queries.blockStats(height, pages)).toEqual(withStats)
    expect(queries.blockStats(hash, 1)).toEqual(withStats.slice(0, 1))
    expect([queries.block(hash), queries.block(height)]).toEqual([info, info])
    expect(queries.blockHashAt(height)).toEqual(hash)
    expect(queries.rawBlock(hash)).toEqual({ kind: 'found', bytes })
    expect(queries.blockTxids(hash)).toEqual(concatBytes(...txs.map((tx) => tx.info.txid)))
    for (let start = 0; start <= txs.length + 1; start += 3) {
      const page = txs.slice(start, start + 4).map((tx) => tx.info)
      expect(queries.blockTxs(hash, start, 4)).toEqual({ height, total: txs.length, txs: page })
    }
  }
}

function expectSameTx(queries: ChainQueries, naive: NaiveChain, { info, pos, outspends }: NaiveTx): void {
  expect(queries.tx(info.txid)).toEqual(info)
  expect(queries.txStatus(info.txid)).toEqual(info.status)
  expect(queries.has(info.txid)).toBe(true)
  expect(queries.outputCount(info.txid)).toBe(outspends.length)
  expect(queries.outspends(info.txid)).toEqual(outspends)
  const proof = queries.merkleProof(info.txid)!
  const { header, hash, height } = naive.blocks[proof.height]!.info
  expect(proof).toMatchObject({ height, hash, pos })
  let root = info.txid
  let at = pos
  for (const sibling of proof.branch) {
    root = sha256d(at % 2 === 0 ? concatBytes(root, sibling) : concatBytes(sibling, root))
    at = Math.floor(at / 2)
  }
  expect(equalBytes(root, header.subarray(36, 68))).toBe(true)
}

export function expectSameScript(queries: ChainQueries, naive: NaiveChain, scriptHex: string, limit: number): void {
  const scripthash = hexToBytes(scriptHex)
  expect(queries.scriptStats(scripthash)).toEqual(naive.stats(scriptHex))
  const history = naive.history(scriptHex).map(({ info }) => info)
  const got: TxInfo[] = []
  for (let more = true; more; ) {
    const page = queries.scriptTxs(scripthash, limit, got.at(-1)?.txid)
    expect(page.txs.length).toBeLessThanOrEqual(limit)
    got.push(...page.txs)
    more = page.more
    expect(more).toBe(got.length < history.length)
  }
  expect(got).toEqual(history)
  const utxos = naive.utxos(scriptHex)
  const got2 = queries.scriptUtxos(scripthash, utxos.length)
  expect(Array.isArray(got2) && got2.sort(byOutpoint)).toEqual(utxos.sort(byOutpoint))
  if (utxos.length > 0) expect(queries.scriptUtxos(scripthash, utxos.length - 1)).toBe('too-many')
}

function byOutpoint(a: UtxoInfo, b: UtxoInfo): number {
  const [x, y] = [a, b].map(({ txid }) => bytesToHex(txid))
  return x! < y! ? -1 : x! > y! ? 1 : a.vout - b.vout
}
