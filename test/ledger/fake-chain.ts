import { outpointKey } from '../../src/ledger/mempool-entry.ts'
import type { ChainCoin, MempoolChain } from '../../src/ledger/mempool-policy.ts'
import { opReturn, P2A } from '../../src/script/build.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes, hashKey, sha256d } from '../../src/wire/hash.ts'
import { parseTransaction, type Transaction, transaction } from '../../src/wire/transaction.ts'

/** An output that a test may spend. */
export interface TestCoin {
  txid: Uint8Array
  vout: number
  value: number
}

export interface FakeBlock {
  hash: Uint8Array
  height: number
  time: number
  /** Raw, coinbase first. */
  txs: Uint8Array[]
  txids: Uint8Array
  outpoints: Uint8Array
  spent: [string, ChainCoin][]
}

export const REWARD = 50_0000_0000

/** A chain of which only coins and times matter: no proof of work, no scripts. It refuses what does not exist. */
export class FakeChain implements MempoolChain {
  readonly blocks: FakeBlock[] = []
  readonly coins = new Map<string, ChainCoin>()

  constructor(height = 0) {
    for (let i = 0; i <= height; i++) this.connect([])
  }

  get tip(): FakeBlock {
    return this.blocks.at(-1)!
  }

  medianTimePast(height: number): number {
    const times = this.blocks.slice(Math.max(0, height - 10), height + 1).map(({ time }) => time)
    return times.sort((a, b) => a - b)[times.length >> 1]!
  }

  coin(txid: Uint8Array, index: number): ChainCoin | undefined {
    return this.coins.get(outpointKey(hashKey(txid), index))
  }

  /** The coinbase output of the block at this height. */
  reward(height: number): TestCoin {
    return { txid: parseTransaction(this.blocks[height]!.txs[0]!).txid, vout: 0, value: REWARD }
  }

  /** Puts transactions into the next block; throws when one spends what is not there. */
  connect(txs: readonly Uint8Array[], options: { salt?: number; seconds?: number } = {}): FakeBlock {
    const height = this.blocks.length
    const time = (this.blocks.at(-1)?.time ?? 1_600_000_000) + (options.seconds ?? 600)
    const coinbase = makeTx([{ txid: new Uint8Array(32), vout: 0xffff_ffff, value: 0 }], [REWARD], {
      scriptSig: Uint8Array.of(height & 0xff, height >> 8, options.salt ?? 0),
    })
    const all = [coinbase, ...txs]
    const parsed = all.map((bytes) => parseTransaction(bytes))
    const spent: [string, ChainCoin][] = []
    const outpoints: Uint8Array[] = []
    parsed.forEach(({ tx, txid }, i) => {
      for (const { prevout } of tx.inputs) {
        const key = outpointKey(hashKey(prevout.hash), prevout.index)
        outpoints.push(Uint8Array.from(key, (byte) => byte.charCodeAt(0)))
        if (i === 0) continue
        const coin = this.coins.get(key)
        if (!coin) throw new Error('a block spends an output that is not there')
        this.coins.delete(key)
        spent.push([key, coin])
      }
      tx.outputs.forEach(({ value, scriptPubKey }, vout) => {
        const coin = { value: Number(value), script: scriptPubKey, height, coinbase: i === 0 }
        this.coins.set(outpointKey(hashKey(txid), vout), coin)
      })
    })
    const txids = concatBytes(...parsed.map(({ txid }) => txid))
    const hash = sha256d(concatBytes(this.blocks.at(-1)?.hash ?? new Uint8Array(32), txids))
    const block = { hash, height, time, txs: all, txids, outpoints: concatBytes(...outpoints), spent }
    this.blocks.push(block)
    return block
  }

  disconnect(): FakeBlock {
    const block = this.blocks.pop()!
    for (const [key, coin] of block.spent) this.coins.set(key, coin)
    for (const bytes of block.txs) {
      const { tx, txid } = parseTransaction(bytes)
      tx.outputs.forEach((_, vout) => {
        this.coins.delete(outpointKey(hashKey(txid), vout))
      })
    }
    return block
  }
}

/** P2WPKH of a hash that begins with a number. */
export function keyHash(n: number): Uint8Array {
  return Uint8Array.of(0, 20, n & 0xff, n >>> 8, ...new Uint8Array(18))
}

/** A standard script of this length, from 4 bytes on; up to 42 a witness program that nobody has a use for, then data. */
export function sized(length: number): Uint8Array {
  if (length === 4) return P2A
  return length <= 42 ? Uint8Array.of(0x51, length - 2, ...new Uint8Array(length - 2)) : dataOf(length)
}

/** A script of this length that carries data. */
export function dataOf(length: number): Uint8Array {
  const wide = length < 78 ? 1 : length < 258 ? 2 : 3
  const script = opReturn(new Uint8Array(length - 1 - wide))
  // Lengths at which the push grows have no shortest form.
  return script.length === length ? script : concatBytes(script, Uint8Array.of(0))
}

/** A raw transaction; every output pays to a key hash of its own number unless `scripts` says otherwise. */
export function makeTx(
  from: readonly TestCoin[],
  values: readonly number[],
  options: {
    version?: number
    lockTime?: number
    sequence?: number
    scriptSig?: Uint8Array
    scripts?: Uint8Array[]
    witness?: Uint8Array[]
  } = {},
): Uint8Array<ArrayBuffer> {
  const tx: Transaction = {
    version: options.version ?? 2,
    inputs: from.map(({ txid, vout }) => ({
      prevout: { hash: txid, index: vout },
      scriptSig: options.scriptSig ?? new Uint8Array(0),
      sequence: options.sequence ?? 0xffff_fffe,
      witness: options.witness ?? [],
    })),
    outputs: values.map((value, i) => ({
      value: BigInt(value),
      scriptPubKey: options.scripts?.[i] ?? keyHash(i),
    })),
    lockTime: options.lockTime ?? 0,
  }
  return encode(transaction, tx)
}

/** The outputs of a raw transaction, as coins. */
export function outputsOf(bytes: Uint8Array): TestCoin[] {
  const { tx, txid } = parseTransaction(bytes)
  return tx.outputs.map(({ value }, vout) => ({ txid, vout, value: Number(value) }))
}
