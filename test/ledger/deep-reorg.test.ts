import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSqlite } from '../../src/node/sqlite.ts'
import { StoreError } from '../../src/store/error.ts'
import { SeededRandom } from '../sim/random.ts'
import { dump } from './dump.ts'
import { DyingPort } from './dying-port.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

/** Blocks of each of the two chains, which share genesis and nothing else. */
const DEPTH = 3000
const SEED = 31
/** Statements between two deaths, at most: some fall into opening the store again. */
const LIFE = 3000

test('a reorganisation of the whole chain goes on where it stood, however often its process dies on the way', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-deep-'))
  const chain = new RandomChain(SEED)
  const random = new SeededRandom(SEED)
  const { genesis } = chain.maker
  const first = chain.growMany(genesis, DEPTH, 1)
  const other = chain.growMany(genesis, DEPTH + 1, 1)
  const fresh = new Ledger()
  fresh.extend(other.map(({ bytes }) => bytes))
  const expected = dump(fresh.sql)

  const port = openSqlite(join(folder, 'ledger.db'))
  try {
    const before = new Ledger(port)
    before.extend(first.map(({ bytes }) => bytes))
    before.store(other.map(({ bytes }) => bytes))
    const stood = new Set<string>()
    let deaths = 0
    let committed = before.chain.tip.hash
    for (let isDone = false; !isDone; ) {
      const dying = new DyingPort(port, 1 + random.below(LIFE))
      try {
        const ledger = new Ledger(dying, { batchBytes: 40_000, cacheBytes: 200_000 })
        // Nothing that was committed is undone by dying.
        expect(ledger.chain.tip.hash).toEqual(committed)
        const way = ledger.chain.reorganise(ledger.tree.node(other.at(-1)!.hash)!)
        for (let goesOn = true; goesOn; ) {
          ;({ goesOn } = way.step())
          committed = ledger.chain.tip.hash
          expect(ledger.chain.pendingBytes).toBe(0)
        }
        expect(way.failures).toEqual([])
        isDone = true
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        deaths++
        committed = new Ledger(port).chain.tip.hash
      }
      const { height, hash } = chain.maker.find(committed)!
      stood.add(`${height} ${hash}`)
    }
    expect(deaths).toBeGreaterThan(10)
    // It moved between deaths, down and up.
    expect(stood.size).toBeGreaterThan(10)
    expect(dump(port), `seed ${SEED}`).toEqual(expected)
  } finally {
    port.close()
    rmSync(folder, { recursive: true })
  }
}, 120_000)

test('what a step hands out fits its limits, and all steps together are the whole reorganisation', () => {
  const chain = new RandomChain(SEED)
  const first = chain.growMany(chain.maker.genesis, 300, 2)
  const other = chain.growMany(chain.maker.genesis, 310, 2)
  const ledger = new Ledger(undefined, { stepBlocks: 25, batchBytes: 30_000 })
  ledger.extend(first.map(({ bytes }) => bytes))
  const target = ledger.store(other.map(({ bytes }) => bytes))
  const way = ledger.chain.reorganise(target)
  const reverted: number[] = []
  const connected: number[] = []
  let steps = 0
  for (let goesOn = true; goesOn; steps++) {
    const step = way.step()
    goesOn = step.goesOn
    expect(step.reverted.length + step.connected.length).toBeLessThanOrEqual(25)
    reverted.push(...step.reverted.map(({ height }) => height))
    connected.push(...step.connected.map(({ node }) => node.height))
    // Each step leaves a chain of its own in the store.
    expect(new Ledger(ledger.sql).chain.tip.id).toBe(ledger.chain.tip.id)
  }
  expect(steps).toBeGreaterThan(610 / 25)
  expect(reverted).toEqual(first.map(({ height }) => height).reverse())
  expect(connected).toEqual(other.map(({ height }) => height))
  expect(reorgTo(ledger, ledger.tree.node(first.at(-1)!.hash)!)).toMatchObject({ kind: 'reorg' })
})

test.each([0, 1, 3000, 1e9])(
  'a step goes over blocks of %i bytes, and ends with the one that makes it more',
  (stepBytes) => {
    const chain = new RandomChain(SEED)
    const first = chain.growMany(chain.maker.genesis, 30, 3)
    const other = chain.growMany(chain.maker.genesis, 32, 3)
    const size = new Map([...first, ...other].map(({ hash, bytes }) => [String(hash), bytes.length]))
    const ledger = new Ledger(undefined, { stepBytes })
    ledger.extend(first.map(({ bytes }) => bytes))
    const way = ledger.chain.reorganise(ledger.store(other.map(({ bytes }) => bytes)))
    let blocks = 0
    for (let goesOn = true; goesOn; ) {
      const step = way.step()
      goesOn = step.goesOn
      const sizes = [...step.reverted, ...step.connected.map(({ node }) => node)].map(
        ({ hash }) => size.get(String(hash))!,
      )
      const bytes = sizes.reduce((sum, each) => sum + each, 0)
      expect(bytes - sizes.at(-1)!).toBeLessThan(Math.max(1, stepBytes))
      if (goesOn) expect(bytes).toBeGreaterThanOrEqual(stepBytes)
      blocks += sizes.length
    }
    expect(blocks).toBe(62)
  },
)

test('one that fails far up its branch comes back by the same way, in steps of the same size', () => {
  const chain = new RandomChain(SEED)
  const first = chain.growMany(chain.maker.genesis, 200, 2)
  const other = chain.growMany(chain.maker.genesis, 150, 2)
  const bad = chain.maker.block({ feeSat: 1 }, other.at(-1))
  const rest = chain.maker.mine(60, {}, bad)
  const ledger = new Ledger(undefined, { stepBlocks: 20 })
  ledger.extend(first.map(({ bytes }) => bytes))
  const before = dump(ledger.sql)
  const target = ledger.store([...other, bad, ...rest].map(({ bytes }) => bytes))
  const way = ledger.chain.reorganise(target)
  let moves = 0
  for (let goesOn = true; goesOn; ) {
    const step = way.step()
    expect(step.reverted.length + step.connected.length).toBeLessThanOrEqual(20)
    moves += step.reverted.length + step.connected.length
    goesOn = step.goesOn
  }
  expect(way.failures).toMatchObject([{ kind: 'invalid', reason: 'bad-cb-amount', node: { height: 151 } }])
  // There and back; what the failing step had done is not counted, as it was never written.
  expect(moves).toBeGreaterThan(600)
  expect(moves % 2).toBe(0)
  expect(dump(ledger.sql)).toEqual(before)
  expect(ledger.chain.tip.height).toBe(200)
})
