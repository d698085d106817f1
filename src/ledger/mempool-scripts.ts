import { STANDARD_FLAGS } from '../script/flags.ts'
import { InputScripts } from '../script/input-scripts.ts'
import { SCRIPT_ERROR_TEXT, type ScriptError } from '../script/script-error.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { type Hasher, toDisplay } from '../wire/hash.ts'
import type { TxOut } from '../wire/transaction.ts'
import type { Candidate, IncomingTx } from './admission.ts'
import { type Refusal, refuse } from './mempool-policy.ts'
import type { PassedTxs } from './passed-txs.ts'
import { needsWitness } from './standardness.ts'

/** The first input whose scripts do not pass. */
export interface ScriptFault {
  input: number
  error: ScriptError
}

/** Runs the scripts of transactions that are to come in, which every other rule has let through. */
export interface TxScripts {
  /** `spent`: what the inputs spend, in input order. */
  check(incoming: IncomingTx, spent: readonly TxOut[]): ScriptFault | undefined
}

/**
 * The scripts of a transaction under the rules of relay. Those hold all that any block's rules forbid, whatever the
 * height: each flag only takes away from what passes, and blocks run under a part of these. So nothing is run a second time
 * under the rules of the next block, and what passes here is noted for when a block has it.
 *
 * How long one transaction can take is bounded by what was checked before: 100,000 virtual bytes, 16,000 points of
 * signature operations, and 2,500 operations that may hash all of it, 250 MB in the worst case.
 */
export class StandardScripts implements TxScripts {
  readonly #secp256k1: Secp256k1
  readonly #hasher: Hasher
  readonly #passed: PassedTxs | undefined

  constructor(parts: { secp256k1: Secp256k1; hasher: Hasher; passed?: PassedTxs | undefined }) {
    this.#secp256k1 = parts.secp256k1
    this.#hasher = parts.hasher
    this.#passed = parts.passed
  }

  check({ tx, wtxid }: IncomingTx, spent: readonly TxOut[]): ScriptFault | undefined {
    const scripts = new InputScripts(tx, spent, this.#secp256k1, this.#hasher)
    for (let input = 0; input < tx.inputs.length; input++) {
      const error = scripts.check(input, STANDARD_FLAGS)
      if (error) return { input, error }
    }
    this.#passed?.add(wtxid)
    return undefined
  }
}

/** Why the scripts of one that all other rules let in keep it out. */
export function checkScripts({ incoming, entry }: Candidate, scripts: TxScripts): Refusal | undefined {
  const spent = entry.prevouts.map(({ value, script }): TxOut => ({ value: BigInt(value), scriptPubKey: script }))
  const fault = scripts.check(incoming, spent)
  if (!fault) return undefined
  const { tx, txid, wtxid } = incoming
  const { hash, index } = tx.inputs[fault.input]!.prevout
  const refusal = refuse(
    `mempool-script-verify-flag-failed (${SCRIPT_ERROR_TEXT[fault.error]})`,
    `input ${fault.input} of ${toDisplay(txid)} (wtxid ${toDisplay(wtxid)}), spending ${toDisplay(hash)}:${index}`,
  )
  const isStripped =
    tx.inputs.every(({ witness }) => witness.length === 0) &&
    needsWitness(
      tx,
      spent.map(({ scriptPubKey }) => scriptPubKey),
    )
  return isStripped ? { ...refusal, condemns: 'nothing' } : refusal
}
