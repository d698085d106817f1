import { compactSizeLength } from '../wire/codec.ts'
import { hashKey } from '../wire/hash.ts'
import { isCoinbase, type Transaction } from '../wire/transaction.ts'
import { MAX_BLOCK_WEIGHT, MAX_MONEY, WITNESS_SCALE_FACTOR } from './consensus.ts'

/** Why a transaction is invalid whatever the chain holds, in Bitcoin Core's words. */
export type TxError =
  | 'bad-txns-vin-empty'
  | 'bad-txns-vout-empty'
  | 'bad-txns-oversize'
  | 'bad-txns-vout-negative'
  | 'bad-txns-vout-toolarge'
  | 'bad-txns-txouttotal-toolarge'
  | 'bad-txns-inputs-duplicate'
  | 'bad-cb-length'
  | 'bad-txns-prevout-null'

const MIN_COINBASE_SCRIPT = 2
/** Longest scriptSig of a coinbase. */
export const MAX_COINBASE_SCRIPT = 100
const NULL_INDEX = 0xffff_ffff

/** Whether a coinbase's scriptSig may have this length. */
export function isCoinbaseScriptLength(length: number): boolean {
  return length >= MIN_COINBASE_SCRIPT && length <= MAX_COINBASE_SCRIPT
}

/** What can be said of a transaction alone. Blocks are checked the same way, without objects, by `checkBlock`. */
export function checkTransaction(tx: Transaction): TxError | undefined {
  if (tx.inputs.length === 0) return 'bad-txns-vin-empty'
  if (tx.outputs.length === 0) return 'bad-txns-vout-empty'
  if (strippedSize(tx) * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) return 'bad-txns-oversize'
  let total = 0
  for (const { value } of tx.outputs) {
    if (value < 0n) return 'bad-txns-vout-negative'
    if (value > MAX_MONEY) return 'bad-txns-vout-toolarge'
    total += Number(value)
    if (total > MAX_MONEY) return 'bad-txns-txouttotal-toolarge'
  }
  const spent = new Set(tx.inputs.map(({ prevout }) => `${hashKey(prevout.hash)}${prevout.index}`))
  if (spent.size < tx.inputs.length) return 'bad-txns-inputs-duplicate'
  if (isCoinbase(tx)) return isCoinbaseScriptLength(tx.inputs[0]!.scriptSig.length) ? undefined : 'bad-cb-length'
  const spendsNothing = tx.inputs.some(
    ({ prevout }) => prevout.index === NULL_INDEX && prevout.hash.every((b) => b === 0),
  )
  return spendsNothing ? 'bad-txns-prevout-null' : undefined
}

function strippedSize({ inputs, outputs }: Transaction): number {
  let size = 4 + compactSizeLength(inputs.length) + compactSizeLength(outputs.length) + 4
  for (const { scriptSig } of inputs) size += 36 + compactSizeLength(scriptSig.length) + scriptSig.length + 4
  for (const { scriptPubKey } of outputs) size += 8 + compactSizeLength(scriptPubKey.length) + scriptPubKey.length
  return size
}
