import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChangeLog } from '../../src/ledger/change-log.ts'
import type { Change } from '../../src/ledger/queries.ts'

const tx = (n: number): Change => ({ kind: 'tx', txid: Uint8Array.of(n), feeSat: n, vsize: 100, value: 0 })
const gone = (n: number): Change => ({ kind: 'removed', txid: Uint8Array.of(n), why: 'evicted' })
const reorg = (reverted: number, connected: number): Change => {
  const refs = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ hash: new Uint8Array(32), height: i, id: i }))
  return { kind: 'reorg', reorg: { reverted: refs(reverted), connected: refs(connected) } }
}

test('without a cursor there is nothing but the present one', () => {
  const log = new ChangeLog(5)
  log.push(tx(1))
  expect(log.since(undefined)).toEqual({ cursor: '5-1', reset: false, changes: [] })
})

test('a cursor gets what came after it, once', () => {
  const log = new ChangeLog(5)
  const { cursor } = log.since(undefined)
  log.push(tx(1))
  log.push(reorg(0, 1))
  const news = log.since(cursor)
  expect(news).toEqual({ cursor: '5-2', reset: false, changes: [tx(1), reorg(0, 1)] })
  expect(log.since(news.cursor)).toEqual({ cursor: '5-2', reset: false, changes: [] })
})

test.each(['', '5', '5-', '4-0', '55-0', '5-2', '5--1', '5-0x', '5-1e0', '5- 0', '5-99999999999999999999', '6-0'])(
  'the cursor %j, which this log never gave, is told to start anew',
  (cursor) => {
    const log = new ChangeLog(5)
    log.push(tx(1))
    expect(log.since(cursor)).toEqual({ cursor: '5-1', reset: true, changes: [] })
  },
)

test('no more comes at a time than was asked for, but always one change', () => {
  const log = new ChangeLog(5)
  let { cursor } = log.since(undefined)
  const all = [tx(1), tx(2), reorg(2, 2), tx(3), tx(4), tx(5), tx(6)]
  for (const change of all) log.push(change)
  const slices: Change[][] = []
  for (;;) {
    const news = log.since(cursor, 3)
    if (news.changes.length === 0) break
    slices.push(news.changes)
    cursor = news.cursor
  }
  expect(slices).toEqual([all.slice(0, 2), all.slice(2, 3), all.slice(3, 6), all.slice(6)])
  expect(cursor).toBe(log.cursor)
})

test('a change that is larger than the log leaves nothing but a new start', () => {
  const log = new ChangeLog(1, 100)
  const { cursor } = log.since(undefined)
  log.push(reorg(50, 51))
  expect(log.since(cursor)).toEqual({ cursor: '1-1', reset: true, changes: [] })
})

test('a change too large to be named leaves nothing but a new start to all who looked before it', () => {
  const log = new ChangeLog(1)
  for (const change of [undefined, tx(1)]) {
    if (change) log.push(change)
    const { cursor } = log
    log.reset()
    expect(log.since(cursor)).toEqual({ cursor: log.cursor, reset: true, changes: [] })
    expect(log.since(log.cursor)).toEqual({ cursor: log.cursor, reset: false, changes: [] })
  }
})

test('whatever comes, a follower misses nothing or is told so, and the log keeps its bound', () => {
  const step = fc.oneof(fc.constant('look' as const), fc.integer({ min: 1, max: 60 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const log = new ChangeLog('e', 100)
      const all: Change[] = []
      let { cursor } = log.since(undefined)
      let seen = 0
      for (const each of steps) {
        if (each !== 'look') {
          const change = each % 2 ? (each % 3 ? tx(each) : gone(each)) : reorg(each / 2, each / 2)
          log.push(change)
          all.push(change)
          continue
        }
        const news = log.since(cursor)
        if (!news.reset) expect(news.changes).toEqual(all.slice(seen))
        const size = (change: Change) =>
          change.kind === 'reorg' ? change.reorg.reverted.length + change.reorg.connected.length : 1
        const missed = all.slice(seen)
        if (missed.reduce((sum, change) => sum + size(change), 0) <= 50) expect(news.reset).toBe(false)
        expect(news.changes.reduce((sum, change) => sum + size(change), 0)).toBeLessThanOrEqual(100)
        cursor = news.cursor
        seen = all.length
      }
    }),
  )
})
