import { describe, expect, test } from 'vitest'
import { type Part, p2pk, p2tr, p2wpkh, p2wshOf, push, script } from '../../src/script/build.ts'
import { CONSENSUS_FLAGS } from '../../src/script/flags.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import { OP } from '../../src/script/opcodes.ts'
import type { ScriptError } from '../../src/script/script-error.ts'
import { publicKeyOf, signEcdsa, xOnlyKeyOf } from '../../src/script/sign.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes, hash160, sha256 } from '../../src/wire/hash.ts'
import {
  type Transaction,
  type TxIn,
  type TxOut,
  transaction,
  transactionNoWitness,
} from '../../src/wire/transaction.ts'
import { CountingCurve, CountingHasher } from './counting.ts'

// What is counted here are bytes hashed and questions to the curve, which are nearly all the time that scripts take.

const SECRET = sha256(Uint8Array.of(1))
const KEY = publicKeyOf(SECRET)
const X_KEY = xOnlyKeyOf(SECRET)
const ECDSA = concatBytes(signEcdsa(sha256(KEY), SECRET), Uint8Array.of(1))
const SCHNORR = new Uint8Array(64).fill(7)
const NOTHING = new Uint8Array()
/** Steps that are no pushes, the keys of multisigs included, that a script may have before tapscript. */
const MAX_OPS = 201

const txIn = (scriptSig: Uint8Array, witness: Uint8Array[] = []): TxIn => ({
  prevout: { hash: new Uint8Array(32), index: 0 },
  scriptSig,
  sequence: 0,
  witness,
})

interface Spent {
  scriptPubKey: Uint8Array
  scriptSig?: Uint8Array
  witness?: Uint8Array[]
}

/** As many inputs of the same kind. */
function spending({ scriptPubKey, scriptSig = NOTHING, witness = [] }: Spent, inputs = 1, outputs: TxOut[] = []) {
  const tx: Transaction = {
    version: 2,
    inputs: Array.from({ length: inputs }, () => txIn(scriptSig, witness)),
    outputs: outputs.length > 0 ? outputs : [{ value: 1n, scriptPubKey: NOTHING }],
    lockTime: 0,
  }
  return { tx, spent: tx.inputs.map(() => ({ value: 1n, scriptPubKey })) }
}

interface Counts {
  hashed: number
  asked: number
  errors: Set<ScriptError | undefined>
}

/** Runs all inputs. The curve says yes to all, or no. */
function count({ tx, spent }: { tx: Transaction; spent: TxOut[] }, answer = true): Counts {
  const hasher = new CountingHasher()
  const curve = new CountingCurve(answer)
  const scripts = new InputScripts(tx, spent, curve, hasher)
  const errors = new Set(tx.inputs.map((_, i) => scripts.check(i, CONSENSUS_FLAGS)))
  return { hashed: hasher.bytes, asked: curve.asked, errors }
}

function strippedSize(tx: Transaction): number {
  return encode(transactionNoWitness, tx).length
}

/** A witness for a leaf of a tree of one; that the key commits to it is not looked at here. */
function leaf(code: Uint8Array, ...items: Uint8Array[]): Spent {
  const controlBlock = concatBytes(Uint8Array.of(0xc0), X_KEY)
  return { scriptPubKey: p2tr(X_KEY), witness: [...items, code, controlBlock] }
}

const repeated = (times: number, ...parts: Part[]) => {
  const once = script(...parts)
  const all = new Uint8Array(times * once.length)
  for (let i = 0; i < times; i++) all.set(once, i * once.length)
  return all
}

describe('transactions with many inputs', () => {
  const legacy: Spent = { scriptPubKey: p2pk(KEY), scriptSig: push(ECDSA) }
  const segwit: Spent = { scriptPubKey: p2wpkh(hash160(KEY)), witness: [ECDSA, KEY] }
  const taproot: Spent = { scriptPubKey: p2tr(X_KEY), witness: [SCHNORR] }

  test('before segwit every signature hashes the whole transaction, and no more', () => {
    const [small, large] = [500, 1000].map((inputs) => spending(legacy, inputs))
    const [less, more] = [count(small!), count(large!)]
    expect(more.errors).toEqual(new Set([undefined]))
    expect(more.asked).toBe(1000)
    expect(more.hashed).toBeLessThanOrEqual(1000 * strippedSize(large!.tx))
    expect(more.hashed / less.hashed).toBeGreaterThan(3.9)
    expect(more.hashed / less.hashed).toBeLessThan(4.1)
  })

  test.each([
    ['segwit', segwit],
    ['taproot', taproot],
  ])('%s hashes as much for each of them, however many there are', (_, spend) => {
    const [less, more] = [500, 1000].map((inputs) => count(spending(spend, inputs)))
    expect(more!.errors).toEqual(new Set([undefined]))
    expect(more!.hashed / less!.hashed).toBeLessThan(2.01)
    expect(more!.hashed).toBeLessThan(1000 * 500)
  })
})

describe('scripts before tapscript', () => {
  const sigAndKey = push(ECDSA)

  test.each([true, false])('no script asks the curve more often than it has steps, when it says %s', (answer) => {
    const checks = repeated(66, OP.OP_2DUP, OP.OP_CHECKSIG, OP.OP_DROP)
    const code = concatBytes(push(KEY), checks, script(OP.OP_1))
    expect(count(spending({ scriptPubKey: code, scriptSig: sigAndKey }), answer)).toMatchObject({ asked: 66 })

    // 20 keys and one signature that is none of theirs: every key is tried.
    const keys = Array.from({ length: 20 }, () => push(KEY))
    const multisig = concatBytes(
      script(OP.OP_0, ECDSA, OP.OP_1),
      ...keys,
      script(Uint8Array.of(20), OP.OP_CHECKMULTISIG),
    )
    const nine = concatBytes(...Array.from({ length: 9 }, () => multisig))
    const { tx, spent } = spending({ scriptPubKey: nine })
    const { asked, hashed } = count({ tx, spent }, answer)
    expect(asked).toBe(answer ? 9 : 9 * 20)
    expect(asked).toBeLessThanOrEqual(MAX_OPS)
    // The code is the same but for the signature taken out of it, once for each of the nine.
    expect(hashed).toBeLessThanOrEqual(9 * (strippedSize(tx) + nine.length))
    expect(count(spending({ scriptPubKey: concatBytes(nine, multisig) }), answer).errors).toEqual(new Set(['OP_COUNT']))
  })

  test('one that is all checks of signatures stops at the 202nd step', () => {
    const code = repeated(3300, OP.OP_2DUP, OP.OP_CHECKSIG, OP.OP_DROP)
    const { asked, errors } = count(spending({ scriptPubKey: code, scriptSig: script(ECDSA, KEY) }))
    expect(errors).toEqual(new Set(['OP_COUNT']))
    expect(asked).toBe(MAX_OPS / 3)
  })

  // The worst that there is: an input of 41 bytes that spends 201 steps of this, 24,000 of them in the 1 MB that a transaction
  // may have without its witnesses. Only the rules of blocks can bound that further (BIP 54).
  test('a code separator before each of them costs one hash of the transaction each', () => {
    const code = concatBytes(
      push(KEY),
      repeated(50, OP.OP_CODESEPARATOR, OP.OP_2DUP, OP.OP_CHECKSIG, OP.OP_DROP),
      script(OP.OP_1),
    )
    const { tx, spent } = spending({ scriptPubKey: code, scriptSig: sigAndKey }, 100)
    const scripts = new InputScripts(tx, spent, new CountingCurve(true), new CountingHasher())
    expect(scripts.check(0, CONSENSUS_FLAGS)).toBeUndefined()
    const hasher = new CountingHasher()
    new InputScripts(tx, spent, new CountingCurve(true), hasher).check(0, CONSENSUS_FLAGS)
    expect(hasher.bytes).toBeLessThanOrEqual(50 * (strippedSize(tx) + code.length))
  })

  test('in version 0 a signature for SINGLE hashes its output once, however large that is', () => {
    const type = (n: number) => concatBytes(ECDSA.subarray(0, -1), Uint8Array.of(n))
    const singles = [0x03, 0x23, 0x43, 0x63, 0x83, 0xa3].map(type)
    const code = script(...singles.flatMap((item) => [item, KEY, OP.OP_CHECKSIGVERIFY]), OP.OP_1)
    const output = { value: 1n, scriptPubKey: new Uint8Array(100_000) }
    const { hashed, asked } = count(spending({ scriptPubKey: p2wshOf(code), witness: [code] }, 1, [output]))
    expect(asked).toBe(6)
    expect(hashed).toBeLessThan(100_000 + 10_000)
  })

  test('hashing opcodes take 520 bytes each, at most', () => {
    const code = concatBytes(push(new Uint8Array(520)), repeated(66, OP.OP_DUP, OP.OP_HASH256, OP.OP_DROP))
    const { hashed, errors } = count(spending({ scriptPubKey: code }))
    expect(errors).toEqual(new Set(['EVAL_FALSE']))
    expect(hashed).toBe(66 * 520)
  })

  test('neither a long script nor a deep one nor a full stack goes beyond its limit', () => {
    const endsAs = (scriptPubKey: Uint8Array) => [...count(spending({ scriptPubKey })).errors][0]
    const pushes = (times: number) => repeated(times, OP.OP_1)
    expect(endsAs(repeated(10_000, OP.OP_1NEGATE))).toBe('STACK_SIZE')
    expect(endsAs(repeated(10_001, OP.OP_1NEGATE))).toBe('SCRIPT_SIZE')
    expect(endsAs(pushes(1000))).toBeUndefined()
    expect(endsAs(pushes(1001))).toBe('STACK_SIZE')
    // Both stacks count.
    expect(endsAs(concatBytes(pushes(998), script(OP.OP_TOALTSTACK), pushes(3)))).toBe('STACK_SIZE')
    expect(endsAs(concatBytes(pushes(998), script(OP.OP_TOALTSTACK), pushes(2)))).toBeUndefined()
    expect(
      endsAs(concatBytes(script(OP.OP_0), repeated(100, OP.OP_IF), repeated(100, OP.OP_ENDIF), pushes(1))),
    ).toBeUndefined()
    expect(endsAs(concatBytes(script(OP.OP_0), repeated(202, OP.OP_IF)))).toBe('OP_COUNT')
    const wide = repeated(18, new Uint8Array(520).fill(1))
    expect(endsAs(concatBytes(wide, repeated(201, OP.OP_3DUP)))).toBeUndefined()
  })
})

describe('tapscripts', () => {
  const witnessSize = ({ witness = [] }: Spent) =>
    encode(transaction, spending({ scriptPubKey: NOTHING, witness }).tx).length -
    strippedSize(spending({ scriptPubKey: NOTHING }).tx) -
    2 // marker and flag

  test('a signature is checked for every 50 bytes of witness, and no more', () => {
    const code = concatBytes(push(X_KEY), repeated(20_000, OP.OP_2DUP, OP.OP_CHECKSIGVERIFY))
    const spend = leaf(code, SCHNORR)
    const { asked, errors, hashed } = count(spending(spend))
    expect(errors).toEqual(new Set(['TAPSCRIPT_VALIDATION_WEIGHT']))
    expect(asked).toBe(Math.floor((witnessSize(spend) + 50) / 50))
    expect(hashed).toBeLessThan(code.length + asked * 400)
  })

  test('an annex is hashed once for all of them, and so is the output that SINGLE covers', () => {
    const signature = concatBytes(SCHNORR, Uint8Array.of(0x03))
    const code = concatBytes(push(X_KEY), repeated(1000, OP.OP_2DUP, OP.OP_CHECKSIGVERIFY))
    const spend = leaf(code, signature)
    const annex = new Uint8Array(200_000).fill(0x50)
    spend.witness = [...spend.witness!, annex]
    const output = { value: 1n, scriptPubKey: new Uint8Array(300_000) }
    const { asked, hashed, errors } = count(spending(spend, 1, [output]))
    expect(errors).toEqual(new Set(['CLEANSTACK']))
    expect(asked).toBe(1000)
    expect(hashed).toBeLessThan(annex.length + output.scriptPubKey.length + code.length + asked * 400)
  })

  test('a million IFs inside each other are a million steps', () => {
    const code = concatBytes(
      script(OP.OP_0),
      repeated(500_000, OP.OP_IF),
      repeated(500_000, OP.OP_ENDIF),
      script(OP.OP_1),
    )
    expect(count(spending(leaf(code))).errors).toEqual(new Set([undefined]))
  })

  test('hashing opcodes take 520 bytes each, at most', () => {
    const code = concatBytes(push(new Uint8Array(520)), repeated(10_000, OP.OP_DUP, OP.OP_SHA256, OP.OP_DROP))
    const { hashed } = count(spending(leaf(code)))
    expect(hashed).toBeLessThan(10_000 * 520 + code.length + 1000)
  })

  test('a full stack is turned over and over, in views of the same items', () => {
    const items = Array.from({ length: 998 }, (_, i) => new Uint8Array(520).fill(i))
    const code = concatBytes(
      repeated(20_000, Uint8Array.of(0xe4, 0x03), OP.OP_ROLL), // 996
      repeated(20_000, Uint8Array.of(0xe4, 0x03), OP.OP_PICK, OP.OP_DROP),
      repeated(499, OP.OP_2DROP),
      script(OP.OP_1),
    )
    expect(count(spending(leaf(code, ...items))).errors).toEqual(new Set([undefined]))
    expect(count(spending(leaf(script(OP.OP_1), ...items, NOTHING, NOTHING, NOTHING))).errors).toEqual(
      new Set(['STACK_SIZE']),
    )
  })
})
