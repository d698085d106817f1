import { expect, test } from 'vitest'
import { CONNECTED, HAVE_BODY, MAIN } from '../../src/chain/header-store.ts'
import { behindWriter } from '../../src/ledger/batch-writer.ts'
import { StoreError } from '../../src/store/error.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { DeferredWriter } from './deferred-writer.ts'
import { dump } from './dump.ts'
import { DyingPort } from './dying-port.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger, memory } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

const chain = new RandomChain(61)
const blocks = chain.growMany(chain.maker.genesis, 120, 4)
const MORE = { coinsMayWait: true }

function start(sql: SqlPort = memory()) {
  const writer = new DeferredWriter(sql)
  const ledger = new Ledger(behindWriter(sql, writer), { writer, coinLagBytes: 1e9, batchBytes: 100_000 })
  return { sql, writer, ledger }
}

/** Connects blocks from number `from` up to but not including `to`. */
function connect(ledger: Ledger, from: number, to: number): void {
  for (const { bytes } of blocks.slice(from, to)) expect(ledger.connect(bytes).kind).toBe('connected')
}

/** What is connected by the store, the coins not looked at. */
function expectIndex(sql: SqlPort, height: number): void {
  const { coin, ...others } = naiveIndex(chain.path(blocks[height - 1]!))
  expect(dump(sql)).toMatchObject(others)
}

const heights = (refs: readonly { height: number }[] | undefined) => refs?.map(({ height }) => height)

test('a batch is written beside the ledger, and told of when it is known to be in the store', () => {
  const { sql, writer, ledger } = start()
  const { chain: chainstate } = ledger
  connect(ledger, 0, 10)
  expect(chainstate.commit(MORE)).toBeUndefined()
  expect(writer.begun).toBe(1)
  expect(dump(sql).best).toHaveLength(1)
  expect(chainstate.pendingBytes).toBeGreaterThan(0)
  writer.writeOne()
  connect(ledger, 10, 15)
  expect(heights(chainstate.commit(MORE)?.connected)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expectIndex(sql, 10)
  connect(ledger, 15, 16)
  const { connected, reverted } = chainstate.commit()!
  expect(heights(connected)).toEqual([11, 12, 13, 14, 15, 16])
  expect(reverted).toEqual([])
  expect(dump(sql)).toMatchObject(naiveIndex(chain.path(blocks[15]!)))
  expect(chainstate.pendingBytes).toBe(0)
  expect(writer.all).toBe(2)
})

test('a batch is full while the writer has nothing to do, or when memory runs out', () => {
  const { writer, ledger } = start()
  const { chain: chainstate } = ledger
  const sizes: number[] = []
  const free: boolean[] = []
  // New ones would wait for the writer.
  ledger.headers(blocks.map(({ bytes }) => bytes))
  for (const { bytes } of blocks) {
    ledger.connect(bytes)
    if (!chainstate.isFull) continue
    free.push(writer.begun < 2)
    sizes.push(chainstate.pendingBytes)
    // With two batches the writer is busy until memory has run out.
    chainstate.commit(MORE)
  }
  expect(free.slice(0, 4)).toEqual([true, true, false, false])
  expect(sizes[0]).toBeLessThan(40_000)
  for (const size of sizes.slice(2)) expect(size).toBeGreaterThanOrEqual(100_000)
})

test('blocks that are being written can be read, and count as here', () => {
  const { ledger } = start()
  const { chain: chainstate, tree } = ledger
  connect(ledger, 0, 8)
  chainstate.commit(MORE)
  const fifth = tree.mainAt(5)!
  expect(chainstate.hasBody(fifth)).toBe(true)
  expect(chainstate.readBody(fifth)).toEqual({ kind: 'found', bytes: blocks[4]!.bytes })
  expect(chainstate.inspect(fifth)).toEqual([])
  // They were not told of, though somebody waited for them.
  expect(heights(chainstate.commit()?.connected)).toHaveLength(8)
})

test('what else is written waits its turn, and headers keep all that is said of them', () => {
  const { sql, writer, ledger } = start()
  const { chain: chainstate, tree } = ledger
  connect(ledger, 0, 110)
  chainstate.commit(MORE)
  // Another branch takes the main chain away from blocks that are being written.
  const branch = chain.growMany(blocks[99]!, 12, 3)
  ledger.headers(branch.map(({ bytes }) => bytes))
  expect(writer.begun).toBe(0)
  chainstate.commit()
  const left = tree.node(blocks[104]!.hash)!
  expect(left.status).toBe(HAVE_BODY | CONNECTED)
  expect(new Ledger(sql).tree.node(left.hash)!.status).toBe(HAVE_BODY | CONNECTED)
  const tip = ledger.store(branch.map(({ bytes }) => bytes))
  expect(reorgTo(ledger, tip).kind).toBe('reorg')
  expect(dump(sql)).toMatchObject(naiveIndex(chain.path(branch.at(-1)!)))
  expect(new Ledger(sql).tree.node(branch[3]!.hash)!.status).toBe(HAVE_BODY | CONNECTED | MAIN)
})

test('a reorganisation is not begun while something is being written', () => {
  const { ledger } = start()
  connect(ledger, 0, 5)
  ledger.chain.commit(MORE)
  expect(() => ledger.chain.reorganise(ledger.tree.mainAt(2)!)).toThrow('everything committed')
})

test('coins that may wait no longer are written by the ledger', () => {
  const sql = memory()
  const writer = new DeferredWriter(sql)
  const ledger = new Ledger(behindWriter(sql, writer), { writer, coinLagBytes: 3000 })
  blocks.forEach(({ bytes }, i) => {
    ledger.connect(bytes)
    if (i % 3 === 0) ledger.chain.commit(MORE)
  })
  expect(writer.all).toBeGreaterThan(5)
  expect(writer.all).toBeLessThan(35)
  ledger.chain.commit()
  expect(dump(sql)).toMatchObject(naiveIndex(chain.path(blocks.at(-1)!)))
})

test('a store whose writer died at any statement has whole batches, and goes on', () => {
  const seen = new Set<number>()
  for (let at = 1; ; at += 97) {
    const sql = memory()
    const dying = new DyingPort(sql, Number.POSITIVE_INFINITY)
    const { ledger } = start(dying)
    ledger.headers(blocks.map(({ bytes }) => bytes))
    dying.dieAt(at)
    let failed = false
    try {
      blocks.forEach(({ bytes }, i) => {
        ledger.connect(bytes)
        if (i % 20 === 19) ledger.chain.commit(MORE)
      })
      ledger.chain.commit()
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError)
      failed = true
    }
    if (!failed) break
    const height = dump(sql).best.length - 1
    expect([0, 20, 40, 60, 80, 100, 120]).toContain(height)
    seen.add(height)
    const again = new Ledger(sql)
    expect(again.chain.tip.height).toBe(height)
    again.extend(blocks.slice(height).map(({ bytes }) => bytes))
    expect(dump(sql), `died at statement ${at}`).toMatchObject(naiveIndex(chain.path(blocks.at(-1)!)))
  }
  expect(seen.size).toBeGreaterThan(4)
})
