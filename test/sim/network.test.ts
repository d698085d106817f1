import { describe, expect, test } from 'vitest'
import { litecoinRegtest } from '../../src/chain/networks/litecoin-regtest.ts'
import { equalBytes, hashKey, toDisplay } from '../../src/wire/hash.ts'
import { Services } from '../../src/wire/services.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from './chain-maker.ts'
import { BCOIN, CORE, LITECOIN, type NodeStyle } from './node-styles.ts'
import { type Misdeed, ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'
import { playOn, SimLine } from './sim-network.ts'
import { SimNode } from './sim-node.ts'
import { Simulation } from './simulation.ts'

const MINUTE = 60_000
const maker = new ChainMaker({ seed: 41 })
const chain = maker.mine(1300)
const raw = (blocks: readonly { bytes: Uint8Array }[]) => blocks.map((block) => block.bytes)

/** A scripted peer that dials the node, or is dialled. */
function join(simulation: Simulation, node: SimNode, options: ScriptedPeerOptions) {
  const line = new SimLine(simulation)
  const peer = new ScriptedPeer(options)
  const send = playOn(line, 1, peer)
  const link = node.own(line, 0, options.dials ?? false)
  return { peer, send, line, link }
}

const STYLES: [string, NodeStyle][] = [
  ['Bitcoin Core', CORE],
  ['Litecoin Core', LITECOIN],
  ['bcoin', BCOIN],
]

describe.each(STYLES)('with %s', (_, style) => {
  // Long enough for getblocks to stop twice on the way.
  const part = chain.slice(0, style === BCOIN ? 1300 : 300)

  test.each([true, false])('takes its chain in, whoever dials (the peer: %s)', (dials) => {
    const simulation = new Simulation(1)
    const node = new SimNode(simulation)
    join(simulation, node, { style, dials, blocks: raw(part) })
    expect(simulation.run(MINUTE, () => node.height === part.length)).toBe(true)
    expect(node.closed).toEqual([])
  })

  test.each([true, false])('gives it the whole chain, whoever dials (the peer: %s)', (dials) => {
    const simulation = new Simulation(2)
    const node = new SimNode(simulation)
    for (const { bytes } of part) node.ledger.mine(bytes)
    const { peer } = join(simulation, node, { style, dials })
    expect(simulation.run(5 * MINUTE, () => peer.shelf.tip.height === part.length)).toBe(true)
    expect(equalBytes(peer.shelf.tip.bytes, part.at(-1)!.bytes)).toBe(true)
    expect(peer.hungUp).toBeUndefined()
    expect(node.closed).toEqual([])
  })

  test('blocks and transactions go through to it and come from it, live', () => {
    const simulation = new Simulation(3)
    const node = new SimNode(simulation)
    const other = join(simulation, node, { dials: true, blocks: raw(chain.slice(0, 120)) })
    const { peer, send } = join(simulation, node, { style, dials: true, blocks: raw(chain.slice(0, 120)) })
    expect(simulation.run(MINUTE, () => node.height === 120)).toBe(true)
    simulation.run(1000)
    // One after the other, in turns.
    for (const [i, block] of chain.slice(120, 130).entries()) {
      if (i % 2 === 0) send(peer.mined(block.bytes))
      else other.send(other.peer.mined(block.bytes))
      const everywhere = () => [peer, other.peer].every(({ shelf }) => shelf.tip.height === block.height)
      expect(simulation.run(10_000, everywhere)).toBe(true)
    }
    const coin = coinbaseCoin(chain[0]!, maker)
    const toWitness = spend([coin], [{ valueSat: 4_000_000, script: P2WSH_TRUE }])
    send(peer.offer(toWitness))
    expect(simulation.run(2000, () => other.peer.txs.size === 1)).toBe(true)
    const { txid } = [...node.ledger.txs.keys()].map((key) => ({ txid: key }))[0]!
    expect(other.peer.txs.has(txid)).toBe(true)
    const hash = Uint8Array.from(txid, (byte) => byte.charCodeAt(0))
    const withWitness = spend(
      [{ txid: hash, vout: 0, valueSat: 4_000_000, witness: true }],
      [{ valueSat: 3_900_000, script: OP_TRUE }],
    )
    other.send(other.peer.offer(withWitness))
    expect(simulation.run(2000, () => peer.txs.size === 2)).toBe(true)
    expect([...peer.txs.values()].some(({ bytes }) => equalBytes(bytes, withWitness))).toBe(true)
    expect(node.closed).toEqual([])
  })
})

describe('an offence', () => {
  test.each<[Misdeed, string]>([
    ['no-verack', 'handshake-timeout'],
    ['silent', 'pong-timeout'],
    ['bad-blocks', 'bad-txnmrklroot'],
    ['bad-work', 'header-high-hash'],
    ['loose-headers', 'wrong-genesis'],
    ['late-wtxidrelay', 'wtxidrelay-after-verack'],
    ['garbage', 'bad-magic'],
    ['no-blocks', 'block-timeout'],
  ])('%s ends in %s, and the others go on', (misdeed, reason) => {
    const simulation = new Simulation(4)
    const node = new SimNode(simulation)
    const bad = join(simulation, node, { dials: true, blocks: raw(chain.slice(0, 50)), misdeeds: [misdeed] })
    simulation.run(1000)
    join(simulation, node, { dials: true, blocks: raw(chain.slice(0, 60)), syncs: false })
    simulation.run(30 * MINUTE, () => node.closed.length > 0 && node.height === 60)
    simulation.run(1000)
    expect(node.closed).toEqual([reason])
    expect(bad.peer.hungUp).toBeDefined()
    expect(node.height).toBe(60)
  })

  test('a node of another genesis on the same magic is found out, and one without blocks left alone', () => {
    const litecoin = new ChainMaker({ network: litecoinRegtest, seed: 5 }).mine(40)
    for (const count of [2, 40]) {
      const simulation = new Simulation(5)
      const node = new SimNode(simulation)
      const foreign = { network: litecoinRegtest, style: LITECOIN, dials: true, syncs: false }
      join(simulation, node, { ...foreign, blocks: raw(litecoin.slice(0, count)) })
      join(simulation, node, foreign)
      simulation.run(MINUTE)
      expect(node.closed).toEqual(['wrong-genesis'])
      expect(node.hub.links()).toHaveLength(1)
    }
  })

  test('a self-connection is noticed', () => {
    const simulation = new Simulation(6)
    const node = new SimNode(simulation)
    node.dial(node)
    simulation.run(1000)
    expect(node.closed).toContain('self-connection')
    expect(node.hub.links()).toEqual([])
  })
})

describe('headers only', () => {
  test('a node without blocks follows the best chain, and offers none', () => {
    const simulation = new Simulation(7)
    const node = new SimNode(simulation, { spv: true })
    const { peer, send } = join(simulation, node, { dials: false, blocks: raw(chain.slice(0, 300)) })
    expect(simulation.run(MINUTE, () => node.height === 300)).toBe(true)
    expect(peer.theirs!.services & Services.NETWORK).toBe(0n)
    send(peer.mined(chain[300]!.bytes))
    expect(simulation.run(MINUTE, () => node.height === 301)).toBe(true)
    expect(peer.heard).not.toContain('getdata')
  })
})

describe('a peer that does not read', () => {
  test('is given one large block at a time, and the rest when it reads again', () => {
    const simulation = new Simulation(9)
    const node = new SimNode(simulation)
    const large = new ChainMaker({ seed: 42 })
    large.mine(10)
    const stuffing = (i: number) =>
      spend([coinbaseCoin(large.chain()[i]!, large)], [{ valueSat: 1, script: new Uint8Array(700_000) }])
    for (let i = 0; i < 10; i++) large.mine(1, { transactions: [stuffing(i)] })
    for (const { bytes } of large.chain()) node.ledger.mine(bytes)
    const { peer, line } = join(simulation, node, { dials: true })
    let most = 0
    simulation.run(20_000, () => {
      if (peer.shelf.tip.height === 10) line.ends[1].pause()
      most = Math.max(most, line.ends[0].unsent)
      return false
    })
    expect(peer.shelf.tip.height).toBeLessThan(20)
    // A block, what counts as nearly nothing left of the one before, and small talk.
    expect(most).toBeLessThan(1_100_000)
    line.ends[1].resume()
    expect(simulation.run(MINUTE, () => peer.shelf.tip.height === 20)).toBe(true)
    expect(node.closed).toEqual([])
  })
})

describe('a restarted ledger', () => {
  test('learns of all links again and takes up where it was', () => {
    const simulation = new Simulation(8)
    const node = new SimNode(simulation)
    const { peer, send } = join(simulation, node, { dials: true, blocks: raw(chain.slice(0, 40)) })
    expect(simulation.run(MINUTE, () => node.height === 40)).toBe(true)
    node.restartLedger()
    simulation.run(1000)
    expect(node.height).toBe(40)
    send(peer.mined(chain[40]!.bytes))
    expect(simulation.run(MINUTE, () => node.height === 41)).toBe(true)
    expect(node.closed).toEqual([])
  })
})

describe('a network of ten', () => {
  const LIES: Misdeed[][] = [
    ['no-blocks'],
    ['no-headers', 'tall-tale'],
    ['not-found'],
    ['bad-blocks'],
    ['same-headers'],
    ['silent', 'tall-tale'],
    ['no-txs', 'no-blocks'],
  ]
  const seeds = Array.from({ length: 4 }, (_, i) => 1000 + i)

  test.each(seeds)('agrees on the best chain through stalls, drops and liars (seed %i)', (seed) => {
    const simulation = new Simulation(seed)
    const { random } = simulation
    const limits = { perPeer: 4, windowBlocks: 64, windowBytes: 64_000_000 }
    const nodes = Array.from({ length: 10 }, (_, i) => new SimNode(simulation, { name: `node ${i}`, limits }))
    const goal = chain[299]!
    // Two branches; the longer one is at one honest node only.
    const branch = maker.mine(40, {}, chain[199]!)
    join(simulation, nodes[0]!, { dials: true, blocks: raw(chain.slice(0, 300)), syncs: false })
    join(simulation, nodes[1]!, { dials: false, blocks: raw([...chain.slice(0, 200), ...branch]), syncs: false })
    for (const node of nodes) {
      const misdeeds = random.pick(LIES)
      join(simulation, node, { dials: random.chance(0.5), blocks: raw(chain.slice(0, 150)), misdeeds, syncs: false })
    }
    const lines: SimLine[] = []
    const link = (from: SimNode, to: SimNode) => lines.push(from.dial(to, { latencyMs: [1, 1 + random.below(300)] }))
    for (const [i, node] of nodes.entries()) {
      link(node, nodes[(i + 1) % 10]!)
      link(node, nodes[(i + 2 + random.below(7)) % 10]!)
    }
    // Lines go silent or break, and are dialled anew.
    for (let i = 0; i < 25; i++) {
      simulation.after(random.below(40_000), () => {
        const line = random.pick(lines)
        if (random.chance(0.5)) line.stalled = true
        else line.break()
        const from = random.pick(nodes)
        const to = random.pick(nodes)
        if (from !== to) link(from, to)
      })
    }
    simulation.after(60_000, () => {
      for (const [i, node] of nodes.entries()) link(node, nodes[(i + 3) % 10]!)
    })
    const agreed = simulation.run(60 * MINUTE, () => nodes.every((node) => equalBytes(node.ledger.tip.hash, goal.hash)))
    const heights = nodes.map((node) => `${node.height} ${toDisplay(node.ledger.tip.hash).slice(0, 8)}`)
    expect(agreed, `seed ${seed}: ${heights.join(', ')}`).toBe(true)
    // Then a transaction and a block made at one of them reach all.
    const tx = spend([coinbaseCoin(chain[1]!, maker)], [{ valueSat: 1_000_000, script: OP_TRUE }])
    nodes[7]!.ledger.submit(tx)
    nodes[3]!.ledger.mine(chain[300]!.bytes)
    const spread = simulation.run(5 * MINUTE, () =>
      nodes.every((node) => node.height === 301 && node.ledger.txs.size === 1),
    )
    expect(spread, `seed ${seed}: ${nodes.map((node) => `${node.height}/${node.ledger.txs.size}`)}`).toBe(true)
    expect(nodes.every((node) => node.ledger.blocks.has(hashKey(chain[300]!.hash)))).toBe(true)
  })
})
