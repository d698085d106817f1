import { describe, expect, test } from 'vitest'
import { Mempool, type MempoolLimits } from '../../src/ledger/mempool.ts'
import type { PackageOptions } from '../../src/ledger/mempool-questions.ts'
import { submitPackage, testAccept } from '../../src/ledger/package-submission.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, keyHash, makeTx, outputsOf, REWARD, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000

function setUp(limits: Partial<MempoolLimits> = {}) {
  const chain = new FakeChain(250)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits })
  const held = () => [...mempool.pool.entries()].map(({ raw }) => raw)
  const submit = (raws: Uint8Array[], options?: PackageOptions) => submitPackage(mempool, raws, NOW, options)
  /** The message, and per transaction its error or how it came in. */
  const outcome = (raws: Uint8Array[], options?: PackageOptions) => {
    const { answer } = submit(raws, options)
    if (answer.kind === 'refused') return [`${answer.code} ${answer.message}`]
    const each = answer.txs.map(
      ({ error, effective, otherWtxid }) =>
        error ?? (otherWtxid ? 'another form' : effective ? `in at ${effective.feeRate}` : 'in before'),
    )
    return [answer.message, ...each]
  }
  return { chain, mempool, held, submit, outcome, coin: chain.reward(1) }
}

const pay = (coin: TestCoin, fee: number, options: Parameters<typeof makeTx>[2] = {}) =>
  makeTx([coin], [coin.value - fee], options)
const childOf = (parent: Uint8Array, fee: number, options = {}) => pay(outputsOf(parent)[0]!, fee, options)
const id = (raw: Uint8Array) => parseTransaction(raw).txid

describe('a package', () => {
  test('of a parent and the child that pays for it comes in, and tells at which rate', () => {
    const { submit, held, coin } = setUp()
    const parent = pay(coin, 0)
    const child = childOf(parent, 1640)
    const { answer, accepted } = submit([parent, child])
    const effective = { feeRate: 10_000, includes: [id(parent), id(child)] }
    expect(answer).toEqual({
      kind: 'judged',
      message: 'success',
      txs: [
        { txid: id(parent), wtxid: id(parent), vsize: 82, feeSat: 0, effective },
        { txid: id(child), wtxid: id(child), vsize: 82, feeSat: 1640, effective },
      ],
      replaced: [],
    })
    expect(accepted).toMatchObject([{ txid: id(child), parents: [{ txid: id(parent) }] }])
    expect(held()).toEqual([parent, child])
  })

  test('whose members are good enough by themselves comes in one by one', () => {
    const { outcome, coin } = setUp()
    const parent = pay(coin, 820)
    const raws = [parent, childOf(parent, 82)]
    expect(outcome(raws)).toEqual(['success', 'in at 10000', 'in at 1000'])
    expect(outcome(raws)).toEqual(['success', 'in before', 'in before'])
    expect(outcome([childOf(parent, 82)])).toEqual(['success', 'in before'])
  })

  test('may have many parents', () => {
    const { chain, outcome } = setUp()
    const parents = [0, 820, 3].map((fee, i) => pay(chain.reward(i + 1), fee))
    const child = makeTx(
      parents.map((raw) => outputsOf(raw)[0]!),
      [3 * REWARD - 2000],
    )
    expect(outcome([...parents, child])[0]).toBe('success')
    expect(outcome([...parents, child])).toEqual(['success', ...Array(4).fill('in before')])
  })

  test('tells what had to leave for it', () => {
    const { mempool, submit, coin } = setUp()
    const old = pay(coin, 1000)
    mempool.accept(old, NOW)
    const parent = pay(coin, 500)
    expect(submit([parent, childOf(parent, 5000)]).answer).toMatchObject({ message: 'success', replaced: [id(old)] })
  })

  test('names another form of a transaction that is here already', () => {
    const { mempool, submit, coin } = setUp()
    const [mine, theirs] = [1, 2].map((n) => pay(coin, 1000, { witness: [Uint8Array.of(n)] }))
    mempool.accept(theirs!, NOW)
    expect(submit([mine!, childOf(mine!, 1000)]).answer).toMatchObject({
      message: 'success',
      txs: [{ otherWtxid: parseTransaction(theirs!).wtxid }, { feeSat: 1000 }],
    })
  })

  test('keeps what was good by itself when the rest is not', () => {
    const { held, outcome, coin } = setUp()
    const parent = pay(coin, 820)
    const greedy = makeTx(outputsOf(parent), [REWARD + 1])
    expect(outcome([parent, greedy])).toEqual([
      'transaction failed',
      'in at 10000',
      expect.stringMatching(/^bad-txns-in-belowout/),
    ])
    expect(held()).toEqual([parent])
  })

  test('fails as a whole when it pays too little', () => {
    const { held, outcome, coin } = setUp()
    const parent = pay(coin, 0)
    expect(outcome([parent, childOf(parent, 16)])).toEqual([
      'transaction failed',
      'min relay fee not met, 0 < 9',
      'min relay fee not met, 16 < 17',
    ])
    expect(held()).toEqual([])
  })

  test('says so when there is no room for it', () => {
    const one = setUp()
    one.outcome([pay(one.coin, 1000)])
    const { chain, outcome } = setUp({ bytes: one.mempool.pool.charge * 2.5 })
    const parent = pay(chain.reward(3), 700)
    for (const [i, fee] of [2000, 3000].entries()) outcome([pay(chain.reward(i + 1), fee)])
    expect(outcome([parent, childOf(parent, 1000)])).toEqual(['transaction failed', 'mempool full', 'mempool full'])
  })

  test.each<[string, (coin: TestCoin, other: TestCoin) => Uint8Array[], PackageOptions?]>([
    ['-8 Array must contain between 1 and 25 transactions.', () => []],
    ['-8 Array must contain between 1 and 25 transactions.', (coin) => Array(26).fill(pay(coin, 0))],
    ['-22 TX decode failed. Make sure the tx has at least one input.', (coin) => [pay(coin, 0), Uint8Array.of(1)]],
    [
      '-25 Unspendable output exceeds maximum configured by user (maxburnamount)',
      (coin) => [pay(coin, 1000, { scripts: [Uint8Array.of(0x6a, 3, 1, 1, 1)] })],
    ],
    [
      'success',
      (coin) => [makeTx([coin], [REWARD - 2000, 1000], { scripts: [keyHash(0), Uint8Array.of(0x6a)] })],
      { maxBurn: 1000 },
    ],
    [
      '-25 package topology disallowed. not child-with-parents or parents depend on each other.',
      (coin, other) => [pay(coin, 1000), pay(other, 1000)],
    ],
    [
      '-25 package topology disallowed. not child-with-parents or parents depend on each other.',
      (coin) => [childOf(pay(coin, 1000), 1000), pay(coin, 1000)],
    ],
    [
      '-25 package topology disallowed. not child-with-parents or parents depend on each other.',
      (coin) => {
        const top = makeTx([coin], [REWARD / 2, REWARD / 4])
        const middle = childOf(top, 1000)
        return [top, middle, makeTx([outputsOf(middle)[0]!, outputsOf(top)[1]!], [1e6])]
      },
    ],
    ['package-contains-duplicates', (coin) => [pay(coin, 1000), pay(coin, 1000), childOf(pay(coin, 1000), 1000)]],
    [
      'conflict-in-package',
      (coin) => {
        const [a, b] = [pay(coin, 1000), pay(coin, 2000)]
        return [a, b, makeTx([outputsOf(a)[0]!, outputsOf(b)[0]!], [1e6])]
      },
    ],
    [
      'package-too-large',
      (coin) => {
        const parent = pay(coin, 1e5, { witness: [new Uint8Array(300_000)] })
        return [parent, childOf(parent, 1e5, { witness: [new Uint8Array(120_000)] })]
      },
    ],
    ['transaction failed', (coin) => [pay(coin, 1_000_000)]],
    ['success', (coin) => [pay(coin, 1_000_000)], { maxFeeRate: 0 }],
    ['transaction failed', (coin) => [pay(coin, 821)], { maxFeeRate: 10_000 }],
  ])('is answered %s', (expected, make, options) => {
    const { chain, mempool, outcome, coin } = setUp()
    const [message, ...each] = outcome(make(coin, chain.reward(2)), options)
    expect(message).toBe(expected)
    if (message === 'transaction failed') expect(each).toEqual(['max feerate exceeded'])
    else if (message !== 'success') expect(each.every((error) => error === 'package-not-validated')).toBe(true)
    if (message !== 'success') expect(mempool.pool.count).toBe(0)
  })
})

describe('a test', () => {
  function tested(mempool: Mempool, raws: Uint8Array[], maxFeeRate?: number) {
    const before = [...mempool.pool.entries()]
    const answer = testAccept(mempool, raws, NOW, maxFeeRate === undefined ? {} : { maxFeeRate })
    expect([...mempool.pool.entries()]).toEqual(before)
    expect(mempool.takeChanges()).toEqual([])
    return answer.kind === 'tested' ? answer.txs : answer.message
  }

  test('says what would be, and does nothing', () => {
    const { mempool, coin } = setUp()
    const raw = pay(coin, 820)
    const wtxid = id(raw)
    expect(tested(mempool, [raw])).toEqual([
      { txid: wtxid, wtxid, allowed: true, vsize: 82, feeSat: 820, effective: { feeRate: 10_000, includes: [wtxid] } },
    ])
    expect(tested(mempool, [])).toBe('Array must contain between 1 and 25 transactions.')
  })

  test.each<[string, string, (coin: TestCoin) => Uint8Array, number?]>([
    ['missing-inputs', 'bad-txns-inputs-missingorspent', (coin) => pay({ ...coin, vout: 5 }, 1000)],
    ['min relay fee not met', 'min relay fee not met, 1 < 9', (coin) => pay(coin, 1)],
    ['max-fee-exceeded', 'max-fee-exceeded', (coin) => pay(coin, 1e6)],
    ['max-fee-exceeded', 'max-fee-exceeded', (coin) => pay(coin, 1000), 1000],
    ['version', 'version', (coin) => pay(coin, 1000, { version: 9 })],
  ])('gives %s as the reason', (reason, details, make, maxFeeRate) => {
    const { mempool, coin } = setUp()
    expect(tested(mempool, [make(coin)], maxFeeRate)).toMatchObject([{ allowed: false, reject: { reason, details } }])
  })

  test('knows what is in the mempool, and what could take its place', () => {
    const { mempool, coin } = setUp()
    const raw = pay(coin, 1000)
    mempool.accept(raw, NOW)
    mempool.takeChanges()
    expect(tested(mempool, [raw])).toMatchObject([{ reject: { reason: 'txn-already-in-mempool' } }])
    expect(tested(mempool, [pay(coin, 2000)])).toMatchObject([{ allowed: true }])
    expect(tested(mempool, [pay(coin, 1001)])).toMatchObject([{ reject: { reason: 'insufficient fee' } }])
    const rival = pay(coin, 2000)
    expect(tested(mempool, [rival, childOf(rival, 1000)])).toMatchObject([
      { reject: { reason: 'bip125-replacement-disallowed' } },
      {},
    ])
  })

  test('of several takes the earlier ones for granted, and ends with the first that fails', () => {
    const { mempool, coin } = setUp()
    const parent = pay(coin, 1000)
    const child = childOf(parent, 1)
    const grandchild = childOf(child, 1000)
    const [a, b, c] = tested(mempool, [parent, child, grandchild]) as object[]
    expect([Object.keys(a!), Object.keys(c!)]).toEqual(Array(2).fill(['txid', 'wtxid']))
    expect(b).toMatchObject({ allowed: false, reject: { reason: 'min relay fee not met' } })
    const rich = childOf(parent, 1000)
    expect(tested(mempool, [parent, rich])).toMatchObject([{ allowed: true }, { allowed: true, feeSat: 1000 }])
    expect(tested(mempool, [rich, parent])).toMatchObject(Array(2).fill({ packageError: 'package-not-sorted' }))
  })
})

test('what is told of a transaction has its names the right way round', () => {
  const { submit, coin } = setUp()
  const raw = pay(coin, 1000, { witness: [Uint8Array.of(1)] })
  const { answer } = submit([raw])
  const { txid, wtxid } = parseTransaction(raw)
  expect(answer.kind === 'judged' && answer.txs.map((tx) => [toDisplay(tx.txid), toDisplay(tx.wtxid)])).toEqual([
    [toDisplay(txid), toDisplay(wtxid)],
  ])
})
