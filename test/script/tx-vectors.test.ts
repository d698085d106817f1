import { expect, test } from 'vitest'
import { checkTransaction } from '../../src/chain/tx-rules.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { SCRIPT_FLAG as FLAG, STANDARD_FLAGS } from '../../src/script/flags.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import { decode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, hexToBytes } from '../../src/wire/hash.ts'
import { isCoinbase, type Transaction, transaction, txOut } from '../../src/wire/transaction.ts'
import { describeShared, readSharedJson } from '../shared.ts'
import { flagsOf, scriptOf } from './core-script.ts'

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

function scriptsOf([prevouts, hex]: Row): { tx: Transaction; pass: (flags: number) => boolean } {
  const tx = decode(transaction, hexToBytes(hex))
  const outputs = new Map(
    prevouts.map(([hashHex, index, script, amount = 0]) => [
      `${bytesToHex(fromDisplay(hashHex))}:${index >>> 0}`,
      { value: BigInt(amount), scriptPubKey: scriptOf(script) },
    ]),
  )
  const spent = tx.inputs.map(({ prevout }) => outputs.get(`${bytesToHex(prevout.hash)}:${prevout.index}`)!)
  const scripts = new InputScripts(tx, spent, nodeSecp256k1, nodeHasher)
  return { tx, pass: (flags) => tx.inputs.every((_, i) => scripts.check(i, flags) === undefined) }
}

function rowsOf(path: string): Row[] {
  return (readSharedJson(path) as unknown[][]).filter(({ length }) => length === 3) as Row[]
}

describeShared('transactions of Bitcoin Core’s tests', () => {
  test.each(rowsOf('tx/tx_valid.json').map((row, i) => [i, row] as const))('valid %i', (_, row) => {
    const excluded = flagsOf(row[2])
    const { tx, pass } = scriptsOf(row)
    expect(checkTransaction(tx)).toBe(undefined)
    expect(pass(trimmed(ALL_FLAGS & ~excluded))).toBe(true)
    // Rules only take away.
    for (const flag of EACH_FLAG) expect(pass(trimmed(ALL_FLAGS & ~excluded & ~flag))).toBe(true)
    for (const flag of EACH_FLAG) expect(pass(trimmed(filled(flag) & ~excluded))).toBe(true)
    // What is excluded has to be.
    for (const flag of EACH_FLAG)
      if (excluded & flag) expect(pass(trimmed(ALL_FLAGS & ~(excluded & ~flag)))).toBe(false)
  })

  test.each(rowsOf('tx/tx_invalid.json').map((row, i) => [i, row] as const))('invalid %i', (_, row) => {
    if (row[2] === 'BADTX') {
      const { tx } = scriptsOf(row)
      // A coinbase by itself is in order there.
      expect(checkTransaction(tx) ?? (isCoinbase(tx) ? 'coinbase' : undefined)).toBeDefined()
      return
    }
    const flags = flagsOf(row[2])
    const { tx, pass } = scriptsOf(row)
    expect(checkTransaction(tx)).toBe(undefined)
    expect(pass(filled(flags))).toBe(false)
    for (const flag of EACH_FLAG) expect(pass(filled(flags | flag))).toBe(false)
    // What is named has to be.
    for (const flag of EACH_FLAG) if (flags & flag) expect(pass(trimmed(flags & ~flag))).toBe(true)
  })
})

/** One of the cases of taproot-ref.json. */
interface TaprootCase {
  id: string
  tx: string
  prevouts: string[]
  index: number
  flags: string
  comment: string
  success?: { scriptSig: string; witness: string[] }
  failure?: { scriptSig: string; witness: string[] }
  final?: boolean
}

describeShared('taproot reference cases', () => {
  test('all of them pass and fail as they should', () => {
    const cases: TaprootCase[] = readSharedJson('tx/taproot-ref.json.gz')
    const wrong: string[] = []
    for (const each of cases) {
      const { tx, prevouts, index, flags } = each
      const spent = prevouts.map((hex) => decode(txOut, hexToBytes(hex)))
      const parsed = decode(transaction, hexToBytes(tx))
      const passes = ({ scriptSig, witness }: NonNullable<TaprootCase['success']>, under: number) => {
        const inputs = parsed.inputs.map((input, i) =>
          i === index ? { ...input, scriptSig: hexToBytes(scriptSig), witness: witness.map(hexToBytes) } : input,
        )
        return !new InputScripts({ ...parsed, inputs }, spent, nodeSecp256k1, nodeHasher).check(index, under)
      }
      if (each.success && !passes(each.success, flagsOf(flags))) wrong.push(`${each.id} ${each.comment} must pass`)
      if (each.failure && passes(each.failure, flagsOf(flags))) wrong.push(`${each.id} ${each.comment} must fail`)
    }
    expect(cases.length).toBe(2208)
    expect(wrong).toEqual([])
  })
})
