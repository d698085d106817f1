import { MAX_SCRIPT_SIZE } from '../script/limits.ts'
import { OP } from '../script/opcodes.ts'
import { witnessProgram } from '../script/type.ts'
import type { Transaction, TxOut } from '../wire/transaction.ts'

/** sat/kvB at which an output has to be worth its spending: Bitcoin Core's `dustrelayfee`. */
const DUST_RATE = 3000
/** Bytes that an input of the cheapest usual kind takes, without and with the witness discount. */
const SPEND_BYTES = 148
const WITNESS_SPEND_BYTES = 67
/** A transaction without fee may leave one such output, for its child to spend. */
export const MAX_DUST_OUTPUTS = 1

/** The least value, in satoshi, of an output with this script that is not dust; 0 for what nobody can spend. */
export function dustThreshold(script: Uint8Array): number {
  if (script[0] === OP.OP_RETURN || script.length > MAX_SCRIPT_SIZE) return 0
  const size = 8 + (script.length < 0xfd ? 1 : 3) + script.length
  const spend = witnessProgram(script) ? WITNESS_SPEND_BYTES : SPEND_BYTES
  return ((size + spend) * DUST_RATE) / 1000
}

function isDust({ value, scriptPubKey }: TxOut): boolean {
  return value < dustThreshold(scriptPubKey)
}

/** Which outputs are dust, by index. */
export function dustOutputs(tx: Transaction): readonly number[] {
  const dust: number[] = []
  for (const [i, output] of tx.outputs.entries()) if (isDust(output)) dust.push(i)
  return dust.length > 0 ? dust : NO_DUST
}

/** One list for all that have none. */
const NO_DUST: readonly number[] = []
