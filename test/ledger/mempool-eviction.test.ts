import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { feeRate, makeCluster } from '../../src/ledger/clusters.ts'
import { feeHistogram } from '../../src/ledger/fee-histogram.ts'
import { Mempool } from '../../src/ledger/mempool.ts'
import type { MempoolEntry } from '../../src/ledger/mempool-entry.ts'
import { RollingFloor } from '../../src/ledger/rolling-floor.ts'
import { FakeChain, makeTx, outputsOf, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000
const HOUR = 3_600_000

const pay = (coin: TestCoin, fee: number) => makeTx([coin], [coin.value - fee])
const childOf = (parent: Uint8Array, fee: number) => pay(outputsOf(parent)[0]!, fee)

/** A mempool with room for so many of the transactions that `pay` makes. */
function roomFor(count: number) {
  const chain = new FakeChain(200)
  const one = new Mempool({ chain, scripts: passEveryScript })
  one.accept(pay(chain.reward(1), 1000), NOW)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits: { bytes: one.pool.charge * count } })
  const fees = () => [...mempool.pool.entries()].map(({ feeSat }) => feeSat)
  return { chain, mempool, fees }
}

describe('a full mempool', () => {
  test('lets go of what pays worst', () => {
    const { chain, mempool, fees } = roomFor(3)
    for (const [i, fee] of [4000, 2000, 3000, 5000].entries()) mempool.accept(pay(chain.reward(i + 1), fee), NOW)
    expect(fees()).toEqual([4000, 3000, 5000])
  })

  test('counts a transaction with what pays for it, and what depends on it goes with it', () => {
    const { chain, mempool, fees } = roomFor(4)
    const paidFor = pay(chain.reward(1), 100)
    const worst = pay(chain.reward(2), 1600)
    for (const raw of [paidFor, childOf(paidFor, 9900), worst, childOf(worst, 1500)]) mempool.accept(raw, NOW)
    mempool.accept(pay(chain.reward(3), 3000), NOW)
    expect(fees()).toEqual([100, 9900, 1600, 3000])
    mempool.accept(pay(chain.reward(4), 3000), NOW)
    expect(fees()).toEqual([100, 9900, 3000, 3000])
  })

  test('asks for more than what it let go of, until that has worn off', () => {
    const { chain, mempool } = roomFor(2)
    for (const [i, fee] of [2000, 3000, 4000].entries()) mempool.accept(pay(chain.reward(i + 1), fee), NOW)
    const { vsize } = mempool.recent[0]!
    const floor = Math.ceil((2000 * 1000) / vsize + 100)
    expect(mempool.minFeeRate(NOW)).toBe(floor)
    const result = mempool.accept(pay(chain.reward(9), 2000), NOW)
    expect(result).toMatchObject({
      reason: 'mempool min fee not met',
      detail: `2000 < ${2000 + Math.ceil(vsize / 10)}`,
    })
    // Nothing wears off before a block has made room.
    expect(mempool.minFeeRate(NOW + 100 * HOUR)).toBe(floor)
    mempool.update({ reverted: [], connected: [chain.connect([])] }, NOW)
    expect(mempool.minFeeRate(NOW + 12 * HOUR)).toBe(Math.ceil(((2000 * 1000) / vsize + 100) / 2))
    expect(mempool.minFeeRate(NOW + 100 * HOUR)).toBe(100)
  })

  test('says so to one that would be the first to go', () => {
    const { chain, mempool, fees } = roomFor(2)
    for (const [i, fee] of [2000, 3000].entries()) mempool.accept(pay(chain.reward(i + 1), fee), NOW)
    expect(mempool.accept(pay(chain.reward(3), 1000), NOW)).toMatchObject({ reason: 'mempool full', punish: false })
    expect(fees()).toEqual([2000, 3000])
  })
})

describe('the rolling floor', () => {
  test('halves faster the emptier the mempool is, and ends at nothing', () => {
    const floor = new RollingFloor()
    floor.raise(3900, NOW, 1)
    floor.blockConnected(NOW, 1)
    expect([1, 0.4, 0.2].map((fill) => floor.rate(NOW + 12 * HOUR, fill))).toEqual([2000, 1000, 250])
    expect([5, 6, 7].map((halves) => floor.rate(NOW + halves * 12 * HOUR, 1))).toEqual([125, 100, 0])
  })

  test('is not lowered by letting go of something cheaper', () => {
    const floor = new RollingFloor()
    floor.raise(3900, NOW, 1)
    floor.raise(100, NOW, 1)
    expect(floor.rate(NOW, 1)).toBe(4000)
  })
})

/** Entries as far as clusters look at them: fee, weight and parents by index. */
function entries(shape: { fee: number; weight: number; parents: number[] }[]): MempoolEntry[] {
  const made = shape.map(({ fee, weight }, order) => {
    const links = { parents: [] as MempoolEntry[], children: [] as MempoolEntry[] }
    return { order, feeSat: fee, weight, policyWeight: weight, vsize: weight / 4, ...links } as unknown as MempoolEntry
  })
  shape.forEach(({ parents }, i) => {
    for (const parent of new Set(parents)) {
      made[i]!.parents.push(made[parent]!)
      made[parent]!.children.push(made[i]!)
    }
  })
  return made
}

describe('a cluster', () => {
  const orders = (txs: MempoolEntry[]) => makeCluster(txs).chunks.map((chunk) => chunk.txs.map(({ order }) => order))

  test('puts a cheap parent into the chunk of the child that pays for it', () => {
    expect(
      orders(
        entries([
          { fee: 10, weight: 400, parents: [] },
          { fee: 90, weight: 400, parents: [0] },
        ]),
      ),
    ).toEqual([[0, 1]])
  })

  test('leaves a cheap child to the end', () => {
    expect(
      orders(
        entries([
          { fee: 90, weight: 400, parents: [] },
          { fee: 10, weight: 400, parents: [0] },
        ]),
      ),
    ).toEqual([[0], [1]])
  })

  test('takes the branch that pays first', () => {
    const shape = [
      { fee: 0, weight: 400, parents: [] },
      { fee: 10, weight: 400, parents: [0] },
      { fee: 80, weight: 400, parents: [0] },
    ]
    expect(orders(entries(shape))).toEqual([[0, 2], [1]])
  })

  test('never puts a child before its parent, and pays less from chunk to chunk', () => {
    const tx = fc.record({
      fee: fc.nat(1000),
      weight: fc.integer({ min: 260, max: 4000 }),
      parents: fc.array(fc.nat(40), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(tx, { minLength: 1, maxLength: 64 }), fc.nat(), (list, seed) => {
        const shape = list.map((each, i) => ({ ...each, parents: each.parents.filter((parent) => parent < i) }))
        const txs = entries(shape)
        // The order in which they are handed in must not matter for what is possible.
        const handed = [...txs.slice(seed % txs.length), ...txs.slice(0, seed % txs.length)]
        const { chunks } = makeCluster(handed)
        const order = chunks.flatMap((chunk) => chunk.txs)
        expect(new Set(order)).toEqual(new Set(txs))
        for (const [at, entry] of order.entries()) {
          for (const parent of entry.parents) expect(order.indexOf(parent)).toBeLessThan(at)
        }
        const rates = chunks.map(feeRate)
        expect(rates).toEqual([...rates].sort((a, b) => b - a))
        // No transaction with all its ancestors pays better than the first chunk.
        const best = Math.max(...txs.map((entry) => feeRate(sumWithAncestors(entry))))
        expect(rates[0]).toBeGreaterThanOrEqual(best)
      }),
      { numRuns: 200 },
    )
  })
})

function sumWithAncestors(entry: MempoolEntry) {
  const all = new Set([entry])
  for (const each of all) for (const parent of each.parents) all.add(parent)
  let [feeSat, weight] = [0, 0]
  for (const each of all) {
    feeSat += each.feeSat
    weight += each.weight
  }
  return { feeSat, weight }
}

describe('the fee histogram', () => {
  const cluster = (...shape: { fee: number; vsize: number; parents?: number[] }[]) =>
    makeCluster(entries(shape.map(({ fee, vsize, parents = [] }) => ({ fee, weight: vsize * 4, parents }))))

  test('of an empty mempool is empty', () => {
    expect(feeHistogram([])).toEqual([])
  })

  test('closes a bin above 50,000 vB, at the next change of the rate', () => {
    expect(
      feeHistogram([
        cluster({ fee: 5 * 30_000, vsize: 30_000 }),
        cluster({ fee: 9 * 50_000, vsize: 50_000 }),
        cluster({ fee: 8 * 1000, vsize: 1000 }),
        cluster({ fee: 8 * 2000, vsize: 2000 }),
        cluster({ fee: 1.5 * 20_001, vsize: 20_001 }),
        cluster({ fee: 1000, vsize: 1000 }),
      ]),
    ).toEqual([
      [8, 53_000],
      [1.5, 50_001],
      [1, 1000],
    ])
  })

  test('counts a transaction at the rate of the package that a miner takes', () => {
    expect(feeHistogram([cluster({ fee: 0, vsize: 60_000 }, { fee: 360_000, vsize: 60_000, parents: [0] })])).toEqual([
      [3, 120_000],
    ])
  })
})
