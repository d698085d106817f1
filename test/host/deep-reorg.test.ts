import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { damageAt } from '../ledger/damage.ts'
import { RandomChain } from '../ledger/random-chain.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { Rig } from './rig.ts'

const raw = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)

/** A rig whose reorganisations take many steps, at the end of one chain; another one with nothing in common is longer. */
async function start(seed: number, length: number) {
  const simulation = new Simulation(seed)
  const chain = new RandomChain(seed)
  const { genesis } = chain.maker
  const blocks = chain.growMany(genesis, length, 2)
  const other = chain.growMany(genesis, length + 1, 2)
  const rig = new Rig(simulation, { limits: { batchBytes: 8000 } })
  rig.meet({ blocks: raw(blocks), dials: true })
  expect(simulation.run(60_000, () => rig.committed === length)).toBe(true)
  const { cursor } = await rig.mempool!.changesSince(undefined)
  return { simulation, chain, blocks, other, rig, cursor }
}

/** Changes of the chain since the cursor, as counts. */
async function reorgs(rig: Rig, cursor: string) {
  const { changes } = await rig.mempool!.changesSince(cursor)
  return changes.flatMap((change) =>
    change.kind === 'reorg' ? [[change.reorg.reverted.length, change.reorg.connected.length]] : [],
  )
}

test('a reorganisation of the whole chain in many steps is one change to all who follow', async () => {
  const { simulation, other, rig, cursor } = await start(61, 150)
  const told = rig.said.length
  const queries = new ChainQueries({ sql: rig.sql, network: regtest, hasher: nodeHasher })
  const stood: number[] = []
  rig.meet({ blocks: raw(other), dials: true })
  let answer: { result: unknown } | undefined
  const arrived = simulation.run(120_000, () => {
    // What stands in between is a whole chain to whoever asks.
    const { height, hash } = queries.tip()
    if (stood.at(-1) !== height) {
      stood.push(height)
      expect(queries.block(hash)).toMatchObject({ height, next: undefined })
      expect(queries.blockTxs(hash, 0, 25)!.txs[0]!.status).toMatchObject({ height })
      // A block handed in on the way is answered for where the way ends.
      if (height < 100) answer ??= rig.submitBlock(other.at(-1)!.bytes)
    }
    return height === 151
  })
  expect(arrived).toBe(true)
  expect(stood.length).toBeGreaterThan(20)
  expect(Math.min(...stood)).toBeLessThan(10)
  expect(await reorgs(rig, cursor)).toEqual([[150, 151]])
  const tips = rig.said.slice(told).flatMap((value) => (value.kind === 'tip' ? [value.height] : []))
  expect(tips).toEqual([151])
  expect(rig.announced.at(-1)).toBe(151)
  simulation.run(100)
  expect(answer).toEqual({ result: { kind: 'connected' } })
  expect(differences(rig.sql, regtest, raw(other))).toEqual({})
  expect(rig.ledger.measure().counts).toMatchObject({ blocksConnected: 301, reorgs: 1 })
})

test.each([80, 20])('one killed on its way at height %i goes on from there', async (height) => {
  const { simulation, other, rig } = await start(62, 120)
  rig.meet({ blocks: raw(other), dials: true })
  expect(simulation.run(120_000, () => rig.committed <= height)).toBe(true)
  rig.restartLedger({ kill: true })
  expect(simulation.run(120_000, () => rig.committed === 121)).toBe(true)
  expect(differences(rig.sql, regtest, raw(other))).toEqual({})
})

test('a better branch that leaves the way while it is gone is gone over to from its end', () => {
  const simulation = new Simulation(64)
  const chain = new RandomChain(64)
  const { genesis } = chain.maker
  const blocks = chain.growMany(genesis, 60, 2)
  const other = chain.growMany(genesis, 61, 2)
  const better = [...other.slice(0, 40), ...chain.growMany(other[39]!, 30, 2)]
  const rig = new Rig(simulation, { limits: { batchBytes: 8000 }, turnMs: [20, 40] })
  rig.meet({ blocks: raw(blocks), dials: true })
  expect(simulation.run(60_000, () => rig.committed === 60)).toBe(true)
  rig.meet({ blocks: raw(other), dials: true })
  expect(simulation.run(60_000, () => rig.committed < 10)).toBe(true)
  expect(simulation.run(60_000, () => rig.committed > 10)).toBe(true)
  // Its blocks come while what both share is being connected.
  rig.meet({ blocks: raw(better), dials: true })
  expect(simulation.run(60_000, () => rig.committed === 70)).toBe(true)
  expect(differences(rig.sql, regtest, raw(better))).toEqual({})
})

test('one that meets a damaged block, which is mended before it is back where it began, sets out again', () => {
  const simulation = new Simulation(65)
  const chain = new RandomChain(65)
  const { genesis } = chain.maker
  const blocks = chain.growMany(genesis, 60, 2)
  const other = chain.growMany(genesis, 61, 2)
  const rig = new Rig(simulation, { limits: { batchBytes: 8000 }, turnMs: [20, 40] })
  // Nobody asks for blocks: nobody but the reorganisation comes upon it.
  rig.meet({ blocks: raw(blocks), dials: true, syncs: false })
  expect(simulation.run(60_000, () => rig.committed === 60)).toBe(true)
  const [row] = rig.sql.sql.exec('SELECT header_id FROM best WHERE height = 10').raw().toArray()
  damageAt(rig.sql, row![0] as number, 'a flipped byte of the body', simulation.random)
  rig.meet({ blocks: raw(other), dials: true, syncs: false })
  const isMended = () => rig.lines.includes('a damaged block is whole again')
  expect(simulation.run(60_000, isMended)).toBe(true)
  expect(rig.committed).toBeLessThan(55)
  expect(simulation.run(60_000, () => rig.committed === 61)).toBe(true)
  expect(differences(rig.sql, regtest, raw(other))).toEqual({})
})

test('one that meets a bad block far up comes back, and nobody has heard of it', async () => {
  const { simulation, chain, blocks, other, rig, cursor } = await start(63, 120)
  const bad = chain.maker.block({ feeSat: 1 }, other[99])
  const rest = chain.maker.mine(40, {}, bad)
  const told = rig.said.length
  const met = rig.meet({ blocks: raw([...other.slice(0, 100), bad, ...rest]) })
  let lowest = 120
  const over = () => {
    lowest = Math.min(lowest, rig.committed)
    return met.peer.hungUp !== undefined && rig.committed === 120
  }
  expect(simulation.run(120_000, over)).toBe(true)
  expect(lowest).toBeLessThan(10)
  simulation.run(5000)
  expect(toDisplay(rig.tip.hash)).toBe(toDisplay(blocks.at(-1)!.hash))
  expect(await reorgs(rig, cursor)).toEqual([])
  expect(rig.said.slice(told).filter(({ kind }) => kind === 'tip')).toEqual([])
  expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
})

test('of what a reorganisation reverts the lowest blocks’ comes back, as far as the limit goes', async () => {
  const simulation = new Simulation(65)
  const maker = new ChainMaker({ seed: 65 })
  const blocks = maker.mine(110)
  const pay = (i: number) =>
    spend([coinbaseCoin(blocks[i]!, maker)], [{ valueSat: 50_0000_0000 - 2000, script: P2WSH_TRUE }])
  const own = maker.mine(1, { transactions: [pay(0), pay(1)] })
  own.push(...maker.mine(1, { transactions: [pay(2)] }))
  const size = pay(0).length
  // Two coinbases and three of these would be too much.
  const coinbase = own[0]!.bytes.length - 81 - 2 * size
  const rig = new Rig(simulation, { limits: { takeBackBytes: 2 * coinbase + 2 * size } })
  rig.meet({ blocks: [...blocks, ...own].map(({ bytes }) => bytes), dials: true })
  expect(simulation.run(60_000, () => rig.committed === 112)).toBe(true)
  for (const { bytes } of maker.mine(3, {}, blocks.at(-1))) rig.submitBlock(bytes)
  expect(simulation.run(5000, () => rig.committed === 113)).toBe(true)
  const held = await rig.mempool!.txids()
  expect(held.length).toBe(2 * 32)
  for (const raw of [pay(0), pay(1)]) expect((await rig.mempool!.tx(parseTransaction(raw).txid, 0)).tx).toBeDefined()
})
