import { expect, test } from 'vitest'
import { encode } from '../../src/wire/codec.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { parseTransaction, transaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { BCOIN } from '../sim/node-styles.ts'
import { Simulation } from '../sim/simulation.ts'
import { Rig } from './rig.ts'

const COIN = 50_0000_0000

async function setUp(seed: number, parentFee: number) {
  const simulation = new Simulation(seed)
  const maker = new ChainMaker({ seed })
  const blocks = maker.mine(103)
  const rig = new Rig(simulation)
  const chain = blocks.map(({ bytes }) => bytes)
  const [sender, other] = [1, 2].map(() => rig.meet({ blocks: chain, dials: true }))
  if (!simulation.run(60_000, () => rig.committed === 103)) throw new Error('not synced')
  const out = COIN - parentFee
  const parent = spend([coinbaseCoin(blocks[0]!, maker)], [{ valueSat: out, script: P2WSH_TRUE }])
  const { txid } = parseTransaction(parent)
  const child = spend([{ txid, vout: 0, valueSat: out, witness: true }], [{ valueSat: out - 5000, script: P2WSH_TRUE }])
  const waiting = async () => (await rig.mempool!.txids()).length / 32
  return { simulation, rig, sender: sender!, other: other!, parent, child, waiting }
}

test.each([
  ['enough', 2000],
  ['nothing', 0],
])('a parent that pays %s is asked of whoever sent its child, and both are passed on', async (_, parentFee) => {
  const { simulation, rig, sender, other, parent, child, waiting } = await setUp(61, parentFee)
  // It has the parent, and tells of the child only.
  sender.peer.offer(parent)
  sender.send(sender.peer.offer(child))
  simulation.run(3000)
  expect(await waiting()).toBe(2)
  const got = () => new Set([...other.peer.txs.values()].map(({ bytes }) => bytes))
  // Who wants no such fee is not told of the parent, and may ask for it all the same.
  expect(got()).toEqual(new Set(parentFee > 0 ? [parent, child] : [child]))
  const items = [{ type: InvType.WITNESS_TX, hash: parseTransaction(parent).txid }]
  other.send(other.peer.say({ command: 'getdata', items }))
  simulation.run(1000)
  expect(got()).toEqual(new Set([parent, child]))
  const info = await rig.mempool!.tx(parseTransaction(child).txid, 0)
  expect(info.tx?.peers).toBe(1)
})

test('a child whose parent nobody has waits, and asks for it once', async () => {
  const { simulation, rig, sender, child, waiting } = await setUp(62, 0)
  sender.send(sender.peer.offer(child))
  simulation.run(5000)
  expect(await waiting()).toBe(0)
  expect(sender.peer.hungUp).toBeUndefined()
  expect(rig.said.filter(({ kind }) => kind === 'want-txs')).toHaveLength(1)
})

test('how many links told of a transaction comes to the ledger', async () => {
  const { simulation, rig, sender, other, parent } = await setUp(63, 2000)
  const lines = [sender.peer.offer(parent), other.peer.offer(parent)]
  sender.send(lines[0]!)
  other.send(lines[1]!)
  simulation.run(3000)
  const { tx } = await rig.mempool!.tx(parseTransaction(parent).txid, 0)
  expect(tx?.peers).toBe(2)
})

test('one that came without its witness, or with a bad one, comes in from the next who has it', async () => {
  for (const witness of [[], [Uint8Array.of(0x52)]]) {
    const { simulation, rig, sender, parent, waiting } = await setUp(64, 2000)
    // Of a style that names transactions by txid, which both forms have.
    const old = rig.meet({ style: BCOIN, dials: true })
    simulation.run(1000)
    const { tx } = parseTransaction(parent)
    const [input] = tx.inputs
    const other = encode(transaction, { ...tx, inputs: [{ ...input!, witness }] })
    sender.send(sender.peer.offer(other))
    simulation.run(3000)
    expect(await waiting()).toBe(0)
    expect(sender.peer.hungUp).toBeUndefined()
    old.send(old.peer.offer(parent))
    simulation.run(3000)
    expect(await waiting()).toBe(1)
    // The bad one again is not even looked at.
    sender.send(sender.peer.say({ command: 'tx', bytes: other }))
    simulation.run(1000)
    expect(await waiting()).toBe(1)
  }
})
