import { describe, expect, test } from 'vitest'
import { broadcast } from '../../src/ledger/broadcast.ts'
import { Mempool, type MempoolLimits } from '../../src/ledger/mempool.ts'
import { refusalText } from '../../src/ledger/mempool-policy.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, keyHash, makeTx, outputsOf, REWARD, sized, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000
const OP_TRUE = Uint8Array.of(0x51)

function setUp(limits: Partial<MempoolLimits> = {}) {
  const chain = new FakeChain(150)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits })
  return { chain, mempool, coin: chain.reward(1) }
}

/** A transaction of one input and one output that pays this fee; 65 bytes at least, whatever the script. */
function pay(coin: TestCoin, fee: number, options: Parameters<typeof makeTx>[2] = {}) {
  return makeTx([coin], [coin.value - fee], options)
}

function outcome(mempool: Mempool, bytes: Uint8Array): string {
  const result = mempool.accept(bytes, NOW)
  if (result.kind !== 'refused') return result.kind
  return `${refusalText(result)}${result.punish ? ' (punish)' : ''}`
}

describe('a mempool', () => {
  test('takes a transaction that spends a mature coin, and knows its figures', () => {
    const { mempool, coin } = setUp()
    const raw = pay(coin, 1000)
    const { txid, wtxid, weight } = parseTransaction(raw)
    expect(mempool.accept(raw, NOW)).toEqual({
      kind: 'accepted',
      txid,
      wtxid,
      raw,
      feeSat: 1000,
      vsize: weight / 4,
      value: REWARD,
      parents: [],
      released: { txs: [], blamed: [] },
      replaced: [],
    })
    expect([mempool.pool.count, mempool.pool.feeSat, mempool.pool.vsize]).toEqual([1, 1000, weight / 4])
    expect(mempool.recent).toEqual([{ txid, feeSat: 1000, vsize: weight / 4, value: REWARD, time: NOW / 1000 }])
    expect(mempool.accept(raw, NOW)).toEqual({ kind: 'known' })
    expect(mempool.get(txid)?.raw).toEqual(raw)
  })

  test('keeps nothing of the network buffer that a transaction came in', () => {
    const { mempool, coin } = setUp()
    const raw = pay(coin, 1000)
    const buffer = new Uint8Array(5000)
    buffer.set(raw, 700)
    mempool.accept(buffer.subarray(700, 700 + raw.length), NOW)
    const entry = mempool.get(parseTransaction(raw).txid)!
    buffer.fill(0xff)
    expect(entry.raw).toEqual(raw)
    expect(entry.raw.buffer.byteLength).toBe(raw.length)
    expect(entry.prevouts.every(({ script }) => script.buffer.byteLength === script.length)).toBe(true)
  })

  test('takes a chain of transactions that spend each other', () => {
    const { mempool, coin } = setUp()
    const parent = pay(coin, 1000)
    const child = pay(outputsOf(parent)[0]!, 1000)
    expect(outcome(mempool, child)).toBe('bad-txns-inputs-missingorspent')
    expect([parent, child].map((raw) => outcome(mempool, raw))).toEqual(['accepted', 'accepted'])
  })

  test('stands on the block it was told of', () => {
    const { chain, mempool } = setUp()
    const before = chain.tip.hash
    const block = chain.connect([])
    expect(mempool.tip).toEqual({ hash: before, height: 150 })
    mempool.update({ reverted: [], connected: [block] }, NOW)
    expect(mempool.tip).toEqual({ hash: block.hash, height: 151 })
  })

  test.each<[string, (coin: TestCoin, chain: FakeChain) => Uint8Array]>([
    ['bad-txns-vout-empty (punish)', (coin) => makeTx([coin], [])],
    ['bad-txns-inputs-duplicate (punish)', (coin) => makeTx([coin, coin], [1])],
    ['bad-txns-vout-toolarge (punish)', (coin) => makeTx([coin], [21e14 + 1])],
    ['bad-txns-vout-negative (punish)', (coin) => makeTx([coin], [-1])],
    [
      'bad-txns-prevout-null (punish)',
      (coin) => makeTx([coin, { txid: new Uint8Array(32), vout: 0xffff_ffff, value: 0 }], [1]),
    ],
    ['coinbase (punish)', (_, chain) => chain.tip.txs[0]!],
    [
      'bad-txns-in-belowout, value in (50.00) < value out (50.00000001) (punish)',
      (coin) => makeTx([coin], [REWARD + 1]),
    ],
    ['version', (coin) => pay(coin, 1000, { version: 4 })],
    ['version', (coin) => pay(coin, 1000, { version: 0 })],
    ['accepted', (coin) => pay(coin, 1000, { version: 1 })],
    ['accepted', (coin) => pay(coin, 1000, { version: 3 })],
    // 10 + 41 + 9 bytes and the script: 64 in all, then 65.
    ['tx-size-small', (coin) => pay(coin, 1000, { scripts: [sized(4)] })],
    ['accepted', (coin) => pay(coin, 1000, { scripts: [sized(5)] })],
    ['tx-size', (coin) => pay(coin, 1000, { scripts: [sized(100_000)] })],
    ['tx-size', (coin) => pay(coin, 1000, { witness: [new Uint8Array(400_000)] })],
    ['accepted', (coin) => pay(coin, 20_000, { witness: [new Uint8Array(390_000)] })],
    ['non-final', (coin, chain) => pay(coin, 1000, { lockTime: chain.tip.height + 1 })],
    ['accepted', (coin, chain) => pay(coin, 1000, { lockTime: chain.tip.height })],
    ['accepted', (coin, chain) => pay(coin, 1000, { lockTime: chain.tip.height + 1, sequence: 0xffff_ffff })],
    ['non-final', (coin, chain) => pay(coin, 1000, { lockTime: chain.medianTimePast(chain.tip.height) })],
    ['accepted', (coin, chain) => pay(coin, 1000, { lockTime: chain.medianTimePast(chain.tip.height) - 1 })],
    ['non-BIP68-final', (coin, chain) => pay(coin, 1000, { sequence: chain.tip.height + 1 })],
    ['accepted', (coin, chain) => pay(coin, 1000, { sequence: chain.tip.height })],
    ['accepted', (coin, chain) => pay(coin, 1000, { sequence: chain.tip.height + 1, version: 1 })],
    ['non-BIP68-final', (coin) => pay(coin, 1000, { sequence: (1 << 22) | 0xffff })],
    [
      'bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 99',
      (_, chain) => pay(chain.reward(52), 1000),
    ],
    ['accepted', (_, chain) => pay(chain.reward(51), 1000)],
    ['bad-txns-inputs-missingorspent', () => pay({ txid: new Uint8Array(32).fill(7), vout: 0, value: 5000 }, 1000)],
    ['bad-txns-inputs-missingorspent', (coin) => pay({ ...coin, vout: 1 }, 1000)],
    // 64 bytes of the 65 that `pay` makes without a script, 61 in all with 4: 100 sat/kvB asks for 7.
    ['min relay fee not met, 6 < 7', (coin) => pay(coin, 6, { scripts: [sized(5)] })],
    ['accepted', (coin) => pay(coin, 7, { scripts: [sized(5)] })],
  ])('answers %s', (expected, make) => {
    const { chain, mempool, coin } = setUp()
    expect(outcome(mempool, make(coin, chain))).toBe(expected)
  })

  test('refuses bytes that are no transaction, and punishes for them', () => {
    const { mempool, coin } = setUp()
    const raw = pay(coin, 1000)
    expect(mempool.accept(raw.subarray(1), NOW)).toMatchObject({ reason: 'decode-failed', punish: true })
    expect(mempool.accept(new Uint8Array(400_001), NOW)).toMatchObject({ reason: 'tx-size', punish: false })
  })

  test('passes over the ten bytes that stand for a transaction of Litecoin’s extension', () => {
    const { mempool } = setUp()
    expect(mempool.receive(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, NOW)).toMatchObject({ punish: false })
  })

  test('asks for the floor that it is given', () => {
    const { mempool, coin } = setUp({ minFeeRate: 1000 })
    const scripts = [sized(81)]
    expect(outcome(mempool, pay(coin, 10, { scripts }))).toBe('min relay fee not met, 10 < 141')
    expect(mempool.minFeeRate(NOW)).toBe(1000)
  })

  test('refuses a second witness for the same transaction', () => {
    const { mempool, coin } = setUp()
    expect(outcome(mempool, pay(coin, 1000, { witness: [OP_TRUE] }))).toBe('accepted')
    expect(outcome(mempool, pay(coin, 1000, { witness: [OP_TRUE, OP_TRUE] }))).toBe(
      'txn-same-nonwitness-data-in-mempool',
    )
  })

  test('bounds how many transactions hang together', () => {
    const { mempool, coin } = setUp()
    let last = coin
    for (let i = 0; i < 64; i++) {
      const raw = pay(last, 100)
      expect(outcome(mempool, raw)).toBe('accepted')
      last = outputsOf(raw)[0]!
    }
    expect(outcome(mempool, pay(last, 100))).toBe('too-large-cluster')
  })

  test('bounds the weight of what hangs together', () => {
    const { mempool, coin } = setUp()
    const parent = makeTx([coin], [REWARD / 2, REWARD / 2 - 20_000], { witness: [new Uint8Array(300_000)] })
    expect(outcome(mempool, parent)).toBe('accepted')
    const [a, b] = outputsOf(parent)
    expect(outcome(mempool, pay(a!, 20_000, { witness: [new Uint8Array(103_000)] }))).toBe('accepted')
    expect(outcome(mempool, pay(b!, 20_000, { witness: [new Uint8Array(103_000)] }))).toBe('too-large-cluster')
  })

  test('wants what it has not seen, refused or mined', () => {
    const { chain, mempool, coin } = setUp()
    const witness = [OP_TRUE]
    const raw = pay(coin, 1000, { witness })
    const { txid, wtxid } = parseTransaction(raw)
    const refused = parseTransaction(pay(coin, 0, { scripts: [sized(5)] }))
    const wanted = () => [txid, wtxid, refused.wtxid].map((id) => mempool.wants(id))
    expect(wanted()).toEqual([true, true, true])
    mempool.receive(raw, 1, NOW)
    mempool.receive(pay(coin, 0, { scripts: [sized(5)] }), 1, NOW)
    expect(wanted()).toEqual([false, false, false])
    // The next block may change what is refused; what it mined is done with.
    mempool.update({ reverted: [], connected: [chain.connect([raw])] }, NOW)
    expect(mempool.pool.count).toBe(0)
    expect(wanted()).toEqual([false, false, true])
  })
})

describe('a broadcast', () => {
  const answer = (mempool: Mempool, bytes: Uint8Array) => {
    const { answer } = broadcast(mempool, bytes, NOW)
    return answer.kind === 'refused' ? `${answer.code} ${answer.message}` : answer.kind
  }

  test.each<[string, (coin: TestCoin) => Uint8Array]>([
    ['-22 TX decode failed. Make sure the tx has at least one input.', () => Uint8Array.of(1, 2, 3)],
    ['-26 bad-txns-vin-empty', () => makeTx([], [])],
    ['-25 bad-txns-inputs-missingorspent', (coin) => pay({ ...coin, vout: 9 }, 1000)],
    ['-26 min relay fee not met, 6 < 7', (coin) => pay(coin, 6, { scripts: [sized(5)] })],
    ['-25 Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)', (coin) => pay(coin, 1_000_000)],
    [
      '-25 Unspendable output exceeds maximum configured by user (maxburnamount)',
      (coin) => pay(coin, 1000, { scripts: [Uint8Array.of(0x6a, 3, 1, 1, 1)] }),
    ],
    ['accepted', (coin) => makeTx([coin], [REWARD - 1000, 0], { scripts: [keyHash(0), Uint8Array.of(0x6a)] })],
  ])('is answered %s', (expected, make) => {
    const { mempool, coin } = setUp()
    expect(answer(mempool, make(coin))).toBe(expected)
  })

  test('of what is in the mempool succeeds again, of what conflicts with it does not', () => {
    const { mempool, coin } = setUp()
    const raw = pay(coin, 1000)
    expect([raw, raw, pay(coin, 500)].map((bytes) => answer(mempool, bytes))).toEqual([
      'accepted',
      'accepted',
      expect.stringMatching(
        /^-26 insufficient fee, rejecting replacement [0-9a-f]{64}, less fees than conflicting txs; 0.000005 < 0.00001$/,
      ),
    ])
  })

  test('of what is mined names that, as long as an output of it is unspent', () => {
    const { chain, mempool, coin } = setUp()
    const raw = pay(coin, 1000)
    mempool.update({ reverted: [], connected: [chain.connect([raw])] }, NOW)
    expect(answer(mempool, raw)).toBe('-27 Transaction outputs already in utxo set')
    expect(outcome(mempool, raw)).toBe('txn-already-known')
    mempool.update({ reverted: [], connected: [chain.connect([pay(outputsOf(raw)[0]!, 1000)])] }, NOW)
    expect(answer(mempool, raw)).toBe('-25 bad-txns-inputs-missingorspent')
  })
})
