import { describe, expect, test } from 'vitest'
import { bip30Applies, checkBlock, checkBlockContext, subsidy } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { type Block, block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { concatBytes, fromDisplay, hexToBytes, sha256d } from '../../src/wire/hash.ts'
import type { Transaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { rawBlock } from './any-block.ts'

const { main, regtest } = networks

const maker = new ChainMaker()
const [funding] = maker.mine(1, { script: P2WSH_TRUE })
const coin = { ...coinbaseCoin(funding!, maker), witness: true }
/** Height 2: a coinbase with a witness commitment and a transaction with a witness. */
const made = maker.block({ transactions: [spend([coin], [{ valueSat: 1, script: OP_TRUE }])] })
const HERE = { height: 2, medianTimePast: made.time - 600 }

/** The block with something changed, and its merkle root put right. */
function changed(change: (parsed: Block) => void, fixRoot = true): Uint8Array {
  const parsed = decode(block, made.bytes.slice())
  change(parsed)
  if (fixRoot) parsed.header = { ...parsed.header, merkleRoot: digestBlock(rawBlock(parsed)).merkleRoot }
  return rawBlock(parsed)
}

/** Puts the witness commitment right. */
function commit(parsed: Block): void {
  const root = digestBlock(rawBlock(parsed)).witnessRoot!
  const commitment = sha256d(concatBytes(root, new Uint8Array(32)))
  firstTx(parsed).outputs[1]!.scriptPubKey = concatBytes(hexToBytes('6a24aa21a9ed'), commitment)
}

function firstTx(parsed: Block): Transaction {
  return parsed.transactions[0]!
}

describe('a block alone', () => {
  const reason = (bytes: Uint8Array) => checkBlock(digestBlock(bytes))

  test('is good as it was made', () => {
    expect(reason(made.bytes)).toBeUndefined()
    expect(reason(funding!.bytes)).toBeUndefined()
  })

  test('is bad-txnmrklroot when the header is of other transactions', () => {
    expect(reason(changed((parsed) => parsed.transactions.pop(), false))).toBe('bad-txnmrklroot')
  })

  test('is bad-txns-duplicate when the same root has a shorter list', () => {
    const three = changed((parsed) => parsed.transactions.push({ ...parsed.transactions[1]!, lockTime: 7 }))
    expect(reason(three)).toBeUndefined()
    const twice = decode(block, three)
    twice.transactions.push(twice.transactions[2]!)
    expect(reason(rawBlock(twice))).toBe('bad-txns-duplicate')
  })

  test('is bad-blk-length without transactions, or with too many bytes outside the witness', () => {
    expect(reason(changed((parsed) => parsed.transactions.splice(0)))).toBe('bad-blk-length')
    const padded = (size: number) =>
      changed((parsed) => {
        parsed.transactions[1]!.outputs[0]!.scriptPubKey = new Uint8Array(900_000)
        parsed.transactions.push({
          ...parsed.transactions[1]!,
          outputs: [{ value: 1n, scriptPubKey: new Uint8Array(size) }],
        })
      })
    const size = 1_000_000 - digestBlock(padded(90_000)).strippedSize + 90_000
    expect(reason(padded(size))).toBeUndefined()
    expect(reason(padded(size + 1))).toBe('bad-blk-length')
  })

  test('is bad-cb-missing or bad-cb-multiple when not exactly the first is a coinbase', () => {
    expect(reason(changed((parsed) => parsed.transactions.shift()))).toBe('bad-cb-missing')
    expect(reason(changed((parsed) => parsed.transactions.reverse()))).toBe('bad-cb-missing')
    expect(reason(changed((parsed) => parsed.transactions.push({ ...firstTx(parsed), lockTime: 7 })))).toBe(
      'bad-cb-multiple',
    )
  })

  test('is refused for what its transactions are refused for', () => {
    const value = (each: bigint) => changed((parsed) => (parsed.transactions[1]!.outputs[0]!.value = each))
    expect(reason(value(-1n))).toBe('bad-txns-vout-negative')
    expect(reason(value(1n << 60n))).toBe('bad-txns-vout-toolarge')
    expect(reason(changed((parsed) => (firstTx(parsed).inputs[0]!.scriptSig = new Uint8Array(101))))).toBe(
      'bad-cb-length',
    )
    expect(reason(changed((parsed) => parsed.transactions[1]!.inputs.push(parsed.transactions[1]!.inputs[0]!)))).toBe(
      'bad-txns-inputs-duplicate',
    )
  })

  test('is bad-blk-sigops above 20,000 of them outside witnesses, coinbase included', () => {
    const sigops = (count: number) =>
      changed((parsed) => (parsed.transactions[1]!.outputs[0]!.scriptPubKey = new Uint8Array(count).fill(0xac)))
    expect(reason(sigops(20_000))).toBeUndefined()
    expect(reason(sigops(20_001))).toBe('bad-blk-sigops')
    const inCoinbase = changed((parsed) => {
      parsed.transactions[1]!.outputs[0]!.scriptPubKey = new Uint8Array(19_980).fill(0xac)
      firstTx(parsed).inputs[0]!.scriptSig = hexToBytes('52aeac')
    })
    expect(reason(inCoinbase)).toBe('bad-blk-sigops')
  })
})

describe('a block in its place', () => {
  const reason = (bytes: Uint8Array, context = HERE, network: Network = regtest) =>
    checkBlockContext(digestBlock(bytes), context, network)

  test('is good as it was made', () => {
    expect(reason(made.bytes)).toBeUndefined()
    expect(reason(funding!.bytes, { height: 1, medianTimePast: 0 })).toBeUndefined()
  })

  test('is bad-txns-nonfinal with a lock time that is not over', () => {
    const locked = (lockTime: number, sequence: number) =>
      changed((parsed) => {
        parsed.transactions[1]!.lockTime = lockTime
        parsed.transactions[1]!.inputs[0]!.sequence = sequence
        commit(parsed)
      })
    expect(reason(locked(1, 0))).toBeUndefined()
    expect(reason(locked(2, 0))).toBe('bad-txns-nonfinal')
    expect(reason(locked(2, 0xffffffff))).toBeUndefined()
    // The median time of the parent counts, and before BIP 113 the block's own.
    expect(reason(locked(HERE.medianTimePast - 1, 0))).toBeUndefined()
    expect(reason(locked(HERE.medianTimePast, 0))).toBe('bad-txns-nonfinal')
    const before = { ...regtest, heights: { ...regtest.heights, csv: 3 } }
    expect(reason(locked(made.time - 1, 0), HERE, before)).toBeUndefined()
    expect(reason(locked(made.time, 0), HERE, before)).toBe('bad-txns-nonfinal')
  })

  test.each([
    [1, '51', '0101'],
    [16, '60', '0110'],
    [17, '0111', '4c0111'],
    [127, '017f', '5f'],
    [128, '028000', '0180'],
    [255, '02ff00', '01ff'],
    [256, '020001', '03000100'],
    [32_767, '02ff7f', '03ff7f00'],
    [32_768, '03008000', '020080'],
    [227_931, '035b7a03', '045b7a0300'],
    [8_388_608, '0400008000', '03000080'],
  ])('at height %i begins its coinbase with %s, not with %s (BIP 34)', (height, good, bad) => {
    const starting = (hex: string, more = '00ff') =>
      changed((parsed) => (firstTx(parsed).inputs[0]!.scriptSig = hexToBytes(hex + more)))
    const context = { ...HERE, height }
    expect(reason(starting(good), context)).toBeUndefined()
    expect(reason(starting(good, ''), context)).toBeUndefined()
    expect(reason(starting(bad), context)).toBe('bad-cb-height')
    expect(reason(starting(good.slice(0, -2), ''), context)).toBe('bad-cb-height')
    const later = { ...regtest, heights: { ...regtest.heights, bip34: height + 1 } }
    expect(reason(starting(bad), context, later)).toBeUndefined()
  })

  test('is refused for a wrong witness commitment', () => {
    const nonce = (witness: Uint8Array[]) => changed((parsed) => (firstTx(parsed).inputs[0]!.witness = witness))
    expect(reason(nonce([]))).toBe('bad-witness-nonce-size')
    expect(reason(nonce([new Uint8Array(31)]))).toBe('bad-witness-nonce-size')
    expect(reason(nonce([new Uint8Array(32).fill(1)]))).toBe('bad-witness-merkle-match')
    expect(reason(changed((parsed) => (parsed.transactions[1]!.inputs[0]!.witness = [Uint8Array.of(0x52)])))).toBe(
      'bad-witness-merkle-match',
    )
  })

  test('is unexpected-witness with witnesses that nothing commits to', () => {
    const uncommitted = changed((parsed) => firstTx(parsed).outputs.pop())
    expect(reason(uncommitted)).toBe('unexpected-witness')
    const beforeSegwit = { ...regtest, heights: { ...regtest.heights, segwit: 3 } }
    expect(reason(made.bytes, HERE, beforeSegwit)).toBe('unexpected-witness')
    const bare = changed((parsed) => {
      for (const tx of parsed.transactions) tx.inputs[0]!.witness = []
    })
    expect(reason(bare, HERE, beforeSegwit)).toBeUndefined()
    expect(reason(bare)).toBe('bad-witness-nonce-size')
  })

  test('is bad-blk-weight above four million units', () => {
    const heavy = (size: number) =>
      changed((parsed) => {
        parsed.transactions[1]!.inputs[0]!.witness = [new Uint8Array(size)]
        commit(parsed)
      })
    const spare = 4_000_000 - digestBlock(heavy(3_900_000)).weight
    expect(reason(heavy(3_900_000 + spare))).toBeUndefined()
    expect(reason(heavy(3_900_000 + spare + 1))).toBe('bad-blk-weight')
  })
})

test.each([
  [0, 5_000_000_000],
  [209_999, 5_000_000_000],
  [210_000, 2_500_000_000],
  [840_000, 312_500_000],
  [32 * 210_000, 1],
  [33 * 210_000, 0],
  [64 * 210_000, 0],
  [2 ** 31, 0],
])('at height %i a mainnet coinbase may create %i satoshi', (height, satoshi) => {
  expect(subsidy(height, main)).toBe(satoshi)
})

test('regtest halves every 150 blocks', () => {
  expect([149, 150, 300].map((height) => subsidy(height, regtest))).toEqual([5e9, 2.5e9, 1.25e9])
})

test('BIP 30 is checked except for two blocks, and where BIP 34 makes it needless', () => {
  const other = new Uint8Array(32)
  const twin = fromDisplay('00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721')
  expect(bip30Applies(main, 91_880, other, undefined)).toBe(true)
  expect(bip30Applies(main, 91_880, twin, undefined)).toBe(false)
  expect(bip30Applies(main, 91_842, twin, undefined)).toBe(true)
  expect(bip30Applies(main, 300_000, other, main.bip34Hash)).toBe(false)
  expect(bip30Applies(main, 300_000, other, other)).toBe(true)
  expect(bip30Applies(main, 1_983_701, other, main.bip34Hash)).toBe(false)
  expect(bip30Applies(main, 1_983_702, other, main.bip34Hash)).toBe(true)
  expect(bip30Applies(regtest, 500, other, other)).toBe(true)
})
