import { ripemd160, sha1 } from '@noble/hashes/legacy.js'
import { equalBytes, type Hasher } from '../wire/hash.ts'
import { scriptNumber } from './build.ts'
import { Conditions } from './conditions.ts'
import { withoutPushesOf } from './find-and-delete.ts'
import { SCRIPT_FLAG as FLAG } from './flags.ts'
import type { InputContext } from './input-context.ts'
import { instructionAt } from './instructions.ts'
import { MAX_ITEM_SIZE, MAX_SCRIPT_SIZE, MAX_STACK_SIZE, SEQUENCE_DISABLED } from './limits.ts'
import { OP } from './opcodes.ts'
import { fail } from './script-failure.ts'
import { isTrue, MAX_LOCK_SIZE, readScriptNumber } from './script-number.ts'
import { checkPublicKeyEncoding, checkSignatureEncoding } from './signature-encoding.ts'

/** Steps of a script that are no pushes, the keys of multisigs included; except in tapscript. */
const MAX_OPS = 201
const MAX_KEYS_PER_MULTISIG = 20
/** What each signature of a tapscript takes of its budget (BIP 342). */
const WEIGHT_PER_SIGNATURE = 50

const FALSE = new Uint8Array(0)
const TRUE = Uint8Array.of(1)

/** By opcode: 1 for those that may not even stand in a branch that is not taken. */
const DISABLED = opcodeTable([
  OP.OP_CAT,
  OP.OP_SUBSTR,
  OP.OP_LEFT,
  OP.OP_RIGHT,
  OP.OP_INVERT,
  OP.OP_AND,
  OP.OP_OR,
  OP.OP_XOR,
  OP.OP_2MUL,
  OP.OP_2DIV,
  OP.OP_MUL,
  OP.OP_DIV,
  OP.OP_MOD,
  OP.OP_LSHIFT,
  OP.OP_RSHIFT,
])

export type Stack = Uint8Array[]
/** Which rules a script stands under: those from before segwit, BIP 143's, BIP 342's. */
export type ScriptVersion = 'base' | 'witness-v0' | 'tapscript'

/** What a tapscript is run with. */
export interface Tapleaf {
  /** BIP 341. */
  hash: Uint8Array
  annex: Uint8Array | undefined
  /** What its signatures may still take (BIP 342); counted down. */
  budget: number
}

export interface ScriptRun {
  script: Uint8Array
  version: ScriptVersion
  /** SCRIPT_FLAG bits. */
  flags: number
  /** What the script asks of the transaction that it stands in. */
  context: InputContext
  hasher: Hasher
  /** With version `tapscript`, and then always. */
  leaf?: Tapleaf
}

/**
 * Runs a script on a stack, which is changed; items are shared and never written to. Throws ScriptFailure where the script
 * fails; whether it leaves true is for the caller to see.
 */
export function runScript(stack: Stack, run: ScriptRun): void {
  new Interpreter(stack, run).run()
}

class Interpreter {
  readonly #stack: Stack
  readonly #alt: Stack = []
  readonly #conditions = new Conditions()
  readonly #script: Uint8Array
  readonly #version: ScriptVersion
  readonly #flags: number
  readonly #isMinimal: boolean
  readonly #context: InputContext
  readonly #hasher: Hasher
  readonly #leaf: Tapleaf | undefined
  #ops = 0
  /** What signatures cover: the script from behind the last OP_CODESEPARATOR on. */
  #code: Uint8Array
  /** Position, in opcodes, of that one. */
  #separator: number | undefined

  constructor(stack: Stack, { script, version, flags, context, hasher, leaf }: ScriptRun) {
    this.#stack = stack
    this.#script = script
    this.#version = version
    this.#flags = flags
    this.#isMinimal = (flags & FLAG.MINIMALDATA) !== 0
    this.#context = context
    this.#hasher = hasher
    this.#leaf = leaf
    this.#code = script
  }

  run(): void {
    const script = this.#script
    const conditions = this.#conditions
    const isCounted = this.#version !== 'tapscript'
    if (isCounted && script.length > MAX_SCRIPT_SIZE) fail('SCRIPT_SIZE')
    for (let at = 0, position = 0; at < script.length; position++) {
      const { opcode, data, next, broken } = instructionAt(script, at)
      if (broken) fail('BAD_OPCODE')
      at = next
      if (data && data.length > MAX_ITEM_SIZE) fail('PUSH_SIZE')
      if (isCounted && opcode > OP.OP_16 && ++this.#ops > MAX_OPS) fail('OP_COUNT')
      if (DISABLED[opcode] === 1) fail('DISABLED_OPCODE')
      const isBase = this.#version === 'base'
      if (opcode === OP.OP_CODESEPARATOR && isBase && this.#flags & FLAG.CONST_SCRIPTCODE) fail('OP_CODESEPARATOR')
      if (data) {
        if (!conditions.holds) continue
        if (this.#isMinimal && !isMinimalPush(opcode, data)) fail('MINIMALDATA')
        this.#stack.push(data)
      } else if (opcode >= OP.OP_IF && opcode <= OP.OP_ENDIF) {
        this.#branch(opcode)
      } else if (conditions.holds) {
        if (opcode === OP.OP_CODESEPARATOR) {
          this.#code = script.subarray(at)
          this.#separator = position
        } else this.#execute(opcode)
      } else continue
      if (this.#stack.length + this.#alt.length > MAX_STACK_SIZE) fail('STACK_SIZE')
    }
    if (!conditions.isEmpty) fail('UNBALANCED_CONDITIONAL')
  }

  /** Steps that count also where nothing is executed. */
  #branch(opcode: number): void {
    const conditions = this.#conditions
    switch (opcode) {
      case OP.OP_IF:
      case OP.OP_NOTIF:
        conditions.push(conditions.holds && this.#popCondition() === (opcode === OP.OP_IF))
        break
      case OP.OP_ELSE:
        if (conditions.isEmpty) fail('UNBALANCED_CONDITIONAL')
        conditions.toggle()
        break
      case OP.OP_ENDIF:
        if (conditions.isEmpty) fail('UNBALANCED_CONDITIONAL')
        conditions.pop()
        break
      default: // OP_VERIF and OP_VERNOTIF
        fail('BAD_OPCODE')
    }
  }

  #popCondition(): boolean {
    this.#need(1)
    const item = this.#stack.pop()!
    const isMinimal = item.length === 0 || (item.length === 1 && item[0] === 1)
    if (!isMinimal) {
      if (this.#version === 'tapscript') fail('TAPSCRIPT_MINIMALIF')
      if (this.#version === 'witness-v0' && this.#flags & FLAG.MINIMALIF) fail('MINIMALIF')
    }
    return isTrue(item)
  }

  #execute(opcode: number): void {
    const stack = this.#stack
    switch (opcode) {
      case OP.OP_1NEGATE:
        stack.push(Uint8Array.of(0x81))
        break
      case OP.OP_NOP:
        break
      case OP.OP_NOP1:
      case OP.OP_NOP4:
      case OP.OP_NOP5:
      case OP.OP_NOP6:
      case OP.OP_NOP7:
      case OP.OP_NOP8:
      case OP.OP_NOP9:
      case OP.OP_NOP10:
        if (this.#flags & FLAG.DISCOURAGE_UPGRADABLE_NOPS) fail('DISCOURAGE_UPGRADABLE_NOPS')
        break
      case OP.OP_CHECKLOCKTIMEVERIFY:
        if (this.#flags & FLAG.CHECKLOCKTIMEVERIFY) this.#checkLockTime()
        break
      case OP.OP_CHECKSEQUENCEVERIFY:
        if (this.#flags & FLAG.CHECKSEQUENCEVERIFY) this.#checkSequence()
        break
      case OP.OP_VERIFY:
        this.#need(1)
        if (!isTrue(stack.pop()!)) fail('VERIFY')
        break
      case OP.OP_RETURN:
        fail('OP_RETURN')
        break
      case OP.OP_CHECKSIG:
        stack.push(this.#checkSig() ? TRUE : FALSE)
        break
      case OP.OP_CHECKSIGVERIFY:
        if (!this.#checkSig()) fail('CHECKSIGVERIFY')
        break
      case OP.OP_CHECKSIGADD:
        this.#checkSigAdd()
        break
      case OP.OP_CHECKMULTISIG:
        stack.push(this.#checkMultisig() ? TRUE : FALSE)
        break
      case OP.OP_CHECKMULTISIGVERIFY:
        if (!this.#checkMultisig()) fail('CHECKMULTISIGVERIFY')
        break
      default:
        if (opcode >= OP.OP_1 && opcode <= OP.OP_16) stack.push(Uint8Array.of(opcode - OP.OP_1 + 1))
        else if (opcode >= OP.OP_TOALTSTACK && opcode <= OP.OP_SIZE) this.#move(opcode)
        else if (opcode >= OP.OP_RIPEMD160 && opcode <= OP.OP_HASH256) this.#hash(opcode)
        else if (opcode >= OP.OP_EQUAL && opcode <= OP.OP_WITHIN) this.#calculate(opcode)
        else fail('BAD_OPCODE')
    }
  }

  // ---- the stack

  #need(items: number): void {
    if (this.#stack.length < items) fail('INVALID_STACK_OPERATION')
  }

  /** The item at this depth; 1 is the top. */
  #top(depth: number): Uint8Array {
    return this.#stack[this.#stack.length - depth]!
  }

  #number(item: Uint8Array, maxSize?: number): number {
    return readScriptNumber(item, this.#isMinimal, maxSize)
  }

  #move(opcode: number): void {
    const stack = this.#stack
    switch (opcode) {
      case OP.OP_TOALTSTACK:
        this.#need(1)
        this.#alt.push(stack.pop()!)
        break
      case OP.OP_FROMALTSTACK:
        if (this.#alt.length < 1) fail('INVALID_ALTSTACK_OPERATION')
        stack.push(this.#alt.pop()!)
        break
      case OP.OP_2DROP:
        this.#need(2)
        stack.length -= 2
        break
      case OP.OP_2DUP:
        this.#need(2)
        stack.push(this.#top(2), this.#top(1))
        break
      case OP.OP_3DUP:
        this.#need(3)
        stack.push(this.#top(3), this.#top(2), this.#top(1))
        break
      case OP.OP_2OVER:
        this.#need(4)
        stack.push(this.#top(4), this.#top(3))
        break
      case OP.OP_2ROT:
        this.#need(6)
        stack.push(...stack.splice(-6, 2))
        break
      case OP.OP_2SWAP:
        this.#need(4)
        stack.push(...stack.splice(-4, 2))
        break
      case OP.OP_IFDUP:
        this.#need(1)
        if (isTrue(this.#top(1))) stack.push(this.#top(1))
        break
      case OP.OP_DEPTH:
        stack.push(scriptNumber(stack.length))
        break
      case OP.OP_DROP:
        this.#need(1)
        stack.pop()
        break
      case OP.OP_DUP:
        this.#need(1)
        stack.push(this.#top(1))
        break
      case OP.OP_NIP:
        this.#need(2)
        stack.splice(-2, 1)
        break
      case OP.OP_OVER:
        this.#need(2)
        stack.push(this.#top(2))
        break
      case OP.OP_PICK:
      case OP.OP_ROLL: {
        this.#need(2)
        const depth = this.#number(stack.pop()!)
        if (depth < 0 || depth >= stack.length) fail('INVALID_STACK_OPERATION')
        stack.push(opcode === OP.OP_PICK ? this.#top(depth + 1) : stack.splice(-depth - 1, 1)[0]!)
        break
      }
      case OP.OP_ROT:
        this.#need(3)
        stack.push(stack.splice(-3, 1)[0]!)
        break
      case OP.OP_SWAP:
        this.#need(2)
        stack.push(stack.splice(-2, 1)[0]!)
        break
      case OP.OP_TUCK:
        this.#need(2)
        stack.splice(-2, 0, this.#top(1))
        break
      case OP.OP_SIZE:
        this.#need(1)
        stack.push(scriptNumber(this.#top(1).length))
        break
      default:
        fail('BAD_OPCODE')
    }
  }

  #hash(opcode: number): void {
    this.#need(1)
    const stack = this.#stack
    const item = stack.pop()!
    const hasher = this.#hasher
    if (opcode === OP.OP_RIPEMD160) stack.push(ripemd160(item))
    else if (opcode === OP.OP_SHA1) stack.push(sha1(item))
    else if (opcode === OP.OP_SHA256) stack.push(hasher.sha256(item))
    else if (opcode === OP.OP_HASH160) stack.push(ripemd160(hasher.sha256(item)))
    else stack.push(hasher.sha256d(item))
  }

  #calculate(opcode: number): void {
    const stack = this.#stack
    switch (opcode) {
      case OP.OP_EQUAL:
      case OP.OP_EQUALVERIFY: {
        this.#need(2)
        const isEqual = equalBytes(stack.pop()!, stack.pop()!)
        if (opcode === OP.OP_EQUAL) stack.push(isEqual ? TRUE : FALSE)
        else if (!isEqual) fail('EQUALVERIFY')
        break
      }
      case OP.OP_1ADD:
      case OP.OP_1SUB:
      case OP.OP_NEGATE:
      case OP.OP_ABS:
      case OP.OP_NOT:
      case OP.OP_0NOTEQUAL: {
        this.#need(1)
        const value = this.#number(this.#top(1))
        stack.pop()
        stack.push(scriptNumber(unary(opcode, value)))
        break
      }
      case OP.OP_WITHIN: {
        this.#need(3)
        const [value, least, end] = [this.#number(this.#top(3)), this.#number(this.#top(2)), this.#number(this.#top(1))]
        stack.length -= 3
        stack.push(least <= value && value < end ? TRUE : FALSE)
        break
      }
      default: {
        if (opcode < OP.OP_ADD) fail('BAD_OPCODE')
        this.#need(2)
        const [a, b] = [this.#number(this.#top(2)), this.#number(this.#top(1))]
        stack.length -= 2
        const result = binary(opcode, a, b)
        if (opcode !== OP.OP_NUMEQUALVERIFY) stack.push(scriptNumber(result))
        else if (result === 0) fail('NUMEQUALVERIFY')
      }
    }
  }

  // ---- locks and signatures

  /** BIP 65. */
  #checkLockTime(): void {
    this.#need(1)
    const lockTime = this.#number(this.#top(1), MAX_LOCK_SIZE)
    if (lockTime < 0) fail('NEGATIVE_LOCKTIME')
    if (!this.#context.hasReached(lockTime)) fail('UNSATISFIED_LOCKTIME')
  }

  /** BIP 112. */
  #checkSequence(): void {
    this.#need(1)
    const sequence = this.#number(this.#top(1), MAX_LOCK_SIZE)
    if (sequence < 0) fail('NEGATIVE_LOCKTIME')
    // Then nothing is asked for. Of a number with five bytes, the lowest 32 bits count.
    if (sequence & SEQUENCE_DISABLED) return
    if (!this.#context.hasAged(sequence)) fail('UNSATISFIED_LOCKTIME')
  }

  #checkSig(): boolean {
    this.#need(2)
    const isGood = this.#isSigned(this.#top(2), this.#top(1))
    this.#stack.length -= 2
    return isGood
  }

  #checkSigAdd(): void {
    if (this.#version !== 'tapscript') fail('BAD_OPCODE')
    this.#need(3)
    const count = this.#number(this.#top(2))
    const isGood = this.#isSigned(this.#top(3), this.#top(1))
    this.#stack.length -= 3
    this.#stack.push(scriptNumber(isGood ? count + 1 : count))
  }

  #isSigned(signature: Uint8Array, publicKey: Uint8Array): boolean {
    return this.#leaf
      ? this.#isTapscriptSigned(signature, publicKey, this.#leaf)
      : this.#isEcdsaSigned(signature, publicKey)
  }

  #isEcdsaSigned(signature: Uint8Array, publicKey: Uint8Array): boolean {
    const code = this.#codeWithout(signature, this.#code)
    checkSignatureEncoding(signature, this.#flags)
    checkPublicKeyEncoding(publicKey, this.#flags, this.#version === 'witness-v0')
    const isGood = this.#context.isEcdsaSigned(signature, publicKey, code, this.#version === 'witness-v0')
    if (!isGood && this.#flags & FLAG.NULLFAIL && signature.length > 0) fail('NULLFAIL')
    return isGood
  }

  /** BIP 342. An empty signature is a wrong one; any other has to be right. */
  #isTapscriptSigned(signature: Uint8Array, publicKey: Uint8Array, leaf: Tapleaf): boolean {
    const isGiven = signature.length > 0
    if (isGiven) {
      leaf.budget -= WEIGHT_PER_SIGNATURE
      if (leaf.budget < 0) fail('TAPSCRIPT_VALIDATION_WEIGHT')
    }
    if (publicKey.length === 0) fail('TAPSCRIPT_EMPTY_PUBKEY')
    if (publicKey.length === 32) {
      if (isGiven) {
        const { hash, annex } = leaf
        this.#context.checkSchnorr(signature, publicKey, annex, { hash, codeSeparator: this.#separator })
      }
    } else if (this.#flags & FLAG.DISCOURAGE_UPGRADABLE_PUBKEYTYPE) fail('DISCOURAGE_UPGRADABLE_PUBKEYTYPE')
    return isGiven
  }

  #checkMultisig(): boolean {
    if (this.#version === 'tapscript') fail('TAPSCRIPT_CHECKMULTISIG')
    const stack = this.#stack
    this.#need(1)
    const keyCount = this.#number(this.#top(1))
    if (keyCount < 0 || keyCount > MAX_KEYS_PER_MULTISIG) fail('PUBKEY_COUNT')
    this.#ops += keyCount
    if (this.#ops > MAX_OPS) fail('OP_COUNT')
    this.#need(keyCount + 2)
    const sigCount = this.#number(this.#top(keyCount + 2))
    if (sigCount < 0 || sigCount > keyCount) fail('SIG_COUNT')
    const taken = 2 + keyCount + sigCount
    // One more than it should, which is part of consensus.
    this.#need(taken + 1)
    // From the top down, in which order they are also tried.
    const keys = stack.slice(stack.length - 1 - keyCount, stack.length - 1).reverse()
    const signatures = stack.slice(stack.length - taken, stack.length - 2 - keyCount).reverse()

    const isGood = this.#areSigned(signatures, keys)
    if (!isGood && this.#flags & FLAG.NULLFAIL && signatures.some(({ length }) => length > 0)) fail('NULLFAIL')
    stack.length -= taken
    const dummy = stack.pop()!
    if (this.#flags & FLAG.NULLDUMMY && dummy.length > 0) fail('SIG_NULLDUMMY')
    return isGood
  }

  /** Whether each signature is of one of the keys, in the same order. */
  #areSigned(signatures: readonly Uint8Array[], keys: readonly Uint8Array[]): boolean {
    const isWitness = this.#version === 'witness-v0'
    let code = this.#code
    for (const signature of signatures) code = this.#codeWithout(signature, code)
    let s = 0
    for (let k = 0; s < signatures.length; k++) {
      if (signatures.length - s > keys.length - k) return false
      checkSignatureEncoding(signatures[s]!, this.#flags)
      checkPublicKeyEncoding(keys[k]!, this.#flags, isWitness)
      if (this.#context.isEcdsaSigned(signatures[s]!, keys[k]!, code, isWitness)) s++
    }
    return true
  }

  /** Before segwit a signature does not cover itself. */
  #codeWithout(signature: Uint8Array, code: Uint8Array): Uint8Array {
    if (this.#version !== 'base') return code
    const without = withoutPushesOf(signature, code)
    if (without !== code && this.#flags & FLAG.CONST_SCRIPTCODE) fail('SIG_FINDANDDELETE')
    return without
  }
}

/** Whether a push is the shortest for its data. */
function isMinimalPush(opcode: number, data: Uint8Array): boolean {
  const { length } = data
  if (length === 0) return opcode === OP.OP_0
  // There are opcodes for these numbers.
  if (length === 1 && ((data[0]! >= 1 && data[0]! <= 16) || data[0] === 0x81)) return false
  if (length < OP.OP_PUSHDATA1) return opcode === length
  return opcode === (length <= 0xff ? OP.OP_PUSHDATA1 : OP.OP_PUSHDATA2)
}

function unary(opcode: number, value: number): number {
  switch (opcode) {
    case OP.OP_1ADD:
      return value + 1
    case OP.OP_1SUB:
      return value - 1
    case OP.OP_NEGATE:
      return 0 - value
    case OP.OP_ABS:
      return Math.abs(value)
    case OP.OP_NOT:
      return value === 0 ? 1 : 0
    default: // OP_0NOTEQUAL
      return value === 0 ? 0 : 1
  }
}

function binary(opcode: number, a: number, b: number): number {
  switch (opcode) {
    case OP.OP_ADD:
      return a + b
    case OP.OP_SUB:
      return a - b
    case OP.OP_MIN:
      return Math.min(a, b)
    case OP.OP_MAX:
      return Math.max(a, b)
    default:
      return compare(opcode, a, b) ? 1 : 0
  }
}

function compare(opcode: number, a: number, b: number): boolean {
  switch (opcode) {
    case OP.OP_BOOLAND:
      return a !== 0 && b !== 0
    case OP.OP_BOOLOR:
      return a !== 0 || b !== 0
    case OP.OP_NUMEQUAL:
    case OP.OP_NUMEQUALVERIFY:
      return a === b
    case OP.OP_NUMNOTEQUAL:
      return a !== b
    case OP.OP_LESSTHAN:
      return a < b
    case OP.OP_GREATERTHAN:
      return a > b
    case OP.OP_LESSTHANOREQUAL:
      return a <= b
    default: // OP_GREATERTHANOREQUAL
      return a >= b
  }
}

function opcodeTable(opcodes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256)
  for (const opcode of opcodes) table[opcode] = 1
  return table
}
