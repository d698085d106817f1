import { describe, expect, test } from 'vitest'
import { CONNECTED, HAVE_BODY } from '../../src/chain/header-store.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { StallClock } from '../../src/peer/stall-clock.ts'
import { DEFAULT_LIMITS } from '../../src/peer/sync.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { Services } from '../../src/wire/services.ts'
import { ChainMaker } from '../sim/chain-maker.ts'
import { asked, endings, names, SyncBench, sent } from './sync-bench.ts'

const maker = new ChainMaker({ seed: 21 })
const chain = maker.mine(1200)
const MINUTE = 60_000

/** Peers that have all given their headers; the blocks are asked of the first as far as it goes. */
function bench(peers: number, height = 100, limits = DEFAULT_LIMITS) {
  const it = new SyncBench({ limits })
  it.know(chain.slice(0, height))
  const seen = []
  for (let link = 1; link <= peers; link++) {
    seen.push(...it.up(link, height))
    seen.push(...it.headers(link, chain.slice(height - 1, height)))
  }
  return { it, first: asked(seen), seen }
}

describe('block download', () => {
  test('asks several peers at once, lowest first, 16 of each, for witness data', () => {
    const { first, seen } = bench(3)
    expect([...first.keys()]).toEqual([1, 2, 3])
    expect(first.get(1)).toEqual(names(chain.slice(0, 16)))
    expect(first.get(2)).toEqual(names(chain.slice(16, 32)))
    expect(first.get(3)).toEqual(names(chain.slice(32, 48)))
    for (const { message } of sent(seen, 'getdata')) {
      expect(message.items.every(({ type }) => type === InvType.WITNESS_BLOCK)).toBe(true)
    }
  })

  test('each block that comes is handed on and makes room for the next', () => {
    const { it } = bench(2)
    const seen = it.block(2, chain[16]!)
    expect(seen[0]).toMatchObject({ do: 'block', link: 2, node: { height: 17 } })
    expect(asked(seen)).toEqual(new Map([[2, names([chain[32]!])]]))
  })

  test('the window reaches 1,024 blocks above the connected tip, and moves with it', () => {
    const { it } = bench(70, 1200)
    expect(it.sync.inFlight).toBe(1024)
    const seen = it.connect(chain[0]!)
    expect([...asked(seen).values()].flat()).toEqual(names([chain[1024]!]))
  })

  test('bodies that wait are counted, and the next block to connect always fits', () => {
    const size = chain[0]!.bytes.length
    const { it } = bench(1, 100, { perPeer: 4, windowBlocks: 1024, windowBytes: 6 * size })
    expect(it.sync.inFlight).toBe(4)
    // All but the first come, and five of them fill the window.
    for (const block of chain.slice(1, 6)) it.block(1, block)
    expect(it.sync.inFlight).toBe(1)
    // Whoever comes next is asked for the first, though nothing else fits.
    it.down(1)
    it.up(2, 100)
    expect(asked(it.headers(2, chain.slice(99, 100)))).toEqual(new Map([[2, names([chain[0]!])]]))
    expect(asked(it.block(2, chain[0]!))).toEqual(new Map())
    expect(asked(it.connect(chain[0]!))).toEqual(new Map([[2, names([chain[6]!])]]))
    expect(asked(it.connect(chain[1]!))).toEqual(new Map([[2, names([chain[7]!])]]))
  })

  test('what a lost link owed is asked of another', () => {
    const { it } = bench(2, 16)
    expect(asked(it.down(1)).get(2)).toEqual(names(chain.slice(0, 16)))
  })

  test('what a peer does not have is asked of another, and of it no more', () => {
    const { it } = bench(2, 16)
    const items = [{ type: InvType.WITNESS_BLOCK, hash: chain[3]!.hash }]
    expect(asked(it.say(1, { command: 'notfound', items }))).toEqual(new Map([[2, names([chain[3]!])]]))
    expect(asked(it.say(2, { command: 'notfound', items }))).toEqual(new Map())
    it.up(3, 16)
    expect(asked(it.headers(3, chain.slice(15, 16))).get(3)).toEqual(names([chain[3]!]))
  })

  test('peers are asked only for what they have shown to have and can serve', () => {
    const it = new SyncBench()
    it.know(chain.slice(0, 600))
    it.up(1, 10)
    expect(asked(it.headers(1, chain.slice(0, 10))).get(1)).toHaveLength(10)
    it.up(2, 600, { services: Services.NETWORK })
    expect(asked(it.headers(2, chain.slice(599, 600)))).toEqual(new Map())
    it.up(3, 600, { services: Services.NETWORK_LIMITED | Services.WITNESS })
    expect(asked(it.headers(3, chain.slice(599, 600))).get(3)![0]).toBe(toDisplay(chain[314]!.hash))
    it.up(4, 600, { services: Services.WITNESS })
    expect(asked(it.headers(4, chain.slice(599, 600)))).toEqual(new Map())
  })

  test('a peer on another branch is asked for what both branches share', () => {
    const fork = maker.mine(5, {}, chain[19]!)
    const it = new SyncBench({ limits: { ...DEFAULT_LIMITS, perPeer: 64 } })
    it.know(chain.slice(0, 40))
    it.up(1, 25)
    expect(asked(it.headers(1, fork)).get(1)).toEqual(names(chain.slice(0, 20)))
  })

  test('blocks in the store are not asked for again, nor are those handed in from elsewhere', () => {
    const it = new SyncBench()
    it.know(chain.slice(0, 10))
    it.tree.setStatus([it.node(chain[2]!), it.node(chain[4]!)], HAVE_BODY)
    it.up(1, 10)
    const first = asked(it.headers(1, chain.slice(9, 10))).get(1)!
    expect(first).toEqual(names(chain.slice(0, 10).filter((_, i) => i !== 2 && i !== 4)))
    it.tree.setStatus(it.node(chain[0]!), HAVE_BODY)
    it.sync.bodyStored(it.node(chain[0]!))
    expect(it.block(1, chain[0]!)).toEqual([])
  })

  test('a stored block that is lost is asked for again', () => {
    const it = new SyncBench()
    it.know(chain.slice(0, 3))
    it.tree.setStatus(it.node(chain[1]!), HAVE_BODY)
    it.up(1, 3)
    it.headers(1, chain.slice(2, 3))
    it.tree.setStatus(it.node(chain[1]!), 0, HAVE_BODY)
    expect(asked(it.read(it.sync.bodyLost(it.node(chain[1]!), it.now))).get(1)).toEqual(names([chain[1]!]))
  })

  test('a new block announced by header is fetched from who announced it', () => {
    const { it } = bench(3, 10)
    for (const block of chain.slice(0, 10)) it.connect(block)
    expect(asked(it.headers(3, chain.slice(10, 11)))).toEqual(new Map([[3, names([chain[10]!])]]))
  })

  test('headers only: no block is asked for, and none is taken', () => {
    const it = new SyncBench({ spv: true })
    it.up(1, 10)
    expect(asked(it.headers(1, chain.slice(0, 10)))).toEqual(new Map())
    expect(it.block(1, chain[0]!)).toEqual([])
    expect(it.tree.best.height).toBe(10)
  })
})

describe('who holds things up', () => {
  test('the limit for a stall falls by 15 % with each step forward, down to 2 s', () => {
    const clock = new StallClock()
    for (let limit = 2000; limit < 16_000; limit *= 2) {
      clock.watch(1, 0)
      expect(clock.deadline).toBe(limit)
      expect(clock.expired(limit)).toBe(1)
    }
    clock.progress()
    clock.watch(2, 1000)
    expect(clock.deadline).toBe(1000 + 16_000 * 0.85)
    for (let i = 0; i < 50; i++) clock.progress()
    expect(clock.deadline).toBe(3000)
    clock.relieve(2)
    expect(clock.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  const small = { perPeer: 4, windowBlocks: 8, windowBytes: 64_000_000 }

  /** Link 1 was asked for blocks 1 to 4, link 2 for 5 to 8 and has delivered them. */
  function stalled() {
    const { it } = bench(2, 100, small)
    for (const block of chain.slice(4, 8)) it.block(2, block)
    return it
  }

  test('while the window cannot move and another could go on, the limit is 2 s', () => {
    const it = stalled()
    expect(endings(it.wait(1999))).toEqual([])
    expect(endings(it.wait(1))).toEqual([{ link: 1, reason: 'block-stalled', misbehaving: false }])
    expect(asked(it.down(1)).get(2)).toEqual(names(chain.slice(0, 4)))
  })

  test('delivering stops the clock', () => {
    const it = stalled()
    it.wait(1500)
    it.block(1, chain[0]!)
    it.connect(chain[0]!)
    expect(endings(it.wait(1500))).toEqual([])
  })

  test('the limit doubles with each peer dropped, up to 64 s, and falls while blocks come', () => {
    const it = stalled()
    let limit = 2000
    for (let staller = 1; limit < 200_000; staller = staller === 1 ? 3 : staller + 1) {
      const waited = Math.min(limit, 64_000)
      expect(endings(it.wait(waited - 1))).toEqual([])
      expect(endings(it.wait(1))).toMatchObject([{ link: staller, reason: 'block-stalled' }])
      // The next to hold things up: it is asked first, as link 2 says that it does not have them.
      it.up(staller === 1 ? 3 : staller + 1, 100)
      it.say(2, {
        command: 'notfound',
        items: chain.slice(0, 4).map(({ hash }) => ({ type: InvType.WITNESS_BLOCK, hash })),
      })
      it.down(staller)
      it.say(2, {
        command: 'notfound',
        items: chain.slice(0, 4).map(({ hash }) => ({ type: InvType.WITNESS_BLOCK, hash })),
      })
      expect(asked(it.headers(staller === 1 ? 3 : staller + 1, chain.slice(99, 100))).size).toBe(1)
      limit *= 2
    }
  })

  test('nobody is dropped while the ledger is what is slow', () => {
    const { it } = bench(2, 100, small)
    for (const block of chain.slice(0, 4)) it.block(1, block)
    for (const block of chain.slice(4, 7)) it.block(2, block)
    expect(endings(it.wait(MINUTE))).toEqual([])
  })

  test('at the end of the chain a late block is asked of another one after 2 s, and of a third', () => {
    const { it } = bench(4, 10)
    for (const block of chain.slice(0, 10)) {
      it.block(1, block)
      it.connect(block)
    }
    expect([...asked(it.headers(1, chain.slice(10, 11))).keys()]).toEqual([1])
    for (const link of [2, 3, 4]) it.headers(link, chain.slice(10, 11))
    expect(asked(it.wait(1999))).toEqual(new Map())
    expect(asked(it.wait(1))).toEqual(new Map([[2, names([chain[10]!])]]))
    expect(asked(it.wait(10_000))).toEqual(new Map([[3, names([chain[10]!])]]))
    expect(it.block(2, chain[10]!)).toMatchObject([{ do: 'block', link: 2 }])
    expect(it.block(1, chain[10]!)).toEqual([])
    expect(it.block(3, chain[10]!)).toEqual([])
  })

  test('a block takes no longer than one spacing, and a half for each other busy peer', () => {
    const spacing = regtest.pow.spacing * 1000
    const alone = bench(1, 1).it
    expect(endings(alone.wait(spacing - 1))).toEqual([])
    expect(endings(alone.wait(1))).toEqual([{ link: 1, reason: 'block-timeout', misbehaving: false }])
    expect(endings(alone.wait(spacing))).toEqual([])
    const two = bench(2, 100).it
    expect(endings(two.wait(spacing * 1.5 - 1))).toEqual([])
    expect(endings(two.wait(1))).toHaveLength(2)
  })
})

describe('blocks nobody asked for', () => {
  function atHeight100(): SyncBench {
    const it = new SyncBench()
    it.have(chain.slice(0, 100))
    it.up(1, 100)
    it.headers(1, chain.slice(99, 100))
    return it
  }

  test('are taken where they build on the tip', () => {
    expect(atHeight100().block(1, chain[100]!)).toContainEqual(expect.objectContaining({ do: 'block', link: 1 }))
  })

  test('are not where they are old, of less work, or far ahead', () => {
    const it = atHeight100()
    expect(it.block(1, maker.block({}, chain[50]!))).not.toContainEqual(expect.objectContaining({ do: 'block' }))
    expect(it.block(1, chain[50]!)).toEqual([])
    const far = new SyncBench()
    far.know(chain.slice(0, 400))
    far.up(1, 0)
    expect(far.block(1, chain[399]!)).toEqual([])
    expect(far.block(1, chain[287]!)).toMatchObject([{ do: 'block' }])
  })

  test('lead to a question where they do not connect, and to an end where their header is bad', () => {
    const it = atHeight100()
    expect(sent(it.block(1, chain[120]!), 'getheaders')).toHaveLength(1)
    expect(endings(it.block(1, maker.block({ noWork: true }, chain[99]!)))).toMatchObject([
      { reason: 'header-high-hash', misbehaving: true },
    ])
    expect(endings(it.read(it.sync.message(1, 'block', new Uint8Array(80), it.now)))).toMatchObject([
      { reason: 'malformed-block: truncated' },
    ])
  })
})

describe('bad blocks', () => {
  test('bytes that do not fit the header are fetched elsewhere, and their sender is told off', () => {
    const { it } = bench(2, 16)
    it.block(1, chain[0]!)
    const seen = it.read(it.sync.invalidBlock(chain[0]!.hash, 'bad-txnmrklroot', undefined, it.now))
    expect(endings(seen)).toEqual([{ link: 1, reason: 'bad-txnmrklroot', misbehaving: true }])
    expect(asked(seen)).toEqual(new Map([[2, names([chain[0]!])]]))
  })

  test('a block that breaks a rule ends its branch: the next best one is fetched', () => {
    const it = new SyncBench()
    const branch = maker.mine(20, {}, chain[9]!)
    it.have(chain.slice(0, 10))
    it.know(branch)
    it.up(1, 31)
    it.headers(1, chain.slice(10, 31))
    it.up(2, 30)
    expect(asked(it.headers(2, branch))).toEqual(new Map())
    it.block(1, chain[10]!)
    it.tree.markFailed(it.node(chain[10]!))
    const seen = it.read(it.sync.invalidBlock(chain[10]!.hash, 'bad-cb-amount', 1, it.now))
    expect(endings(seen)).toEqual([{ link: 1, reason: 'bad-cb-amount', misbehaving: true }])
    expect(asked(seen)).toEqual(new Map([[2, names(branch.slice(0, 16))]]))
    expect(endings(it.headers(2, [chain[10]!]))).toMatchObject([{ reason: 'header-duplicate-invalid' }])
  })
})

describe('a branch beside the best chain', () => {
  /** Connected up to height 10, with the block above asked of link 1, which keeps it back. */
  function waiting(limits = DEFAULT_LIMITS) {
    const it = new SyncBench({ limits })
    it.have(chain.slice(0, 10))
    it.up(1, 11)
    expect(asked(it.headers(1, [chain[10]!])).get(1)).toEqual(names([chain[10]!]))
    it.up(2, 10)
    return it
  }

  test('is fetched of whoever tells of it, where it has more work than the tip', () => {
    const it = waiting()
    const branch = maker.mine(2, {}, chain[8]!)
    expect(asked(it.headers(2, branch.slice(0, 1)))).toEqual(new Map())
    expect(asked(it.headers(2, branch.slice(1)))).toEqual(new Map([[2, names(branch)]]))
    expect(it.block(2, branch[0]!)).toMatchObject([{ do: 'block', link: 2 }])
    // Nobody else is asked for it, however late it is.
    expect(asked(it.wait(MINUTE)).get(1) ?? []).not.toContain(toDisplay(branch[1]!.hash))
  })

  test('is not fetched where it is long, or hangs on blocks that are not connected', () => {
    const it = waiting()
    expect(asked(it.headers(2, maker.mine(17, {}, chain[8]!).slice(0, 1)))).toEqual(new Map())
    it.headers(1, chain.slice(11, 40))
    it.know(maker.chain().slice(9))
    expect(asked(it.headers(2, maker.chain().slice(-1)))).toEqual(new Map())
    expect(asked(it.headers(2, maker.mine(3, {}, chain[12]!)))).toEqual(new Map())
  })
})

describe('a reorganisation', () => {
  test('goes along the branch beyond the window, as its blocks are stored', () => {
    const size = chain[0]!.bytes.length
    const it = new SyncBench({ limits: { perPeer: 16, windowBlocks: 20, windowBytes: 30 * size } })
    const old = maker.mine(60, {}, chain[9]!)
    it.have([...chain.slice(0, 10), ...old])
    it.up(1, 110)
    let seen = it.headers(1, chain.slice(9, 110))
    const got: string[] = []
    for (let names = asked(seen).get(1); names; names = asked(seen).get(1)) {
      got.push(...names)
      seen = names.flatMap((name) => {
        const block = chain.find(({ hash }) => toDisplay(hash) === name)!
        const out = it.block(1, block)
        it.sync.bodyStored(it.node(block))
        return out
      })
      seen.push(...it.read(it.sync.advanced(it.node(old.at(-1)!), it.now)))
    }
    expect(got).toEqual(names(chain.slice(10, 110)))
  })

  test('fetches a block of the branch again that was stored and is lost', () => {
    const it = new SyncBench()
    const old = maker.mine(3, {}, chain[9]!)
    it.have([...chain.slice(0, 10), ...old])
    it.up(1, 15)
    it.headers(1, chain.slice(9, 15))
    for (const block of chain.slice(10, 14)) {
      it.block(1, block)
      it.tree.setStatus(it.node(block), HAVE_BODY)
      it.sync.bodyStored(it.node(block))
    }
    it.tree.setStatus(it.node(chain[11]!), 0, HAVE_BODY)
    const seen = it.read(it.sync.bodyLost(it.node(chain[11]!), it.now))
    expect(asked(seen)).toEqual(new Map([[1, names([chain[11]!])]]))
  })

  test('fetches the other branch from where it leaves ours, and takes the tip as it comes', () => {
    const it = new SyncBench()
    it.have(chain.slice(0, 50))
    const branch = maker.mine(30, {}, chain[39]!)
    it.up(1, 70)
    expect(asked(it.headers(1, branch)).get(1)).toEqual(names(branch.slice(0, 16)))
    const seen = branch.flatMap((block) => {
      const out = it.block(1, block)
      it.tree.setStatus(it.node(block), HAVE_BODY)
      return out
    })
    expect(seen.filter((one) => 'do' in one && one.do === 'block')).toHaveLength(30)
    for (const block of branch) it.tree.setStatus(it.node(block), CONNECTED)
    expect(it.read(it.sync.connected(it.node(branch.at(-1)!), it.now))).toEqual([])
    expect(it.sync.inFlight).toBe(0)
    const next = maker.mine(1, {}, branch.at(-1)!)
    expect(asked(it.headers(1, next)).get(1)).toEqual(names(next))
  })
})
