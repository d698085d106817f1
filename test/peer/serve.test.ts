import { describe, expect, test } from 'vitest'
import { CONNECTED, HAVE_BODY } from '../../src/chain/header-store.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { sha256d, toDisplay } from '../../src/wire/hash.ts'
import { type Inventory, InvType } from '../../src/wire/inventory.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import { endings, names, type Seen, SyncBench, sent } from './sync-bench.ts'

const maker = new ChainMaker({ seed: 31 })
const chain = maker.mine(1250)
const ZERO = new Uint8Array(32)

/** A node with a client on link 1 that has nothing to give. */
function serving(height = chain.length, options = {}): SyncBench {
  const bench = new SyncBench(options)
  bench.have(chain.slice(0, height))
  bench.up(1, 0, { services: 0n })
  return bench
}

function getheaders(bench: SyncBench, locator: Uint8Array[], stop = ZERO): Seen[] {
  return bench.say(1, { command: 'getheaders', version: 70_016, locator, stop })
}

function getblocks(bench: SyncBench, locator: Uint8Array[], stop = ZERO): Seen[] {
  return bench.say(1, { command: 'getblocks', version: 70_016, locator, stop })
}

function getdata(
  bench: SyncBench,
  blocks: readonly { hash: Uint8Array }[],
  type: number = InvType.WITNESS_BLOCK,
): Seen[] {
  return bench.say(1, { command: 'getdata', items: blocks.map(({ hash }) => ({ type, hash })) })
}

function headerNames(seen: readonly Seen[]): string[] {
  return sent(seen, 'headers')[0]!.message.headers.map((raw) => toDisplay(sha256d(raw)))
}

function reads(seen: readonly Seen[]): { id: number; height: number; witness: boolean }[] {
  return seen.flatMap((one) =>
    'do' in one && one.do === 'read-block' ? [{ id: one.id, height: one.node.height, witness: one.witness }] : [],
  )
}

describe('getheaders', () => {
  const bench = serving()

  test('gives what follows the first known hash, at most 2,000, and notes what the peer then has', () => {
    const seen = getheaders(bench, [ZERO.slice().fill(9), chain[1199]!.hash, regtest.genesisHash])
    expect(headerNames(seen)).toEqual(names(chain.slice(1200)))
    expect(seen).toContainEqual({ do: 'knows-block', link: 1, hash: chain.at(-1)!.hash })
  })

  test('stops where it is told', () => {
    expect(headerNames(getheaders(bench, [chain[9]!.hash], chain[19]!.hash))).toEqual(names(chain.slice(10, 20)))
  })

  test('gives one header where only the stop is named', () => {
    expect(headerNames(getheaders(bench, [], chain[77]!.hash))).toEqual(names([chain[77]!]))
  })

  test('starts at genesis for a locator that is all unknown', () => {
    expect(headerNames(getheaders(bench, [ZERO.slice().fill(3)], chain[2]!.hash))).toEqual(names(chain.slice(0, 3)))
  })

  test('answers with nothing where there is nothing more', () => {
    const seen = getheaders(bench, [chain.at(-1)!.hash])
    expect(sent(seen, 'headers')[0]!.message.headers).toEqual([])
    expect(seen).toContainEqual({ do: 'knows-block', link: 1, hash: chain.at(-1)!.hash })
  })

  test('headers whose blocks are not connected here are kept back', () => {
    const behind = new SyncBench()
    behind.have(chain.slice(0, 10))
    behind.know(chain.slice(10, 50))
    behind.up(1, 0, { services: 0n })
    expect(headerNames(getheaders(behind, [chain[4]!.hash]))).toEqual(names(chain.slice(5, 10)))
    const branch = maker.mine(60, {}, chain[6]!)
    behind.know(branch)
    expect(headerNames(getheaders(behind, [chain[4]!.hash]))).toEqual(names(chain.slice(5, 10)))
    expect(headerNames(getheaders(behind, [branch[3]!.hash, chain[6]!.hash]))).toEqual(names(chain.slice(7, 10)))
    expect(headerNames(getheaders(behind, [chain[4]!.hash], chain[8]!.hash))).toEqual(names(chain.slice(5, 9)))
    expect(headerNames(getheaders(behind, [chain[9]!.hash]))).toEqual([])
    expect(headerNames(getheaders(behind, [], branch[3]!.hash))).toEqual([])
    expect(names(sent(getblocks(behind, [chain[4]!.hash]), 'inv')[0]!.message.items)).toEqual(names(chain.slice(5, 10)))
  })

  test('a chain below the minimum work of the network is not passed on', () => {
    const young = serving(10, { network: { ...regtest, minChainWork: 1n << 40n } })
    expect(sent(getheaders(young, [regtest.genesisHash]), 'headers')[0]!.message.headers).toEqual([])
  })

  test('a node of headers only gives what it has', () => {
    const spv = new SyncBench({ spv: true })
    spv.know(chain.slice(0, 10))
    spv.up(1, 0, { services: 0n })
    expect(headerNames(getheaders(spv, [regtest.genesisHash]))).toEqual(names(chain.slice(0, 10)))
    expect(getdata(spv, [chain[1]!])).toEqual([])
  })

  test('a locator of more than 101 hashes is misbehaving', () => {
    const payload = new Uint8Array(4 + 1 + 102 * 32 + 32)
    payload[4] = 102
    for (const command of ['getheaders', 'getblocks']) {
      expect(endings(bench.read(bench.sync.message(1, command, payload, bench.now)))).toEqual([
        { link: 1, reason: `malformed-${command}: too-large`, misbehaving: true },
      ])
    }
  })
})

describe('getblocks', () => {
  test('names at most 500 blocks, and shows that there is more once the last of them was asked for', () => {
    const bench = serving()
    const seen = sent(getblocks(bench, [regtest.genesisHash]), 'inv')
    expect(names(seen[0]!.message.items)).toEqual(names(chain.slice(0, 500)))
    const [read] = reads(getdata(bench, [chain[499]!], InvType.CMPCT_BLOCK))
    expect(read).toMatchObject({ height: 500, witness: true })
    const given = bench.read(bench.sync.blockRead(read!.id, chain[499]!.bytes))
    expect(sent(given, 'block')).toHaveLength(1)
    expect(names(sent(given, 'inv')[0]!.message.items)).toEqual(names([chain.at(-1)!]))
  })

  test('stops where it is told, and says nothing where there is nothing more', () => {
    const bench = serving()
    const some = sent(getblocks(bench, [chain[1]!.hash], chain[3]!.hash), 'inv')
    expect(names(some[0]!.message.items)).toEqual(names(chain.slice(2, 4)))
    expect(getblocks(bench, [chain.at(-1)!.hash])).toEqual([])
    expect(getblocks(bench, [])).toEqual([])
  })
})

describe('getdata', () => {
  test('gives one block at a time, the next when the one before has left', () => {
    const bench = serving()
    const wanted = [chain[5]!, chain[3]!, chain[9]!]
    let seen = getdata(bench, wanted)
    for (const [i, block] of wanted.entries()) {
      const [read, ...more] = reads(seen)
      expect(read!.height).toBe(block.height)
      expect(more).toEqual([])
      expect(bench.read(bench.sync.drained(1, bench.now))).toEqual([])
      const given = bench.read(bench.sync.blockRead(read!.id, block.bytes))
      expect(sent(given, 'block').map(({ message }) => message.bytes)).toEqual([block.bytes])
      expect(given).toContainEqual({ do: 'knows-block', link: 1, hash: block.hash })
      seen = bench.read(bench.sync.drained(1, bench.now))
      expect(reads(seen)).toHaveLength(i === wanted.length - 1 ? 0 : 1)
    }
  })

  test.each([
    ['BLOCK', InvType.BLOCK, false],
    ['WITNESS_BLOCK', InvType.WITNESS_BLOCK, true],
    ['CMPCT_BLOCK', InvType.CMPCT_BLOCK, true],
  ])('%s is read with witness data: %s %s', (_, type, witness) => {
    expect(reads(getdata(serving(), [chain[7]!], type))).toMatchObject([{ height: 8, witness }])
  })

  test('blocks that are not here, not kept or not connected are not found, and the rest goes on', () => {
    const bench = serving(20)
    bench.know(chain.slice(20, 25))
    bench.tree.setStatus(bench.node(chain[22]!), HAVE_BODY)
    const seen = getdata(bench, [chain[900]!, chain[22]!, chain[3]!, chain[4]!])
    expect(sent(seen, 'notfound').flatMap(({ message }) => names(message.items))).toEqual(
      names([chain[900]!, chain[22]!]),
    )
    const pruned = bench.read(bench.sync.blockRead(reads(seen)[0]!.id, undefined))
    expect(names(sent(pruned, 'notfound')[0]!.message.items)).toEqual(names([chain[3]!]))
    expect(reads(pruned)).toMatchObject([{ height: 5 }])
  })

  test('a block of a branch that was left lately is still given', () => {
    const bench = serving(20)
    const branch: MadeBlock[] = maker.mine(3, {}, chain[18]!)
    bench.know(branch)
    bench.tree.setStatus(
      branch.map((block) => bench.node(block)),
      HAVE_BODY | CONNECTED,
    )
    bench.tree.setStatus(bench.node(chain[19]!), 0, CONNECTED)
    bench.sync.connected(bench.node(branch[2]!), bench.now)
    expect(reads(getdata(bench, [chain[19]!]))).toMatchObject([{ height: 20 }])
    expect(headerNames(getheaders(bench, [chain[19]!.hash, chain[18]!.hash]))).toEqual(names(branch))
  })

  test('an answer to a link that is gone goes nowhere', () => {
    const bench = serving()
    const [read] = reads(getdata(bench, [chain[5]!]))
    bench.down(1)
    expect(bench.sync.blockRead(read!.id, chain[5]!.bytes)).toEqual([])
    expect(bench.sync.blockRead(read!.id, chain[5]!.bytes)).toEqual([])
  })

  test('filtered blocks end the link, transactions are somebody else’s business', () => {
    const bench = serving()
    expect(getdata(bench, [chain[5]!], InvType.WTX)).toEqual([])
    expect(endings(getdata(bench, [chain[5]!], InvType.FILTERED_BLOCK))).toEqual([
      { link: 1, reason: 'filtered-block-not-offered', misbehaving: false },
    ])
  })

  test('more than 50,000 entries, at once or piled up, are misbehaving', () => {
    const bench = serving()
    const items: Inventory[] = Array.from({ length: 30_000 }, () => ({ type: 2, hash: chain[1]!.hash }))
    expect(endings(bench.say(1, { command: 'getdata', items }))).toEqual([])
    expect(endings(bench.say(1, { command: 'getdata', items }))).toEqual([
      { link: 1, reason: 'too-many-getdata', misbehaving: true },
    ])
    const payload = new Uint8Array(3 + 50_001 * 36)
    payload.set([0xfd, 0x51, 0xc3])
    for (const command of ['getdata', 'inv', 'notfound']) {
      expect(endings(bench.read(bench.sync.message(1, command, payload, bench.now)))).toEqual([
        { link: 1, reason: `malformed-${command}: too-large`, misbehaving: true },
      ])
    }
  })
})
