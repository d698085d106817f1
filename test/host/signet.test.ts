import { expect, test } from 'vitest'
import { FAILED } from '../../src/chain/header-store.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { ChainMaker, type MadeBlock, OP_TRUE } from '../sim/chain-maker.ts'
import { Simulation } from '../sim/simulation.ts'
import { Rig } from './rig.ts'

/** Any block with a witness commitment meets it, and no other does; mined as easily as on a regtest. */
const network = { ...regtest, signetChallenge: OP_TRUE }
const raw = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)

function start(seed: number) {
  const simulation = new Simulation(seed)
  const maker = new ChainMaker({ seed })
  const blocks = maker.mine(3, { commitment: true })
  const rig = new Rig(simulation, { network })
  const honest = rig.meet({ blocks: raw(blocks) })
  expect(simulation.run(30_000, () => rig.committed === 3)).toBe(true)
  const statusOf = ({ hash }: MadeBlock) => new SqlHeaderStore(rig.sql).byHash(hash)?.status
  return { simulation, maker, blocks, rig, honest, statusOf }
}

test('a block that does not meet the challenge fails with its header, and its sender is closed', () => {
  const { simulation, maker, blocks, rig, honest, statusOf } = start(1)
  const bad = maker.block()
  const met = rig.meet({ blocks: raw([...blocks, bad]) })
  expect(simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
  expect(rig.lines).toContain('a block breaks a rule: bad-signet-blksig')
  expect(statusOf(bad)! & FAILED).toBe(FAILED)
  const next = maker.block({ commitment: true })
  honest.send(honest.peer.mined(next.bytes))
  expect(simulation.run(30_000, () => rig.committed === 4)).toBe(true)
})

test('with another merkle root only the bytes fail, whatever they are signed with', () => {
  const { simulation, maker, blocks, rig, statusOf } = start(2)
  const bad = maker.block({ badMerkleRoot: true })
  const met = rig.meet({ blocks: raw([...blocks, bad]) })
  expect(simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
  expect(rig.lines).toContain('a block is not what its header commits to: bad-txnmrklroot')
  expect(statusOf(bad)! & FAILED).toBe(0)
})

test('one that is handed in is refused before its header is known', () => {
  const { simulation, maker, rig, statusOf } = start(3)
  const bad = maker.block()
  const answer = rig.submitBlock(bad.bytes)
  simulation.run(1000)
  expect(answer.result).toEqual({ kind: 'refused', reason: 'bad-signet-blksig' })
  expect(statusOf(bad)).toBeUndefined()
})
