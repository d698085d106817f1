import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decode, encode } from '../../src/wire/codec.ts'
import { bytesToHex, hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { rawTransaction } from '../../src/wire/raw-transaction.ts'
import { parseTransaction, transaction, transactionNoWitness, txid, wtxid } from '../../src/wire/transaction.ts'
import { describeShared, readSharedJson, sharedVectors } from '../shared.ts'

function code(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return undefined
}

describeShared('single real transactions', () => {
  test.each(readdirSync(join(sharedVectors()!, 'tx/raw')))('%s', (file) => {
    const facts: { txid: string; wtxid: string; size: number; weight: number; hex: string } = readSharedJson(
      `tx/raw/${file}`,
    )
    const parsed = parseTransaction(hexToBytes(facts.hex))
    expect(toDisplay(parsed.txid)).toBe(facts.txid)
    expect(toDisplay(parsed.wtxid)).toBe(facts.wtxid)
    expect(parsed.size).toBe(facts.size)
    expect(parsed.weight).toBe(facts.weight)
    expect(bytesToHex(encode(transaction, parsed.tx)) === facts.hex).toBe(true)
    expect(bytesToHex(decode(rawTransaction, hexToBytes(facts.hex))) === facts.hex).toBe(true)
    expect(toDisplay(txid(parsed.tx))).toBe(facts.txid)
    expect(toDisplay(wtxid(parsed.tx))).toBe(facts.wtxid)
  })

  test('half a million witness items are read', () => {
    const { tx } = parseTransaction(hexToBytes(readSharedJson('tx/raw/tx-huge-witness.json.gz').hex))
    expect(tx.inputs[0]!.witness.length).toBe(500_003)
  })
})

interface Fixture {
  description: string
  id: string
  hash: string
  hex: string
  whex?: string
  weight?: number
  raw: { version: number; ins: unknown[]; outs: unknown[]; locktime: number }
}

describeShared('transactions of the bitcoinjs fixtures', () => {
  const { valid, invalid } = readSharedJson('tx/bitcoinjs-transaction.json')

  test.each<Fixture>(valid)('$description', ({ id, hex, whex, weight, raw }) => {
    const bytes = hexToBytes(whex || hex)
    const parsed = parseTransaction(bytes)
    expect(toDisplay(parsed.txid)).toBe(id)
    expect(bytesToHex(encode(transaction, parsed.tx))).toBe(whex || hex)
    expect(bytesToHex(encode(transactionNoWitness, parsed.tx))).toBe(hex)
    expect(parsed.tx.version).toBe(raw.version)
    expect(parsed.tx.inputs.length).toBe(raw.ins.length)
    expect(parsed.tx.outputs.length).toBe(raw.outs.length)
    expect(parsed.tx.lockTime).toBe(raw.locktime)
    if (weight !== undefined) expect(parsed.weight).toBe(weight)
  })

  test.each<{ exception: string; hex: string }>(invalid.fromBuffer)('refused: $exception', ({ exception, hex }) => {
    expect(code(() => parseTransaction(hexToBytes(hex)))).toBe(
      exception.includes('superfluous') ? 'superfluous-witness' : 'trailing',
    )
  })
})

describeShared('transactions of Bitcoin Core', () => {
  const rows = ['tx/tx_valid.json', 'tx/tx_invalid.json'].flatMap((file) => readSharedJson(file) as unknown[][])
  const hexes = rows.filter((row) => row.length > 1).map((row) => row[1] as string)

  test('every one that can stand on the wire is written as the same bytes', () => {
    let read = 0
    for (const hex of hexes) {
      const bytes = hexToBytes(hex)
      const failure = code(() => decode(transaction, bytes))
      // The refusals are transactions without inputs, whose outputs read as a broken segwit form.
      if (failure) {
        expect(decode(transactionNoWitness, bytes).inputs).toEqual([])
        continue
      }
      read++
      expect(bytesToHex(encode(transaction, decode(transaction, bytes)))).toBe(hex.toLowerCase())
    }
    expect(read).toBeGreaterThan(200)
    expect(hexes.length - read).toBeLessThan(3)
  })
})

describeShared('transactions of 61 to 66 bytes', () => {
  test.each<{ comment: string; tx: string }>(readSharedJson('tx/bip54-txsize.json'))('$comment', ({ tx }) => {
    expect(bytesToHex(encode(transaction, parseTransaction(hexToBytes(tx)).tx))).toBe(tx)
  })
})
