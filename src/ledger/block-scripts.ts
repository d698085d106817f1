import { AssumedBlocks } from '../chain/assumed-blocks.ts'
import type { BlockDigest } from '../chain/digest.ts'
import { readU32 } from '../chain/header-batch.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { SCRIPT_ERROR_TEXT } from '../script/script-error.ts'
import { type Hasher, toDisplay } from '../wire/hash.ts'
import { type Invalid, invalid } from './connect-result.ts'
import type { Candidate } from './input-check.ts'
import type { PassedTxs } from './passed-txs.ts'
import { type ScriptChecks, type ScriptFailure, transactionOf } from './script-checks.ts'

/** What became of the script of an input: it was run; taken as checked below the assumed-valid block; known to pass. */
export type ScriptFate = 'checked' | 'assumed' | 'known'

export interface BlockScriptsOptions {
  network: Network
  tree: HeaderTree
  hasher: Hasher
  checks: ScriptChecks
  /** Transactions that need not be checked again, while there can be any. */
  passedTxs(): PassedTxs | undefined
  /** Told of every block: of so many inputs. */
  counted(fate: ScriptFate, inputs: number): void
}

/** The scripts of a block under way. */
export interface BlockScriptCheck {
  /** To be called once, before anything of the block is applied. */
  settle(): Invalid | undefined
}

const NOTHING_TO_DO: BlockScriptCheck = { settle: () => undefined }

/** Has the scripts of blocks run that are to be connected, those that need to be. */
export class BlockScripts {
  readonly #options: BlockScriptsOptions
  readonly #assumed: AssumedBlocks

  constructor(options: BlockScriptsOptions) {
    this.#options = options
    this.#assumed = new AssumedBlocks(options.network, options.tree)
  }

  /** Begins with a block of which all else is in order; `prevouts` and `txAt` are what its inputs spend. */
  begin(node: HeaderNode, block: Candidate, prevouts: Uint8Array, txAt: Uint32Array): BlockScriptCheck {
    const { digest, bytes, flags } = block
    const { inputStart, txCount } = digest
    const inputs = inputStart[txCount]! - inputStart[1]!
    if (inputs === 0) return NOTHING_TO_DO
    const { counted, checks } = this.#options
    if (this.#assumed.has(node)) {
      counted('assumed', inputs)
      return NOTHING_TO_DO
    }
    const { skip, known } = this.#known(block)
    counted('known', known)
    counted('checked', inputs - known)
    if (known === inputs) return NOTHING_TO_DO
    const check = checks.begin({ bytes, digest, prevouts, txAt, flags, skip, toRun: inputs - known })
    return {
      settle: () => {
        const failure = check.settle()
        return failure && this.#refusal(node, block, failure)
      },
    }
  }

  /**
   * The transactions that passed on their way through the mempool, and how many inputs they have. They passed under all
   * flags that blocks have and more, and a flag only ever takes away: what passes under more passes under fewer. The wtxid
   * covers all of a transaction, and so what it spends.
   */
  #known({ digest, bytes }: Candidate): { skip: Uint8Array | undefined; known: number } {
    const passed = this.#options.passedTxs()
    if (!passed) return { skip: undefined, known: 0 }
    const { txCount, txStart, inputStart, txids, hasWitness } = digest
    const { sha256d } = this.#options.hasher
    const skip = new Uint8Array(txCount)
    let known = 0
    for (let t = 1; t < txCount; t++) {
      const wtxid =
        hasWitness[t] === 1
          ? sha256d(bytes.subarray(txStart[t]!, txStart[t + 1]!))
          : txids.subarray(t * 32, t * 32 + 32)
      if (!passed.has(wtxid)) continue
      skip[t] = 1
      known += inputStart[t + 1]! - inputStart[t]!
    }
    return { skip: known > 0 ? skip : undefined, known }
  }

  #refusal(node: HeaderNode, { digest, bytes }: Candidate, { input, error }: ScriptFailure): Invalid {
    const reason = `block-script-verify-flag-failed (${SCRIPT_ERROR_TEXT[error]})`
    return invalid(node, reason, inputText(digest, bytes, input, this.#options.hasher))
  }
}

/** Which input it is, as Bitcoin Core tells it. */
function inputText(digest: BlockDigest, bytes: Uint8Array, input: number, hasher: Hasher): string {
  const { txids, txStart, inputStart, outpoints } = digest
  const t = transactionOf(digest, input)
  const txidHex = toDisplay(txids.subarray(t * 32, t * 32 + 32))
  const wtxidHex = toDisplay(hasher.sha256d(bytes.subarray(txStart[t]!, txStart[t + 1]!)))
  const at = input * 36
  const prevout = `${toDisplay(outpoints.subarray(at, at + 32))}:${readU32(outpoints, at + 32)}`
  return `input ${input - inputStart[t]!} of ${txidHex} (wtxid ${wtxidHex}), spending ${prevout}`
}
