import fc from 'fast-check'
import { expect, test } from 'vitest'
import { block } from '../../src/wire/block.ts'
import { type Codec, decode, encode } from '../../src/wire/codec.ts'
import { bytesToHex, concatBytes, hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { blockHash } from '../../src/wire/header.ts'
import { rawTransaction } from '../../src/wire/raw-transaction.ts'
import {
  isCoinbase,
  isEmptyMwebTx,
  parseTransaction,
  type Transaction,
  transaction,
  transactionNoWitness,
  txid,
  wtxid,
} from '../../src/wire/transaction.ts'
import { GENESIS_HEADER, GENESIS_TRANSACTION } from '../vectors/messages.ts'
import { anyBytes, anyTransaction } from './any-message.ts'

/** The signed example of native P2WPKH in BIP143, cut where the segwit form differs from the plain one. */
const BIP143 = {
  version: '01000000',
  marker: '0001',
  body: '02fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac',
  witness:
    '000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357',
  lockTime: '11000000',
}
const whole = BIP143.version + BIP143.marker + BIP143.body + BIP143.witness + BIP143.lockTime
const stripped = BIP143.version + BIP143.body + BIP143.lockTime

function code(codec: Codec<unknown>, bytes: Uint8Array): string | undefined {
  try {
    decode(codec, bytes)
  } catch (error) {
    expect((error as Error).name).toBe('WireError')
    return (error as { code: string }).code
  }
  return undefined
}

test('the txid leaves the witness out and the wtxid has it', () => {
  const parsed = parseTransaction(hexToBytes(whole))
  expect(bytesToHex(parsed.txid)).toBe(bytesToHex(sha256d(hexToBytes(stripped))))
  expect(bytesToHex(parsed.wtxid)).toBe(bytesToHex(sha256d(hexToBytes(whole))))
  expect(parsed.size).toBe(whole.length / 2)
  expect(parsed.strippedSize).toBe(stripped.length / 2)
  expect(parsed.weight).toBe((3 * stripped.length + whole.length) / 2)
  expect(bytesToHex(txid(parsed.tx))).toBe(bytesToHex(parsed.txid))
  expect(bytesToHex(wtxid(parsed.tx))).toBe(bytesToHex(parsed.wtxid))
})

test('fields of a segwit transaction are read and written', () => {
  const { tx } = parseTransaction(hexToBytes(whole))
  expect(tx.version).toBe(1)
  expect(tx.lockTime).toBe(17)
  expect(tx.inputs.map((input) => [input.prevout.index, input.sequence, input.witness.length])).toEqual([
    [0, 0xffff_ffee, 0],
    [1, 0xffff_ffff, 2],
  ])
  expect(tx.outputs.map((output) => output.value)).toEqual([112_340_000n, 223_450_000n])
  expect(bytesToHex(encode(transaction, tx))).toBe(whole)
  expect(bytesToHex(encode(transactionNoWitness, tx))).toBe(stripped)
})

test('the genesis block and its transaction have their names', () => {
  const { header, transactions } = decode(block, hexToBytes(`${GENESIS_HEADER}01${GENESIS_TRANSACTION}`))
  expect(toDisplay(blockHash(hexToBytes(GENESIS_HEADER)))).toBe(
    '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  )
  expect(header.bits).toBe(0x1d00ffff)
  const { tx, txid, wtxid, weight, size } = parseTransaction(hexToBytes(GENESIS_TRANSACTION))
  expect(toDisplay(txid)).toBe('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b')
  expect(wtxid).toEqual(txid)
  expect(weight).toBe(4 * size)
  expect(transactions).toEqual([tx])
  expect(isCoinbase(tx)).toBe(true)
  expect(isCoinbase(decode(transaction, hexToBytes(whole)))).toBe(false)
})

test('a transaction without inputs and outputs is read: Litecoin sends it for what is only in MWEB', () => {
  const stub = hexToBytes('020000000000b0010000')
  expect(isEmptyMwebTx(stub)).toBe(true)
  expect(decode(transaction, stub)).toEqual({ version: 2, inputs: [], outputs: [], lockTime: 432 })
  expect(bytesToHex(encode(transaction, decode(transaction, stub)))).toBe(bytesToHex(stub))
  expect(decode(rawTransaction, stub)).toEqual(stub)
  expect(isEmptyMwebTx(hexToBytes(GENESIS_TRANSACTION))).toBe(false)
  expect(isEmptyMwebTx(hexToBytes('02000000000100000000'))).toBe(false)
})

const input = `${'00'.repeat(36)}00ffffffff`
const output = '000000000000000000'
test.each([
  ['cut short in its lock time', whole.slice(0, -2), 'truncated'],
  ['with a byte too many', `${whole}00`, 'trailing'],
  ['in the segwit form without any witness', `010000000001 01${input} 01${output} 00 00000000`, 'superfluous-witness'],
  ['in the segwit form without inputs', `010000000001 00 01${output} 00000000`, 'superfluous-witness'],
  ['with an unknown flag', `010000000002 01${input} 01${output} 00 00000000`, 'bad-value'],
  ["with Litecoin's MWEB flag", `010000000008 01${input} 01${output} 00 00000000`, 'bad-value'],
  ['with two flags at once', `010000000003 01${input} 01${output} 00 00000000`, 'bad-value'],
  [
    'without inputs but with outputs, which looks like the segwit form',
    `01000000 00 01${output} 00000000`,
    'superfluous-witness',
  ],
  ['with a longer count than needed', `01000000 fd0100${input} 01${output} 00000000`, 'not-minimal'],
  ['with zero written long', `01000000 fd0000`, 'not-minimal'],
  ['with four billion inputs', '01000000 feffffffff', 'too-large'],
  ['with four billion outputs', `01000000 01${input} feffffffff`, 'too-large'],
  ['with four billion witness items', `010000000001 01${input} 01${output} feffffffff`, 'too-large'],
  ['with a script of 4,000,001 bytes', `01000000 01${'00'.repeat(36)} fe01093d00`, 'too-large'],
  ['of no bytes', '', 'truncated'],
])('a transaction %s is refused', (_, spaced, expected) => {
  const bytes = hexToBytes(spaced.replaceAll(' ', ''))
  expect(code(transaction, bytes)).toBe(expected)
  expect(code(rawTransaction, bytes)).toBe(expected)
})

test('any transaction is read back as it was written, and its names agree', () => {
  fc.assert(
    fc.property(anyTransaction, (tx: Transaction) => {
      const bytes = encode(transaction, tx)
      const parsed = parseTransaction(bytes)
      expect(parsed.tx).toEqual(tx)
      expect(parsed.txid).toEqual(txid(tx))
      expect(parsed.wtxid).toEqual(wtxid(tx))
      expect(parsed.strippedSize).toBe(encode(transactionNoWitness, tx).length)
    }),
    { numRuns: 300 },
  )
})

test('keeping the bytes and reading the fields refuse the same transactions for the same reason', () => {
  const edit = fc.record({ at: fc.nat(), byte: fc.constantFrom(0, 1, 2, 3, 8, 0xfd, 0xfe, 0xff) })
  fc.assert(
    fc.property(anyTransaction, fc.array(edit, { maxLength: 3 }), anyBytes(3), (tx, edits, tail) => {
      const bytes = concatBytes(encode(transaction, tx), tail)
      for (const { at, byte } of edits) bytes[at % bytes.length] = byte
      const failure = code(transaction, bytes)
      expect(code(rawTransaction, bytes)).toBe(failure)
      if (failure === undefined) expect(encode(transaction, decode(transaction, bytes))).toEqual(bytes)
    }),
    { numRuns: 1000 },
  )
})
