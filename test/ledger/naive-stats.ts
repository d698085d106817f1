import type { BlockStats } from '../../src/ledger/queries.ts'
import { encode } from '../../src/wire/codec.ts'
import { type Transaction, transaction } from '../../src/wire/transaction.ts'

/** A transaction without its inputs' worth, which is `fee` more than its outputs'. */
export interface NaiveStatsTx {
  tx: Transaction
  fee: bigint
}

/**
 * The statistics of a block as its parsed transactions give them, the coinbase first. `utxos`: coins before the block.
 * `height` 0 makes no coin.
 */
export function naiveStats(txs: readonly NaiveStatsTx[], utxos: number, height: number): BlockStats {
  const paying = txs.slice(1).map(({ tx, fee }) => {
    const size = encode(transaction, tx).length
    const stripped = encode(transaction, {
      ...tx,
      inputs: tx.inputs.map((input) => ({ ...input, witness: [] })),
    }).length
    const weight = 3 * stripped + size
    const isSegwit = tx.inputs.some(({ witness }) => witness.length > 0)
    return { fee, size, weight, isSegwit, milli: (fee * 4000n) / BigInt(weight), out: outputSum(tx) }
  })
  const segwit = paying.filter(({ isSegwit }) => isSegwit)
  const txWeight = sum(paying.map(({ weight }) => weight))
  const made = txs.flatMap(({ tx }) => tx.outputs).filter(({ scriptPubKey: s }) => s[0] !== 0x6a && s.length <= 10_000)
  const spent = sum(txs.slice(1).map(({ tx }) => tx.inputs.length))
  const utxoIncrease = height === 0 ? 0 : made.length - spent

  const byRate = [...paying].sort((a, b) => Number(a.milli - b.milli))
  const rateAt = (percent: number) => {
    const reaches = (i: number) => sum(byRate.slice(0, i + 1).map(({ weight }) => weight)) * 100 >= txWeight * percent
    return Number(byRate.find((_, i) => reaches(i))?.milli ?? 0n) / 1000
  }
  const fees = paying.map(({ fee }) => Number(fee)).sort((a, b) => a - b)
  const feeAt = (percent: number) => fees[Math.max(0, Math.floor((fees.length * percent) / 100) - 1)] ?? 0
  return {
    inputValue: Number(paying.reduce((total, { out, fee }) => total + out + fee, 0n)),
    txSize: sum(paying.map(({ size }) => size)),
    txWeight,
    segwitTxs: segwit.length,
    segwitSize: sum(segwit.map(({ size }) => size)),
    segwitWeight: sum(segwit.map(({ weight }) => weight)),
    utxoIncrease,
    utxoSize: utxos + utxoIncrease,
    feeRates: [0, 10, 25, 50, 75, 90, 100].map(rateAt),
    feeAmounts: [feeAt(0), feeAt(10), feeAt(25), feeAt(50), feeAt(75), feeAt(90), fees.at(-1) ?? 0],
  }
}

/** The statistics as the end of a row of `best`. */
export function statsColumns(stats: BlockStats): number[] {
  const { inputValue, txSize, txWeight, segwitTxs, segwitSize, segwitWeight, utxoIncrease, utxoSize } = stats
  const millis = stats.feeRates.map((rate) => Math.round(rate * 1000))
  const sums = [inputValue, txSize, txWeight, segwitTxs, segwitSize, segwitWeight, utxoIncrease, utxoSize]
  return [...sums, ...millis, ...stats.feeAmounts]
}

function outputSum(tx: Transaction): bigint {
  return tx.outputs.reduce((total, { value }) => total + value, 0n)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
