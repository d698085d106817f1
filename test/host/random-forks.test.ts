import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LedgerLimits } from '../../src/host/ledger-host.ts'
import { transactionsOf } from '../../src/wire/block-parts.ts'
import { encodeFrame } from '../../src/wire/frame.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { RandomChain } from '../ledger/random-chain.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import type { SeededRandom } from '../sim/random.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { type Met, Rig } from './rig.ts'

/** Each of these runs makes about twenty branches. */
const SEEDS = Array.from({ length: 15 }, (_, i) => 7000 + i)
/** Blocks that everybody shares, so that coinbases can be spent above them. */
const TRUNK = 103
const ACTIONS = 60

const raw = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)

function randomLimits(random: SeededRandom): Partial<LedgerLimits> {
  return {
    download: {
      perPeer: 1 + random.below(16),
      windowBlocks: random.pick([8, 32, 1024]),
      windowBytes: random.pick([1000, 10_000, 64_000_000]),
    },
    batchBytes: random.pick([0, 5000, 64_000_000]),
    batchMs: random.pick([10, 500, 5000]),
    readyBytes: random.pick([0, 2000, 64_000_000]),
    coinCacheBytes: random.pick([200_000, 24_000_000]),
    coinLagBytes: random.pick([0, 5000, 24_000_000]),
    mempoolBytes: random.pick([20_000, 100_000_000]),
  }
}

/** One run: chains grow and fork at random, and rigs hear of it at random, in pieces, late, and from several sides. */
class Run {
  readonly simulation: Simulation
  readonly random: SeededRandom
  readonly chain: RandomChain
  readonly ends: MadeBlock[]
  readonly relay: Rig
  readonly node: Rig
  readonly peers: Met[] = []

  constructor(seed: number) {
    this.simulation = new Simulation(seed)
    this.random = this.simulation.random
    this.chain = new RandomChain(seed)
    const trunk = this.chain.growMany(this.chain.maker.genesis, TRUNK, 2)
    this.ends = [trunk.at(-1)!]
    const rig = (name: string) =>
      new Rig(this.simulation, {
        name,
        limits: randomLimits(this.random),
        writer: this.random.chance(0.5),
        hubLimits: {
          untakenBytes: this.random.pick([300, 5_000_000]),
          holdBytes: this.random.pick([2000, 1_000_000]),
          cacheBytes: this.random.pick([500, 32_000_000]),
        },
        digestMs: [0, this.random.below(100)],
        hopMs: [0, 1 + this.random.below(30)],
      })
    this.relay = rig('relay')
    this.node = rig('node')
    this.node.dial(this.relay, { latencyMs: [1, 60], chopTo: 2000 })
    for (let i = 0; i < 3; i++) this.newPeer()
  }

  newPeer(): void {
    const rig = this.random.pick([this.relay, this.node])
    const known = this.path(this.random.pick(this.ends))
    const latencyMs: [number, number] = [1, 1 + this.random.below(150)]
    this.peers.push(rig.meet({ blocks: known, dials: this.random.chance(0.5) }, { latencyMs, chopTo: 3000 }))
  }

  path(to: MadeBlock): Uint8Array<ArrayBuffer>[] {
    return this.chain.path(to).slice(1)
  }

  act(): void {
    const { random } = this
    const action = random.below(10)
    if (action < 4) this.grow()
    else if (action < 7) this.tell(random.pick(this.peers))
    else if (action === 7) this.handIn()
    else if (action === 8) this.pay()
    else this.upset()
    this.simulation.run(random.below(800))
  }

  /** On one of the ends, or a little below it. */
  grow(): void {
    const { random, chain } = this
    let from = random.pick(this.ends)
    for (let down = random.below(6); down > 0 && from.height > TRUNK; down--) from = chain.maker.find(from.prev)!
    const grown = chain.growMany(from, 1 + random.below(5), 3)
    this.ends.push(grown.at(-1)!)
  }

  /** A peer hears of a branch, and says so in one of the ways that there are. */
  tell({ peer, send }: Met): void {
    const { random } = this
    const end = random.pick(this.ends)
    const blocks = this.path(end)
    for (const bytes of blocks) if (!random.chance(0.02)) peer.shelf.add(bytes)
    const way = random.below(3)
    if (way === 0) send(peer.say({ command: 'inv', items: [{ type: InvType.BLOCK, hash: end.hash }] }))
    if (way === 1) {
      const headers = blocks.slice(-random.below(20) - 1).map((bytes) => bytes.subarray(0, 80))
      send(peer.say({ command: 'headers', headers }))
    }
    if (way === 2) send([encodeFrame(regtest.magic, 'block', end.bytes)])
  }

  handIn(): void {
    const { random } = this
    const rig = random.pick([this.relay, this.node])
    for (const bytes of this.path(random.pick(this.ends)).slice(-random.below(4) - 1)) rig.submitBlock(bytes)
  }

  /** Transactions of some branch, of which some are good for where the rigs stand. */
  pay(): void {
    const [, ...txs] = transactionsOf(this.random.pick(this.ends).bytes)
    for (const tx of txs) this.random.pick([this.relay, this.node]).broadcast(tx)
  }

  upset(): void {
    const { random } = this
    const what = random.below(4)
    if (what === 0) this.newPeer()
    if (what === 3) this.mislead()
    if (what === 1) random.pick(this.peers).line.stalled = true
    if (what === 2) random.pick([this.relay, this.node]).restartLedger({ kill: random.chance(0.5) })
  }

  /** A new peer has a branch with a block in it that claims too much, or whose bytes are not its own. */
  mislead(): void {
    const { random, chain } = this
    const from = random.pick(this.ends)
    const bad = chain.maker.block({ feeSat: 21_0000_0000_0000, badMerkleRoot: random.chance(0.3) }, from)
    const branch = [bad, ...chain.maker.mine(random.below(6), {}, bad)]
    const rig = random.pick([this.relay, this.node])
    rig.meet({ blocks: [...this.path(from), ...raw(branch)] }, { latencyMs: [1, 50] })
    if (random.chance(0.3)) rig.submitBlock(bad.bytes)
  }

  /** One branch becomes the longest, and a peer that is well has it. */
  end(): MadeBlock {
    const highest = this.ends.reduce((best, end) => (end.height > best.height ? end : best))
    const best = this.chain.growMany(highest, 1, 2)[0]!
    for (const rig of [this.relay, this.node]) rig.meet({ blocks: this.path(best) })
    return best
  }
}

/** What is in a mempool is possible: everything that it spends is there, once. */
async function lawsOf(rig: Rig): Promise<string[]> {
  const broken: string[] = []
  const txids = await rig.mempool!.txids()
  const pool = new Map<string, Uint8Array>()
  for (let at = 0; at < txids.length; at += 32) {
    const txid = txids.slice(at, at + 32)
    const { tx } = await rig.mempool!.tx(txid, 0)
    pool.set(toDisplay(txid), tx!.raw)
  }
  const spent = new Set<string>()
  for (const [name, bytes] of pool) {
    for (const { prevout } of parseTransaction(bytes).tx.inputs) {
      const key = `${toDisplay(prevout.hash)}:${prevout.index}`
      if (spent.has(key)) broken.push(`${key} is spent twice`)
      spent.add(key)
      const outpoint = new Uint8Array(36)
      outpoint.set(prevout.hash)
      new DataView(outpoint.buffer).setUint32(32, prevout.index, true)
      const inChain = rig.sql.sql.exec('SELECT 1 FROM coin WHERE outpoint = ?', outpoint).raw().toArray().length > 0
      if (!inChain && !pool.has(toDisplay(prevout.hash)))
        broken.push(`${name} spends what is not there: ${bytesToHex(outpoint)}`)
    }
  }
  return broken
}

test.each(SEEDS)('chains that grow and fork at random end in the one index (seed %i)', async (seed) => {
  const run = new Run(seed)
  const { simulation, relay, node } = run
  for (let i = 0; i < ACTIONS; i++) run.act()
  const best = run.end()
  const arrived = () => [relay, node].every((rig) => rig.committed === best.height)
  expect({ arrived: simulation.run(1_200_000, arrived), heights: [relay.height, node.height] }).toEqual({
    arrived: true,
    heights: [best.height, best.height],
  })
  simulation.run(10_000)
  for (const rig of [relay, node]) {
    expect(toDisplay(rig.tip.hash)).toBe(toDisplay(best.hash))
    expect(differences(rig.sql, regtest, run.path(best))).toEqual({})
    expect(await lawsOf(rig)).toEqual([])
    expect(rig.untaken).toEqual(new Map())
    expect(rig.paused).toEqual(new Set())
    expect(rig.log.filter(({ level }) => level === 'error')).toEqual([])
  }
})
