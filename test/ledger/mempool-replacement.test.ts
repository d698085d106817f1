import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { improves, type Slope } from '../../src/ledger/fee-diagram.ts'
import { Mempool, type MempoolLimits } from '../../src/ledger/mempool.ts'
import { refusalText } from '../../src/ledger/mempool-policy.ts'
import type { ReplacementTree } from '../../src/ledger/mempool-questions.ts'
import { ReplacementHistory } from '../../src/ledger/replacement-history.ts'
import { hashKey, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, makeTx, outputsOf, REWARD, sized, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000
const FINAL = { sequence: 0xffff_ffff }
const SIGNALS = { sequence: 0xffff_fffd }

function setUp(limits: Partial<MempoolLimits> = {}) {
  const chain = new FakeChain(250)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits })
  const offer = (raw: Uint8Array, now = NOW) => {
    const result = mempool.accept(raw, now)
    return result.kind === 'refused' ? refusalText(result) : result.kind
  }
  const held = () => [...mempool.pool.entries()].map(({ raw }) => raw)
  return { chain, mempool, offer, held, coin: chain.reward(1) }
}

const pay = (coin: TestCoin, fee: number, options: Parameters<typeof makeTx>[2] = {}) =>
  makeTx([coin], [coin.value - fee], options)
const txid = (raw: Uint8Array) => parseTransaction(raw).txid
const idHex = (raw: Uint8Array) => toDisplay(txid(raw))
/** Splits a coin into so many. */
const split = (coin: TestCoin, parts: number, fee: number, options: Parameters<typeof makeTx>[2] = {}) =>
  makeTx([coin], Array(parts).fill(Math.floor((coin.value - fee) / parts)), options)

describe('a transaction that spends what another one spends', () => {
  test('takes its place when it pays more, whether that one agreed or not', () => {
    const { mempool, offer, held, coin } = setUp()
    const [first, second] = [pay(coin, 1000, FINAL), pay(coin, 1009, FINAL)]
    offer(first)
    expect(mempool.accept(second, NOW)).toMatchObject({ kind: 'accepted', replaced: [txid(first)] })
    expect(held()).toEqual([second])
    expect(mempool.takeChanges().slice(1)).toEqual([
      { kind: 'removed', txid: txid(first), why: 'replaced', by: txid(second) },
      expect.objectContaining({ kind: 'tx', txid: txid(second) }),
    ])
  })

  test('takes the place of what depends on that one too, and has to pay for all of it', () => {
    const { offer, held, coin } = setUp()
    const parent = pay(coin, 1000)
    const child = pay(outputsOf(parent)[0]!, 500)
    for (const raw of [parent, child]) offer(raw)
    const [little, enough] = [pay(coin, 1499), pay(coin, 1509)]
    expect(offer(little)).toBe(
      `insufficient fee, rejecting replacement ${idHex(little)}, less fees than conflicting txs; 0.00001499 < 0.000015`,
    )
    expect(offer(enough)).toBe('accepted')
    expect(held()).toEqual([enough])
  })

  test('pays for its own way besides', () => {
    const { offer, coin } = setUp()
    // 82 bytes at 100 sat/kvB.
    const again = pay(coin, 1008)
    offer(pay(coin, 1000))
    expect(offer(again)).toBe(
      `insufficient fee, rejecting replacement ${idHex(again)}, not enough additional fees to relay; 0.00000008 < 0.00000009`,
    )
    expect(offer(pay(coin, 1009))).toBe('accepted')
  })

  test('is refused when it pays more in all but less for each byte', () => {
    const { offer, held, coin } = setUp()
    const small = pay(coin, 1000)
    offer(small)
    expect(offer(split(coin, 100, 9000))).toBe(
      'replacement-failed, insufficient feerate: does not improve feerate diagram',
    )
    expect(held()).toEqual([small])
  })

  test('may tear at a hundred clusters, and no more', () => {
    const { chain, offer, held } = setUp()
    const coins = Array.from({ length: 101 }, (_, i) => chain.reward(i + 1))
    for (const coin of coins) expect(offer(pay(coin, 100))).toBe('accepted')
    const all = makeTx(coins, [REWARD], {})
    expect(offer(all)).toBe(
      `too many potential replacements, rejecting replacement ${idHex(all)}; too many conflicting clusters (101 > 100)`,
    )
    expect(offer(makeTx(coins.slice(1), [REWARD]))).toBe('accepted')
    expect(held()).toHaveLength(2)
  })

  test('cannot spend an output of it, at any distance', () => {
    const { chain, mempool, offer, coin } = setUp()
    const parent = pay(coin, 1000)
    const child = pay(outputsOf(parent)[0]!, 1000)
    for (const raw of [parent, child]) offer(raw)
    const knot = makeTx([coin, outputsOf(child)[0]!, chain.reward(2)], [1e6])
    expect(mempool.accept(knot, NOW)).toMatchObject({
      reason: 'bad-txns-spends-conflicting-tx',
      detail: `${idHex(knot)} spends conflicting transaction ${idHex(parent)}`,
      punish: true,
    })
  })

  test('may spend other unconfirmed outputs', () => {
    const { chain, offer, coin } = setUp()
    const other = pay(chain.reward(2), 1000)
    for (const raw of [other, pay(coin, 1000)]) offer(raw)
    expect(offer(makeTx([coin, outputsOf(other)[0]!], [REWARD]))).toBe('accepted')
  })

  test('leaves room for itself where the cluster is full', () => {
    const { offer, coin } = setUp()
    const top = split(coin, 70, 10_000)
    offer(top)
    const children = outputsOf(top).map((output) => pay(output, 1000))
    for (const raw of children.slice(0, 63)) expect(offer(raw)).toBe('accepted')
    expect(offer(children[63]!)).toBe('too-large-cluster')
    expect(offer(pay(outputsOf(top)[0]!, 2000))).toBe('accepted')
    expect(offer(makeTx([outputsOf(top)[0]!, outputsOf(top)[65]!], [1e6]))).toBe('accepted')
  })

  test('that only paid for its parent leaves the parent to go as well', () => {
    const { chain, mempool, offer, held, coin } = setUp()
    const parent = pay(coin, 0)
    const child = makeTx([outputsOf(parent)[0]!, chain.reward(2)], [REWARD])
    const result = mempool.acceptTogether([mempool.parse(parent), mempool.parse(child)], NOW)
    expect(result.kind).toBe('accepted')
    mempool.takeChanges()
    expect(offer(pay(chain.reward(2), 1000))).toMatch(/^insufficient fee/)
    expect(offer(makeTx([chain.reward(2), chain.reward(3)], [1e6]))).toBe('accepted')
    expect(held()).toHaveLength(1)
    expect(mempool.takeChanges().map((change) => [change.kind, 'why' in change && change.why])).toEqual([
      ['removed', 'replaced'],
      ['tx', false],
      ['removed', 'evicted'],
    ])
  })
})

describe('fee-rate diagrams', () => {
  const slope = (feeSat: number, weight: number): Slope => ({ feeSat, weight })

  test.each<[string, Slope[], Slope[], boolean]>([
    ['more fees for the same weight', [slope(10, 4)], [slope(11, 4)], true],
    ['the same', [slope(10, 4)], [slope(10, 4)], false],
    ['the same, cut otherwise', [slope(10, 4), slope(10, 4)], [slope(20, 8)], false],
    ['the same for less weight', [slope(10, 4)], [slope(10, 3)], true],
    ['more fees, at a lower rate first', [slope(10, 4)], [slope(15, 8)], false],
    ['more at the end, the same before', [slope(10, 4)], [slope(10, 4), slope(1, 400)], true],
    ['from nothing', [], [slope(1, 4)], true],
    ['to nothing', [slope(1, 4)], [], false],
    ['figures beyond what numbers hold exactly', [slope(2 ** 52, 404_000)], [slope(2 ** 52 + 1, 404_000)], true],
  ])('%s', (_, before, after, expected) => {
    expect(improves(before, after)).toBe(expected)
  })

  test('agree with a comparison at every unit of weight', () => {
    const slopes = fc.array(fc.record({ feeSat: fc.nat(30), weight: fc.integer({ min: 1, max: 12 }) }), {
      maxLength: 6,
    })
    const at = (list: Slope[], weight: number) => {
      let [left, fee] = [weight, 0]
      for (const each of [...list].sort((a, b) => b.feeSat / b.weight - a.feeSat / a.weight)) {
        const part = Math.min(left, each.weight)
        fee += (each.feeSat * part) / each.weight
        left -= part
      }
      return fee
    }
    fc.assert(
      fc.property(slopes, slopes, (before, after) => {
        const differences = Array.from({ length: 80 }, (_, weight) => at(after, weight) - at(before, weight))
        const expected = differences.every((each) => each > -1e-9) && differences.some((each) => each > 1e-9)
        expect(improves(before, after)).toBe(expected)
        expect(improves(after, after)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})

describe('transactions of version 3', () => {
  const V3 = { version: 3 }
  const V3_BIG = (bytes: number) => ({ version: 3, scripts: [sized(bytes)] })
  const named = (raw: Uint8Array) => `${idHex(raw)} (wtxid=${toDisplay(parseTransaction(raw).wtxid)})`

  test('and others do not spend each other unconfirmed', () => {
    const { chain, offer } = setUp()
    const [plain, v3] = [pay(chain.reward(1), 1000), pay(chain.reward(2), 1000, V3)]
    for (const raw of [plain, v3]) expect(offer(raw)).toBe('accepted')
    const [a, b] = [pay(outputsOf(plain)[0]!, 1000, V3), pay(outputsOf(v3)[0]!, 1000)]
    expect(offer(a)).toBe(`TRUC-violation, version=3 tx ${named(a)} cannot spend from non-version=3 tx ${named(plain)}`)
    expect(offer(b)).toBe(`TRUC-violation, non-version=3 tx ${named(b)} cannot spend from version=3 tx ${named(v3)}`)
    expect(offer(makeTx([outputsOf(plain)[0]!, outputsOf(v3)[0]!], [1e6]))).toMatch(/^TRUC-violation, non-version=3/)
  })

  test('are bounded in size, those with a parent more so', () => {
    const { chain, offer } = setUp()
    const big = pay(chain.reward(1), 5000, V3_BIG(10_000))
    expect(offer(big)).toBe(`TRUC-violation, version=3 tx ${named(big)} is too big: 10062 > 10000 virtual bytes`)
    const parent = pay(chain.reward(2), 5000, V3_BIG(9000))
    expect(offer(parent)).toBe('accepted')
    const child = pay(outputsOf(parent)[0]!, 5000, V3_BIG(990))
    expect(offer(child)).toBe(
      `TRUC-violation, version=3 child tx ${named(child)} is too big: 1052 > 1000 virtual bytes`,
    )
    expect(offer(pay(outputsOf(parent)[0]!, 5000, V3_BIG(930)))).toBe('accepted')
  })

  test('hang together two at a time', () => {
    const { chain, offer } = setUp()
    const [a, b] = [split(chain.reward(1), 2, 1000, V3), pay(chain.reward(2), 1000, V3)]
    const child = pay(outputsOf(a)[0]!, 1000, V3)
    for (const raw of [a, b, child]) expect(offer(raw)).toBe('accepted')
    const grandchild = pay(outputsOf(child)[0]!, 1000, V3)
    expect(offer(grandchild)).toBe(`TRUC-violation, tx ${named(grandchild)} would have too many ancestors`)
    const twoParents = makeTx([outputsOf(a)[1]!, outputsOf(b)[0]!], [1e6], V3)
    expect(offer(twoParents)).toBe(`TRUC-violation, tx ${named(twoParents)} would have too many ancestors`)
  })

  test('may take the place of a sibling, with which they share no input', () => {
    const { chain, mempool, offer, held } = setUp()
    const parent = split(chain.reward(1), 2, 1000, V3)
    const [first, poor, rich] = [1000, 1003, 2000].map((fee, i) => pay(outputsOf(parent)[i && 1]!, fee, V3))
    for (const raw of [parent, first!]) expect(offer(raw)).toBe('accepted')
    expect(offer(poor!)).toBe(
      `insufficient fee (including sibling eviction), rejecting replacement ${idHex(poor!)}, not enough additional fees to relay; 0.00000003 < 0.00000009`,
    )
    expect(mempool.accept(rich!, NOW)).toMatchObject({ kind: 'accepted', replaced: [txid(first!)] })
    expect(held()).toEqual([parent, rich!])
  })
})

describe('the history of replacements', () => {
  /** A tree as fees, those replaced in brackets. */
  const shape = ({ tx, replaces }: ReplacementTree): string =>
    `${tx.feeSat}${replaces.length > 0 ? `(${replaces.map(shape).join(' ')})` : ''}`

  test('is a tree, the same from wherever it is asked for', () => {
    const { chain, mempool, offer } = setUp()
    const [a, b] = [chain.reward(1), chain.reward(2)]
    const first = pay(a, 1000, SIGNALS)
    const second = pay(a, 2000, SIGNALS)
    const other = pay(b, 500, SIGNALS)
    const both = makeTx([a, b], [2 * REWARD - 9000], SIGNALS)
    offer(first)
    offer(second, NOW + 5000)
    offer(other, NOW + 6000)
    offer(both, NOW + 65_000)
    const { tree, replaces } = mempool.replacements.find(txid(second), NOW)
    expect(shape(tree!)).toBe('9000(2000(1000) 500)')
    expect(replaces).toEqual([txid(first)])
    expect(tree).toEqual({
      tx: {
        txid: txid(both),
        feeSat: 9000,
        vsize: both.length,
        value: 2 * REWARD - 9000,
        time: NOW / 1000 + 65,
        rbf: true,
      },
      time: NOW / 1000 + 65,
      fullRbf: false,
      replaces: [
        expect.objectContaining({ interval: 60, replaces: [expect.objectContaining({ interval: 5 })] }),
        expect.objectContaining({ interval: 59, replaces: [] }),
      ],
    })
    for (const raw of [first, other, both]) expect(mempool.replacements.find(txid(raw), NOW).tree).toEqual(tree)
    expect(mempool.replacements.find(txid(first), NOW).replaces).toBeUndefined()
    expect(mempool.replacements.find(new Uint8Array(32), NOW)).toEqual({ tree: undefined, replaces: undefined })
  })

  test('tells who replaced what had not agreed to it', () => {
    const { chain, mempool, offer } = setUp()
    for (const [i, options] of [FINAL, SIGNALS].entries()) {
      offer(pay(chain.reward(i + 1), 1000, options))
      offer(pay(chain.reward(i + 1), 2000, SIGNALS))
    }
    const [agreed, forced] = mempool.replacements.latest(10, false, NOW)
    expect([agreed!.fullRbf, agreed!.tx.fullRbf]).toEqual([false, undefined])
    expect([forced!.fullRbf, forced!.tx.fullRbf, forced!.replaces[0]!.fullRbf]).toEqual([true, true, true])
    expect(mempool.replacements.latest(10, true, NOW)).toEqual([forced])
    expect(mempool.replacements.latest(1, false, NOW)).toEqual([agreed])
  })

  test('marks what a block holds, until that block is reverted', () => {
    const { chain, mempool, offer, coin } = setUp()
    const [first, second] = [pay(coin, 1000), pay(coin, 2000)]
    for (const raw of [first, second]) offer(raw)
    mempool.update({ reverted: [], connected: [chain.connect([second])] }, NOW)
    expect(mempool.replacements.find(txid(first), NOW).tree).toMatchObject({ mined: true, tx: { mined: true } })
    mempool.update({ reverted: chain.disconnect().txs, connected: [] }, NOW)
    expect(mempool.replacements.find(txid(first), NOW).tree).not.toHaveProperty('mined')
  })

  const entry = (n: number) => {
    const txid = sha256(Uint8Array.of(n & 0xff, n >> 8, n >> 16))
    return { txid, key: hashKey(txid), feeSat: n, vsize: 100, value: 1e6, time: n, signalsRbf: true }
  }

  test('is bounded in depth and in number, and wears off', () => {
    const history = new ReplacementHistory()
    for (let n = 0; n < 200; n++) history.add(entry(n + 1), [entry(n)], NOW)
    let [tree] = history.latest(1, false, NOW)
    expect(history.latest(9, false, NOW)).toHaveLength(1)
    let depth = 0
    for (; tree; tree = tree.replaces[0]) depth++
    expect([depth, history.size]).toEqual([50, 50])
    for (let n = 1000; n < 31_000; n += 2) history.add(entry(n + 1), [entry(n)], NOW + 1)
    expect(history.size).toBeLessThanOrEqual(10_000)
    expect(history.find(entry(200).txid, NOW).tree).toBeUndefined()
    expect(history.latest(1, false, NOW + 72 * 3_600_000)).toHaveLength(1)
    expect(history.latest(1, false, NOW + 1 + 72 * 3_600_000)).toEqual([])
    expect(history.size).toBe(0)
  })

  test('whatever replaces what, every transaction stands in one tree at most', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30), fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 3 }))),
        (steps) => {
          const history = new ReplacementHistory()
          for (const [by, replaced] of steps) {
            const others = replaced.filter((n) => n !== by)
            if (others.length > 0) history.add(entry(by), others.map(entry), NOW)
          }
          const trees = history.latest(1000, false, NOW)
          const roots = new Set(trees.map(({ tx }) => hashKey(tx.txid)))
          expect(roots.size).toBe(trees.length)
          for (let n = 0; n <= 30; n++) {
            const { tree } = history.find(entry(n).txid, NOW)
            if (tree) expect(roots.has(hashKey(tree.tx.txid))).toBe(true)
          }
          const all = trees.flatMap(function txids({ tx, replaces }: ReplacementTree): string[] {
            return [hashKey(tx.txid), ...replaces.flatMap(txids)]
          })
          expect(new Set(all).size).toBe(all.length)
          expect(history.size).toBe(all.length)
          for (const tree of trees) expect(history.find(tree.tx.txid, NOW).tree).toEqual(tree)
        },
      ),
    )
  })
})
