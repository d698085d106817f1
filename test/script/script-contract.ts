import { expect, test } from 'vitest'
import { checkTransaction } from '../../src/chain/tx-rules.ts'
import { SCRIPT_FLAG as FLAG, STANDARD_FLAGS } from '../../src/script/flags.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { decode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, type Hasher, hexToBytes } from '../../src/wire/hash.ts'
import { isCoinbase, type Transaction, transaction, txOut } from '../../src/wire/transaction.ts'
import { flagsOf, scriptOf } from './core-script.ts'
import { caseOf, type ScriptCase, spendOf } from './script-cases.ts'

/** What files of Bitcoin Core's tests hold, parsed. */
export interface ScriptVectors {
  /** script_tests.json */
  scripts: unknown[][]
  /** tx_valid.json and tx_invalid.json */
  valid: unknown[][]
  invalid: unknown[][]
  /** taproot-ref.json, or part of it. */
  taproot?: TaprootCase[] | undefined
}

/** One of the cases of taproot-ref.json. */
export interface TaprootCase {
  id: string
  tx: string
  prevouts: string[]
  index: number
  flags: string
  comment: string
  success?: { scriptSig: string; witness: string[] }
  failure?: { scriptSig: string; witness: string[] }
}

/** Scripts end as they do in Bitcoin Core, whatever checks the signatures and hashes. */
export function scriptVectorsContract(secp256k1: Secp256k1, hasher: Hasher, vectors: ScriptVectors): void {
  const runner = { secp256k1, hasher }

  test('scripts end for the same reasons as in Bitcoin Core', () => {
    const rows = vectors.scripts.filter(({ length }) => length > 1)
    expect(rows.length).toBeGreaterThan(1200)
    expect(rows.flatMap((row) => wrongEnd(caseOf(row), runner))).toEqual([])
  })

  test('valid transactions pass, and need what is taken away from them', () => {
    const rows = vectors.valid.filter(({ length }) => length === 3) as Row[]
    expect(rows.length).toBeGreaterThan(100)
    expect(rows.flatMap((row) => wrongOfValid(row, runner))).toEqual([])
  })

  test('invalid transactions fail by the rules that are named, and pass without one of them', () => {
    const rows = vectors.invalid.filter(({ length }) => length === 3) as Row[]
    expect(rows.length).toBeGreaterThan(80)
    expect(rows.flatMap((row) => wrongOfInvalid(row, runner))).toEqual([])
  })

  const { taproot } = vectors
  if (!taproot) return
  test('taproot’s reference cases pass and fail', () => {
    expect(taproot.length).toBeGreaterThan(200)
    expect(taproot.flatMap((each) => wrongOfTaproot(each, runner))).toEqual([])
  })
}

interface Runner {
  secp256k1: Secp256k1
  hasher: Hasher
}

function wrongEnd(each: ScriptCase, { secp256k1, hasher }: Runner): string[] {
  const { tx, spent } = spendOf(each)
  const result = new InputScripts(tx, spent.outputs, secp256k1, hasher).check(0, each.flags) ?? 'OK'
  return result === each.expected ? [] : [`${result} for ${each.text}`]
}

type Row = [prevouts: [hash: string, index: number, script: string, amount?: number][], tx: string, flags: string]

const ALL_FLAGS = STANDARD_FLAGS | FLAG.SIGPUSHONLY
const EACH_FLAG = Object.values(FLAG)

/** The same flags without those that would lack another one. */
function trimmed(flags: number): number {
  if (!(flags & FLAG.P2SH)) flags &= ~FLAG.WITNESS
  return flags & FLAG.WITNESS ? flags : flags & ~(FLAG.CLEANSTACK | FLAG.TAPROOT)
}

/** The same flags with those that one of them needs. */
function filled(flags: number): number {
  if (flags & (FLAG.CLEANSTACK | FLAG.TAPROOT)) flags |= FLAG.WITNESS
  return flags & FLAG.WITNESS ? flags | FLAG.P2SH : flags
}

function scriptsOf(
  [prevouts, hex]: Row,
  { secp256k1, hasher }: Runner,
): { tx: Transaction; pass: (flags: number) => boolean } {
  const tx = decode(transaction, hexToBytes(hex))
  const outputs = new Map(
    prevouts.map(([hashHex, index, script, amount = 0]) => [
      `${bytesToHex(fromDisplay(hashHex))}:${index >>> 0}`,
      { value: BigInt(amount), scriptPubKey: scriptOf(script) },
    ]),
  )
  const spent = tx.inputs.map(({ prevout }) => outputs.get(`${bytesToHex(prevout.hash)}:${prevout.index}`)!)
  const scripts = new InputScripts(tx, spent, secp256k1, hasher)
  return { tx, pass: (flags) => tx.inputs.every((_, i) => scripts.check(i, flags) === undefined) }
}

function wrongOfValid(row: Row, runner: Runner): string[] {
  const excluded = flagsOf(row[2])
  const { tx, pass } = scriptsOf(row, runner)
  const all = ALL_FLAGS & ~excluded
  const isRight =
    checkTransaction(tx) === undefined &&
    pass(trimmed(all)) &&
    // Rules only take away.
    EACH_FLAG.every((flag) => pass(trimmed(all & ~flag)) && pass(trimmed(filled(flag) & ~excluded))) &&
    // What is excluded has to be.
    EACH_FLAG.every((flag) => !(excluded & flag) || !pass(trimmed(all | flag)))
  return isRight ? [] : [row[1]]
}

function wrongOfInvalid(row: Row, runner: Runner): string[] {
  if (row[2] === 'BADTX') {
    const tx = decode(transaction, hexToBytes(row[1]))
    // A coinbase by itself is in order, and no transaction to relay.
    return (checkTransaction(tx) ?? isCoinbase(tx)) ? [] : [row[1]]
  }
  const flags = flagsOf(row[2])
  const { tx, pass } = scriptsOf(row, runner)
  const isRight =
    checkTransaction(tx) === undefined &&
    !pass(filled(flags)) &&
    EACH_FLAG.every((flag) => !pass(filled(flags | flag))) &&
    // What is named has to be.
    EACH_FLAG.every((flag) => !(flags & flag) || pass(trimmed(flags & ~flag)))
  return isRight ? [] : [row[1]]
}

function wrongOfTaproot(each: TaprootCase, { secp256k1, hasher }: Runner): string[] {
  const { id, comment, index, success, failure } = each
  const spent = each.prevouts.map((hex) => decode(txOut, hexToBytes(hex)))
  const tx = decode(transaction, hexToBytes(each.tx))
  const passes = ({ scriptSig, witness }: NonNullable<TaprootCase['success']>) => {
    const inputs = tx.inputs.slice()
    inputs[index] = { ...inputs[index]!, scriptSig: hexToBytes(scriptSig), witness: witness.map(hexToBytes) }
    return !new InputScripts({ ...tx, inputs }, spent, secp256k1, hasher).check(index, flagsOf(each.flags))
  }
  const wrong: string[] = []
  if (success && !passes(success)) wrong.push(`${id} ${comment} must pass`)
  if (failure && passes(failure)) wrong.push(`${id} ${comment} must fail`)
  return wrong
}
