import { describe, expect, test } from 'vitest'
import { FAILED, HAVE_BODY } from '../../src/chain/header-store.ts'
import { litecoinRegtest } from '../../src/chain/networks/litecoin-regtest.ts'
import { main } from '../../src/chain/networks/main.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { encodeFrame } from '../../src/wire/frame.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readDat, readShared } from '../shared.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { LITECOIN } from '../sim/node-styles.ts'
import type { ScriptedPeerOptions } from '../sim/scripted-peer.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { type Met, Rig } from './rig.ts'

type Bytes = Uint8Array<ArrayBuffer>

const HEIGHT = 103
const COIN = 50_0000_0000

/** A relay at height 103 with an honest peer on link 1, and a maker that stands there. */
function start(seed: number) {
  const simulation = new Simulation(seed)
  const maker = new ChainMaker({ seed })
  // The first coinbase is spent already; the second made an output that wants a witness.
  const blocks = maker.mine(101)
  const spent = spend([coinbaseCoin(blocks[0]!, maker)], [{ valueSat: COIN, script: OP_TRUE }])
  blocks.push(...maker.mine(1, { transactions: [spent] }))
  const split = spend([coinbaseCoin(blocks[1]!, maker)], [{ valueSat: COIN, script: P2WSH_TRUE }])
  blocks.push(...maker.mine(1, { transactions: [split] }))
  const rig = new Rig(simulation)
  const honest = rig.meet({ blocks: blocks.map(({ bytes }) => bytes), dials: true })
  if (!simulation.run(60_000, () => rig.committed === HEIGHT)) throw new Error('not synced')
  const witnessCoin = { txid: blocks[102]!.txids[1]!, vout: 0, valueSat: COIN, witness: true }
  return { simulation, maker, blocks, rig, honest, witnessCoin }
}

type Start = ReturnType<typeof start>

/** The rig is well: the honest peer is still there and its next block is taken, and the index is as if nothing had been. */
function expectUnharmed({ simulation, maker, blocks, rig, honest }: Start, more: MadeBlock[] = []) {
  const chain = [...blocks, ...more]
  const next = maker.block({}, chain.at(-1))
  for (const { bytes } of more) honest.peer.shelf.add(bytes)
  honest.send(honest.peer.mined(next.bytes))
  expect(simulation.run(30_000, () => rig.committed === next.height)).toBe(true)
  expect(honest.peer.hungUp).toBeUndefined()
  expect(
    differences(
      rig.sql,
      rig.network,
      [...chain, next].map(({ bytes }) => bytes),
    ),
  ).toEqual({})
  expect(rig.untaken).toEqual(new Map())
  expect(rig.paused).toEqual(new Set())
}

function statusOf(rig: Rig, { hash }: { hash: Uint8Array }) {
  const status = new SqlHeaderStore(rig.sql).byHash(hash)?.status
  if (status === undefined) return 'unknown'
  return [status & FAILED ? 'failed' : 'good', status & HAVE_BODY ? 'stored' : 'not stored'].join(', ')
}

function expectClosed(rig: Rig, { peer, link }: Met, reason: string, misbehaving: boolean) {
  const line = rig.log.find(({ text, facts }) => text.includes('closed') && facts.link === link)
  expect(line).toMatchObject({ text: misbehaving ? 'peer misbehaves, closed' : 'peer closed', facts: { reason } })
  expect(peer.hungUp).toBe('closed')
}

describe('what is no proper message', () => {
  const frame = (command: string, payload: Uint8Array, magic = regtest.magic) => encodeFrame(magic, command, payload)
  test.each([
    { name: 'a malformed inv', bytes: frame('inv', Uint8Array.of(2, 0, 0)), reason: 'malformed-inv', blame: true },
    { name: 'malformed headers', bytes: frame('headers', Uint8Array.of(9)), reason: 'malformed-headers', blame: true },
    {
      name: 'malformed headers, long',
      bytes: frame('headers', new Uint8Array(3000).fill(1)),
      reason: 'malformed-headers: bad-value',
      blame: true,
    },
    {
      name: 'a getheaders cut short',
      bytes: frame('getheaders', new Uint8Array(20).fill(7)),
      reason: 'malformed-getheaders: truncated',
      blame: true,
    },
    {
      name: 'a block without a body',
      bytes: frame('block', new Uint8Array(80)),
      reason: 'malformed-block: truncated',
      blame: true,
    },
    { name: 'a tx cut short', bytes: frame('tx', new Uint8Array(9)), reason: 'malformed-tx', blame: true },
    { name: 'a wrong magic', bytes: frame('ping', new Uint8Array(8), main.magic), reason: 'bad-magic', blame: false },
    {
      name: 'a wrong checksum',
      bytes: Uint8Array.from(frame('ping', new Uint8Array(8)), (byte, i) => (i === 20 ? byte ^ 1 : byte)),
      reason: 'bad-checksum',
      blame: false,
    },
  ])('$name closes its link, and no other', ({ bytes, reason, blame }) => {
    const all = start(1)
    const met = all.rig.meet({ dials: true })
    all.simulation.run(1000)
    met.send([bytes as Bytes])
    all.simulation.run(1000)
    expectClosed(all.rig, met, reason, blame)
    expectUnharmed(all)
  })
})

describe('headers', () => {
  test('a Litecoin node on the same magic has another genesis', () => {
    const all = start(2)
    const maker = new ChainMaker({ network: litecoinRegtest, seed: 2 })
    const blocks = maker.mine(120).map(({ bytes }) => bytes)
    const met = all.rig.meet({ network: litecoinRegtest, style: LITECOIN, blocks })
    all.simulation.run(30_000)
    expectClosed(all.rig, met, 'wrong-genesis', false)
    expectUnharmed(all)
  })

  test('a header without work closes the link', () => {
    const all = start(3)
    const met = all.rig.meet({ misdeeds: ['bad-work'] })
    all.simulation.run(10_000)
    expectClosed(all.rig, met, 'header-high-hash', true)
    expectUnharmed(all)
  })

  test('a block without work, announced by its header or sent as it is, closes the link', () => {
    const all = start(4)
    const block = all.maker.block({ noWork: true })
    const announcing = all.rig.meet({ dials: true })
    const sending = all.rig.meet({ dials: true })
    all.simulation.run(2000)
    announcing.send(announcing.peer.say({ command: 'headers', headers: [block.header] }))
    sending.send(sending.peer.say({ command: 'block', bytes: block.bytes }))
    all.simulation.run(2000)
    expectClosed(all.rig, announcing, 'header-high-hash', true)
    expectClosed(all.rig, sending, 'header-high-hash', true)
    expect(statusOf(all.rig, block)).toBe('unknown')
    expectUnharmed(all)
  })
})

describe('transactions', () => {
  test.each([
    {
      name: 'that spends an output twice',
      make: ({ blocks, maker }: Start) => {
        const coin = coinbaseCoin(blocks[2]!, maker)
        return spend([coin, coin], [{ valueSat: 1, script: P2WSH_TRUE }])
      },
      reason: 'tx-bad-txns-inputs-duplicate',
    },
    {
      name: 'that makes money of nothing',
      make: ({ blocks, maker }: Start) =>
        spend([coinbaseCoin(blocks[2]!, maker)], [{ valueSat: COIN + 1, script: P2WSH_TRUE }]),
      reason: 'tx-bad-txns-in-belowout',
    },
  ])('one $name closes its link, and is not passed on', async ({ make, reason }) => {
    const all = start(12)
    const met = all.rig.meet({ dials: true })
    all.simulation.run(1000)
    met.send(met.peer.offer(make(all)))
    all.simulation.run(2000)
    expectClosed(all.rig, met, reason, true)
    expect(await all.rig.mempool!.txids()).toHaveLength(0)
    expect(all.honest.peer.txs.size).toBe(0)
    expectUnharmed(all)
  })

  test('one that is only not wanted closes nothing', async () => {
    const all = start(13)
    const met = all.rig.meet({ dials: true })
    all.simulation.run(1000)
    const coin = coinbaseCoin(all.blocks[2]!, all.maker)
    // It pays nothing; then two that spend the same, of which the second pays less.
    const free = spend([coin], [{ valueSat: COIN, script: P2WSH_TRUE }])
    const first = spend([coin], [{ valueSat: COIN - 2000, script: P2WSH_TRUE }])
    const second = spend([coin], [{ valueSat: COIN - 1000, script: P2WSH_TRUE }])
    for (const tx of [free, first, second]) {
      met.send(met.peer.offer(tx))
      all.simulation.run(1000)
    }
    expect(met.peer.hungUp).toBeUndefined()
    expect(await all.rig.mempool!.txids()).toHaveLength(32)
    expect([...all.honest.peer.txs.values()].map(({ bytes }) => bytes)).toEqual([first])
  })
})

interface BadBlock {
  name: string
  make(all: Start): MadeBlock
  reason: string
}

describe('a block that breaks a rule', () => {
  const withTx = ({ maker }: Start, tx: Uint8Array, feeSat = 0) => maker.block({ transactions: [tx], feeSat })
  const cases: BadBlock[] = [
    {
      name: 'spends what is spent',
      make: (all) => withTx(all, spend([coinbaseCoin(all.blocks[0]!, all.maker)], [{ valueSat: 1, script: OP_TRUE }])),
      reason: 'bad-txns-inputs-missingorspent',
    },
    {
      name: 'spends a coinbase too early',
      make: (all) => withTx(all, spend([coinbaseCoin(all.blocks[50]!, all.maker)], [{ valueSat: 1, script: OP_TRUE }])),
      reason: 'bad-txns-premature-spend-of-coinbase',
    },
    { name: 'claims too much', make: ({ maker }) => maker.block({ feeSat: 1 }), reason: 'bad-cb-amount' },
    {
      name: 'makes money of nothing',
      make: (all) =>
        withTx(all, spend([coinbaseCoin(all.blocks[2]!, all.maker)], [{ valueSat: COIN + 1, script: OP_TRUE }])),
      reason: 'bad-txns-in-belowout',
    },
    {
      name: 'overflows, as block 74638 did',
      make: (all) => {
        const value = { valueSat: 2 ** 63 - 2048, script: OP_TRUE }
        return withTx(all, spend([coinbaseCoin(all.blocks[2]!, all.maker)], [value, value]))
      },
      reason: 'bad-txns-vout-toolarge',
    },
    {
      name: 'spends an output twice',
      make: (all) => {
        const coin = coinbaseCoin(all.blocks[2]!, all.maker)
        return withTx(all, spend([coin, coin], [{ valueSat: 1, script: OP_TRUE }]))
      },
      reason: 'bad-txns-inputs-duplicate',
    },
  ]

  test.each(cases)('and $name: its header fails, its sender is closed', ({ make, reason }) => {
    const all = start(5)
    const bad = make(all)
    const { rig, simulation } = all
    const met = rig.meet({ blocks: [...all.blocks, bad].map(({ bytes }) => bytes) })
    expect(simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
    expectClosed(rig, met, reason, true)
    expect(rig.lines).toContain(`a block breaks a rule: ${reason}`)
    expect(statusOf(rig, bad)).toBe('failed, not stored')
    // Another one that builds on it is refused for its header.
    const child = all.maker.block({}, bad)
    const other = rig.meet({ dials: true })
    simulation.run(1000)
    other.send(other.peer.say({ command: 'headers', headers: [child.header] }))
    simulation.run(2000)
    expectClosed(rig, other, 'header-bad-prevblk', true)
    expectUnharmed(all)
  })

  test('in the middle of a better branch: back to the old tip, and only the good part is kept', () => {
    const all = start(6)
    const { maker, rig, simulation, blocks } = all
    const fork = blocks[99]!
    const good = maker.mine(2, {}, fork)
    const bad = maker.block({ feeSat: 1 }, good[1])
    const rest = maker.mine(4, {}, bad)
    const tip = rig.tip.id
    const branch = [...good, bad, ...rest]
    const met = rig.meet({ blocks: [...blocks.slice(0, 100), ...branch].map(({ bytes }) => bytes) })
    expect(simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
    expectClosed(rig, met, 'bad-cb-amount', true)
    expect(rig.tip.id).toBe(tip)
    expect(branch.map((block) => statusOf(rig, block).split(',')[0])).toEqual([
      'good',
      'good',
      ...Array.from({ length: 5 }, () => 'failed'),
    ])
    expectUnharmed(all)
  })

  test('in the middle of a better branch whose good part alone has more work: that part is followed', () => {
    const all = start(7)
    const { maker, rig, simulation, blocks } = all
    const good = maker.mine(6, {}, blocks[99])
    const bad = maker.block({ feeSat: 1 }, good[5])
    const rest = maker.mine(2, {}, bad)
    const met = rig.meet({ blocks: [...blocks.slice(0, 100), ...good, bad, ...rest].map(({ bytes }) => bytes) })
    expect(simulation.run(30_000, () => rig.committed === 106)).toBe(true)
    simulation.run(1000)
    expectClosed(rig, met, 'bad-cb-amount', true)
    expectUnharmed({ ...all, blocks: blocks.slice(0, 100) }, good)
  })
})

describe('a block that is not what its header commits to', () => {
  test('has a merkle root of something else: its sender is closed, and the header does not fail', () => {
    const all = start(8)
    const bad = all.maker.block({ badMerkleRoot: true })
    const met = all.rig.meet({ blocks: [...all.blocks, bad].map(({ bytes }) => bytes) })
    expect(all.simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
    expectClosed(all.rig, met, 'bad-txnmrklroot', true)
    expect(statusOf(all.rig, bad)).toBe('good, not stored')
    // Its header has as much work as the honest block that comes next; that one is followed all the same.
    const next = all.maker.block({}, all.blocks.at(-1))
    all.honest.send(all.honest.peer.mined(next.bytes))
    all.simulation.run(10_000)
    expectUnharmed(all, [next])
  })

  const witness = (all: Start) => {
    const tx = spend([all.witnessCoin], [{ valueSat: COIN, script: OP_TRUE }])
    return all.maker.block({ transactions: [tx] })
  }
  const flip = (bytes: Bytes, fromEnd: number): Bytes => {
    const copy = bytes.slice()
    copy[copy.length - fromEnd]! ^= 1
    return copy
  }
  /** A coinbase of two same transactions at the end, which leaves the merkle root as it is (CVE-2012-2459). */
  const doubled = (all: Start) => {
    const coin = (i: number) => coinbaseCoin(all.blocks[i]!, all.maker)
    const pay = (i: number) => spend([coin(i)], [{ valueSat: COIN, script: OP_TRUE }])
    return all.maker.block({ transactions: [pay(2), spend([all.witnessCoin], [{ valueSat: COIN, script: OP_TRUE }])] })
  }
  test.each([
    { name: 'a changed output', make: witness, spoil: (bytes: Bytes) => flip(bytes, 8), reason: 'bad-txnmrklroot' },
    {
      name: 'a changed witness',
      make: witness,
      spoil: (bytes: Bytes) => flip(bytes, 5),
      reason: 'bad-witness-merkle-match',
    },
    {
      name: 'its last transaction twice',
      make: doubled,
      spoil: (bytes: Bytes) => {
        // Three transactions make four leaves, the last of them by repetition.
        const size = spend(
          [{ txid: new Uint8Array(32), vout: 0, valueSat: 0, witness: true }],
          [{ valueSat: 0, script: OP_TRUE }],
        ).length
        const copy = new Uint8Array(bytes.length + size)
        copy.set(bytes)
        copy.set(bytes.subarray(bytes.length - size), bytes.length)
        copy[80] = 4
        return copy
      },
      reason: 'bad-txns-duplicate',
    },
    {
      name: 'bytes missing',
      make: witness,
      spoil: (bytes: Bytes) => bytes.slice(0, bytes.length - 30),
      reason: 'truncated',
    },
    {
      name: 'bytes too many',
      make: witness,
      spoil: (bytes: Bytes) => Uint8Array.of(...bytes, 0),
      reason: 'trailing',
    },
  ])('has $name: an honest copy is taken afterwards', ({ make, spoil, reason }) => {
    const all = start(9)
    const { rig, simulation } = all
    const block = make(all)
    const options: ScriptedPeerOptions = { blocks: all.blocks.map(({ bytes }) => bytes) }
    const met = rig.meet(options)
    simulation.run(2000)
    met.peer.shelf.add(spoil(block.bytes))
    met.send(met.peer.say({ command: 'headers', headers: [block.header] }))
    expect(simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
    expectClosed(rig, met, reason, true)
    expect(rig.lines).toContain(`a block is not what its header commits to: ${reason}`)
    expect(statusOf(rig, block)).toBe('good, not stored')
    all.honest.send(all.honest.peer.mined(block.bytes))
    expect(simulation.run(30_000, () => rig.committed === HEIGHT + 1)).toBe(true)
    expectUnharmed(all, [block])
  })

  test('whoever spoils every block is closed, and all of them come from others', () => {
    const simulation = new Simulation(10)
    const blocks = new ChainMaker({ seed: 10 }).mine(120).map(({ bytes }) => bytes)
    const rig = new Rig(simulation)
    const met = (['bad-blocks', 'not-found', 'no-blocks'] as const).map((misdeed) =>
      rig.meet({ blocks, misdeeds: [misdeed] }),
    )
    const honest = rig.meet({ blocks })
    expect(simulation.run(3_600_000, () => rig.committed === 120)).toBe(true)
    expect(met[0]!.peer.hungUp).toBe('closed')
    expect(honest.peer.hungUp).toBeUndefined()
    expect(differences(rig.sql, regtest, blocks)).toEqual({})
  })
})

describeShared('block 74638 of August 2010', () => {
  test('is refused on a chain that does not have its parent, and nothing of it is kept', () => {
    const network = { ...main, minChainWork: 0n }
    const simulation = new Simulation(11)
    const rig = new Rig(simulation, { network })
    const real = readDat('blocks/mainnet-0-599.dat').slice(1)
    rig.meet({ blocks: real, dials: true })
    simulation.run(60_000, () => rig.committed === 599)
    const bytes = readShared('blocks/mainnet-74638-invalid.bin')
    const met = rig.meet({ dials: true })
    simulation.run(2000)
    for (let i = 0; i < 12; i++) {
      met.send(met.peer.say({ command: 'block', bytes }))
      simulation.run(2000)
    }
    expect(rig.sql.sql.exec('SELECT count(*) FROM header').raw().toArray()).toEqual([[600]])
    expect(toDisplay(rig.tip.hash)).toBe('0000000042844571bc6bce8e1c0fbec99466971eaff89fef8c0d123582181d4d')
    expect(met.peer.hungUp).toBe('closed')
  })
})
