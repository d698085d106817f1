import { describe, expect, test } from 'vitest'
import { litecoinRegtest } from '../../src/chain/networks/litecoin-regtest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { equalBytes, toDisplay } from '../../src/wire/hash.ts'
import { ChainMaker } from '../sim/chain-maker.ts'
import { endings, SyncBench, sent } from './sync-bench.ts'

const maker = new ChainMaker({ seed: 11 })
const chain = maker.mine(2150)
const MINUTE = 60_000

function isLocatorOf(locator: readonly Uint8Array[], tip: { hash: Uint8Array }): boolean {
  return equalBytes(locator[0]!, tip.hash) && equalBytes(locator.at(-1)!, regtest.genesisHash)
}

describe('the first synchronisation', () => {
  test('asks one peer, and everybody once that one has told all', () => {
    const bench = new SyncBench()
    expect(sent(bench.up(1, 2150), 'getheaders').map(({ to }) => to)).toEqual([1])
    expect(bench.up(2, 2150)).toEqual([])
    expect(bench.up(3, 2150)).toEqual([])
    const first = bench.headers(1, chain.slice(0, 2000))
    const more = sent(first, 'getheaders')
    expect(more.map(({ to }) => to)).toEqual([1])
    expect(isLocatorOf(more[0]!.message.locator, chain[1999]!)).toBe(true)
    const last = bench.headers(1, chain.slice(2000))
    // From the parent of the best header, so that an answer is never empty.
    const others = sent(last, 'getheaders')
    expect(others.map(({ to }) => to)).toEqual([2, 3])
    expect(isLocatorOf(others[0]!.message.locator, chain[2148]!)).toBe(true)
    expect(bench.tree.best.height).toBe(2150)
    expect(sent(bench.up(4, 2150), 'getheaders')).toHaveLength(1)
  })

  test('peers that claim nothing new are asked at once, and those that serve nothing never', () => {
    const bench = new SyncBench()
    expect(sent(bench.up(1, 100), 'getheaders')).toHaveLength(1)
    expect(sent(bench.up(2, 0), 'getheaders')).toHaveLength(1)
    expect(bench.up(3, 500, { services: 0n })).toEqual([])
    expect(sent(bench.headers(1, chain.slice(0, 100)), 'getheaders')).toEqual([])
  })

  test.each([
    [false, [{ link: 1, reason: 'headers-timeout', misbehaving: false }]],
    [true, []],
  ])(
    'a peer that answers nothing is helped out after 10 s; after 2 min, with others inbound %s: %j',
    (inbound, ends) => {
      const bench = new SyncBench()
      bench.up(1, 2150)
      bench.up(2, 2150, { inbound })
      expect(bench.wait(9_999)).toEqual([])
      expect(sent(bench.wait(1), 'getheaders').map(({ to }) => to)).toEqual([2])
      bench.headers(2, chain.slice(0, 2000))
      bench.headers(2, chain.slice(2000, 2100))
      expect(endings(bench.wait(2 * MINUTE))).toEqual(ends)
    },
  )

  test('the only peer is kept though it answers nothing', () => {
    const bench = new SyncBench()
    bench.up(1, 2150)
    expect(endings(bench.wait(10 * MINUTE))).toEqual([])
    // It was in its own initial download; once it announces something it is asked again.
    expect(sent(bench.inv(1, [chain[0]!]), 'getheaders')).toHaveLength(1)
  })

  test('when the peer goes away, the next one is asked', () => {
    const bench = new SyncBench()
    bench.up(1, 2150)
    bench.up(2, 2150)
    bench.headers(1, chain.slice(0, 2000))
    const asked = sent(bench.down(1), 'getheaders')
    expect(asked.map(({ to }) => to)).toEqual([2])
    expect(isLocatorOf(asked[0]!.message.locator, chain[1998]!)).toBe(true)
  })

  test('of several, one that we dialled is preferred', () => {
    const bench = new SyncBench()
    bench.up(1, 2150)
    bench.up(2, 2150, { inbound: true })
    bench.up(3, 2150, { inbound: false })
    expect(sent(bench.down(1), 'getheaders').map(({ to }) => to)).toEqual([3])
  })

  test('what others announce meanwhile is asked about afterwards', () => {
    const bench = new SyncBench()
    bench.up(1, 2150)
    bench.up(2, 0, { services: 0n })
    expect(bench.inv(2, [{ hash: new Uint8Array(32).fill(9) }])).toEqual([])
    bench.headers(1, chain.slice(0, 2000))
    expect(sent(bench.headers(1, chain.slice(2000)), 'getheaders').map(({ to }) => to)).toEqual([2])
  })

  test('who promises more than it tells does not count as having told all', () => {
    const bench = new SyncBench()
    bench.up(1, 1_000_000)
    bench.up(2, 150)
    expect(sent(bench.headers(1, []), 'getheaders').map(({ to }) => to)).toEqual([2])
  })

  test('a peer that spreads its headers over more than a quarter of an hour is replaced', () => {
    const long = new ChainMaker({ seed: 12 }).mine(4000)
    const bench = new SyncBench({ spv: true })
    bench.up(1, 9999)
    bench.up(2, 9999)
    bench.headers(1, long.slice(0, 2000))
    // A millisecond for each header that the time since genesis makes one expect.
    bench.now += 15 * MINUTE + Math.ceil((bench.now / 1000 - maker.genesis.time) / 600)
    bench.headers(1, long.slice(2000))
    const seen = bench.wait(0)
    expect(endings(seen)).toEqual([{ link: 1, reason: 'headers-sync-timeout', misbehaving: false }])
    expect(sent(seen, 'getheaders').map(({ to }) => to)).toEqual([2])
  })
})

describe('headers that do not fit', () => {
  const litecoin = new ChainMaker({ network: litecoinRegtest, seed: 3 }).mine(30)

  test('a long answer that connects to nothing is of another genesis', () => {
    const bench = new SyncBench()
    bench.up(1, 30)
    expect(endings(bench.headers(1, litecoin))).toEqual([{ link: 1, reason: 'wrong-genesis', misbehaving: false }])
  })

  test('short ones are asked about again first, as they may be announcements', () => {
    const bench = new SyncBench()
    bench.up(1, 2)
    for (let i = 0; i < 2; i++) {
      const seen = bench.headers(1, litecoin.slice(0, 2))
      expect(endings(seen)).toEqual([])
      expect(sent(seen, 'getheaders')).toHaveLength(1)
    }
    expect(endings(bench.headers(1, litecoin.slice(0, 2)))).toMatchObject([{ reason: 'wrong-genesis' }])
  })

  test('a peer of another genesis that has nothing yet is left alone', () => {
    const bench = new SyncBench()
    bench.up(1, 0)
    expect(bench.headers(1, [])).toEqual([])
  })

  test('an announcement that overtakes the answer is no offence', () => {
    const bench = new SyncBench()
    bench.up(1, 100)
    expect(endings(bench.headers(1, [chain[120]!]))).toEqual([])
    expect(endings(bench.headers(1, chain.slice(0, 121)))).toEqual([])
    expect(bench.tree.best.height).toBe(121)
  })

  test('nor are several of a peer that we have only just got to know', () => {
    const bench = new SyncBench()
    bench.up(1, 100)
    for (let i = 120; i < 125; i++) expect(endings(bench.headers(1, [chain[i]!]))).toEqual([])
    expect(endings(bench.headers(1, chain.slice(0, 125)))).toEqual([])
    expect(bench.tree.best.height).toBe(125)
  })

  test('ten unconnected announcements in a row are one', () => {
    const bench = new SyncBench()
    bench.up(1, 1)
    bench.headers(1, chain.slice(0, 1))
    for (let i = 0; i < 9; i++) expect(endings(bench.headers(1, [chain[100 + i]!]))).toEqual([])
    expect(endings(bench.headers(1, [chain[200]!]))).toEqual([
      { link: 1, reason: 'unconnected-headers', misbehaving: true },
    ])
  })

  test('of a peer that we have only just got to know they are one when its answer had time to come', () => {
    const bench = new SyncBench()
    bench.up(1, 1)
    for (let i = 0; i < 30; i++) expect(endings(bench.headers(1, [chain[100 + i]!]))).toEqual([])
    bench.now += 10_000
    expect(endings(bench.headers(1, [chain[200]!]))).toEqual([
      { link: 1, reason: 'unconnected-headers', misbehaving: true },
    ])
  })

  test.each([
    ['header-high-hash', () => [maker.block({ noWork: true }, chain[0]!)]],
    ['header-non-continuous', () => [chain[1]!, chain[3]!]],
    ['header-time-too-old', () => [maker.block({ time: 5 }, chain[0]!)]],
    ['header-bad-version', () => [maker.block({ version: 1 }, chain[0]!)]],
  ])('%s is misbehaving', (reason, blocks) => {
    const bench = new SyncBench()
    bench.up(1, 1)
    bench.headers(1, chain.slice(0, 1))
    expect(endings(bench.headers(1, blocks()))).toEqual([{ link: 1, reason, misbehaving: true }])
  })

  test('a header from the future is not, and neither is a branch with little work', () => {
    const bench = new SyncBench()
    bench.up(1, 1)
    bench.headers(1, chain.slice(0, 1))
    const late = maker.block({ time: bench.now / 1000 + 7300 }, chain[0]!)
    expect(endings(bench.headers(1, [late]))).toEqual([])
    expect(bench.tree.node(late.hash)).toBeUndefined()
    bench.headers(1, chain.slice(1, 1000))
    expect(endings(bench.headers(1, maker.mine(20, {}, chain[9]!)))).toEqual([])
    expect(bench.tree.best.height).toBe(1000)
  })

  test('more than 2,000 headers, or a payload that is none, is misbehaving', () => {
    const bench = new SyncBench()
    bench.up(1, 1)
    const payload = new Uint8Array(3 + 2001 * 81)
    payload.set([0xfd, 0xd1, 0x07])
    expect(endings(bench.read(bench.sync.message(1, 'headers', payload, bench.now)))).toEqual([
      { link: 1, reason: 'malformed-headers: too-large', misbehaving: true },
    ])
  })

  test('the same full batch over and over is not asked for for ever', () => {
    const bench = new SyncBench()
    bench.up(1, 2150)
    expect(sent(bench.headers(1, chain.slice(0, 2000)), 'getheaders')).toHaveLength(1)
    expect(sent(bench.headers(1, chain.slice(0, 2000)), 'getheaders')).toHaveLength(0)
  })
})

describe('once current', () => {
  function current(): SyncBench {
    const bench = new SyncBench()
    bench.up(1, 100)
    bench.headers(1, chain.slice(0, 100))
    bench.up(2, 100)
    bench.headers(2, chain.slice(99, 100))
    return bench
  }

  test('a block announced by hash leads to getheaders, one for a burst', () => {
    const bench = current()
    const asked = sent(bench.inv(1, [chain[100]!]), 'getheaders')
    expect(asked.map(({ to }) => to)).toEqual([1])
    expect(isLocatorOf(asked[0]!.message.locator, chain[99]!)).toBe(true)
    expect(bench.inv(1, [chain[101]!])).toEqual([])
    expect(sent(bench.headers(1, chain.slice(100, 101)), 'getheaders')).toHaveLength(1)
    expect(sent(bench.headers(1, chain.slice(101, 102)), 'getheaders')).toHaveLength(0)
  })

  test('a question that got no answer is repeated with the next announcement', () => {
    const bench = current()
    bench.inv(1, [chain[100]!])
    bench.wait(1000)
    expect(sent(bench.inv(1, [chain[101]!]), 'getheaders')).toHaveLength(1)
  })

  test('an announcement of a block that does not exist is asked about once', () => {
    const bench = current()
    bench.inv(1, [{ hash: new Uint8Array(32).fill(9) }])
    expect(sent(bench.headers(1, [chain[99]!]), 'getheaders')).toHaveLength(1)
    expect(sent(bench.headers(1, [chain[99]!]), 'getheaders')).toHaveLength(0)
  })

  test('headers announced directly are taken, and it is noted who has them', () => {
    const bench = current()
    const seen = bench.headers(2, chain.slice(100, 103))
    expect(seen).toContainEqual({ do: 'headers-changed' })
    const shown = seen.flatMap((one) => ('do' in one && one.do === 'knows-block' ? [toDisplay(one.hash)] : []))
    expect(shown).toEqual(chain.slice(100, 103).map(({ hash }) => toDisplay(hash)))
    expect(bench.tree.best.height).toBe(103)
  })

  test('a branch with more work wins, whoever brings it', () => {
    const bench = current()
    const branch = maker.mine(30, {}, chain[79]!)
    const seen = bench.headers(2, branch)
    expect(seen).toContainEqual({ do: 'headers-changed' })
    expect(toDisplay(bench.tree.best.hash)).toBe(toDisplay(branch.at(-1)!.hash))
  })

  test('after a duplicate link-up nothing is asked twice', () => {
    const bench = current()
    expect(bench.up(1, 100)).toEqual([])
  })
})
