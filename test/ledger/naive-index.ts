import { type Block, block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { bytesToHex, concatBytes, prefix48, sha256, toDisplay } from '../../src/wire/hash.ts'
import { type Transaction, txid } from '../../src/wire/transaction.ts'
import type { Dump } from './dump.ts'
import { NaiveBusy } from './naive-busy.ts'
import { type NaiveStatsTx, naiveStats, statsColumns } from './naive-stats.ts'

interface NaiveCoin {
  txNum: number
  value: bigint
  script: Uint8Array
}

/**
 * What the index of a chain has to hold, computed the plain way: parsed objects, maps, no batches. In the form of `dump`.
 * The chain must be valid; `blocks` begin with genesis. `hash`: SHA-256, or what a test puts in its place for scripts.
 */
export function naiveIndex(
  blocks: readonly Uint8Array[],
  hash: (bytes: Uint8Array) => Uint8Array = sha256,
): Pick<Dump, 'tx' | 'history' | 'spend' | 'busy' | 'busy_coin' | 'coin' | 'best'> {
  const busy = new NaiveBusy()
  const coins = new Map<string, NaiveCoin>()
  const tx: [number, number][] = []
  const history: [number, number][] = []
  const spend: [number, number, number, number][] = []
  const best: string[] = []
  let txNum = 0
  blocks.forEach((bytes, height) => {
    const { transactions }: Block = decode(block, bytes)
    const firstTx = txNum
    let fees = 0n
    const coinsBefore = coins.size
    const stats: NaiveStatsTx[] = []
    let inputs = 0
    for (const [t, transaction] of transactions.entries()) {
      const id = txid(transaction)
      tx.push([prefix48(id), txNum])
      let fee = 0n
      const scripts = new Set(transaction.outputs.map((out) => prefix48(hash(out.scriptPubKey))))
      for (const [vin, { prevout }] of t === 0 ? [] : transaction.inputs.entries()) {
        const key = outpoint(prevout.hash, prevout.index)
        const coin = coins.get(key)!
        coins.delete(key)
        scripts.add(prefix48(hash(coin.script)))
        spend.push([coin.txNum, prevout.index, txNum, vin])
        busy.spends(coin.txNum, prevout.index, txNum)
        fee += coin.value
        inputs++
      }
      for (const script of scripts) history.push([script, txNum])
      if (t > 0) fee -= sum(transaction)
      fees += fee
      stats.push({ tx: transaction, fee })
      transaction.outputs.forEach(({ value, scriptPubKey: script }, index) => {
        const spendable = script[0] !== 0x6a && script.length <= 10_000
        const isCoin = height > 0 && spendable
        busy.funds({ txNum, vout: index, value, scripthash: hash(script), isCoin })
        if (isCoin) coins.set(outpoint(id, index), { txNum, value, script })
      })
      txNum++
    }
    const stripped = transactions.reduce(
      (total, each) => total + strippedSize(each),
      80 + sizeOfCount(transactions.length),
    )
    const outputs = transactions.reduce((total, each) => total + each.outputs.length, 0)
    const outputValue = transactions.reduce((total, each) => total + sum(each), 0n)
    const name = toDisplay(sha256(sha256(bytes.subarray(0, 80))))
    const sizes = `${transactions.length} ${bytes.length} ${bytes.length + 3 * stripped}`
    const extra = statsColumns(naiveStats(stats, coinsBefore, height)).join(' ')
    best.push(`${height} ${name} ${firstTx} ${sizes} ${fees} ${inputs} ${outputs} ${outputValue} ${extra}`)
  })
  return {
    ...busy.rows(),
    best,
    tx: sorted(tx),
    history: sorted(history),
    spend: sorted(spend),
    coin: [...coins]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, coin]) => `${key} ${coin.txNum} ${coin.value} ${bytesToHex(coin.script)}`),
  }
}

function outpoint(hash: Uint8Array, index: number): string {
  return bytesToHex(concatBytes(hash, Uint8Array.of(index, index >>> 8, index >>> 16, index >>> 24)))
}

function sum(tx: Transaction): bigint {
  return tx.outputs.reduce((total, { value }) => total + value, 0n)
}

function sorted(rows: number[][]): string[] {
  return rows
    .sort((a, b) => {
      const at = a.findIndex((value, i) => value !== b[i])
      return at < 0 ? 0 : a[at]! - b[at]!
    })
    .map((row) => row.join(' '))
}

function strippedSize(tx: Transaction): number {
  const inputs = tx.inputs.reduce((total, { scriptSig }) => total + 40 + sized(scriptSig), 0)
  const outputs = tx.outputs.reduce((total, { scriptPubKey }) => total + 8 + sized(scriptPubKey), 0)
  return 8 + sizeOfCount(tx.inputs.length) + inputs + sizeOfCount(tx.outputs.length) + outputs
}

function sized(bytes: Uint8Array): number {
  return sizeOfCount(bytes.length) + bytes.length
}

function sizeOfCount(count: number): number {
  return count < 253 ? 1 : count <= 0xffff ? 3 : 5
}
