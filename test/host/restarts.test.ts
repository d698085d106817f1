import { expect, test } from 'vitest'
import { HAVE_BODY } from '../../src/chain/header-store.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LedgerLimits } from '../../src/host/ledger-host.ts'
import { StoreError } from '../../src/store/error.ts'
import { equalBytes } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { damageAt, KINDS_OF_DAMAGE } from '../ledger/damage.ts'
import { DyingPort } from '../ledger/dying-port.ts'
import { filterRows, freshFilterRows } from '../ledger/filter-rows.ts'
import { RandomChain } from '../ledger/random-chain.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import type { SeededRandom } from '../sim/random.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { type Met, Rig } from './rig.ts'

/** `CAUSEWAY_RESTARTS` makes a campaign of it, from `CAUSEWAY_RESTARTS_SEED` on. */
const RUNS = Number(process.env.CAUSEWAY_RESTARTS ?? 10)
const FIRST_SEED = Number(process.env.CAUSEWAY_RESTARTS_SEED ?? 20_010)
const SEEDS = Array.from({ length: RUNS }, (_, i) => FIRST_SEED + i)
const ACTIONS = 40
const SHOWN_LINES = 30
/** One peer that is well: a question, the blocks, and a commit that waits for more of them, and a branch that does. */
const ALONE_MS = 60_000
/** Others hold a block up until they are dropped for it, each in its turn. */
const AMONG_OTHERS_MS = 7_200_000

function randomLimits(random: SeededRandom): Partial<LedgerLimits> {
  return {
    download: {
      perPeer: 1 + random.below(16),
      windowBlocks: random.pick([8, 32, 1024]),
      windowBytes: random.pick([1000, 10_000, 64_000_000]),
    },
    batchBytes: random.pick([0, 3000, 20_000, 64_000_000]),
    batchMs: random.pick([10, 500, 5000]),
    readyBytes: random.pick([0, 2000, 64_000_000]),
    coinCacheBytes: random.pick([200_000, 24_000_000]),
    coinLagBytes: random.pick([0, 5000, 24_000_000]),
    filterStep: random.pick([
      { blocks: 1, bytes: 1 },
      { blocks: 200, bytes: 4_000_000 },
    ]),
  }
}

/** One node whose process dies again and again, while chains grow, peers come and go, and its disk forgets. */
class Run {
  readonly simulation: Simulation
  readonly random: SeededRandom
  readonly chain: RandomChain
  readonly ends: MadeBlock[]
  readonly rig: Rig
  peers: Met[] = []
  deaths = 0
  readonly #damages: boolean
  #isMortal = true

  constructor(seed: number) {
    this.simulation = new Simulation(seed)
    this.random = this.simulation.random
    this.chain = new RandomChain(seed)
    this.#damages = this.random.chance(0.5)
    const trunk = this.chain.growMany(this.chain.maker.genesis, this.random.pick([3, 103]), 2)
    this.ends = [trunk.at(-1)!]
    this.rig = new Rig(this.simulation, {
      limits: randomLimits(this.random),
      filters: true,
      writer: this.random.chance(0.5),
      turnMs: [0, this.random.pick([1, 50])],
      digestMs: [0, this.random.below(100)],
      hopMs: [0, 1 + this.random.below(30)],
      port: (sql) => (this.#isMortal && this.deaths > 0 ? new DyingPort(sql, this.#lifetime()) : sql),
    })
    this.newPeer()
  }

  #lifetime(): number {
    return 60 + this.random.below(this.random.pick([100, 1000, 10_000]))
  }

  newPeer(): void {
    const blocks = this.path(this.random.pick(this.ends))
    const latencyMs: [number, number] = [1, 1 + this.random.below(150)]
    const misdeeds = this.random.chance(0.15)
      ? [this.random.pick(['not-found', 'no-blocks', 'no-headers'] as const)]
      : []
    this.peers.push(this.rig.meet({ blocks, misdeeds, dials: this.random.chance(0.5) }, { latencyMs, chopTo: 3000 }))
  }

  path(to: MadeBlock): Uint8Array<ArrayBuffer>[] {
    return this.chain.path(to).slice(1)
  }

  /** Whatever dies in it is started again. */
  live(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.die()
    }
  }

  die(): void {
    this.deaths++
    for (;;) {
      try {
        this.rig.restartLedger({ kill: true })
        break
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
      }
    }
    // A process that dies takes its links with it.
    for (const { line } of this.peers) line.break()
    this.peers = []
    for (let more = 1 + this.random.below(2); more > 0; more--) this.newPeer()
  }

  act(): void {
    const { random } = this
    const action = random.below(10)
    if (action < 3) this.grow()
    else if (action < 6) this.tell()
    else if (action === 6) this.newPeer()
    else if (action === 7) this.lose()
    else if (action === 8) this.live(() => this.die())
    else if (this.#damages) this.hurt()
    const until = this.simulation.now + random.below(random.pick([100, 1000, 8000]))
    while (this.simulation.now < until) this.live(() => this.simulation.run(until - this.simulation.now))
  }

  /** On one of the ends, or below it: now and then far below. */
  grow(): void {
    const { random, chain } = this
    let from = random.pick(this.ends)
    for (let down = random.below(random.pick([1, 6, 60])); down > 0 && from.height > 0; down--)
      from = chain.maker.find(from.prev)!
    const most = from.height < 60 ? 60 : 25
    this.ends.push(chain.growMany(from, 1 + random.below(random.pick([3, most])), 3).at(-1)!)
  }

  /** A peer gets a branch and says so. */
  tell(): void {
    const { random } = this
    if (this.peers.length === 0) return
    const { peer, send } = random.pick(this.peers)
    const end = random.pick(this.ends)
    for (const bytes of this.path(end)) peer.shelf.add(bytes)
    if (random.chance(0.5)) send(peer.say({ command: 'inv', items: [{ type: InvType.BLOCK, hash: end.hash }] }))
    else send(peer.say({ command: 'headers', headers: [end.header] }))
  }

  lose(): void {
    if (this.peers.length === 0) return
    const { line } = this.random.pick(this.peers)
    if (this.random.chance(0.3)) line.stalled = true
    else line.break()
  }

  /** Something of a stored block is no longer what it was. */
  hurt(): void {
    const { random, rig } = this
    const ids = rig.sql.sql.exec(`SELECT id FROM header WHERE status & ${HAVE_BODY} AND height > 0`).raw().toArray()
    if (ids.length > 0) damageAt(rig.sql, random.pick(ids)[0] as number, random.pick(KINDS_OF_DAMAGE), random)
  }

  /** Where it stands, for whoever has to find out why it does not go on. */
  standing(): string {
    const { rig, simulation } = this
    const rows = (query: string) => JSON.stringify(rig.sql.sql.exec(query).raw().toArray())
    return [
      `tip ${rig.height}, committed ${rig.committed}, wakes in ${rig.ledger.host.deadline - simulation.now} ms`,
      `from the tip up [height, id, status]: ${rows(`SELECT height, id, status FROM header
         WHERE height >= (SELECT max(height) FROM best) ORDER BY height, id LIMIT 20`)}`,
      `blocks that are not here: ${rows('SELECT count(*), min(height) FROM header WHERE status & 1 AND NOT status & 2')}`,
      ...rig.log.slice(-SHOWN_LINES).map((line) => JSON.stringify(line)),
      ...this.peers.map(({ peer }) => `a peer heard ${peer.heard.slice(-10)} and said ${peer.said.slice(-10)}`),
    ].join('\n')
  }

  /** One branch becomes the longest, the process dies once more, and a peer that is well has that branch. */
  end(): { best: MadeBlock; alone: boolean } {
    const { random } = this
    const highest = this.ends.reduce((best, end) => (end.height > best.height ? end : best))
    const best = this.chain.growMany(highest, 1 + random.below(3), 2).at(-1)!
    this.#isMortal = false
    this.die()
    const alone = random.chance(0.6)
    if (alone) for (const { line } of this.peers) line.break()
    this.simulation.run(random.below(3000))
    // A block that has to be taken back and cannot be read has to come from somebody: it has those of all branches.
    const blocks = [...this.ends, best].flatMap((end) => this.path(end))
    this.peers.push(this.rig.meet({ blocks, dials: random.chance(0.5) }))
    return { best, alone }
  }
}

test.each(SEEDS)('a node that dies at any moment finds its way to the tip (seed %i)', (seed) => {
  const run = new Run(seed)
  const { simulation, rig } = run
  for (let i = 0; i < ACTIONS; i++) run.act()
  const { best, alone } = run.end()
  const within = alone ? ALONE_MS : AMONG_OTHERS_MS
  const hasArrived = () => rig.committed === best.height && equalBytes(rig.tip.hash, best.hash)
  expect(simulation.run(within, hasArrived), hasArrived() ? '' : run.standing()).toBe(true)
  // What is damaged and was not needed is found by whoever reads it.
  const connected = rig.sql.sql.exec('SELECT header_id FROM best').raw().toArray()
  for (const [id] of connected) rig.reportDamage(id as number)
  simulation.run(ALONE_MS)
  const blocks = run.path(best)
  expect(differences(rig.sql, regtest, blocks)).toEqual({})
  expect(filterRows(rig.sql)).toEqual(freshFilterRows(regtest, blocks))
})
