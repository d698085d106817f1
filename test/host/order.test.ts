import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { Reorg } from '../../src/chain/reorg.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { encodeFrame } from '../../src/wire/frame.ts'
import { prefix48, toDisplay } from '../../src/wire/hash.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { type Met, Rig, type RigOptions } from './rig.ts'

const SYNC = { download: { perPeer: 8, windowBlocks: 32, windowBytes: 64_000_000 } }

const raw = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)

/** A rig at the end of a chain, which an honest peer gave it. */
function start(seed: number, height: number, options: RigOptions = {}) {
  const simulation = new Simulation(seed)
  const maker = new ChainMaker({ seed })
  const blocks = maker.mine(height)
  const rig = new Rig(simulation, options)
  const honest = rig.meet({ blocks: raw(blocks), dials: true })
  if (!simulation.run(60_000, () => rig.committed === height)) throw new Error(`not synced: ${rig.height}`)
  return { simulation, maker, blocks, rig, honest }
}

async function reorgs(rig: Rig, cursor: string | undefined): Promise<[number, number][]> {
  const { changes } = await rig.mempool!.changesSince(cursor)
  return changes.flatMap((change) => {
    if (change.kind !== 'reorg') return []
    const { reverted, connected } = (change as { reorg: Reorg }).reorg
    return [[reverted.length, connected.length] as [number, number]]
  })
}

const cursorOf = async (rig: Rig) => (await rig.mempool!.changesSince(undefined)).cursor

/** What a peer sends of a block, whether it was asked for or not. */
function give({ send }: Met, block: MadeBlock) {
  send([encodeFrame(regtest.magic, 'block', block.bytes)])
}

/** The peer says that it does not have some of its blocks, until the function returned is called. */
function withhold({ peer }: Met, isHeld: (height: number) => boolean): () => void {
  const find = peer.shelf.find.bind(peer.shelf)
  peer.shelf.find = (hash) => {
    const block = find(hash)
    return block && isHeld(block.height) ? undefined : block
  }
  return () => {
    peer.shelf.find = find
  }
}

/** The row ids of a block's body. */
function bodyRows(rig: Rig, { hash }: MadeBlock): [number, number] {
  const id = rig.sql.sql
    .exec('SELECT id FROM header WHERE prefix48 = ?', prefix48(hash))
    .raw()
    .toArray()[0]![0] as number
  return [id * PARTS_PER_BLOCK, (id + 1) * PARTS_PER_BLOCK]
}

function damage(rig: Rig, block: MadeBlock) {
  const rows = bodyRows(rig, block)
  const before = rig.sql.sql
    .exec('SELECT count(*) FROM body WHERE id >= ? AND id < ?', ...rows)
    .raw()
    .toArray()
  expect(before).toEqual([[1]])
  rig.sql.sql.exec('UPDATE body SET check48 = check48 + 1 WHERE id >= ? AND id < ?', ...rows)
}

describe('blocks out of order', () => {
  test.each([
    { name: 'nothing waits in memory', limits: { readyBytes: 0 } },
    { name: 'each is a batch', limits: { batchBytes: 0 } },
    { name: 'little fits the window', limits: { download: { perPeer: 3, windowBlocks: 20, windowBytes: 2000 } } },
    { name: 'everything is small', limits: { readyBytes: 300, batchBytes: 2000, batchMs: 50, ...SYNC } },
  ])('come from four peers, where $name', ({ limits }) => {
    const simulation = new Simulation(31)
    const blocks = new ChainMaker({ seed: 31 }).mine(150)
    const rig = new Rig(simulation, { limits, digestMs: [0, 50] })
    const met = Array.from({ length: 4 }, () => rig.meet({ blocks: raw(blocks) }, { latencyMs: [1, 200], chopTo: 400 }))
    expect(simulation.run(300_000, () => rig.committed === 150)).toBe(true)
    expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
    expect(met.map(({ peer }) => peer.hungUp)).toEqual(met.map(() => undefined))
    expect(rig.untaken).toEqual(new Map())
  })

  test('that fit together at last are connected a few at a time, with room for other things in between', () => {
    const simulation = new Simulation(38)
    const blocks = new ChainMaker({ seed: 38 }).mine(60)
    const stepBytes = 3 * blocks[0]!.bytes.length
    const rig = new Rig(simulation, { limits: { stepBytes } })
    const met = rig.meet({ blocks: raw(blocks) })
    const release = withhold(met, (height) => height === 1)
    simulation.run(2000)
    expect(rig.height).toBe(0)
    release()
    give(met, blocks[0]!)
    let steps = 0
    for (let before = 0; rig.height < 60; before = rig.height) {
      expect(simulation.run(60_000, () => rig.height > before)).toBe(true)
      expect(rig.height - before).toBeLessThanOrEqual(4)
      steps++
    }
    expect(steps).toBeGreaterThanOrEqual(15)
    expect(simulation.run(10_000, () => rig.committed === 60)).toBe(true)
    expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
  })

  test('come no faster than the ledger takes them', () => {
    const simulation = new Simulation(37)
    const blocks = new ChainMaker({ seed: 37 }).mine(150)
    const rig = new Rig(simulation, { hubLimits: { untakenBytes: 1000 }, hopMs: [20, 60] })
    const { line } = rig.meet({ blocks: raw(blocks) }, { latencyMs: [1, 3] })
    let most = 0
    const done = () => {
      most = Math.max(most, ...rig.untaken.values())
      return rig.committed === 150
    }
    expect(simulation.run(120_000, done)).toBe(true)
    expect(rig.pauses).toBeGreaterThan(3)
    // What was on its way in one piece when the link was stopped, the headers among it, comes on top.
    expect(most).toBeLessThan(1000 + 150 * 81 + 16 * 200)
    expect(line.broken).toBe(false)
    expect(rig.paused).toEqual(new Set())
    expect(rig.untaken).toEqual(new Map())
  })

  test('whoever holds the window up is let go', () => {
    const simulation = new Simulation(32)
    const blocks = new ChainMaker({ seed: 32 }).mine(200)
    const rig = new Rig(simulation, { limits: SYNC })
    const silent = rig.meet({ blocks: raw(blocks), misdeeds: ['no-blocks'] })
    simulation.run(1000)
    for (let i = 0; i < 2; i++) rig.meet({ blocks: raw(blocks) })
    expect(simulation.run(60_000, () => rig.committed === 200)).toBe(true)
    expect(silent.peer.hungUp).toBe('closed')
    expect(rig.lines).toContain('peer closed: block-stalled')
  })

  test('what was connected is committed after a while, though nothing more comes', () => {
    const simulation = new Simulation(33)
    const blocks = new ChainMaker({ seed: 33 }).mine(100)
    const rig = new Rig(simulation, { limits: { batchMs: 3000 } })
    const { line } = rig.meet({ blocks: raw(blocks) })
    expect(simulation.run(60_000, () => rig.height >= 40)).toBe(true)
    line.stalled = true
    simulation.run(500)
    expect(rig.committed).toBe(0)
    simulation.run(3000)
    expect(rig.committed).toBe(rig.height)
  })

  test('those that came early are in the store after a restart, and need not come again', () => {
    const simulation = new Simulation(34)
    const blocks = new ChainMaker({ seed: 34 }).mine(30)
    const limits = { readyBytes: 0, batchMs: 100 }
    const rig = new Rig(simulation, { limits })
    // It has all but the first.
    withhold(rig.meet({ blocks: raw(blocks) }), (height) => height === 1)
    simulation.run(2000)
    expect(rig.committed).toBe(0)
    expect(rig.sql.sql.exec('SELECT count(*) FROM body').raw().toArray()).toEqual([[30]])
    rig.restartLedger({ kill: true })
    const second = rig.meet({ blocks: raw(blocks) })
    expect(simulation.run(10_000, () => rig.committed === 30)).toBe(true)
    const asked = second.peer.messages.flatMap((message) => (message.command === 'getdata' ? message.items : []))
    expect(asked.map(({ hash }) => toDisplay(hash))).toEqual([toDisplay(blocks[0]!.hash)])
    expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
  })

  test('one that was stored early and is damaged is fetched again', () => {
    const simulation = new Simulation(35)
    const blocks = new ChainMaker({ seed: 35 }).mine(30)
    const rig = new Rig(simulation, { limits: { readyBytes: 0, batchMs: 100 } })
    const giveAll = withhold(rig.meet({ blocks: raw(blocks) }), (height) => height === 1)
    simulation.run(2000)
    expect(rig.committed).toBe(0)
    damage(rig, blocks[10]!)
    damage(rig, blocks[20]!)
    giveAll()
    rig.meet({ blocks: raw(blocks) })
    expect(simulation.run(60_000, () => rig.committed === 30)).toBe(true)
    const losses = rig.log.filter(({ text }) => text === 'a stored block cannot be read')
    expect(losses.map(({ level, facts }) => [level, facts.height, facts.why])).toEqual([
      ['error', 11, 'damaged'],
      ['error', 21, 'damaged'],
    ])
    expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
  })

  test('blocks that wait for one that turns out bad are dropped with it', () => {
    const { simulation, maker, blocks, rig, honest } = start(36, 20, {
      limits: { readyBytes: 3000 },
      digestMs: [0, 20],
    })
    for (let round = 0; round < 5; round++) {
      const bad = maker.block({ feeSat: 1 }, blocks.at(-1)!)
      const rest = maker.mine(8, {}, bad)
      // The bad one comes last.
      const met = rig.meet({ blocks: raw(blocks), dials: true })
      simulation.run(1000)
      met.send(met.peer.say({ command: 'headers', headers: [bad, ...rest].map(({ header }) => header) }))
      simulation.run(500)
      for (const block of [...rest, bad]) give(met, block)
      simulation.run(2000)
      expect(met.peer.hungUp).toBe('closed')
      expect(rig.committed).toBe(blocks.length)
      const [next] = maker.mine(1, {}, blocks.at(-1))
      blocks.push(next!)
      honest.send(honest.peer.mined(next!.bytes))
      expect(simulation.run(5000, () => rig.committed === blocks.length)).toBe(true)
    }
    expect(differences(rig.sql, regtest, raw(blocks))).toEqual({})
    expect(rig.sql.sql.exec('SELECT count(*) FROM body').raw().toArray()).toEqual([[blocks.length + 1]])
  })
})

describe('a better branch', () => {
  test('whose blocks are kept back does not stop the chain that we are on, nor those who sync from us', async () => {
    const { simulation, maker, blocks, rig, honest } = start(41, 50)
    const cursor = await cursorOf(rig)
    const branch = maker.mine(20, {}, blocks[39])
    const onBranch = raw([...blocks.slice(0, 40), ...branch])
    rig.meet({ blocks: onBranch, misdeeds: ['no-blocks'] })
    simulation.run(5000)
    const more = maker.mine(3, {}, blocks.at(-1))
    for (const block of more) {
      honest.send(honest.peer.mined(block.bytes))
      expect(simulation.run(5000, () => rig.committed === block.height)).toBe(true)
    }
    const late = new Rig(simulation, { name: 'late' })
    late.dial(rig)
    expect(simulation.run(30_000, () => late.committed === 53)).toBe(true)
    expect(await reorgs(rig, cursor)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
    // Somebody has the blocks after all.
    rig.meet({ blocks: onBranch })
    expect(simulation.run(60_000, () => rig.committed === 60 && late.committed === 60)).toBe(true)
    expect(await reorgs(rig, cursor)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [13, 20],
    ])
    expect(differences(rig.sql, regtest, onBranch)).toEqual({})
    expect(differences(late.sql, regtest, onBranch)).toEqual({})
  })

  test('a header of equal work whose block is kept back does not hold the tip', () => {
    const { simulation, maker, rig, honest } = start(42, 30)
    const kept = maker.block()
    const secretive = rig.meet({ dials: true, misdeeds: ['no-blocks'] })
    simulation.run(1000)
    secretive.send(secretive.peer.say({ command: 'headers', headers: [kept.header] }))
    simulation.run(1000)
    const [next] = maker.mine(1)
    honest.send(honest.peer.mined(next!.bytes))
    expect(simulation.run(5000, () => rig.committed === 31)).toBe(true)
    expect(rig.tip.hash).toEqual(next!.hash)
    // A miner here builds on it, and so do others.
    const [own] = maker.mine(1)
    const answer = rig.submitBlock(own!.bytes)
    expect(simulation.run(5000, () => honest.peer.shelf.tip.height === 32)).toBe(true)
    expect(answer.result).toEqual({ kind: 'connected' })
  })

  test('whose first block comes last is whole by then, though another block was followed meanwhile', () => {
    const { simulation, maker, blocks, rig, honest } = start(48, 30)
    const late = maker.mine(3, {}, blocks.at(-1))
    const giveAll = withhold(rig.meet({ blocks: raw([...blocks, ...late]) }), (height) => height === 31)
    simulation.run(3000)
    const [other] = maker.mine(1, {}, blocks.at(-1))
    honest.send(honest.peer.mined(other!.bytes))
    expect(simulation.run(5000, () => rig.committed === 31)).toBe(true)
    giveAll()
    rig.meet({ blocks: raw([...blocks, ...late]) })
    expect(simulation.run(30_000, () => rig.committed === 33)).toBe(true)
    expect(differences(rig.sql, regtest, raw([...blocks, ...late]))).toEqual({})
  })

  test('whose blocks are kept back leaves us on the one that has most of what is here', () => {
    const { simulation, maker, blocks, rig } = start(49, 30)
    const late = maker.mine(3, {}, blocks.at(-1))
    const giving = rig.meet({ blocks: raw([...blocks, ...late]) })
    const giveAll = withhold(giving, (height) => height === 31)
    simulation.run(3000)
    rig.meet({ blocks: raw([...blocks, ...maker.mine(6, {}, blocks.at(-1))]), misdeeds: ['no-blocks'] })
    simulation.run(3000)
    expect(rig.committed).toBe(30)
    giveAll()
    give(giving, late[0]!)
    expect(simulation.run(5000, () => rig.committed === 33)).toBe(true)
    expect(rig.tip.hash).toEqual(late[2]!.hash)
  })

  test('is gone over to in part when the rest does not come', async () => {
    const { simulation, maker, blocks, rig } = start(43, 50)
    const cursor = await cursorOf(rig)
    const branch = maker.mine(20, {}, blocks[39])
    const giveAll = withhold(rig.meet({ blocks: raw([...blocks.slice(0, 40), ...branch]) }), (height) => height > 55)
    expect(simulation.run(60_000, () => rig.committed === 55)).toBe(true)
    expect(await reorgs(rig, cursor)).toEqual([[10, 15]])
    giveAll()
    const other = rig.meet({ blocks: raw([...blocks.slice(0, 40), ...branch]) })
    expect(simulation.run(60_000, () => rig.committed === 60)).toBe(true)
    expect(other.peer.hungUp).toBeUndefined()
    expect(differences(rig.sql, regtest, raw([...blocks.slice(0, 40), ...branch]))).toEqual({})
  })

  test('much longer than ours is not waited for', async () => {
    const { simulation, maker, blocks, rig } = start(44, 30, { limits: { batchMs: 200 } })
    const cursor = await cursorOf(rig)
    const branch = maker.mine(2100, {}, blocks[27])
    rig.meet({ blocks: raw([...blocks.slice(0, 28), ...branch]) })
    expect(simulation.run(120_000, () => rig.committed === 2128)).toBe(true)
    const [first] = await reorgs(rig, cursor)
    expect(first![0]).toBe(2)
    expect(first![1]).toBeLessThan(40)
    expect(differences(rig.sql, regtest, raw([...blocks.slice(0, 28), ...branch]))).toEqual({})
  })

  test('to which there is no way, as a block of ours cannot be read back, leaves us where we are', () => {
    const { simulation, maker, blocks, rig, honest } = start(45, 50)
    damage(rig, blocks[45]!)
    // Nor does anybody else have it.
    withhold(honest, (height) => height === 46)
    const branch = maker.mine(12, {}, blocks[39])
    rig.meet({ blocks: raw([...blocks.slice(0, 40), ...branch]) })
    simulation.run(30_000)
    expect(rig.committed).toBe(50)
    // What builds on ours is followed still.
    const more = maker.mine(4, {}, blocks.at(-1))
    for (const { bytes, height } of more) {
      honest.send(honest.peer.mined(bytes))
      expect(simulation.run(30_000, () => rig.committed === height)).toBe(true)
    }
    expect(rig.tip.hash).toEqual(more.at(-1)!.hash)
    expect(rig.lines.filter((line) => line === 'a stored block cannot be read')).toHaveLength(1)
  })

  test('that loses while its blocks wait for one in between still has them when it wins', () => {
    const { simulation, maker, blocks, rig } = start(47, 20)
    const losing = maker.mine(3, {}, blocks.at(-1))
    const first = rig.meet({ blocks: raw([...blocks, ...losing]) })
    withhold(first, (height) => height === 21)
    simulation.run(3000)
    const other = maker.mine(4, {}, blocks.at(-1))
    rig.meet({ blocks: raw([...blocks, ...other]) })
    expect(simulation.run(30_000, () => rig.committed === 24)).toBe(true)
    const winning = [...losing, ...maker.mine(3, {}, losing.at(-1))]
    rig.meet({ blocks: raw([...blocks, ...winning]) })
    expect(simulation.run(30_000, () => rig.committed === 26)).toBe(true)
    expect(differences(rig.sql, regtest, raw([...blocks, ...winning]))).toEqual({})
  })

  test('that wins, loses and wins again leaves the same index', () => {
    const { simulation, maker, blocks, rig } = start(46, 20, { limits: { readyBytes: 500 } })
    const left = rig.meet({ blocks: raw(blocks), dials: true })
    const right = rig.meet({ blocks: raw(blocks), dials: true })
    simulation.run(2000)
    let ends: [MadeBlock, MadeBlock] = [blocks.at(-1)!, blocks.at(-1)!]
    for (let round = 0; round < 6; round++) {
      const side = round % 2
      const grown = maker.mine(ends[1 - side]!.height - ends[side]!.height + 1, {}, ends[side])
      for (const { bytes } of grown) (side === 0 ? left : right).peer.shelf.add(bytes)
      const met = side === 0 ? left : right
      met.send(met.peer.say({ command: 'headers', headers: grown.map(({ header }) => header) }))
      const end = grown.at(-1)!
      ends = side === 0 ? [end, ends[1]] : [ends[0], end]
      expect(simulation.run(20_000, () => rig.committed === end.height)).toBe(true)
      expect(differences(rig.sql, regtest, raw(maker.chain(ends[side]!)))).toEqual({})
    }
  })
})

describe('a block that is handed in', () => {
  const submit = (rig: Rig, simulation: Simulation, bytes: Uint8Array) => {
    const answer = rig.submitBlock(bytes)
    simulation.run(1000)
    return answer.result
  }

  test('is connected, or stored on a branch, and committed by the time it is said', () => {
    const { simulation, maker, blocks, rig } = start(51, 10)
    const [next] = maker.mine(1)
    expect(submit(rig, simulation, next!.bytes)).toEqual({ kind: 'connected' })
    expect(rig.committed).toBe(11)
    expect(submit(rig, simulation, next!.bytes)).toEqual({ kind: 'connected' })
    const branch = maker.mine(3, {}, blocks[8])
    expect(submit(rig, simulation, branch[0]!.bytes)).toEqual({ kind: 'stored' })
    expect(submit(rig, simulation, branch[1]!.bytes)).toEqual({ kind: 'stored' })
    expect(submit(rig, simulation, branch[2]!.bytes)).toEqual({ kind: 'connected' })
    expect(submit(rig, simulation, next!.bytes)).toEqual({ kind: 'stored' })
    expect(differences(rig.sql, regtest, raw(maker.chain(branch[2]!)))).toEqual({})
  })

  test('is committed at once, though the headers of more are known', () => {
    const { simulation, maker, rig } = start(56, 10)
    const made = maker.mine(5)
    const met = rig.meet({ dials: true, misdeeds: ['no-blocks'] })
    simulation.run(1000)
    met.send(met.peer.say({ command: 'headers', headers: made.map(({ header }) => header) }))
    simulation.run(500)
    expect(submit(rig, simulation, made[0]!.bytes)).toEqual({ kind: 'connected' })
    expect(rig.committed).toBe(11)
  })

  test('is refused with the reason, and leaves no header where its bytes are wrong', () => {
    const { simulation, maker, blocks, rig } = start(52, 10)
    const count = () => rig.sql.sql.exec('SELECT count(*) FROM header').raw().toArray()[0]![0]
    const refused = (bytes: Uint8Array) => {
      const result = submit(rig, simulation, bytes)
      return result?.kind === 'refused' ? result.reason : result?.kind
    }
    expect(refused(new Uint8Array(10))).toBe('truncated')
    expect(refused(blocks[0]!.bytes.slice(0, 100))).toBe('truncated')
    expect(refused(maker.block({ badMerkleRoot: true }).bytes)).toBe('bad-txnmrklroot')
    expect(refused(maker.block({ noWork: true }).bytes)).toBe('high-hash')
    const [loose] = new ChainMaker({ seed: 99 }).mine(2).slice(1)
    expect(refused(loose!.bytes)).toBe('prev-blk-not-found')
    expect(count()).toBe(11)
    const bad = maker.block({ feeSat: 5 })
    expect(refused(bad.bytes)).toBe('bad-cb-amount')
    expect(refused(bad.bytes)).toBe('duplicate-invalid')
    expect(refused(maker.block({}, bad).bytes)).toBe('bad-prevblk')
    expect(refused(maker.block().bytes)).toBe('connected')
  })

  test('before its parent waits for it; several at once are all answered', () => {
    const { simulation, maker, rig } = start(53, 10, { digestMs: [10, 50] })
    const made = maker.mine(4)
    const answers = [...made, ...made].map(({ bytes }) => rig.submitBlock(bytes))
    const bad = maker.block({ feeSat: 1 }, made[3])
    const child = maker.block({}, bad)
    const last = [bad, child, bad].map(({ bytes }) => rig.submitBlock(bytes))
    simulation.run(5000)
    expect(rig.committed).toBe(14)
    expect(answers.map(({ result }) => result?.kind)).toEqual(answers.map(() => 'connected'))
    expect(last.map(({ result }) => result)).toEqual([
      { kind: 'refused', reason: 'bad-cb-amount' },
      { kind: 'refused', reason: 'bad-prevblk' },
      { kind: 'refused', reason: 'duplicate-invalid' },
    ])
  })

  test('and comes from a peer at the same time is connected once', () => {
    const { simulation, maker, rig, honest } = start(54, 10, { digestMs: [10, 10] })
    rig.digests = 0
    const [block] = maker.mine(1)
    honest.send(honest.peer.mined(block!.bytes))
    simulation.run(3600_000, () => rig.digests === 1)
    const answer = rig.submitBlock(block!.bytes)
    simulation.run(1000)
    expect(answer.result).toEqual({ kind: 'connected' })
    expect(rig.committed).toBe(11)
    expect(rig.announced.filter((height) => height === 11)).toHaveLength(1)
  })

  test('is refused by a node of headers only', () => {
    const simulation = new Simulation(55)
    const rig = new Rig(simulation, { spv: true })
    expect(rig.submitBlock(new ChainMaker().mine(1)[0]!.bytes).result).toEqual({
      kind: 'refused',
      reason: 'headers-only',
    })
  })
})
