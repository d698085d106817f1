import { describe, expect, test } from 'vitest'
import { CONNECTED, FAILED, HAVE_BODY, MAIN, MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { HeaderTree } from '../../src/chain/header-tree.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { hashMeetsTarget } from '../../src/chain/target.ts'
import { hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { LATE, makeHeader, makeRun, readTime } from './make-headers.ts'

const { regtest } = networks
const GENESIS = { hash: regtest.genesisHash, time: readTime(regtest.genesis) }

function newTree(network: Network = regtest, store = new MemoryHeaderStore()): HeaderTree {
  return new HeaderTree({ network, store })
}

/** A run on a header of the tree. */
function runOn(
  tree: HeaderTree,
  count: number,
  { hash, time }: { hash: Uint8Array; time: number } = GENESIS,
  salt = 0,
) {
  const run = makeRun(hash, time, count, salt)
  return { run, result: tree.accept(run, LATE) }
}

describe('a new tree', () => {
  test('holds the genesis block', () => {
    const tree = newTree()
    expect(tree.best).toMatchObject({ id: 1, height: 0, work: 2n, status: MAIN, time: GENESIS.time, bits: 0x207fffff })
    expect(tree.best.hash).toEqual(regtest.genesisHash)
    expect(tree.best.raw).toEqual(regtest.genesis.slice(0, 80))
    expect(tree.locator()).toEqual([regtest.genesisHash])
  })

  test('refuses a store of another network', () => {
    const store = new MemoryHeaderStore()
    newTree(regtest, store)
    expect(() => newTree(networks.main, store)).toThrow('not of main')
  })

  test('takes a message without headers', () => {
    const tree = newTree()
    expect(tree.accept([], LATE)).toEqual({ kind: 'accepted', added: [], last: tree.best, bestChanged: false })
  })
})

describe('valid headers', () => {
  test('extend the best chain', () => {
    const tree = newTree()
    const { run, result } = runOn(tree, 3)
    expect(result).toMatchObject({ kind: 'accepted', bestChanged: true, last: { height: 3, work: 8n, id: 4 } })
    expect(result.kind === 'accepted' && result.added.map(({ height, id }) => [height, id])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ])
    expect(tree.best.hash).toEqual(sha256d(run[2]!))
    expect(tree.best.prev).toEqual(sha256d(run[1]!))
    expect(tree.best.raw).toEqual(run[2])
    expect(tree.node(sha256d(run[0]!))).toMatchObject({ height: 1, status: MAIN })
    expect(tree.nodeById(3)).toBe(tree.mainAt(2))
    expect(tree.mainAt(4)).toBeUndefined()
    expect(tree.mainAt(-1)).toBeUndefined()
  })

  test('that are known already change nothing, and those after them are taken', () => {
    const tree = newTree()
    const { run } = runOn(tree, 5)
    expect(tree.accept(run, LATE)).toMatchObject({
      kind: 'accepted',
      added: [],
      last: { height: 5 },
      bestChanged: false,
    })
    const more = [...run, ...makeRun(sha256d(run[4]!), readTime(run[4]!), 2)]
    const result = tree.accept(more.slice(1), LATE)
    expect(result).toMatchObject({ kind: 'accepted', added: [{ height: 6 }, { height: 7 }], bestChanged: true })
    expect(tree.accept([regtest.genesis.subarray(0, 80), ...run], LATE)).toMatchObject({ kind: 'accepted', added: [] })
  })

  test('of a branch with equal work do not displace what was first', () => {
    const tree = newTree()
    const { run } = runOn(tree, 2)
    const { run: other, result } = runOn(tree, 2, GENESIS, 1)
    expect(result).toMatchObject({ kind: 'accepted', bestChanged: false })
    expect(tree.best.hash).toEqual(sha256d(run[1]!))
    expect(tree.isMain(tree.node(sha256d(other[0]!))!)).toBe(false)
    const third = makeHeader({ prev: sha256d(other[1]!), time: readTime(other[1]!) + 600 })
    expect(tree.accept([third], LATE)).toMatchObject({ kind: 'accepted', bestChanged: true })
    expect(tree.mainRange(0, 9).map(({ hash }) => toDisplay(hash))).toEqual(
      [regtest.genesis.subarray(0, 80), ...other, third].map((raw) => toDisplay(sha256d(raw))),
    )
    expect(tree.node(sha256d(run[1]!))!.status).toBe(0)
  })

  test('whose parent is not known are told from bad ones', () => {
    const missing = new Uint8Array(32).fill(7)
    const run = makeRun(missing, GENESIS.time, 2)
    expect(newTree().accept(run, LATE)).toEqual({ kind: 'unconnected', missing })
  })
})

describe('a header is refused as', () => {
  const parent = makeRun(GENESIS.hash, GENESIS.time, 12)
  const tip = { prev: sha256d(parent[11]!), time: readTime(parent[11]!) }
  const median = readTime(parent[6]!)

  function refusal(raw: Uint8Array, network: Network = regtest, now = LATE) {
    const tree = newTree(network)
    expect(tree.accept(parent, LATE).kind).toBe('accepted')
    const result = tree.accept([raw], now)
    expect(tree.best.height).toBe(result.kind === 'accepted' ? 13 : 12)
    expect(tree.node(sha256d(raw)) === undefined).toBe(result.kind !== 'accepted')
    return result.kind === 'invalid' ? result.code : result.kind
  }

  test('high-hash without work, or with less than the network asks of any', () => {
    const raw = makeHeader({ ...tip, time: tip.time + 1 })
    const view = new DataView(raw.buffer)
    while (hashMeetsTarget(sha256d(raw), 0x207fffff)) view.setUint32(76, view.getUint32(76) + 1)
    expect(refusal(raw)).toBe('high-hash')
    expect(refusal(makeHeader({ ...tip, bits: 0x2100ffff }))).toBe('high-hash')
    view.setUint32(72, 0, true)
    expect(refusal(raw)).toBe('high-hash')
  })

  test('bad-diffbits with other bits than the rule asks for', () => {
    expect(refusal(makeHeader({ ...tip, bits: 0x207ffffe }))).toBe('bad-diffbits')
  })

  test('time-too-old when it is not after the median of eleven', () => {
    expect(refusal(makeHeader({ ...tip, time: median }))).toBe('time-too-old')
    expect(refusal(makeHeader({ ...tip, time: median + 1 }))).toBe('accepted')
  })

  test('time-too-new when it is more than two hours ahead', () => {
    const time = tip.time + 1000
    expect(refusal(makeHeader({ ...tip, time }), regtest, (time - 7200) * 1000)).toBe('accepted')
    expect(refusal(makeHeader({ ...tip, time }), regtest, (time - 7200) * 1000 - 1)).toBe('time-too-new')
  })

  test('bad-version where a soft fork has retired its version', () => {
    for (const version of [-1, 0, 1, 2, 3]) expect(refusal(makeHeader({ ...tip, version }))).toBe('bad-version')
    expect(refusal(makeHeader({ ...tip, version: 4 }))).toBe('accepted')
    const heights = { ...regtest.heights, bip34: 13, bip66: 14, bip65: 14 }
    expect(refusal(makeHeader({ ...tip, version: 1 }), { ...regtest, heights })).toBe('bad-version')
    expect(refusal(makeHeader({ ...tip, version: 2 }), { ...regtest, heights })).toBe('accepted')
  })

  test('time-timewarp-attack when BIP 94 holds and a period begins more than 600 s before the last one ended', () => {
    const pow = { ...regtest.pow, retarget: true, bip94: true, interval: 13, spacing: 1 }
    const network = { ...regtest, pow }
    expect(refusal(makeHeader({ ...tip, time: tip.time - 601 }), network)).toBe('time-timewarp-attack')
    expect(refusal(makeHeader({ ...tip, time: tip.time - 600 }), network)).toBe('accepted')
    expect(refusal(makeHeader({ ...tip, time: tip.time - 601 }), { ...network, pow: { ...pow, bip94: false } })).toBe(
      'accepted',
    )
    expect(refusal(makeHeader({ ...tip, time: tip.time - 601 }), { ...network, pow: { ...pow, interval: 12 } })).toBe(
      'accepted',
    )
  })
})

describe('a message', () => {
  test('with a gap, or with a bad header, is refused whole', () => {
    const tree = newTree()
    const run = makeRun(GENESIS.hash, GENESIS.time, 4)
    expect(tree.accept([run[0]!, run[1]!, run[3]!], LATE)).toEqual({
      kind: 'invalid',
      code: 'non-continuous',
      index: 2,
    })
    const bad = makeHeader({ prev: sha256d(run[1]!), time: GENESIS.time })
    expect(tree.accept([run[0]!, run[1]!, bad], LATE)).toEqual({ kind: 'invalid', code: 'time-too-old', index: 2 })
    expect(tree.best.height).toBe(0)
    tree.accept(run.slice(0, 2), LATE)
    expect(tree.accept([run[0]!, run[1]!, bad], LATE)).toEqual({ kind: 'invalid', code: 'time-too-old', index: 2 })
  })

  test('whose last headers are from the future is taken up to there', () => {
    const tree = newTree()
    const run = makeRun(GENESIS.hash, GENESIS.time, 5)
    const now = (readTime(run[2]!) - 7200) * 1000
    expect(tree.accept(run, now)).toMatchObject({ kind: 'accepted', last: { height: 3 }, bestChanged: true })
    expect(tree.accept(run, now)).toEqual({ kind: 'invalid', code: 'time-too-new', index: 3 })
    expect(tree.accept(run, LATE)).toMatchObject({ kind: 'accepted', last: { height: 5 }, added: [{ height: 4 }, {}] })
  })
})

describe('a failed block', () => {
  test('takes what builds on it out of the choice, and the next best chain comes up', () => {
    const tree = newTree()
    const { run } = runOn(tree, 5)
    const { run: other } = runOn(tree, 2, { hash: sha256d(run[0]!), time: readTime(run[0]!) }, 1)
    const { run: onBad } = runOn(tree, 1, { hash: sha256d(run[2]!), time: readTime(run[2]!) }, 2)
    tree.markFailed(tree.mainAt(2)!)
    expect(tree.best.hash).toEqual(sha256d(other[1]!))
    expect(tree.best.height).toBe(3)
    for (const raw of [...run.slice(1), ...onBad]) expect(tree.node(sha256d(raw))!.status).toBe(FAILED)
    expect(tree.mainRange(0, 9).map(({ height, status }) => [height, status])).toEqual(
      [0, 1, 2, 3].map((h) => [h, MAIN]),
    )
    expect(tree.mainAt(4)).toBeUndefined()
  })

  test('may leave nothing better than its parent', () => {
    const tree = newTree()
    runOn(tree, 3)
    tree.markFailed(tree.mainAt(3)!)
    expect(tree.best.height).toBe(2)
  })

  test('beside the best chain changes only its branch', () => {
    const tree = newTree()
    runOn(tree, 3)
    const { run } = runOn(tree, 2, GENESIS, 1)
    const best = tree.best
    tree.markFailed(tree.node(sha256d(run[0]!))!)
    expect(tree.best).toBe(best)
    expect(tree.node(sha256d(run[1]!))!.status).toBe(FAILED)
  })

  test('refuses headers on it, and itself', () => {
    const tree = newTree()
    const { run } = runOn(tree, 2)
    tree.markFailed(tree.mainAt(1)!)
    const next = makeHeader({ prev: sha256d(run[1]!), time: readTime(run[1]!) + 1 })
    expect(tree.accept([next], LATE)).toEqual({ kind: 'invalid', code: 'bad-prevblk', index: 0 })
    expect(tree.accept([...run, next], LATE)).toEqual({ kind: 'invalid', code: 'bad-prevblk', index: 2 })
    expect(tree.accept(run, LATE)).toEqual({ kind: 'invalid', code: 'duplicate-invalid', index: 1 })
  })

  test('is never the genesis block', () => {
    const tree = newTree()
    expect(() => tree.markFailed(tree.best)).toThrow('genesis')
  })

  test('stays failed when the store was closed in the middle of it', () => {
    const store = new MemoryHeaderStore()
    const tree = newTree(regtest, store)
    runOn(tree, 3)
    const { run } = runOn(tree, 2, GENESIS, 1)
    // The first of the two writes: the failure is marked, the next best not yet chosen.
    const status = [1, 2, 3].map((height) => ({ id: tree.mainAt(height)!.id, status: FAILED }))
    store.apply({ insert: [], status })
    const again = newTree(regtest, store)
    expect(again.best.hash).toEqual(sha256d(run[1]!))
    expect(store.topHeight()).toBe(2)
  })
})

test('a failure that was cut short ends in the choice that it would have made', () => {
  const store = new MemoryHeaderStore()
  const tree = newTree(regtest, store)
  const { run: first } = runOn(tree, 1)
  runOn(tree, 2, GENESIS, 1)
  expect(tree.best.height).toBe(2)
  store.apply({ insert: [], status: [{ id: tree.best.id, status: FAILED }] })
  // The failed block's parent and the other header have equal work; that was seen first.
  expect(newTree(regtest, store).best.hash).toEqual(sha256d(first[0]!))
  tree.markFailed(tree.best)
  expect(tree.best.hash).toEqual(sha256d(first[0]!))
})

describe('the status of a block', () => {
  test('is set and cleared, and outlives the tree', () => {
    const store = new MemoryHeaderStore()
    const tree = newTree(regtest, store)
    runOn(tree, 3)
    tree.setStatus(tree.mainRange(1, 2), HAVE_BODY | CONNECTED)
    tree.setStatus(tree.mainAt(2)!, 0, CONNECTED)
    const expected = [MAIN, MAIN | HAVE_BODY | CONNECTED, MAIN | HAVE_BODY, MAIN]
    expect(tree.mainRange(0, 9).map(({ status }) => status)).toEqual(expected)
    expect(
      newTree(regtest, store)
        .mainRange(0, 9)
        .map(({ status }) => status),
    ).toEqual(expected)
  })

  test('survives a reorganisation of headers', () => {
    const tree = newTree()
    const { run } = runOn(tree, 1)
    tree.setStatus(tree.best, HAVE_BODY | CONNECTED)
    runOn(tree, 2, GENESIS, 1)
    expect(tree.node(sha256d(run[0]!))!.status).toBe(HAVE_BODY | CONNECTED)
  })

  test('has bits that only the tree itself may set', () => {
    const tree = newTree()
    expect(() => tree.setStatus(tree.best, FAILED)).toThrow('HAVE_BODY')
    expect(() => tree.setStatus(tree.best, 0, MAIN)).toThrow('HAVE_BODY')
  })

  test('is not written when it stays the same', () => {
    let writes = 0
    class Counting extends MemoryHeaderStore {
      override apply(change: Parameters<MemoryHeaderStore['apply']>[0]) {
        writes++
        super.apply(change)
      }
    }
    const tree = newTree(regtest, new Counting())
    tree.setStatus(tree.best, HAVE_BODY)
    const before = writes
    tree.setStatus(tree.best, HAVE_BODY)
    expect(writes).toBe(before)
  })
})

describe('peers are told', () => {
  const tree = newTree()
  const { run } = runOn(tree, 40)
  const { run: side } = runOn(tree, 3, { hash: sha256d(run[9]!), time: readTime(run[9]!) }, 1)
  const hashOf = (height: number) => tree.mainAt(height)!.hash
  const heights = (nodes: { height: number }[]) => nodes.map(({ height }) => height)
  const NO_STOP = new Uint8Array(32)

  test('where we are, by ten steps of one and then doubling ones', () => {
    const locator = tree.locator().map((hash) => tree.node(hash)!.height)
    expect(locator).toEqual([40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 28, 24, 16, 0])
    expect(tree.locator(tree.mainAt(2)).map((hash) => tree.node(hash)!.height)).toEqual([2, 1, 0])
    const fromSide = tree.locator(tree.node(sha256d(side[2]!))!)
    expect(fromSide.slice(0, 4)).toEqual([...side.map((raw) => sha256d(raw)).reverse(), hashOf(10)])
  })

  test('what follows the first block of theirs that is on our best chain', () => {
    const theirs = [new Uint8Array(32).fill(9), sha256d(side[1]!), hashOf(10), hashOf(5)]
    expect(heights(tree.after(theirs, NO_STOP, 3))).toEqual([11, 12, 13])
    expect(heights(tree.after(theirs, hashOf(12), 9))).toEqual([11, 12])
    expect(heights(tree.after(theirs, hashOf(4), 2))).toEqual([11, 12])
    expect(heights(tree.after(theirs, sha256d(side[2]!), 2))).toEqual([11, 12])
    expect(heights(tree.after(theirs, NO_STOP, 9, 12))).toEqual([11, 12])
    expect(tree.after(theirs, NO_STOP, 9, 10)).toEqual([])
    expect(tree.after([hashOf(40)], NO_STOP, 9)).toEqual([])
  })

  test('everything after genesis when we have none of theirs', () => {
    expect(heights(tree.after([new Uint8Array(32).fill(9)], NO_STOP, 2))).toEqual([1, 2])
  })

  test('one header when they name only that', () => {
    expect(heights(tree.after([], hashOf(7), 9))).toEqual([7])
    expect(tree.after([], sha256d(side[0]!), 9)).toEqual([tree.node(sha256d(side[0]!))])
    expect(tree.after([], NO_STOP, 9)).toEqual([])
  })

  test('a median time of eleven blocks, or of fewer at the start', () => {
    expect(tree.medianTimePast(tree.mainAt(40)!)).toBe(tree.mainAt(35)!.time)
    expect(tree.medianTimePast(tree.mainAt(0)!)).toBe(GENESIS.time)
    expect(tree.medianTimePast(tree.mainAt(3)!)).toBe(tree.mainAt(2)!.time)
  })

  test('ancestors and forks across branches', () => {
    const tip = tree.node(sha256d(side[2]!))!
    expect(tree.ancestor(tip, 11)!.hash).toEqual(sha256d(side[0]!))
    expect(tree.ancestor(tip, 4)).toBe(tree.mainAt(4))
    expect(tree.ancestor(tip, 14)).toBeUndefined()
    expect(tree.fork(tip, tree.best)).toBe(tree.mainAt(10))
    expect(tree.fork(tree.mainAt(12)!, tip)).toBe(tree.mainAt(10))
    expect(tree.fork(tree.mainAt(4)!, tip)).toBe(tree.mainAt(4))
    expect(tree.fork(tip, tip)).toBe(tip)
  })
})

test('on Litecoin the work is in the scrypt hash, the name in the double SHA-256', () => {
  // Heights 1 to 5 as Litecoin Core 0.21.2.1 mined them in regtest.
  const mined = [
    '00000020f916c456fc51df627885d7d674ed02dc88a225adb3f02ad13eb4938ff32708538e9e9dc4c408a82e4b3d56fb11f4be191742eeed45df67556f249c5557ef0af568d1026bffff7f2002000000',
    '000000201b0144b106da8782b9a2f3f331665f3a5a81412075af4e69e794131fd4c57a29f0fe7265d8c5559ef3d053aab27bb0d7ce3f8b9bba106e8bd5472dfec5452f2569d1026bffff7f2002000000',
    '000000200615a54a73c7fb12974a00024cadc50fcdf3db097f3c8a60dda874311d65b3fdcb5ccd761602b7c18c957ed66137b42866dc74ad3efb7d9f063153d0190f7bc569d1026bffff7f2000000000',
    '0000002099ccd30960071d5605adf935f54044fccc847080c16dca211d6c7f0639f293af3f86784a7d2970d484f96608eb9ab8cf9e321ea01346dde3bd97a83f798481a56ad1026bffff7f2001000000',
    '0000002039ac0ae4989adc2dd334ec19c5ebbed85c6b96d119b49af491a021e86ee8ce9d9b40880b99b89362028b9e8c8e8a32daefb77e8c2558225c060bf37b3df4e6dd6ad1026bffff7f2000000000',
  ].map((hex) => hexToBytes(hex))
  const litecoin = networks['litecoin-regtest']
  expect(newTree(litecoin).accept(mined, LATE)).toMatchObject({ kind: 'accepted', last: { height: 5, work: 12n } })
  const asBitcoin = newTree({ ...litecoin, powHash: 'sha256d' }).accept(mined, LATE)
  expect(asBitcoin).toMatchObject({ kind: 'invalid', code: 'high-hash' })
})
