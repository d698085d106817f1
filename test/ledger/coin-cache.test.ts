import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CoinCache } from '../../src/ledger/coin-cache.ts'
import { Coins } from '../../src/ledger/coins.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { migrate } from '../../src/store/migrate.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'
import { bytesToHex, prefix48 } from '../../src/wire/hash.ts'
import { SeededRandom } from '../sim/random.ts'
import { memory } from './open-ledger.ts'

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

/** Outpoint number `n`: ten to a transaction. */
function outpoint(n: number): Int32Array {
  const words = new Int32Array(9)
  words.fill(Math.floor(n / 10) * 2_654_435_761, 0, 8)
  words[8] = n % 10
  return words
}

function keyOf(words: Int32Array): string {
  return bytesToHex(new Uint8Array(words.buffer))
}

type Step =
  | { do: 'add' | 'spend' | 'remove' | 'look'; n: number; length: number }
  | { do: 'commit' }
  | { do: 'discard' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constantFrom('add' as const, 'spend' as const, 'remove' as const, 'look' as const),
      n: fc.nat(80),
      length: fc.oneof(fc.nat(40), fc.constantFrom(0, 41, 300, 10_000)),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'discard' as const }) },
)

describe('coins in front of a store', () => {
  test.each([0, 200_000, 1e9])('are what a map would hold, with a budget of %i bytes', (budget) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 400, size: 'max' }), (steps) => {
        const sql = memory()
        migrate(sql)
        const cache = new CoinCache(budget, SEED)
        const coins = new Coins(sql, cache, nodeHasher)
        let committed = new Map<string, string>()
        let model = new Map<string, string>()
        steps.forEach((each, time) => {
          if (each.do === 'commit') {
            sql.transactionSync(() => coins.flush())
            cache.flushed()
            committed = new Map(model)
            expect(stored(sql)).toEqual(committed)
          } else if (each.do === 'discard') {
            cache.discard()
            model = new Map(committed)
          } else {
            cache.reserve(2)
            const words = outpoint(each.n)
            // As block connection does: what is not in the cache is looked for in the store.
            if (each.do !== 'remove' && cache.find(words, 0) < 0) coins.fetch(words, [0])
            const entry = cache.find(words, 0)
            const live = entry >= 0 && cache.isLive(entry)
            if (each.do === 'add') {
              const script = new Uint8Array(each.length).fill(time)
              cache.add(words, 0, time, each.n, prefix48(nodeHasher.sha256(script)), script, 0, script.length)
              model.set(keyOf(words), `${time} ${each.n} ${bytesToHex(script)}`)
            } else if (each.do === 'spend' && live) {
              cache.spend(entry)
              model.delete(keyOf(words))
            } else if (each.do === 'remove' && model.has(keyOf(words))) {
              cache.remove(words, 0)
              model.delete(keyOf(words))
            } else if (each.do === 'look') {
              expect(live).toBe(model.has(keyOf(words)))
              if (!live) return
              const script = cache.script(entry)
              const found = `${cache.txNum(entry)} ${cache.value(entry)} ${bytesToHex(script)}`
              expect(found).toBe(model.get(keyOf(words)))
              expect(cache.prefix(entry)).toBe(prefix48(nodeHasher.sha256(script)))
            }
          }
        })
      }),
      { numRuns: 60 },
    )
  })

  test('are found in a full index, whatever goes and comes', () => {
    const random = new SeededRandom(9)
    const cache = new CoinCache(1e9, SEED)
    const script = new Uint8Array(20)
    const held = new Set<number>()
    for (let step = 0; step < 50_000; step++) {
      const n = random.below(2000)
      const entry = cache.find(outpoint(n), 0)
      expect(entry >= 0).toBe(held.has(n))
      if (held.delete(n)) cache.spend(entry)
      else if (held.size < 1024) {
        cache.add(outpoint(n), 0, n, 1, 1, script, 0, 20)
        held.add(n)
      }
    }
    expect(held.size).toBeGreaterThan(900)
  })

  test('stay within their budget when they are clean, the youngest longest', () => {
    const budget = 2_000_000
    const cache = new CoinCache(budget, SEED)
    const script = new Uint8Array(25)
    for (let n = 0; n < 50_000; n++) {
      cache.reserve(1)
      cache.load(outpoint(n), 0, n, 1, 1, script)
    }
    expect(cache.bytes).toBeLessThan(budget * 1.1)
    expect(cache.size).toBeGreaterThan(5000)
    for (let n = 49_000; n < 50_000; n++) expect(cache.find(outpoint(n), 0)).toBeGreaterThanOrEqual(0)
    expect(cache.find(outpoint(0), 0)).toBe(-1)
  })

  test('exceed it while they wait for a flush, and no longer', () => {
    const cache = new CoinCache(500_000, SEED)
    const script = new Uint8Array(25)
    cache.reserve(20_000)
    for (let n = 0; n < 20_000; n++) cache.add(outpoint(n), 0, n, 1, 1, script, 0, 25)
    expect(cache.size).toBe(20_000)
    expect(cache.dirty).toBe(20_000)
    expect(cache.dirtyBytes).toBeGreaterThan(20_000 * 100)
    for (let i = 0; i < 8; i++) cache.flushed()
    expect(cache.bytes).toBeLessThan(600_000)
  })

  test('made and spent before a flush never reach the store', () => {
    const cache = new CoinCache(1e6, SEED)
    cache.add(outpoint(1), 0, 1, 1, 1, new Uint8Array(3), 0, 3)
    cache.spend(cache.find(outpoint(1), 0))
    expect(cache.dirty).toBe(0)
    expect(cache.changes()).toEqual({ put: new Uint32Array(0), remove: new Uint32Array(0) })
  })

  test('without room are refused', () => {
    const cache = new CoinCache(1e9, SEED)
    const fill = () => {
      for (let n = 0; n < 5000; n++) cache.load(outpoint(n), 0, n, 1, 1, new Uint8Array(0))
    }
    expect(fill).toThrow('no room')
  })

  test('lie in other places for every seed', () => {
    const order = (seed: number) => {
      const cache = new CoinCache(1e9, new Uint8Array(8).fill(seed))
      return Array.from({ length: 64 }, (_, n) => cache.hashTxid(outpoint(n * 10), 0) & 1023)
    }
    expect(order(1)).not.toEqual(order(2))
  })
})

function stored(sql: SqlPort): Map<string, string> {
  const rows = sql.sql.exec('SELECT outpoint, tx_num, value, script FROM coin').raw().toArray()
  return new Map(
    rows.map(([key, txNum, value, script]) => [bytesToHex(blob(key)), `${txNum} ${value} ${bytesToHex(blob(script))}`]),
  )
}
