import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { stripWitness } from '../../src/wire/block-parts.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { BCOIN, LITECOIN } from '../sim/node-styles.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { Rig } from './rig.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-host-'))
  folders.push(folder)
  return join(folder, 'ledger.sqlite')
}

async function txids(rig: Rig): Promise<string[]> {
  const all = await rig.mempool!.txids()
  return Array.from({ length: all.length / 32 }, (_, i) => toDisplay(all.subarray(32 * i, 32 * i + 32))).sort()
}

function nameOf(tx: Uint8Array): string {
  return toDisplay(parseTransaction(tx).txid)
}

/** A relay with nodes that dial it, all with the same blocks. */
function network(options: { nodes: number; height: number; seed: number }) {
  const simulation = new Simulation(options.seed)
  const maker = new ChainMaker({ seed: options.seed })
  const blocks = maker.mine(options.height)
  const relay = new Rig(simulation, { name: 'relay' })
  for (const { bytes } of blocks) relay.submitBlock(bytes)
  const nodes = Array.from({ length: options.nodes }, (_, i) => new Rig(simulation, { name: `node ${i}` }))
  for (const node of nodes) node.dial(relay)
  const rigs = [relay, ...nodes]
  const settled = simulation.run(60_000, () => rigs.every((rig) => rig.committed === options.height))
  if (!settled) throw new Error(`heights ${rigs.map((rig) => rig.height)}`)
  return { simulation, maker, blocks, relay, nodes, rigs }
}

describe('two nodes that only dial out', () => {
  test('exchange blocks and transactions through the relay, both ways, live', async () => {
    const { simulation, maker, blocks, nodes, rigs } = network({ nodes: 2, height: 104, seed: 11 })
    const [left, right] = nodes as [Rig, Rig]
    const pay = (block: number, fee: number) =>
      spend([coinbaseCoin(blocks[block]!, maker)], [{ valueSat: 50_0000_0000 - fee, script: P2WSH_TRUE }])
    const fromLeft = pay(0, 1000)
    const fromRight = pay(1, 2000)
    expect(left.broadcast(fromLeft)).toMatchObject({ kind: 'accepted' })
    expect(right.broadcast(fromRight)).toMatchObject({ kind: 'accepted' })
    simulation.run(1000)
    for (const rig of rigs) expect(await txids(rig)).toEqual([nameOf(fromLeft), nameOf(fromRight)].sort())

    // One that spends what is not confirmed, with a witness, the other way.
    const child = spend(
      [{ txid: parseTransaction(fromLeft).txid, vout: 0, valueSat: 50_0000_0000 - 1000, witness: true }],
      [{ valueSat: 50_0000_0000 - 5000, script: P2WSH_TRUE }],
    )
    expect(right.broadcast(child)).toMatchObject({ kind: 'accepted' })
    simulation.run(1000)
    for (const rig of rigs) expect((await txids(rig)).length).toBe(3)

    const block = maker.block({ transactions: [fromLeft, fromRight, child], feeSat: 7000 })
    const answer = left.submitBlock(block.bytes)
    expect(simulation.run(2000, () => right.height === 105)).toBe(true)
    // At the tip nothing waits for a batch.
    expect(rigs.map((rig) => rig.committed)).toEqual([105, 105, 105])
    expect(answer.result).toEqual({ kind: 'connected' })
    for (const rig of rigs) expect(await txids(rig)).toEqual([])

    const next = maker.block({}, block)
    right.submitBlock(next.bytes)
    expect(simulation.run(2000, () => rigs.every((rig) => rig.committed === 106))).toBe(true)
    const chain = [...blocks, block, next].map(({ bytes }) => bytes)
    for (const rig of rigs) {
      expect(differences(rig.sql, regtest, chain)).toEqual({})
      expect(rig.untaken).toEqual(new Map())
      expect(rig.paused).toEqual(new Set())
      expect(rig.lines.filter((line) => /closed|refused|breaks/.test(line))).toEqual([])
    }
  })

  test('have the transactions of a block again that another branch reverts, and confirm them once more', async () => {
    const { simulation, maker, blocks, relay, nodes, rigs } = network({ nodes: 2, height: 104, seed: 20 })
    const pay = (block: number) =>
      spend([coinbaseCoin(blocks[block]!, maker)], [{ valueSat: 50_0000_0000 - 1000, script: P2WSH_TRUE }])
    const both = [pay(0), pay(1)]
    for (const tx of both) relay.broadcast(tx)
    const mined = maker.block({ transactions: both, feeSat: 2000 })
    nodes[0]!.submitBlock(mined.bytes)
    expect(simulation.run(5000, () => rigs.every((rig) => rig.committed === 105))).toBe(true)
    const branch = [maker.block({ transactions: [both[1]!], feeSat: 1000 }, blocks.at(-1))]
    branch.push(maker.block({}, branch[0]))
    for (const { bytes } of branch) nodes[1]!.submitBlock(bytes)
    expect(simulation.run(5000, () => rigs.every((rig) => rig.committed === 106))).toBe(true)
    for (const rig of rigs) expect(await txids(rig)).toEqual([nameOf(both[0]!)])
    nodes[0]!.submitBlock(maker.block({ transactions: [both[0]!], feeSat: 1000 }, branch[1]).bytes)
    expect(simulation.run(5000, () => rigs.every((rig) => rig.committed === 107))).toBe(true)
    for (const rig of rigs) expect(await txids(rig)).toEqual([])
  })

  test('each block is announced once to whoever does not have it, and fetched once', () => {
    const { simulation, maker, relay, nodes, rigs } = network({ nodes: 3, height: 10, seed: 12 })
    for (const rig of rigs) rig.digests = 0
    const before = relay.announced.length
    nodes[0]!.submitBlock(maker.block().bytes)
    expect(simulation.run(2000, () => rigs.every((rig) => rig.committed === 11))).toBe(true)
    simulation.run(10_000)
    expect(rigs.map((rig) => rig.digests)).toEqual([1, 1, 1, 1])
    expect(relay.announced.slice(before)).toEqual([11])
    expect(relay.said.findLast((value) => value.kind === 'announce-block')).toMatchObject({ from: 1, height: 11 })
  })

  test('both find a block at the same time: each keeps its own until one branch grows', async () => {
    const { simulation, maker, blocks, nodes, rigs } = network({ nodes: 2, height: 20, seed: 13 })
    const [left, right] = nodes as [Rig, Rig]
    const one = maker.block()
    const other = maker.block()
    const answers = [left.submitBlock(one.bytes), right.submitBlock(other.bytes)]
    simulation.run(5000)
    expect(answers.map(({ result }) => result)).toEqual([{ kind: 'connected' }, { kind: 'connected' }])
    expect([left.tip.hash, right.tip.hash]).toEqual([one.hash, other.hash])
    const next = maker.block({}, other)
    right.submitBlock(next.bytes)
    expect(simulation.run(5000, () => rigs.every((rig) => rig.committed === 22))).toBe(true)
    for (const rig of rigs) {
      expect(
        differences(
          rig.sql,
          regtest,
          [...blocks, other, next].map(({ bytes }) => bytes),
        ),
      ).toEqual({})
    }
  })
})

test('a node of headers only follows the tip, through a reorganisation too', () => {
  const { simulation, maker, blocks, relay } = network({ nodes: 0, height: 30, seed: 14 })
  const spv = new Rig(simulation, { name: 'spv', spv: true })
  spv.dial(relay)
  expect(simulation.run(10_000, () => spv.height === 30)).toBe(true)
  const branch = maker.mine(3, {}, blocks[28])
  for (const { bytes } of branch) relay.submitBlock(bytes)
  expect(simulation.run(5000, () => spv.height === 32)).toBe(true)
  expect(spv.tip.hash).toEqual(branch[2]!.hash)
  expect(spv.digests).toBe(0)
  expect(spv.said.at(-1)).toMatchObject({ kind: 'tip', height: 32, synced: true })
})

test('a late joiner syncs from the relay, which has it from a node', () => {
  const { simulation, blocks, relay, nodes } = network({ nodes: 1, height: 300, seed: 15 })
  nodes[0]!.stop()
  const late = new Rig(simulation, { name: 'late' })
  late.dial(relay, { latencyMs: [5, 100], chopTo: 700 })
  expect(simulation.run(60_000, () => late.committed === 300)).toBe(true)
  expect(
    differences(
      late.sql,
      regtest,
      blocks.map(({ bytes }) => bytes),
    ),
  ).toEqual({})
})

describe('a restart', () => {
  test.each([{ kill: false }, { kill: true }])(
    'of the ledger under a living hub goes on where the store stands (kill: $kill)',
    ({ kill }) => {
      const simulation = new Simulation(16)
      const blocks = new ChainMaker({ seed: 16 }).mine(600)
      const rig = new Rig(simulation, { path: file(), limits: { batchMs: 300 } })
      const met = [1, 2].map(() => rig.meet({ blocks: blocks.map(({ bytes }) => bytes) }))
      for (const height of [100, 200, 300, 400]) {
        expect(simulation.run(60_000, () => rig.height >= height)).toBe(true)
        const { height: reached, committed } = rig
        rig.restartLedger({ kill })
        expect(rig.height).toBe(kill ? committed : reached)
      }
      expect(simulation.run(60_000, () => rig.committed === 600)).toBe(true)
      expect(
        differences(
          rig.sql,
          regtest,
          blocks.map(({ bytes }) => bytes),
        ),
      ).toEqual({})
      expect(met.map(({ peer }) => peer.hungUp)).toEqual([undefined, undefined])
      simulation.run(10_000)
      expect(rig.paused).toEqual(new Set())
      expect(rig.untaken).toEqual(new Map())
      rig.stop()
    },
  )

  test('of everything takes up the file, and serves from it at once', () => {
    const path = file()
    const simulation = new Simulation(17)
    const blocks = new ChainMaker({ seed: 17 }).mine(1100)
    const first = new Rig(simulation, { path })
    first.meet({ blocks: blocks.map(({ bytes }) => bytes) })
    expect(simulation.run(60_000, () => first.committed === 1100)).toBe(true)
    first.stop()
    const again = new Rig(simulation, { path })
    expect(again.height).toBe(1100)
    const late = new Rig(simulation, { name: 'late' })
    late.dial(again)
    expect(simulation.run(120_000, () => late.committed === 1100)).toBe(true)
    expect(again.digests).toBe(0)
    expect(again.hub.links()).toMatchObject([{ height: 1100 }])
    again.stop()
  })
})

describe('other kinds of nodes', () => {
  test.each([
    { style: BCOIN, name: 'that asks by getblocks and for compact blocks' },
    { style: LITECOIN, name: 'of Litecoin Core' },
  ])('a node $name gets the whole chain, and what comes after', ({ style }) => {
    const { simulation, maker, relay } = network({ nodes: 0, height: 1234, seed: 18 })
    const { peer } = relay.meet({ style, dials: true }, { latencyMs: [1, 10], chopTo: 5000 })
    expect(simulation.run(120_000, () => peer.shelf.tip.height === 1234)).toBe(true)
    for (let i = 0; i < 3; i++) relay.submitBlock(maker.mine(1)[0]!.bytes)
    expect(simulation.run(5000, () => peer.shelf.tip.height === 1237)).toBe(true)
    expect(peer.shelf.tip.hash).toEqual(maker.tip.hash)
    expect(peer.hungUp).toBeUndefined()
  })

  test('a block asked for without witness data comes in the form from before there was any', () => {
    const { simulation, maker, blocks, relay } = network({ nodes: 0, height: 102, seed: 19 })
    const pay = spend([coinbaseCoin(blocks[0]!, maker)], [{ valueSat: 50_0000_0000, script: P2WSH_TRUE }])
    const [first] = maker.mine(1, { transactions: [pay] })
    const coin = { txid: first!.txids[1]!, vout: 0, valueSat: 50_0000_0000, witness: true }
    const [second] = maker.mine(1, { transactions: [spend([coin], [{ valueSat: 50_0000_0000, script: P2WSH_TRUE }])] })
    const [tip] = maker.mine(1)
    for (const block of [first, second, tip]) relay.submitBlock(block!.bytes)
    simulation.run(1000)
    const got: Uint8Array[] = []
    const { peer, send } = relay.meet({ dials: true, syncs: false })
    simulation.run(1000)
    peer.shelf.add = (bytes) => {
      got.push(bytes)
      return undefined
    }
    for (const type of [InvType.BLOCK, InvType.WITNESS_BLOCK]) {
      for (const { hash } of [second!, tip!]) send(peer.say({ command: 'getdata', items: [{ type, hash }] }))
      simulation.run(1000)
    }
    const stripped = stripWitness(second!.bytes)
    expect(stripped.length).toBeLessThan(second!.bytes.length)
    expect(got).toEqual([stripped, tip!.bytes, second!.bytes, tip!.bytes])
  })
})
