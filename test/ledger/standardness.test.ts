import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { executableSigops } from '../../src/chain/sigops.ts'
import { checkStandard, isWitnessStandard, needsWitness, nonstandardInputs } from '../../src/ledger/standardness.ts'
import { multisig, opReturn, P2A, p2pk, p2shOf, push, script, witnessScriptPubKey } from '../../src/script/build.ts'
import { coreScriptType } from '../../src/script/core-type.ts'
import { OP } from '../../src/script/opcodes.ts'
import { witnessProgram } from '../../src/script/type.ts'
import { encode } from '../../src/wire/codec.ts'
import { parseTransaction, type Transaction, transaction } from '../../src/wire/transaction.ts'
import { dataOf, keyHash } from './fake-chain.ts'

const zeros = (length: number) => new Uint8Array(length)
const key = (first: number, length = 33) => Uint8Array.of(first, ...zeros(length - 1))
const repeat = (opcode: number, count: number) => new Uint8Array(count).fill(opcode)
const program = (version: number, length: number) => witnessScriptPubKey(version, zeros(length))

interface Parts {
  version?: number
  scriptSig?: Uint8Array
  witness?: Uint8Array[]
  outputs?: Uint8Array[]
  values?: number[]
}

function make({ version = 2, scriptSig = zeros(0), witness = [], outputs = [keyHash(0)], values = [] }: Parts) {
  const tx: Transaction = {
    version,
    inputs: [{ prevout: { hash: repeat(7, 32), index: 0 }, scriptSig, sequence: 0, witness }],
    outputs: outputs.map((scriptPubKey, i) => ({ value: BigInt(values[i] ?? 10_000), scriptPubKey })),
    lockTime: 0,
  }
  return parseTransaction(encode(transaction, tx))
}

describe('a transaction by itself', () => {
  const KEY = key(2)
  test.each<[string, string | undefined, Parts]>([
    ['version 0', 'version', { version: 0 }],
    ['version -1', 'version', { version: -1 }],
    ['version 1', undefined, { version: 1 }],
    ['version 3', undefined, { version: 3 }],
    ['version 4', 'version', { version: 4 }],
    ['the largest weight', undefined, { witness: [zeros(400_000 - 4 * 82 - 8)] }],
    ['one more', 'tx-size', { witness: [zeros(400_000 - 4 * 82 - 7)] }],
    ['the longest scriptSig', undefined, { scriptSig: repeat(OP.OP_0, 1650) }],
    ['a longer one', 'scriptsig-size', { scriptSig: repeat(OP.OP_0, 1651) }],
    ['a scriptSig that computes', 'scriptsig-not-pushonly', { scriptSig: script(OP.OP_0, OP.OP_DUP) }],
    ['a scriptSig that ends in a push', 'scriptsig-not-pushonly', { scriptSig: Uint8Array.of(5, 1) }],
    ['the reserved opcode, which counts as a push', undefined, { scriptSig: script(OP.OP_RESERVED) }],
    ['P2PK', undefined, { outputs: [p2pk(KEY)] }],
    ['P2PK of a long key', undefined, { outputs: [p2pk(key(4, 65))] }],
    ['P2PK of a hybrid key', undefined, { outputs: [p2pk(key(6, 65))] }],
    ['P2PK of what cannot be a key', 'scriptpubkey', { outputs: [p2pk(key(5))] }],
    ['multisig, 1 of 1', undefined, { outputs: [multisig(1, [KEY])] }],
    ['multisig, 3 of 3', undefined, { outputs: [multisig(3, [KEY, KEY, key(4, 65)])] }],
    ['multisig, 1 of 4', 'scriptpubkey', { outputs: [multisig(1, [KEY, KEY, KEY, KEY])] }],
    ['multisig that asks for none', 'scriptpubkey', { outputs: [script(OP.OP_0, KEY, OP.OP_1, OP.OP_CHECKMULTISIG)] }],
    ['an anchor', undefined, { outputs: [P2A] }],
    ['version 0, 32 bytes', undefined, { outputs: [program(0, 32)] }],
    ['version 0, 33 bytes', 'scriptpubkey', { outputs: [program(0, 33)] }],
    ['version 1, 33 bytes', undefined, { outputs: [program(1, 33)] }],
    ['version 16, 40 bytes', undefined, { outputs: [program(16, 40)] }],
    ['no script', 'scriptpubkey', { outputs: [zeros(0)] }],
    ['what anybody may spend', 'scriptpubkey', { outputs: [script(OP.OP_1)] }],
    ['data', undefined, { outputs: [opReturn(zeros(200))] }],
    ['the second of two', 'scriptpubkey', { outputs: [keyHash(0), script(OP.OP_NOP)] }],
    ['data and a computation', 'scriptpubkey', { outputs: [script(OP.OP_RETURN, OP.OP_DUP)] }],
    ['one output of dust', undefined, { outputs: [keyHash(0)], values: [0] }],
    ['two', 'dust', { outputs: [keyHash(0), keyHash(1)], values: [0, 0] }],
  ])('with %s: %s', (_, expected, parts) => {
    expect(checkStandard(make(parts))).toBe(expected)
  })

  test('may carry a hundred thousand bytes of data, whatever they weigh', () => {
    const { tx } = make({ outputs: [dataOf(50_000), dataOf(50_000)], values: [0, 0] })
    const parsed = (weight: number, tx: Transaction) => ({ ...make({}), tx, weight })
    expect(checkStandard(parsed(400_000, tx))).toBeUndefined()
    tx.outputs.push({ value: 0n, scriptPubKey: opReturn() })
    expect(checkStandard(parsed(400_000, tx))).toBe('datacarrier')
  })
})

describe('what is spent', () => {
  const P2SH = p2shOf(script(OP.OP_1))
  const checksigs = (count: number) => repeat(OP.OP_CHECKSIG, count)
  test.each<[string, string | undefined, Uint8Array, Uint8Array?]>([
    ['a key hash', undefined, keyHash(0)],
    ['an anchor', undefined, P2A],
    ['multisig of twenty keys', undefined, multisigOfTwenty()],
    ['nothing that is known', 'input 0 script unknown', script(OP.OP_1)],
    ['version 0 of a strange length', 'input 0 script unknown', program(0, 21)],
    ['version 1 of a strange length', 'input 0 witness program is undefined', program(1, 33)],
    ['version 2', 'input 0 witness program is undefined', program(2, 32)],
    ['P2SH with nothing', 'input 0 P2SH redeemscript missing', P2SH],
    ['P2SH with a script', undefined, P2SH, push(script(OP.OP_DUP))],
    ['P2SH with a number', undefined, P2SH, script(OP.OP_1)],
    ['P2SH with 15 signatures', undefined, P2SH, push(checksigs(15))],
    ['P2SH with 16', 'p2sh redeemscript sigops exceed limit (input 0: 16 > 15)', P2SH, push(checksigs(16))],
    ['P2SH with a multisig of 15', undefined, P2SH, push(script(OP.OP_1 + 14, OP.OP_CHECKMULTISIG))],
    [
      'P2SH with a multisig of who knows how many',
      'p2sh redeemscript sigops exceed limit (input 0: 20 > 15)',
      P2SH,
      push(script(OP.OP_CHECKMULTISIG)),
    ],
    [
      'P2SH with a push that is too long',
      'p2sh scriptsig malformed (input 0: Push value size limit exceeded)',
      P2SH,
      push(zeros(521)),
    ],
    [
      'P2SH with the reserved opcode',
      'p2sh scriptsig malformed (input 0: Opcode missing or not understood)',
      P2SH,
      script(OP.OP_RESERVED),
    ],
    ['P2SH with as many pushes as go', undefined, P2SH, repeat(OP.OP_0, 1000)],
    ['P2SH with more', 'p2sh scriptsig malformed (input 0: Stack size limit exceeded)', P2SH, repeat(OP.OP_0, 1001)],
  ])('%s: %s', (_, expected, spent, scriptSig) => {
    const { tx } = make(scriptSig ? { scriptSig } : {})
    expect(nonstandardInputs(tx, [spent])).toBe(expected)
  })

  test('may execute 2,500 signature operations outside of witnesses, whatever they cost', () => {
    const { tx } = make({ scriptSig: push(checksigs(15)) })
    const [input] = tx.inputs
    const many = (count: number, more: Uint8Array): [Transaction, Uint8Array[]] => [
      { ...tx, inputs: [...Array(count).fill(input!), { ...input!, scriptSig: zeros(0) }] },
      [...Array(count).fill(P2SH), more],
    ]
    const ten = multisig(1, Array(10).fill(key(2)))
    const eleven = multisig(1, Array(11).fill(key(2)))
    expect(executableSigops(...many(166, ten))).toBe(2500)
    expect(nonstandardInputs(...many(166, ten))).toBeUndefined()
    expect(nonstandardInputs(...many(166, eleven))).toBe('non-witness sigops exceed bip54 limit')
    // Witnesses do not count.
    expect(executableSigops(...many(1, keyHash(0)))).toBe(15)
  })

  function multisigOfTwenty(): Uint8Array {
    return script(OP.OP_1, ...Array(20).fill(key(2)), Uint8Array.of(20), OP.OP_CHECKMULTISIG)
  }
})

describe('a witness', () => {
  const P2WSH = program(0, 32)
  const P2TR = program(1, 32)
  const wrapped = (inner: Uint8Array) => ({ spent: p2shOf(inner), scriptSig: push(inner) })
  const item = zeros(80)
  const long = zeros(81)
  const leaf = Uint8Array.of(0xc1)
  test.each<[string, boolean, Uint8Array, Uint8Array[], Uint8Array?]>([
    ['of an anchor', false, P2A, [item]],
    ['of no witness program', false, p2pk(key(2)), [item]],
    ['of a key hash, however long', true, keyHash(0), [zeros(1000)]],
    ['with a script of 3,600 bytes', true, P2WSH, [zeros(3600)]],
    ['with a longer script', false, P2WSH, [zeros(3601)]],
    ['of 100 items', true, P2WSH, [...Array(100).fill(item), zeros(1)]],
    ['of 101', false, P2WSH, [...Array(101).fill(item), zeros(1)]],
    ['with a long item', false, P2WSH, [long, zeros(1)]],
    ['of a key path', true, P2TR, [long]],
    ['with an annex', false, P2TR, [item, Uint8Array.of(0x50)]],
    ['of a script path', true, P2TR, [item, zeros(5000), leaf]],
    ['of a script path with a long item', false, P2TR, [long, zeros(5000), leaf]],
    ['of another leaf version with a long item', true, P2TR, [long, zeros(5000), Uint8Array.of(0xc2)]],
    ['with an empty control block', false, P2TR, [item, zeros(0)]],
    ['of wrapped P2WSH', true, wrapped(P2WSH).spent, [item, zeros(1)], wrapped(P2WSH).scriptSig],
    ['of wrapped P2WSH with a long item', false, wrapped(P2WSH).spent, [long, zeros(1)], wrapped(P2WSH).scriptSig],
    ['of wrapped taproot, which is none', true, wrapped(P2TR).spent, [long, zeros(1), leaf], wrapped(P2TR).scriptSig],
    ['of P2SH that wraps nothing', false, p2shOf(p2pk(key(2))), [item], push(p2pk(key(2)))],
    ['of P2SH without a redeem script', false, wrapped(P2WSH).spent, [item, zeros(1)]],
    ['that is not there', true, script(OP.OP_1), []],
  ])('%s: %s', (_, expected, spent, witness, scriptSig) => {
    const { tx } = make({ witness, ...(scriptSig && { scriptSig }) })
    expect(isWitnessStandard(tx, [spent])).toBe(expected)
  })

  test.each<[string, boolean, Uint8Array, Uint8Array?]>([
    ['P2WSH', true, P2WSH],
    ['a program that nobody knows', true, program(7, 9)],
    ['an anchor', false, P2A],
    ['wrapped P2WSH', true, wrapped(P2WSH).spent, wrapped(P2WSH).scriptSig],
    ['a wrapped script', false, p2shOf(p2pk(key(2))), push(p2pk(key(2)))],
    ['P2SH with nothing', false, wrapped(P2WSH).spent],
    ['P2PK', false, p2pk(key(2))],
  ])('is needed by %s: %s', (_, expected, spent, scriptSig) => {
    const { tx } = make(scriptSig ? { scriptSig } : {})
    expect(needsWitness(tx, [spent])).toBe(expected)
  })
})

test('whatever the bytes are, there is an answer', () => {
  const steps = fc.constantFrom(
    0x00,
    0x4f,
    0x50,
    0x51,
    0x60,
    0x6a,
    0x76,
    0x87,
    0x88,
    0xa9,
    0xac,
    0xae,
    0x4c,
    0x4d,
    0x14,
    0x20,
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(steps, { maxLength: 60 }).map((list) => Uint8Array.from(list)),
  )
  const spent = fc.oneof(
    bytes,
    fc.constantFrom(keyHash(0), P2A, program(0, 32), program(1, 32), program(3, 5), p2shOf(program(0, 32))),
  )
  fc.assert(
    fc.property(spent, bytes, fc.array(bytes, { maxLength: 4 }), bytes, (spent, scriptSig, witness, output) => {
      const parsed = make({ scriptSig, witness, outputs: [output] })
      const { tx } = parsed
      checkStandard(parsed)
      const inputs = nonstandardInputs(tx, [spent])
      const isStandard = isWitnessStandard(tx, [spent])
      if (witness.length === 0) expect(isStandard).toBe(true)
      // Where nobody knows what the script means, nobody relays its spend, and a witness does not help.
      if (coreScriptType(spent) === 'nonstandard') expect([inputs, needsWitness(tx, [spent])]).toEqual(unknown(spent))
    }),
    { numRuns: 2000 },
  )

  function unknown(spent: Uint8Array): [string, boolean] {
    return ['input 0 script unknown', witnessProgram(spent) !== undefined]
  }
})
