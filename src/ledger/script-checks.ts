import { InputScripts } from '../script/input-scripts.ts'
import type { ScriptError } from '../script/script-error.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { decode } from '../wire/codec.ts'
import type { Hasher } from '../wire/hash.ts'
import { transaction } from '../wire/transaction.ts'
import { spentOutputs } from './prevouts.ts'

/** A block all of whose scripts are to pass. Inputs are numbered as in its digest; the coinbase's, number 0, has none to run. */
export interface ScriptBlock {
  /** The raw block. */
  bytes: Uint8Array
  /** Of its digest. */
  digest: { txCount: number; txStart: Uint32Array; inputStart: Uint32Array }
  /** What the inputs spend, as `ledger/prevouts.ts` lays it out, and where each transaction's part of it begins. */
  prevouts: Uint8Array
  txAt: Uint32Array
  /** SCRIPT_FLAG bits. */
  flags: number
  /** By transaction: 1 where its scripts need not run. */
  skip: Uint8Array | undefined
  /** Inputs of the others. */
  toRun: number
}

export interface ScriptFailure {
  input: number
  error: ScriptError
}

/** Runs the scripts of one block after the other. */
export interface ScriptChecks {
  /** Begins with a block, whose arrays stay as they are until it is settled. The one before is settled. */
  begin(block: ScriptBlock): ScriptCheck
}

export interface ScriptCheck {
  /** Waits for the end; the first input in the block whose script does not pass. To be called once. */
  settle(): ScriptFailure | undefined
}

/**
 * Runs scripts where it is called, all of them when the block is settled. What that may take in one go is bounded by what a
 * block may ask for: at most 80,000 signatures (MAX_BLOCK_SIGOPS_COST, and taproot's budget by weight), twelve seconds of an
 * object on the edge that checks one in 150 µs; blocks that are full of ordinary spends ask for some 7,000.
 */
export function scriptChecksHere(secp256k1: Secp256k1, hasher: Hasher): ScriptChecks {
  const runner = new ScriptRunner(secp256k1, hasher)
  return {
    begin: (block) => ({
      settle() {
        const { inputStart, txCount } = block.digest
        const failure = runner.run(block, inputStart[1]!, inputStart[txCount]!)
        runner.forget()
        return failure
      },
    }),
  }
}

/** Runs the scripts of a stretch of a block's inputs. This is most of the work of a first download. */
export class ScriptRunner {
  readonly #secp256k1: Secp256k1
  readonly #hasher: Hasher
  /** The last transaction looked at, as several stretches may be of one: its number in `#block`. */
  #block: ScriptBlock | undefined
  #tx = -1
  #scripts: InputScripts | undefined

  constructor(secp256k1: Secp256k1, hasher: Hasher) {
    this.#secp256k1 = secp256k1
    this.#hasher = hasher
  }

  /** The first of the inputs from `from` to before `to` that does not pass. */
  run(block: ScriptBlock, from: number, to: number): ScriptFailure | undefined {
    const { inputStart } = block.digest
    let t = transactionOf(block.digest, from)
    for (let input = from; input < to; t++) {
      const first = inputStart[t]!
      const end = Math.min(inputStart[t + 1]!, to)
      if (block.skip?.[t] === 1) {
        input = end
        continue
      }
      const scripts = this.#scriptsOf(block, t)
      for (; input < end; input++) {
        const error = scripts.check(input - first, block.flags)
        if (error) return { input, error }
      }
    }
    return undefined
  }

  /** Lets go of the block. */
  forget(): void {
    this.#block = undefined
    this.#scripts = undefined
  }

  #scriptsOf(block: ScriptBlock, t: number): InputScripts {
    if (block === this.#block && t === this.#tx && this.#scripts) return this.#scripts
    const { txStart, inputStart } = block.digest
    const tx = decode(transaction, block.bytes.subarray(txStart[t]!, txStart[t + 1]!))
    const spent = spentOutputs(block.prevouts, block.txAt[t]!, inputStart[t + 1]! - inputStart[t]!)
    this.#block = block
    this.#tx = t
    this.#scripts = new InputScripts(tx, spent, this.#secp256k1, this.#hasher)
    return this.#scripts
  }
}

/** Number of the transaction that has the input. */
export function transactionOf({ txCount, inputStart }: ScriptBlock['digest'], input: number): number {
  let low = 0
  let high = txCount - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (inputStart[middle]! <= input) low = middle
    else high = middle - 1
  }
  return low
}
