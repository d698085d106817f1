import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Mempool } from '../../src/ledger/mempool.ts'
import { MempoolQueries } from '../../src/ledger/mempool-queries.ts'
import { MAX_FIRST_SEEN } from '../../src/ledger/mempool-questions.ts'
import { multisig } from '../../src/script/build.ts'
import { hashKey } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { dataOf, FakeChain, keyHash, makeTx, outputsOf, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000

function setUp() {
  const chain = new FakeChain(250)
  const mempool = new Mempool({ chain, scripts: passEveryScript })
  const queries = new MempoolQueries(mempool)
  let next = 1
  const take = (raw: Uint8Array, now = NOW) => {
    expect(mempool.accept(raw, now)).toMatchObject({ kind: 'accepted' })
    return { raw, ...parseTransaction(raw) }
  }
  /** A payment of about so many bytes, at this rate in sat/vB; `outputs` coins come of it. */
  const pay = (rate: number, { bytes = 100, outputs = 1, from = chain.reward(next++), now = NOW } = {}) => {
    // The rest is data.
    const rest = bytes - 60 - 31 * outputs
    const make = (fee: number) => {
      const part = Math.floor((from.value - fee) / outputs)
      const values = Array.from({ length: outputs }, (_, i) => (i > 0 ? part : from.value - fee - part * (outputs - 1)))
      const scripts = values.map((_, i) => keyHash(i))
      return rest < 2 ? makeTx([from], values) : makeTx([from], [...values, 0], { scripts: [...scripts, dataOf(rest)] })
    }
    const { weight } = parseTransaction(make(0))
    return take(make(Math.ceil((rate * weight) / 4)), now)
  }
  return { chain, mempool, queries, pay, take }
}

const coinOf = ({ raw }: { raw: Uint8Array }, vout = 0): TestCoin => outputsOf(raw)[vout]!

describe('projected blocks', () => {
  test('of an empty mempool are none', () => {
    expect(setUp().queries.projectedBlocks(8, true, NOW)).toEqual([])
  })

  test('hold the best first, each with the figures of its own', () => {
    const { queries, pay } = setUp()
    const txs = Array.from({ length: 25 }, (_, i) => pay(25 - i, { bytes: 99_000 }))
    const blocks = queries.projectedBlocks(8, true, NOW)
    expect(blocks.map(({ count }) => count)).toEqual([10, 10, 5])
    const [first, , last] = blocks
    expect(first!.txids).toEqual(Uint8Array.from(txs.slice(0, 10).flatMap(({ txid }) => [...txid])))
    expect(first!.weight).toBe(txs.slice(0, 10).reduce((sum, { weight }) => sum + weight, 0))
    expect(first!.weight).toBeLessThanOrEqual(3_992_000)
    expect([first!.size, first!.vsize]).toEqual([first!.weight / 4, first!.weight / 4])
    expect(first!.rateRange).toEqual([16, 16, 18, 20, 22, 24, 25])
    expect(first!.medianRate).toBe(21)
    expect(last!.rateRange).toEqual([1, 1, 2, 3, 4, 4, 5])
    expect(queries.projectedBlocks(8, false, NOW)[0]).not.toHaveProperty('txids')
  })

  test('end with one that holds the rest', () => {
    const { queries, pay } = setUp()
    for (let i = 0; i < 25; i++) pay(25 - i, { bytes: 99_000 })
    expect(queries.projectedBlocks(2, false, NOW).map(({ count, rateRange }) => [count, rateRange[0]])).toEqual([
      [10, 16],
      [15, 1],
    ])
    expect(queries.projectedBlocks(1, false, NOW).map(({ count }) => count)).toEqual([25])
  })

  test('count a parent at the rate of the child that pays for it', () => {
    const { queries, pay } = setUp()
    const parent = pay(1)
    pay(19, { from: coinOf(parent) })
    const [block] = queries.projectedBlocks(1, false, NOW)
    expect(block!.rateRange.map((rate) => Math.round(rate))).toEqual(Array(7).fill(10))
    expect(Math.round(block!.medianRate)).toBe(10)
  })

  test('lose nothing whatever is in the mempool; rates fall and parents come first', () => {
    const step = fc.record({
      rate: fc.integer({ min: 1, max: 60 }),
      bytes: fc.constantFrom(100, 30_000, 95_000),
      on: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), fc.integer({ min: 1, max: 4 }), (steps, max) => {
        const { mempool, queries, pay } = setUp()
        const ends: TestCoin[] = []
        for (const { rate, bytes, on } of steps) {
          const from = on % 3 === 0 && ends.length > 0 ? ends.splice(on % ends.length, 1)[0]! : undefined
          try {
            const made = pay(rate, { bytes, outputs: 2, ...(from && { from }) })
            ends.push(coinOf(made, 0), coinOf(made, 1))
          } catch {
            // Its cluster would be too large.
          }
        }
        const blocks = queries.projectedBlocks(max, true, NOW)
        expect(blocks.length).toBeLessThanOrEqual(max)
        const { pool } = mempool
        for (const sum of ['count', 'vsize', 'feeSat'] as const) {
          expect(blocks.reduce((all, block) => all + block[sum], 0)).toBe(pool[sum])
        }
        expect(blocks.reduce((all, block) => all + block.size, 0)).toBe(pool.bytes)
        const order = blocks.flatMap(({ txids }) =>
          Array.from({ length: txids!.length / 32 }, (_, i) => hashKey(txids!.subarray(i * 32, i * 32 + 32))),
        )
        expect(new Set(order).size).toBe(pool.count)
        const place = new Map(order.map((key, i) => [key, i]))
        for (const { key, parents } of pool.entries()) {
          for (const parent of parents) expect(place.get(parent.key)).toBeLessThan(place.get(key)!)
        }
        blocks.forEach(({ weight, rateRange, medianRate }, i) => {
          if (i < max - 1) expect(weight).toBeLessThanOrEqual(3_992_000)
          expect(rateRange).toEqual([...rateRange].sort((a, b) => a - b))
          expect(medianRate).toBeGreaterThanOrEqual(rateRange[0])
          expect(medianRate).toBeLessThanOrEqual(rateRange[6])
          if (i > 0) expect(rateRange[6]).toBeLessThanOrEqual(blocks[i - 1]!.rateRange[0])
        })
      }),
      { numRuns: 30 },
    )
  })
})

describe('a transaction among others', () => {
  test('is told with those it depends on, those that depend on it, and its cluster', () => {
    const { queries, pay } = setUp()
    const top = pay(1, { outputs: 2 })
    const middle = pay(2, { from: coinOf(top) })
    const bottom = pay(30, { from: coinOf(middle) })
    const aside = pay(1, { from: coinOf(top, 1), bytes: 200 })
    const answer = queries.cpfp(middle.txid, NOW)!
    expect(answer.ancestors.map(({ txid }) => txid)).toEqual([top.txid])
    expect(answer.descendants.map(({ txid }) => txid)).toEqual([bottom.txid])
    expect(answer.cluster.txs.map(({ txid, parents }) => [txid, parents])).toEqual([
      [top.txid, []],
      [middle.txid, [0]],
      [bottom.txid, [1]],
      [aside.txid, [0]],
    ])
    expect(answer.cluster.chunks.map(({ txs }) => txs)).toEqual([[0, 1, 2], [3]])
    expect(answer.cluster.chunk).toBe(0)
    expect(queries.cpfp(aside.txid, NOW)!.cluster.chunk).toBe(1)
    const [chunk] = answer.cluster.chunks
    expect([answer.rate, chunk!.rate]).toEqual(Array(2).fill(chunk!.feeSat / chunk!.vsize))
    expect(queries.cpfp(bottom.txid, NOW)!.ancestors.map(({ txid }) => txid)).toEqual([middle.txid, top.txid])
  })

  test('knows its place in the queue', () => {
    const { queries, pay } = setUp()
    const txs = Array.from({ length: 25 }, (_, i) => pay(25 - i, { bytes: 99_000 }))
    const places = [0, 9, 10, 24].map((i) => queries.cpfp(txs[i]!.txid, NOW)!.place)
    const { vsize } = queries.cpfp(txs[0]!.txid, NOW)!
    expect(places.map(({ vsizeAhead, block }) => [vsizeAhead, block])).toEqual([
      [0, 0],
      [9 * vsize, 0],
      [10 * vsize, 1],
      [24 * vsize, 2],
    ])
    expect(places.every(({ vsizeTotal }) => vsizeTotal === 25 * vsize)).toBe(true)
  })

  test('is unknown when it is not in the mempool', () => {
    expect(setUp().queries.cpfp(new Uint8Array(32), NOW)).toBeUndefined()
  })
})

test('first seen times are told in the order asked for, 0 for what is not there', () => {
  const { queries, pay } = setUp()
  const [a, b] = [pay(1), pay(1, { now: NOW + 90_000 })]
  expect(queries.firstSeen([b.txid, new Uint8Array(32), a.txid])).toEqual([NOW / 1000 + 90, 0, NOW / 1000])
  expect(() => queries.firstSeen(Array(MAX_FIRST_SEEN + 1).fill(a.txid))).toThrow()
})

test('levels count raw bytes and memory, and say what is asked for', () => {
  const { mempool, queries, pay } = setUp()
  const { raw } = pay(5)
  expect(queries.levels(NOW)).toEqual({
    count: 1,
    vsize: raw.length,
    feeSat: 5 * raw.length,
    bytes: raw.length,
    usage: mempool.pool.charge,
    maxUsage: 128 * 2 ** 20,
    minFeeRate: 100,
    minRelayFeeRate: 100,
    incrementalFeeRate: 100,
  })
})

describe('signature operations', () => {
  /** Outputs that cost 80 each; the one that is spent costs 1. */
  const costly = (chain: FakeChain, count: number) => {
    const script = multisig(1, [Uint8Array.of(2, ...new Uint8Array(32))])
    return makeTx([chain.reward(1)], Array(count).fill(1e7), { scripts: Array(count).fill(script) })
  }

  test('make a transaction count as larger than it is', () => {
    const { chain, queries, take } = setUp()
    const { txid, weight } = take(costly(chain, 40))
    expect(weight).toBeLessThan(8000)
    expect(queries.cpfp(txid, NOW)).toMatchObject({ weight, sigops: 3201, vsize: 16_005 })
    expect(queries.levels(NOW).vsize).toBe(16_005)
  })

  test('are bounded', () => {
    const { chain, mempool } = setUp()
    expect(mempool.accept(costly(chain, 200), NOW)).toMatchObject({
      reason: 'bad-txns-too-many-sigops',
      detail: '16001',
      punish: false,
    })
    expect(mempool.accept(costly(chain, 199), NOW)).toMatchObject({ kind: 'accepted' })
  })
})
