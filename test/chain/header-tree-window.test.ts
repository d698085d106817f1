import { describe, expect, test, vi } from 'vitest'
import { HAVE_BODY, type HeaderRecord, MAIN, MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { type HeaderResult, HeaderTree } from '../../src/chain/header-tree.ts'
import { networks } from '../../src/chain/network.ts'
import { sha256d, toDisplay } from '../../src/wire/hash.ts'
import { CountingStore } from './counting-header-store.ts'
import { LATE, makeHeader, makeRun, readTime } from './make-headers.ts'

// Tens of thousands of headers are mined here.
vi.setConfig({ testTimeout: 120_000 })

const { regtest } = networks
const GENESIS = { hash: regtest.genesisHash, time: readTime(regtest.genesis) }
const WINDOW = 4032
const MESSAGE = 2000

function acceptAll(tree: HeaderTree, run: Uint8Array[]): HeaderResult[] {
  const results: HeaderResult[] = []
  for (let i = 0; i < run.length; i += MESSAGE) results.push(tree.accept(run.slice(i, i + MESSAGE), LATE))
  return results
}

function onto(raw: Uint8Array, count: number, salt: number): Uint8Array[] {
  return makeRun(sha256d(raw), readTime(raw), count, salt)
}

const main = makeRun(GENESIS.hash, GENESIS.time, 9000)

function longTree() {
  const store = new CountingStore()
  const tree = new HeaderTree({ network: regtest, store })
  acceptAll(tree, main)
  return { store, tree }
}

describe('a chain longer than the window', () => {
  test('is answered for from memory in the last 4,032 heights, and from the store below', () => {
    for (const build of [longTree, reopened]) {
      const { store, tree } = build()
      store.reads = 0
      const lowest = tree.best.height - WINDOW + 1
      expect(tree.mainRange(lowest, WINDOW).length).toBe(WINDOW)
      expect(tree.ancestor(tree.best, lowest)!.hash).toEqual(sha256d(main[lowest - 1]!))
      tree.medianTimePast(tree.best)
      tree.requiredBits(tree.best, 0)
      expect(store.reads).toBe(0)
      expect(tree.mainAt(5)!.hash).toEqual(sha256d(main[4]!))
      expect(store.reads).toBeGreaterThan(0)
    }
  })

  test('gives the same answers after a restart', () => {
    const { store, tree } = longTree()
    const again = new HeaderTree({ network: regtest, store })
    expect(again.best).toMatchObject({ id: 9001, height: 9000, work: tree.best.work, hash: tree.best.hash })
    expect(again.locator().map(toDisplay)).toEqual(tree.locator().map(toDisplay))
    const facts = (of: HeaderTree) =>
      of.mainRange(0, 10_000).map(({ id, height, work, status }) => [id, height, work, status])
    expect(facts(again)).toEqual(facts(tree))
  })

  test('is served from its start with few reads of the store', () => {
    const { store, tree } = longTree()
    store.reads = 0
    const served = tree.after([GENESIS.hash], new Uint8Array(32), 2000)
    expect(served.map(({ raw }) => toDisplay(raw))).toEqual(main.slice(0, 2000).map(toDisplay))
    expect(store.reads).toBeLessThan(5)
  })

  test('has medians, ancestors and forks below the window', () => {
    const { store, tree } = longTree()
    const deep = tree.mainAt(100)!
    expect(tree.medianTimePast(deep)).toBe(readTime(main[94]!))
    expect(tree.ancestor(deep, 7)!.hash).toEqual(sha256d(main[6]!))
    expect(tree.fork(deep, tree.best).id).toBe(deep.id)
    expect(tree.isMain(deep)).toBe(true)
    tree.setStatus(deep, HAVE_BODY)
    expect(deep.status).toBe(MAIN | HAVE_BODY)
    expect(tree.mainAt(100)!.status).toBe(MAIN | HAVE_BODY)
    // Nor does that bring it into memory: a first download sets every block of the chain.
    store.reads = 0
    tree.mainAt(100)
    expect(store.reads).toBe(1)
  })

  test('can lose a block deep below the window', () => {
    const { store, tree } = longTree()
    const side = onto(main[49]!, 60, 1)
    // A branch from before there was a chain to measure it by.
    store.apply({ insert: records(tree, side, 51, 9002), status: [] })
    const reopenedTree = new HeaderTree({ network: regtest, store })
    reopenedTree.markFailed(reopenedTree.mainAt(70)!)
    expect(reopenedTree.best.hash).toEqual(sha256d(side.at(-1)!))
    expect(reopenedTree.best.height).toBe(110)
    expect(store.topHeight()).toBe(110)
    expect(store.fromHeight(111).some(({ status }) => status & MAIN)).toBe(false)
    // The window begins anew there: what is set on the tip shows in it, and what follows is found without the store.
    reopenedTree.setStatus(reopenedTree.mainAt(110)!, HAVE_BODY)
    expect(reopenedTree.best.status).toBe(MAIN | HAVE_BODY)
    expect(reopenedTree.accept(onto(side.at(-1)!, 3, 1), LATE)).toMatchObject({ kind: 'accepted', bestChanged: true })
    store.reads = 0
    expect(reopenedTree.mainRange(110, 10).map(({ height }) => height)).toEqual([110, 111, 112, 113])
    expect(store.reads).toBe(0)
    expect(reopenedTree.accept(onto(main.at(-1)!, 1, 0), LATE)).toMatchObject({ kind: 'invalid', code: 'bad-prevblk' })
  })
})

describe('a branch from below the window', () => {
  test('is held back until it has shown enough work, and then replaces everything above the fork', () => {
    const { store, tree } = longTree()
    const branch = onto(main[99]!, 8901, 1)
    const results = acceptAll(tree, branch)
    expect(results.map(({ kind }) => kind)).toEqual(['low-work', 'low-work', 'low-work', 'low-work', 'accepted'])
    expect(results[0]).toMatchObject({ held: true, last: { height: 2100 } })
    expect(results[4]).toMatchObject({ bestChanged: true, last: { height: 9001 } })
    expect(results[4]!.kind === 'accepted' && results[4]!.added.length).toBe(8901)
    expect(tree.best.hash).toEqual(sha256d(branch.at(-1)!))
    for (const each of [tree, new HeaderTree({ network: regtest, store })]) {
      expect(each.mainRange(101, 9000).map(({ hash }) => toDisplay(hash))).toEqual(
        branch.map((raw) => toDisplay(sha256d(raw))),
      )
      expect(each.node(sha256d(main[5000]!))!.status).toBe(0)
      expect(each.fork(each.node(sha256d(main.at(-1)!))!, each.best).height).toBe(100)
    }
    // And back again, from a fork in the window to the one below it.
    acceptAll(tree, onto(main.at(-1)!, 2, 0))
    expect(tree.best.height).toBe(9002)
    expect(tree.mainAt(5001)!.hash).toEqual(sha256d(main[5000]!))
  })

  test('that is held can be asked on for, and is forgotten for another', () => {
    const { tree } = longTree()
    const branch = onto(main[99]!, 4000, 1)
    const [first] = acceptAll(tree, branch.slice(0, MESSAGE))
    if (first!.kind !== 'low-work') throw new Error('not held')
    const locator = tree.locator(first!.last)
    expect(toDisplay(locator[0]!)).toBe(toDisplay(sha256d(branch[MESSAGE - 1]!)))
    expect(toDisplay(locator.at(-1)!)).toBe(toDisplay(GENESIS.hash))
    expect(tree.node(sha256d(branch[0]!))).toBeUndefined()
    acceptAll(tree, onto(main[99]!, 10, 2))
    expect(tree.accept(branch.slice(MESSAGE), LATE).kind).toBe('unconnected')
  })

  test('near the tip is stored at once', () => {
    const { tree } = longTree()
    expect(tree.accept(onto(main[8899]!, 1, 1), LATE)).toMatchObject({ kind: 'accepted', bestChanged: false })
    expect(tree.accept(onto(main[8799]!, 1, 1), LATE).kind).toBe('low-work')
  })
})

test('what is set on a header outside memory is not lost when a branch on it wins', () => {
  const store = new MemoryHeaderStore()
  const network = { ...regtest, minChainWork: 1n << 200n }
  acceptAll(new HeaderTree({ network, store }), main.slice(0, 4200))
  const branch = onto(main[99]!, 4110, 1)
  new HeaderTree({ network, store }).accept(branch.slice(0, 5), LATE)
  const tree = new HeaderTree({ network, store })
  tree.accept(branch.slice(5, 6), LATE)
  const fifth = sha256d(branch[4]!)
  tree.setStatus(tree.node(fifth)!, HAVE_BODY)
  acceptAll(tree, branch.slice(6))
  expect(tree.best.height).toBe(4210)
  expect(tree.node(fifth)!.status).toBe(MAIN | HAVE_BODY)
})

test('what is set on a header that left memory is not lost when a branch on it wins', () => {
  const network = { ...regtest, minChainWork: 1n << 200n }
  const tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
  acceptAll(tree, main.slice(0, 4000))
  const branch = onto(main[3959]!, 4060, 1)
  tree.accept(branch.slice(0, 20), LATE)
  // The window now begins in the middle of the branch, at height 3,969.
  acceptAll(tree, main.slice(4000, 8000))
  const last = sha256d(branch[7]!)
  tree.setStatus(tree.node(last)!, HAVE_BODY)
  acceptAll(tree, branch.slice(20))
  expect(tree.best.height).toBe(8020)
  expect(tree.node(last)!.status).toBe(MAIN | HAVE_BODY)
})

test('a run without enough work is held up to 20,160 headers', () => {
  const tree = new HeaderTree({ network: regtest, store: new MemoryHeaderStore() })
  acceptAll(tree, makeRun(GENESIS.hash, GENESIS.time, 23_000))
  const results = acceptAll(tree, makeRun(GENESIS.hash, GENESIS.time, 22_000, 1))
  expect(results.slice(0, 10).every((result) => result.kind === 'low-work' && result.held)).toBe(true)
  expect(results[10]).toMatchObject({ kind: 'low-work', held: false })
})

test('until the minimum work is reached every branch is stored, and after that none below it', () => {
  const network = { ...regtest, minChainWork: 2n * 301n }
  const tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
  acceptAll(tree, main.slice(0, 299))
  expect(tree.accept(makeRun(GENESIS.hash, GENESIS.time, 1, 1), LATE)).toMatchObject({ kind: 'accepted' })
  acceptAll(tree, main.slice(299, 301))
  expect(tree.accept(makeRun(GENESIS.hash, GENESIS.time, 1, 2), LATE)).toMatchObject({ kind: 'low-work' })
  expect(tree.accept(onto(main[298]!, 1, 1), LATE)).toMatchObject({ kind: 'accepted' })
  expect(tree.accept(onto(main[297]!, 1, 1), LATE)).toMatchObject({ kind: 'low-work' })
})

test('a flood of branches at the tip is in the store, not in memory, and any of them can still win', () => {
  const store = new CountingStore()
  const tree = new HeaderTree({ network: regtest, store })
  tree.accept(main.slice(0, 20), LATE)
  const tip = { prev: sha256d(main[18]!), time: readTime(main[18]!) + 600 }
  const flood = Array.from({ length: 17_000 }, (_, i) => makeHeader({ ...tip, salt: i + 1 }))
  for (const raw of flood) tree.accept([raw], LATE)
  store.reads = 0
  for (const raw of flood) expect(tree.node(sha256d(raw))).toMatchObject({ height: 20, status: 0 })
  expect(store.reads).toBeGreaterThan(600)
  expect(store.reads).toBeLessThan(10_000)
  const winner = onto(flood[0]!, 1, 0)
  expect(tree.accept(winner, LATE)).toMatchObject({ kind: 'accepted', bestChanged: true })
  expect(tree.mainRange(19, 9).map(({ hash }) => toDisplay(hash))).toEqual(
    [main[18]!, flood[0]!, winner[0]!].map((raw) => toDisplay(sha256d(raw))),
  )
})

function reopened() {
  const { store } = longTree()
  return { store, tree: new HeaderTree({ network: regtest, store }) }
}

function records(tree: HeaderTree, run: Uint8Array[], height: number, id: number): HeaderRecord[] {
  const { work } = tree.mainAt(height - 1)!
  return run.map((raw, i) => ({
    id: id + i,
    hash: sha256d(raw),
    height: height + i,
    raw,
    work: work + 2n * BigInt(i + 1),
    status: 0,
  }))
}
