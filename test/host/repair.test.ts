import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { LedgerAnswers } from '../../src/ledger/answers.ts'
import { bytesToHex, prefix48, toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { frontOver } from '../api/front.ts'
import { damageAt, KINDS_OF_DAMAGE, type KindOfDamage } from '../ledger/damage.ts'
import { RandomChain } from '../ledger/random-chain.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import type { ScriptedPeerOptions } from '../sim/scripted-peer.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { type Met, Rig } from './rig.ts'

const HEIGHT = 115
const raw = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)

/** A rig at the end of a chain whose blocks spend from one another; whoever gave it the chain is gone. */
function start(seed: number) {
  const simulation = new Simulation(seed)
  const chain = new RandomChain(seed)
  const blocks = chain.growMany(chain.maker.genesis, HEIGHT, 5)
  // The hub gives nothing from memory but the tip.
  const rig = new Rig(simulation, { hubLimits: { cacheBytes: 0 } })
  for (const { bytes } of blocks) rig.submitBlock(bytes)
  expect(simulation.run(60_000, () => rig.committed === HEIGHT)).toBe(true)
  simulation.run(1000)
  const meet = (options: ScriptedPeerOptions = {}) => {
    const met = rig.meet({ blocks: raw(blocks), dials: true, ...options })
    simulation.run(2000)
    return met
  }
  /** A block that spends, so that it has everything that can be damaged. */
  const victim = blocks.slice(0, -3).findLast(({ txids }) => txids.length > 2)!
  const hurt = (kind: KindOfDamage, block = victim) => {
    return damageAt(rig.sql, idAt(rig, block.height), kind, simulation.random)
  }
  return { simulation, chain, blocks, rig, meet, victim, hurt }
}

function idAt(rig: Rig, height: number): number {
  return rig.sql.sql.exec('SELECT header_id FROM best WHERE height = ?', height).raw().toArray()[0]![0] as number
}

const losses = (rig: Rig) => rig.log.filter(({ text }) => text === 'a stored block cannot be read')
const repairs = (rig: Rig) => rig.lines.filter((line) => line === 'a damaged block is whole again')
const isWhole = ({ rig, blocks }: { rig: Rig; blocks: readonly MadeBlock[] }) =>
  expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})

/** What a peer asked for, as it was asked: blocks that it was sent. */
function ask({ simulation }: { simulation: Simulation }, { peer, send }: Met, block: MadeBlock): Uint8Array[] {
  const got: Uint8Array[] = []
  const add = peer.shelf.add.bind(peer.shelf)
  peer.shelf.add = (bytes) => {
    got.push(bytes)
    return add(bytes)
  }
  send(peer.say({ command: 'getdata', items: [{ type: InvType.WITNESS_BLOCK, hash: block.hash }] }))
  simulation.run(1000)
  peer.shelf.add = add
  return got
}

describe('a damaged block of the connected chain', () => {
  test.each(KINDS_OF_DAMAGE)('(%s) is reported to whoever asks, fetched again, and then as before', async (kind) => {
    const on = start(71)
    const { rig, simulation, victim } = on
    const front = frontOver(regtest, new LedgerAnswers(rig.openQueries(), rig.mempool!))
    const hash = toDisplay(victim.hash)
    const paths = [
      `/block/${hash}/raw`,
      `/block/${hash}/txids`,
      `/block/${hash}/txs`,
      ...victim.txids.map((txid) => `/tx/${toDisplay(txid)}`),
    ]
    const answers = () =>
      Promise.all(
        paths.map(async (path) => {
          const answer = await front.get(path)
          return `${answer.status} ${answer.status === 200 ? bytesToHex(new Uint8Array(await answer.arrayBuffer())) : await answer.text()}`
        }),
      )
    const before = await answers()
    on.hurt(kind)
    const fresh = frontOver(regtest, new LedgerAnswers(rig.openQueries(), rig.mempool!))
    let damaged = 0
    for (const [i, path] of paths.entries()) {
      const answer = await fresh.get(path)
      if (answer.status === 200) {
        expect(`200 ${bytesToHex(new Uint8Array(await answer.arrayBuffer()))}`, path).toBe(before[i])
        continue
      }
      damaged++
      expect([answer.status, await answer.text()], path).toEqual([503, 'Block body damaged in this relay'])
    }
    expect(damaged).toBeGreaterThan(0)
    simulation.run(5000)
    expect(losses(rig)).toMatchObject([{ level: 'error', facts: { height: victim.height, hash, why: 'damaged' } }])
    // A body has to come from a peer; what is made of bodies does not.
    expect(repairs(rig)).toHaveLength(kind.endsWith('body') ? 0 : 1)
    on.meet()
    expect(repairs(rig)).toHaveLength(1)
    expect(await answers()).toEqual(before)
    isWhole(on)
    expect(rig.ledger.measure().counts).toMatchObject({ blocksDamaged: 1, blocksMended: 1 })
  })

  test('is never given to a peer, who is told that it is not there and gets it once it is whole', () => {
    const on = start(72)
    const { rig, victim } = on
    const asking = on.meet({ syncs: false, blocks: [] })
    for (const kind of KINDS_OF_DAMAGE.filter((each) => each.endsWith('body'))) {
      on.hurt(kind)
      expect(ask(on, asking, victim)).toEqual([])
      expect(asking.peer.messages.at(-1)).toMatchObject({ command: 'notfound', items: [{ hash: victim.hash }] })
      const giver = on.meet()
      giver.line.ends[1].close()
      expect(ask(on, asking, victim)).toEqual([victim.bytes])
    }
    expect(repairs(rig)).toHaveLength(3)
    isWhole(on)
  })

  test('is asked of one peer after the other, until one gives what it is', () => {
    const on = start(73)
    const { rig, simulation, victim } = on
    const spoiling = on.meet({ misdeeds: ['bad-blocks'] })
    const lacking = on.meet({ misdeeds: ['not-found'] })
    const silent = on.meet({ misdeeds: ['no-blocks'] })
    on.hurt('a flipped byte of the body')
    expect(rig.openQueries().rawBlock(victim.hash)).toEqual({ kind: 'damaged' })
    simulation.run(120_000)
    expect(repairs(rig)).toEqual([])
    expect(spoiling.peer.hungUp).toBe('closed')
    // Nobody has to have a block of long ago.
    expect([lacking.peer.hungUp, silent.peer.hungUp]).toEqual([undefined, undefined])
    on.meet()
    expect(repairs(rig)).toHaveLength(1)
    isWhole(on)
  })

  test('of which all that is made of bodies is lost too gets it back from the blocks that it spends from', () => {
    const on = start(74)
    const { rig, simulation, blocks } = on
    for (const block of blocks.slice(-15)) {
      on.hurt('a lost row of the prevouts', block)
      on.hurt('a flipped byte of the places', block)
      on.hurt('a flipped byte of the body', block)
    }
    const queries = rig.openQueries()
    for (const { hash } of blocks.slice(-15)) expect(queries.rawBlock(hash)).toEqual({ kind: 'damaged' })
    on.meet()
    expect(simulation.run(60_000, () => repairs(rig).length === 15)).toBe(true)
    isWhole(on)
  })

  test('that is damaged again and again is mended three times and then left alone', () => {
    const on = start(75)
    const { rig, simulation, victim } = on
    on.meet()
    for (let i = 0; i < 6; i++) {
      on.hurt('a flipped byte of the body')
      expect(rig.openQueries().rawBlock(victim.hash)).toEqual({ kind: 'damaged' })
      simulation.run(5000)
    }
    expect(repairs(rig)).toHaveLength(3)
    const failures = rig.log.filter(({ text }) => text === 'a damaged block cannot be repaired')
    expect(failures).toMatchObject([{ level: 'error', facts: { why: 'damaged again and again' } }])
    // The rest goes on.
    const [next] = on.chain.growMany(on.blocks.at(-1)!, 1, 3)
    rig.submitBlock(next!.bytes)
    expect(simulation.run(5000, () => rig.committed === HEIGHT + 1)).toBe(true)
  })
})

describe('a reorganisation that needs a damaged block', () => {
  test.each(KINDS_OF_DAMAGE.filter((kind) => !kind.endsWith('places')))(
    'to take it back (%s) waits for it and then goes on',
    (kind) => {
      const on = start(76)
      const { rig, simulation, chain, blocks, victim } = on
      on.hurt(kind)
      const fork = blocks[victim.height - 2]!
      const branch = chain.growMany(fork, HEIGHT - fork.height + 2, 3)
      for (const { bytes } of branch) rig.submitBlock(bytes)
      const isMade = kind.endsWith('prevouts')
      simulation.run(10_000)
      expect(rig.committed).toBe(isMade ? branch.at(-1)!.height : HEIGHT)
      expect(losses(rig)).toHaveLength(1)
      // Meanwhile what builds on our branch is followed, if it has the work.
      on.meet()
      expect(simulation.run(10_000, () => rig.committed === branch.at(-1)!.height)).toBe(true)
      expect(differences(rig.sql, regtest, raw([...blocks.slice(0, fork.height), ...branch]))).toEqual({})
    },
  )

  test('to connect it has it fetched again', () => {
    const on = start(78)
    const { rig, simulation, chain, blocks } = on
    const branch = chain.growMany(blocks.at(-4)!, 6, 3)
    for (const { bytes } of branch.slice(0, 2)) rig.submitBlock(bytes)
    simulation.run(1000)
    const id = rig.sql.sql.exec('SELECT max(id) FROM header').raw().toArray()[0]![0] as number
    expect(damageAt(rig.sql, id, 'a flipped byte of the body', simulation.random)).toBe('body')
    for (const { bytes } of branch.slice(2)) rig.submitBlock(bytes)
    simulation.run(10_000)
    expect(rig.committed).toBe(HEIGHT)
    rig.meet({ blocks: raw([...blocks.slice(0, -3), ...branch]), dials: true })
    expect(simulation.run(30_000, () => rig.committed === HEIGHT + 3)).toBe(true)
    expect(differences(rig.sql, regtest, raw([...blocks.slice(0, -3), ...branch]))).toEqual({})
  })
})

describe('a block that cannot be connected without one that is damaged', () => {
  test('as a script that becomes busy has a part of its history there is connected, and the sums follow', () => {
    const simulation = new Simulation(79)
    const blocks = new ChainMaker({ seed: 79 }).mine(110)
    const rig = new Rig(simulation)
    for (const { bytes } of blocks.slice(0, 95)) rig.submitBlock(bytes)
    expect(simulation.run(30_000, () => rig.committed === 95)).toBe(true)
    for (const height of [30, 60]) damageAt(rig.sql, idAt(rig, height), 'a flipped byte of the body', simulation.random)
    for (const { bytes } of blocks.slice(95)) rig.submitBlock(bytes)
    expect(simulation.run(30_000, () => rig.committed === 110)).toBe(true)
    expect(Object.keys(differences(rig.sql, regtest, raw(blocks)))).toContain('busy')
    expect(losses(rig)).toHaveLength(2)
    rig.meet({ blocks: raw(blocks), dials: true })
    expect(simulation.run(30_000, () => repairs(rig).length === 2)).toBe(true)
    expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
  })

  test('as its coinbase might be one of there waits in memory', () => {
    const on = start(80)
    const { rig, simulation, chain, blocks, victim } = on
    const [next, after] = chain.growMany(blocks.at(-1)!, 2, 3)
    on.hurt('a flipped byte of the body')
    on.hurt('a flipped byte of the places')
    const { first } = rig.sql.sql
      .exec<{ first: number }>('SELECT first_tx AS first FROM best WHERE height = ?', victim.height)
      .one()
    rig.sql.sql.exec('INSERT INTO tx VALUES (?, ?)', prefix48(next!.txids[0]!), first)
    for (const { bytes } of [next!, after!]) rig.submitBlock(bytes)
    simulation.run(10_000)
    expect(rig.committed).toBe(HEIGHT)
    on.meet()
    expect(simulation.run(10_000, () => rig.committed === HEIGHT + 2)).toBe(true)
    expect(losses(rig)).toHaveLength(1)
    expect(repairs(rig)).toHaveLength(1)
  })
})
