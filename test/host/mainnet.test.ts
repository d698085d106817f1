import { expect, test } from 'vitest'
import { main } from '../../src/chain/networks/main.ts'
import type { Reorg } from '../../src/chain/reorg.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readDat } from '../shared.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { Rig } from './rig.ts'

const network = { ...main, minChainWork: 0n }

describeShared('the real chain', () => {
  test('is synced from a peer, and reorganised away in one step by another with more work', async () => {
    const real = readDat('blocks/mainnet-0-599.dat').slice(1)
    const alternative = readDat('blocks/mainnet-alt-1-2016.dat.gz')
    const simulation = new Simulation(1)
    const rig = new Rig(simulation, { network })
    rig.meet({ blocks: real })
    expect(simulation.run(60_000, () => rig.committed === 599)).toBe(true)
    expect(differences(rig.sql, network, real)).toEqual({})

    const { cursor } = await rig.mempool!.changesSince(undefined)
    rig.meet({ blocks: alternative, dials: true })
    expect(simulation.run(60_000, () => rig.committed === 2016)).toBe(true)
    const { changes } = await rig.mempool!.changesSince(cursor)
    expect(changes.map(({ kind }) => kind)).toEqual(['reorg'])
    const { reverted, connected } = (changes[0] as { reorg: Reorg }).reorg
    expect(reverted.map(({ height }) => height)).toEqual(Array.from({ length: 599 }, (_, i) => 599 - i))
    expect(connected.map(({ height }) => height)).toEqual(Array.from({ length: 2016 }, (_, i) => i + 1))
    expect(toDisplay(rig.tip.hash)).toBe('000000000c806553811fd3e6c40bc9c279db53643da7d3b401a9882c074c24b2')
    expect(differences(rig.sql, network, alternative)).toEqual({})

    // Its tip is of long ago: nothing is announced, and links are told that it is not in step.
    expect(rig.announced).toEqual([])
    expect(rig.said.some((value) => value.kind === 'tip' && value.synced)).toBe(false)
    expect(rig.lines.filter((line) => line.startsWith('peer closed'))).toEqual([])
  })

  test('is taken in batches by bytes and by time, of bodies in any order, within small limits', () => {
    const real = readDat('blocks/mainnet-0-599.dat').slice(1)
    const simulation = new Simulation(2)
    const limits = { readyBytes: 1000, batchBytes: 100_000, batchMs: 1000, coinCacheBytes: 200_000, mempoolBytes: 1e6 }
    const rig = new Rig(simulation, { network, limits, digestMs: [0, 30] })
    for (let i = 0; i < 4; i++) rig.meet({ blocks: real, dials: true }, { latencyMs: [1, 150], chopTo: 3000 })
    expect(simulation.run(120_000, () => rig.committed === 599)).toBe(true)
    expect(differences(rig.sql, network, real)).toEqual({})
    const tips = rig.said.flatMap((value) => (value.kind === 'tip' ? [value.height] : []))
    expect(tips.length).toBeGreaterThan(4)
    expect(rig.untaken).toEqual(new Map())
  })
})
