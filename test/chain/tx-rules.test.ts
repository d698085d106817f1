import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkBlock } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { hasDuplicateInputs } from '../../src/chain/duplicate-inputs.ts'
import { checkTransaction, type TxError } from '../../src/chain/tx-rules.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes, hexToBytes } from '../../src/wire/hash.ts'
import { isCoinbase, outpoint, parseTransaction, type Transaction, type TxIn } from '../../src/wire/transaction.ts'
import { rawBlock } from './any-block.ts'

const MAX_MONEY = 2_100_000_000_000_000n
const EMPTY = new Uint8Array(0)

function input(change: Partial<TxIn> & { hash?: number; index?: number } = {}): TxIn {
  const prevout = { hash: new Uint8Array(32).fill(change.hash ?? 1), index: change.index ?? 0 }
  return { prevout, scriptSig: change.scriptSig ?? EMPTY, sequence: 0, witness: change.witness ?? [] }
}

function output(value: bigint, scriptPubKey: Uint8Array = EMPTY) {
  return { value, scriptPubKey }
}

function tx(change: Partial<Transaction>): Transaction {
  return { version: 2, inputs: [input()], outputs: [output(1n)], lockTime: 0, ...change }
}

const coinbase = (length: number) =>
  tx({ inputs: [input({ hash: 0, index: 0xffffffff, scriptSig: new Uint8Array(length) })] })

const cases: [string, Transaction, TxError | undefined][] = [
  ['a plain transaction', tx({}), undefined],
  ['no inputs', tx({ inputs: [] }), 'bad-txns-vin-empty'],
  ['no outputs', tx({ outputs: [] }), 'bad-txns-vout-empty'],
  ['the largest size', tx({ outputs: [output(1n, new Uint8Array(1_000_000 - 64))] }), undefined],
  ['one byte more', tx({ outputs: [output(1n, new Uint8Array(1_000_000 - 63))] }), 'bad-txns-oversize'],
  ['a large witness', tx({ inputs: [input({ witness: [new Uint8Array(1_000_000)] })] }), undefined],
  ['an amount below zero', tx({ outputs: [output(-1n)] }), 'bad-txns-vout-negative'],
  ['the lowest number', tx({ outputs: [output(-(1n << 63n))] }), 'bad-txns-vout-negative'],
  ['all the money', tx({ outputs: [output(MAX_MONEY)] }), undefined],
  ['more than all the money', tx({ outputs: [output(MAX_MONEY + 1n)] }), 'bad-txns-vout-toolarge'],
  ['the highest number', tx({ outputs: [output((1n << 63n) - 1n)] }), 'bad-txns-vout-toolarge'],
  ['more in sum', tx({ outputs: [output(MAX_MONEY), output(1n)] }), 'bad-txns-txouttotal-toolarge'],
  [
    'the first of two mistakes',
    tx({ outputs: [output(MAX_MONEY), output(1n), output(-1n)] }),
    'bad-txns-txouttotal-toolarge',
  ],
  ['the same input twice', tx({ inputs: [input(), input({ hash: 2 }), input()] }), 'bad-txns-inputs-duplicate'],
  ['two outputs of one transaction', tx({ inputs: [input(), input({ index: 1 })] }), undefined],
  ['a coinbase', coinbase(2), undefined],
  ['a coinbase with the longest script', coinbase(100), undefined],
  ['a coinbase with too short a script', coinbase(1), 'bad-cb-length'],
  ['a coinbase with too long a script', coinbase(101), 'bad-cb-length'],
  [
    'a null input beside another',
    tx({ inputs: [input(), input({ hash: 0, index: 0xffffffff })] }),
    'bad-txns-prevout-null',
  ],
  ['an index without a hash', tx({ inputs: [input({ hash: 0 }), input({ index: 0xffffffff })] }), undefined],
]

test.each(cases)('%s: %#', (_, transaction, reason) => {
  expect(checkTransaction(transaction)).toBe(reason)
})

/** What the block with only this transaction beside the coinbase is refused for. */
function blockReason(transaction: Transaction): string | undefined {
  const txs = [coinbase(3), transaction]
  const header = {
    version: 4,
    prevBlock: new Uint8Array(32),
    merkleRoot: new Uint8Array(32),
    time: 0,
    bits: 0,
    nonce: 0,
  }
  const { merkleRoot } = digestBlock(rawBlock({ header, transactions: txs }))
  return checkBlock(digestBlock(rawBlock({ header: { ...header, merkleRoot }, transactions: txs })))
}

describe('in a block the same is said', () => {
  // Reasons that only the whole block has.
  const instead: Record<string, string> = {
    'a coinbase': 'bad-cb-multiple',
    'a coinbase with the longest script': 'bad-cb-multiple',
    'a coinbase with too short a script': 'bad-cb-multiple',
    'a coinbase with too long a script': 'bad-cb-multiple',
    'the largest size': 'bad-blk-length',
    'one byte more': 'bad-blk-length',
  }
  // Without inputs the form of BIP 144 cannot be written.
  test.each(cases.filter(([name]) => name !== 'no inputs'))('of %s', (name, transaction, reason) => {
    expect(blockReason(transaction)).toBe(instead[name] ?? reason)
  })

  test('of random transactions', () => {
    const value = fc.oneof(
      { weight: 4, arbitrary: fc.bigInt(0n, 100n) },
      fc.bigInt(-2n, 2n),
      fc.bigInt(MAX_MONEY - 3n, MAX_MONEY + 3n),
    )
    const prevout = fc.record({ hash: fc.constantFrom(0, 1, 2), index: fc.constantFrom(0, 1, 2, 3, 4, 5, 0xffffffff) })
    const anyTx = fc.record({
      inputs: fc.array(prevout.map(input), { minLength: 1, maxLength: 20 }),
      outputs: fc.array(
        value.map((each) => output(each)),
        { maxLength: 3 },
      ),
    })
    fc.assert(
      fc.property(anyTx, (change) => {
        const transaction = tx(change)
        if (!isCoinbase(transaction)) expect(blockReason(transaction)).toBe(checkTransaction(transaction))
      }),
      { numRuns: 300 },
    )
  })
})

describe('equal inputs are found', () => {
  const few = fc.record({ hash: fc.nat(2), index: fc.constantFrom(0, 1, 2, 3, 0x100000, 0x100001, 0xffffffff) })

  test('among any number, also where the keys that are compared first collide', () => {
    fc.assert(
      fc.property(fc.array(few, { maxLength: 60 }), fc.nat(40), (prevouts, spread) => {
        const distinct = prevouts.map((each, i) => ({
          ...each,
          index: (each.index + (i % (spread + 1)) * 0x200000) >>> 0,
        }))
        const bytes = concatBytes(
          ...distinct.map(({ hash, index }) => encode(outpoint, { hash: new Uint8Array(32).fill(hash), index })),
        )
        const names = new Set(distinct.map(({ hash, index }) => `${hash}:${index}`))
        expect(hasDuplicateInputs(bytes)).toBe(names.size < distinct.length)
      }),
    )
  })

  test('in steps that do not explode, whatever is sent', () => {
    // 97,000 outpoints, as many as fit a block, whose keys are all the same.
    const count = 97_000
    const bytes = new Uint8Array(count * 36)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < count; i++) view.setUint32(i * 36 + 20, i, true)
    expect(hasDuplicateInputs(bytes)).toBe(false)
    view.setUint32(36 * 50_000 + 20, 7, true)
    expect(hasDuplicateInputs(bytes)).toBe(true)
  })
})

test('a real transaction passes', () => {
  // The first payment, mainnet block 170.
  const raw = hexToBytes(
    '0100000001c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704000000004847304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901ffffffff0200ca9a3b00000000434104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac00286bee0000000043410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac00000000',
  )
  expect(checkTransaction(parseTransaction(raw).tx)).toBeUndefined()
})
