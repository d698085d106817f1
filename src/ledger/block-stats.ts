import { WITNESS_SCALE_FACTOR } from '../chain/consensus.ts'
import type { BlockDigest } from '../chain/digest.ts'
import { isUnspendable } from './input-check.ts'

/** Columns of a block's row in `best` that sum up its transactions; the coinbase counts only where it is said. */
export interface StatsRow {
  /** Sum of what the inputs spend, satoshi; stays at the largest safe integer where the sum is larger. */
  inputValue: number
  txSize: number
  txWeight: number
  segwitTxs: number
  segwitSize: number
  segwitWeight: number
  /** Coins made, the coinbase's included, less coins spent. */
  utxoIncrease: number
  /** Lowest, at 10, 25, 50, 75 and 90 % of the weight, highest; in thousandths of a satoshi per virtual byte. */
  rates: Float64Array
  /** Lowest, at 10, 25, 50, 75 and 90 % of the transactions, highest; satoshi. */
  fees: Float64Array
}

/** Entries of `rates` and `fees`. */
export const SPREAD = 7
const MILLI = 1000

/** Of a block without transactions. */
export function noStats(): StatsRow {
  return {
    inputValue: 0,
    txSize: 0,
    txWeight: 0,
    segwitTxs: 0,
    segwitSize: 0,
    segwitWeight: 0,
    utxoIncrease: 0,
    rates: new Float64Array(SPREAD),
    fees: new Float64Array(SPREAD),
  }
}

/**
 * The statistics of a checked block, as Bitcoin Core's getblockstats defines them, but rates are kept a thousand times
 * finer, and the spread of the fees is mempool.space's. `txFees`: satoshi by transaction; the coinbase's entry is not
 * looked at. Takes part in connecting every block: plain loops over typed arrays.
 */
export function statsOf(digest: BlockDigest, bytes: Uint8Array, txFees: Float64Array): StatsRow {
  const { txCount, txStart, txWeight, hasWitness, inputStart, outputStart, value } = digest
  const stats = noStats()
  const outputs = outputStart[txCount]!
  let coins = outputs - (inputStart[txCount]! - inputStart[1]!)
  for (let output = 0; output < outputs; output++) if (isUnspendable(digest, bytes, output)) coins--
  stats.utxoIncrease = coins
  if (txCount === 1) return stats
  let sum = 0
  for (let output = outputStart[1]!; output < outputs; output++) sum += value[output]!
  const count = txCount - 1
  const rates = new Float64Array(count)
  for (let t = 1; t < txCount; t++) {
    const size = txStart[t + 1]! - txStart[t]!
    const weight = txWeight[t]!
    sum += txFees[t]!
    stats.txSize += size
    stats.txWeight += weight
    rates[t - 1] = milliRate(txFees[t]!, weight)
    if (hasWitness[t] === 0) continue
    stats.segwitTxs++
    stats.segwitSize += size
    stats.segwitWeight += weight
  }
  stats.inputValue = Math.min(sum, Number.MAX_SAFE_INTEGER)
  spreadByWeight(rates, txWeight, stats.txWeight, stats.rates)
  spreadByCount(txFees.slice(1, txCount).sort(), stats.fees)
  return stats
}

/**
 * Rounded down, so that another division by 1,000 gives what Core rounds down to. Exact: the whole part and the rest are
 * divided on their own, as a fee in thousandths need not be a safe integer.
 */
function milliRate(feeSat: number, weight: number): number {
  const scaled = feeSat * WITNESS_SCALE_FACTOR
  const whole = Math.floor(scaled / weight)
  const rest = Math.floor(((scaled - whole * weight) * MILLI) / weight)
  return Math.min(whole * MILLI + rest, Number.MAX_SAFE_INTEGER)
}

/** `rates` holds the transactions without the coinbase, `txWeight` those with it. */
function spreadByWeight(rates: Float64Array, txWeight: Uint32Array, total: number, spread: Float64Array): void {
  const sorted = rates.slice().sort()
  /** The weight of all transactions of a rate stands where the rate is first in `sorted`. */
  const weightAt = new Float64Array(sorted.length)
  for (let i = 0; i < rates.length; i++) weightAt[firstOf(sorted, rates[i]!)]! += txWeight[i + 1]!
  spread[0] = sorted[0]!
  const marks = [total / 10, total / 4, total / 2, (total * 3) / 4, (total * 9) / 10]
  let mark = 0
  let weight = 0
  for (let i = 0; i < sorted.length; i++) {
    weight += weightAt[i]!
    while (mark < marks.length && weight >= marks[mark]!) spread[++mark] = sorted[i]!
  }
  spread[SPREAD - 1] = sorted.at(-1)!
}

/** Each is the last of the part that it closes: of 20 fees, 10 % is the second. */
function spreadByCount(sorted: Float64Array, spread: Float64Array): void {
  const count = sorted.length
  const closing = (part: number) => sorted[Math.max(0, Math.floor(count * part) - 1)]!
  spread.set([sorted[0]!, closing(0.1), closing(0.25), closing(0.5), closing(0.75), closing(0.9), sorted[count - 1]!])
}

/** Index of the first entry that equals `rate`, which is there. */
function firstOf(sorted: Float64Array, rate: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < rate) low = middle + 1
    else high = middle
  }
  return low
}
