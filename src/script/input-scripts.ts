import { equalBytes, type Hasher, nobleHasher } from '../wire/hash.ts'
import { type Transaction, type TxIn, type TxOut, witnessSize } from '../wire/transaction.ts'
import { p2pkh, pushBytes } from './build.ts'
import { SCRIPT_FLAG as FLAG } from './flags.ts'
import { InputContext } from './input-context.ts'
import { isPushOnly } from './instructions.ts'
import { runScript, type ScriptVersion, type Stack, type Tapleaf } from './interpreter.ts'
import { MAX_ITEM_SIZE, MAX_STACK_SIZE } from './limits.ts'
import type { ScriptError } from './script-error.ts'
import { fail, ScriptFailure } from './script-failure.ts'
import { isTrue } from './script-number.ts'
import type { Secp256k1 } from './secp256k1.ts'
import { SignatureHashes } from './sighash.ts'
import {
  hasControlBlockLength,
  leafVersion,
  TAPROOT_ANNEX_TAG,
  TAPSCRIPT,
  tapLeafHash,
  tapRootAbove,
  tapTweak,
} from './taproot.ts'
import { checkTapscript } from './tapscript.ts'
import { isPayToAnchor, isPayToScriptHash, type WitnessProgram, witnessProgram } from './type.ts'

/** What signatures of a tapscript may take beside the size of the witness (BIP 342). */
const TAPSCRIPT_FREE_WEIGHT = 50

/**
 * The inputs of one transaction, to be checked by their scripts. What its signatures have in common is hashed once.
 *
 * Every check is bounded by consensus: 10,000 bytes a script, 1,000 items of 520 bytes on the stacks, 201 steps that are no
 * pushes before tapscript, in tapscript a signature for every 50 bytes of witness. The signature hashes of before segwit
 * take time by the size of the transaction, each, and a block's limit on signature operations bounds how many there are.
 */
export class InputScripts {
  readonly #tx: Transaction
  readonly #spent: readonly TxOut[]
  readonly #hashes: SignatureHashes
  readonly #secp256k1: Secp256k1
  readonly #hasher: Hasher

  /** `spent`: the outputs that the inputs spend, in input order. Neither may change meanwhile. */
  constructor(tx: Transaction, spent: readonly TxOut[], secp256k1: Secp256k1, hasher: Hasher = nobleHasher) {
    if (spent.length !== tx.inputs.length) throw new Error('every input spends an output')
    this.#tx = tx
    this.#spent = spent
    this.#hashes = new SignatureHashes(tx, spent, hasher)
    this.#secp256k1 = secp256k1
    this.#hasher = hasher
  }

  /**
   * Why the scripts of an input do not pass under these flags (SCRIPT_FLAG bits); `undefined` when they do. Whatever is in
   * them, it does not throw.
   */
  check(input: number, flags: number): ScriptError | undefined {
    const spent = this.#spent[input]
    if (!spent) throw new RangeError(`there is no input ${input}`)
    const context = new InputContext(this.#tx, input, spent, this.#hashes, this.#secp256k1)
    const { scriptSig, witness } = this.#tx.inputs[input]!
    try {
      new Spend(context, flags, this.#hasher).check(scriptSig, spent.scriptPubKey, witness)
      return undefined
    } catch (error) {
      if (error instanceof ScriptFailure) return error.code
      throw error
    }
  }
}

/** One input on its way through the scripts that it has to satisfy. */
class Spend {
  readonly #context: InputContext
  readonly #flags: number
  readonly #hasher: Hasher

  constructor(context: InputContext, flags: number, hasher: Hasher) {
    this.#context = context
    this.#flags = flags
    this.#hasher = hasher
  }

  check(scriptSig: Uint8Array, scriptPubKey: Uint8Array, witness: TxIn['witness']): void {
    const flags = this.#flags
    if (flags & FLAG.SIGPUSHONLY && !isPushOnly(scriptSig)) fail('SIG_PUSHONLY')
    let stack: Stack = []
    this.#run(stack, scriptSig)
    const pushed = flags & FLAG.P2SH ? stack.slice() : stack
    this.#run(stack, scriptPubKey)
    mustBeTrue(stack)

    let program = flags & FLAG.WITNESS ? witnessProgram(scriptPubKey) : undefined
    if (program && scriptSig.length > 0) fail('WITNESS_MALLEATED')
    if (program) this.#checkProgram(program, scriptPubKey, witness)
    else if (flags & FLAG.P2SH && isPayToScriptHash(scriptPubKey)) {
      if (!isPushOnly(scriptSig)) fail('SIG_PUSHONLY')
      stack = pushed
      // There is one: its hash was compared.
      const redeemScript = stack.pop()!
      this.#run(stack, redeemScript)
      mustBeTrue(stack)
      program = flags & FLAG.WITNESS ? witnessProgram(redeemScript) : undefined
      if (program && !equalBytes(scriptSig, pushBytes(redeemScript))) fail('WITNESS_MALLEATED_P2SH')
      if (program) this.#checkProgram(program, undefined, witness)
    }
    // A witness program's own stack was looked at.
    if (flags & FLAG.CLEANSTACK && !program && stack.length !== 1) fail('CLEANSTACK')
    if (flags & FLAG.WITNESS && !program && witness.length > 0) fail('WITNESS_UNEXPECTED')
  }

  #run(stack: Stack, script: Uint8Array, version: ScriptVersion = 'base', leaf?: Tapleaf): void {
    const [flags, context, hasher] = [this.#flags, this.#context, this.#hasher]
    runScript(stack, { script, version, flags, context, hasher, ...(leaf && { leaf }) })
  }

  /** BIP 141. `script`: the program's, where it is not wrapped in P2SH. */
  #checkProgram({ version, program }: WitnessProgram, script: Uint8Array | undefined, witness: TxIn['witness']): void {
    if (version === 0) {
      if (program.length === 32) this.#checkScriptHash(program, witness)
      else if (program.length === 20) this.#checkKeyHash(program, witness)
      else fail('WITNESS_PROGRAM_WRONG_LENGTH')
    } else if (script && version === 1 && program.length === 32) {
      if (this.#flags & FLAG.TAPROOT) this.#checkTaproot(program, witness)
    } else if (!(script && isPayToAnchor(script)) && this.#flags & FLAG.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM) {
      fail('DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM')
    }
  }

  #checkScriptHash(program: Uint8Array, witness: TxIn['witness']): void {
    const script = witness.at(-1)
    if (!script) fail('WITNESS_PROGRAM_WITNESS_EMPTY')
    if (!equalBytes(this.#hasher.sha256(script), program)) fail('WITNESS_PROGRAM_MISMATCH')
    this.#runWitness(witness.slice(0, -1), script, 'witness-v0')
  }

  #checkKeyHash(program: Uint8Array, witness: TxIn['witness']): void {
    if (witness.length !== 2) fail('WITNESS_PROGRAM_MISMATCH')
    this.#runWitness(witness.slice(), p2pkh(program), 'witness-v0')
  }

  /** BIP 341. */
  #checkTaproot(outputKey: Uint8Array, witness: TxIn['witness']): void {
    if (witness.length === 0) fail('WITNESS_PROGRAM_WITNESS_EMPTY')
    const items = witness.slice()
    const hasAnnex = items.length >= 2 && items.at(-1)![0] === TAPROOT_ANNEX_TAG
    const annex = hasAnnex ? items.pop() : undefined
    if (items.length === 1) {
      this.#context.checkSchnorr(items[0]!, outputKey, annex)
      return
    }
    const controlBlock = items.pop()!
    const script = items.pop()!
    if (!hasControlBlockLength(controlBlock)) fail('TAPROOT_WRONG_CONTROL_SIZE')
    const version = leafVersion(controlBlock)
    const hash = tapLeafHash(script, version, this.#hasher)
    this.#checkCommitment(outputKey, controlBlock, hash)
    if (version === TAPSCRIPT) {
      const leaf = { hash, annex, budget: witnessSize(witness) + TAPSCRIPT_FREE_WEIGHT }
      this.#runTapscript(items, script, leaf)
    } else if (this.#flags & FLAG.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION) {
      fail('DISCOURAGE_UPGRADABLE_TAPROOT_VERSION')
    }
  }

  /** That the output key was made of a tree with this leaf in it. */
  #checkCommitment(outputKey: Uint8Array, controlBlock: Uint8Array, leafHash: Uint8Array): void {
    const internalKey = controlBlock.subarray(1, 33)
    const root = tapRootAbove(leafHash, controlBlock, this.#hasher)
    const tweak = tapTweak(internalKey, root, this.#hasher)
    if (!this.#context.isTweaked(outputKey, controlBlock[0]! & 1, internalKey, tweak)) fail('WITNESS_PROGRAM_MISMATCH')
  }

  /** BIP 342. */
  #runTapscript(stack: Stack, script: Uint8Array, leaf: Tapleaf): void {
    const discourages = (this.#flags & FLAG.DISCOURAGE_OP_SUCCESS) !== 0
    if (checkTapscript(script, discourages) === 'passes') return
    if (stack.length > MAX_STACK_SIZE) fail('STACK_SIZE')
    this.#runWitness(stack, script, 'tapscript', leaf)
  }

  #runWitness(stack: Stack, script: Uint8Array, version: ScriptVersion, leaf?: Tapleaf): void {
    for (const item of stack) if (item.length > MAX_ITEM_SIZE) fail('PUSH_SIZE')
    this.#run(stack, script, version, leaf)
    if (stack.length !== 1) fail('CLEANSTACK')
    mustBeTrue(stack)
  }
}

function mustBeTrue(stack: Stack): void {
  if (stack.length === 0 || !isTrue(stack.at(-1)!)) fail('EVAL_FALSE')
}
