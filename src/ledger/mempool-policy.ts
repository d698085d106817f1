import { COINBASE_MATURITY, MAX_MONEY } from '../chain/consensus.ts'
import { isFinal, type MedianTimes, sequenceLocksPass } from '../chain/locks.ts'
import { transactionSigopCost } from '../chain/sigops.ts'
import { checkTransaction } from '../chain/tx-rules.ts'
import { isCoinbase, type ParsedTransaction, type Transaction } from '../wire/transaction.ts'
import { checkStandard, isWitnessStandard, nonstandardInputs } from './standardness.ts'

/** Smaller ones can pose as an inner node of a merkle tree. */
const MIN_STRIPPED_SIZE = 65

/** What signature operations a transaction may cost, and what weight each point of that cost counts for at least. */
const MAX_STANDARD_SIGOP_COST = 16_000
const WEIGHT_PER_SIGOP = 20

/** An unspent output of the connected chain. */
export interface ChainCoin {
  value: number
  script: Uint8Array
  height: number
  coinbase: boolean
}

/** The chain that the next block would extend, as the mempool needs to know it. Always the present one. */
export interface MempoolChain extends MedianTimes {
  readonly tip: { readonly hash: Uint8Array; readonly height: number }
  coin(txid: Uint8Array, index: number): ChainCoin | undefined
}

/** Why a transaction is not taken in, in Bitcoin Core's words. */
export interface Refusal {
  kind: 'refused'
  reason: string
  /** Figures to the reason. */
  detail?: string
  /** No honest node sends this: the sender misbehaves. */
  punish: boolean
  /** It was refused for what it pays: together with a child that pays more it may be taken. */
  reconsiderable?: true
  /**
   * What need not be looked at again before the next block: all that has this txid, or nothing, because the witness may
   * have been taken off on the way. By default, what has this wtxid.
   */
  condemns?: 'txid' | 'nothing'
  /** txids of what it spends that is not known; the reason is `bad-txns-inputs-missingorspent`. */
  missing?: Uint8Array[]
}

/** The reason as Core's RPC prints it. */
export function refusalText({ reason, detail }: Refusal): string {
  return detail === undefined ? reason : `${reason}, ${detail}`
}

export function refuse(reason: string, detail?: string): Refusal {
  return { kind: 'refused', reason, detail, punish: false }
}

export function tooCheap(reason: string, detail?: string): Refusal {
  return { ...refuse(reason, detail), reconsiderable: true }
}

export function invalid(reason: string, detail?: string): Refusal {
  return { kind: 'refused', reason, detail, punish: true }
}

/** What can be said of a transaction without knowing any other. */
export function checkAlone(incoming: ParsedTransaction): Refusal | undefined {
  const broken = checkTransaction(incoming.tx)
  if (broken) return invalid(broken)
  if (isCoinbase(incoming.tx)) return invalid('coinbase')
  const unusual = checkStandard(incoming)
  if (unusual) return refuse(unusual)
  return incoming.strippedSize < MIN_STRIPPED_SIZE ? refuse('tx-size-small') : undefined
}

/** Whether the next block may hold it, by its lock time. */
export function checkFinal(tx: Transaction, chain: MempoolChain): Refusal | undefined {
  const { height } = chain.tip
  const sequences = tx.inputs.map(({ sequence }) => sequence)
  return isFinal(tx.lockTime, sequences, height + 1, chain.medianTimePast(height)) ? undefined : refuse('non-final')
}

/**
 * Whether the next block may hold it given what it spends: relative lock times, maturity, amounts. `coins` are in input
 * order; those of the mempool count as of the next block. Gives the fee.
 */
export function checkSpends(
  tx: Transaction,
  coins: readonly ChainCoin[],
  chain: MempoolChain,
): Refusal | { kind: 'ok'; feeSat: number; value: number } {
  const { height } = chain.tip
  if (!sequenceLocksPass(tx, coins, height + 1, chain)) return refuse('non-BIP68-final')
  let value = 0
  for (const [i, coin] of coins.entries()) {
    const depth = height + 1 - coin.height
    if (coin.coinbase && depth < COINBASE_MATURITY) {
      return refuse('bad-txns-premature-spend-of-coinbase', `tried to spend coinbase at depth ${depth}`)
    }
    value += coin.value
    if (!(value <= MAX_MONEY)) throw new Error(`the coins of input ${i} are worth more than there is`)
  }
  let out = 0
  for (const output of tx.outputs) out += Number(output.value)
  if (value < out) {
    return invalid('bad-txns-in-belowout', `value in (${coinAmount(value)}) < value out (${coinAmount(out)})`)
  }
  return { kind: 'ok', feeSat: value - out, value }
}

/** Whether nodes relay it for the kinds of scripts that it spends. `coins` in input order. */
export function checkInputKinds(tx: Transaction, coins: readonly ChainCoin[]): Refusal | undefined {
  const spent = coins.map(({ script }) => script)
  const unusual = nonstandardInputs(tx, spent)
  // Another witness would not make it better.
  if (unusual) return { ...refuse('bad-txns-nonstandard-inputs', unusual), condemns: 'txid' }
  return isWitnessStandard(tx, spent) ? undefined : refuse('bad-witness-nonstandard')
}

/** What its signature operations cost, and the weight that it counts for because of them. `coins` in input order. */
export function checkSigops(
  { tx, weight }: ParsedTransaction,
  coins: readonly ChainCoin[],
): Refusal | { kind: 'ok'; sigops: number; policyWeight: number } {
  const sigops = transactionSigopCost(
    tx,
    coins.map(({ script }) => script),
  )
  if (sigops > MAX_STANDARD_SIGOP_COST) return refuse('bad-txns-too-many-sigops', `${sigops}`)
  return { kind: 'ok', sigops, policyWeight: Math.max(weight, sigops * WEIGHT_PER_SIGOP) }
}

/** sat/kvB. */
export interface FeeFloors {
  /** What a mempool that is, or was, full asks for. */
  rolling: number
  /** What is asked for always. */
  least: number
}

export function checkFee({ feeSat, vsize }: { feeSat: number; vsize: number }, floors: FeeFloors): Refusal | undefined {
  const rolling = feeAt(floors.rolling, vsize)
  if (feeSat < rolling) return tooCheap('mempool min fee not met', `${feeSat} < ${rolling}`)
  const least = feeAt(floors.least, vsize)
  if (feeSat < least) return tooCheap('min relay fee not met', `${feeSat} < ${least}`)
  return undefined
}

/** The least fee for so many virtual bytes at a rate in sat/kvB, rounded up. */
export function feeAt(rate: number, vsize: number): number {
  return Math.ceil((rate * vsize) / 1000)
}

/** As Core prints amounts: at least two decimals, and no further zeros at the end. */
export function coinAmount(satoshi: number): string {
  const decimals = String(satoshi % 1e8).padStart(8, '0')
  return `${Math.floor(satoshi / 1e8)}.${decimals.replace(/0{1,6}$/, '')}`
}
