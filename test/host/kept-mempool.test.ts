import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MempoolKeeper } from '../../src/host/mempool-keeper.ts'
import { KeptTransactions } from '../../src/ledger/kept-transactions.ts'
import { Mempool } from '../../src/ledger/mempool.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { migrate } from '../../src/store/migrate.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, makeTx, outputsOf, REWARD, type TestCoin } from '../ledger/fake-chain.ts'
import { passEveryScript } from '../ledger/pass-every-script.ts'
import { ChainMaker, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { Simulation } from '../sim/simulation.ts'
import { Rig } from './rig.ts'

const NOW = 1_700_000_000_000
const SECOND = 1000

/** A mempool with its rows, whose lives end and begin again over the same store and chain. */
class Lives {
  readonly chain = new FakeChain(250)
  readonly sql = openSqlite(':memory:')
  mempool!: Mempool
  keeper!: MempoolKeeper
  now = NOW

  constructor() {
    migrate(this.sql)
    this.begin()
    this.load()
  }

  begin(): void {
    this.mempool = new Mempool({ chain: this.chain, scripts: passEveryScript, hasher: nodeHasher })
    this.keeper = new MempoolKeeper(this.mempool, new KeptTransactions(this.sql), SECOND)
  }

  /** Takes everything back; gives in how many slices. */
  load(): number {
    let slices = 0
    for (; this.keeper.isLoading; slices++) {
      this.keeper.load(this.now)
      this.note()
    }
    return slices
  }

  restart({ flush = true } = {}): void {
    if (flush) this.keeper.flush()
    this.begin()
    this.load()
  }

  note(): void {
    for (const change of this.mempool.takeChanges()) this.keeper.note(change, this.now)
    if (this.now >= this.keeper.flushBy) this.keeper.flush()
  }

  take(raw: Uint8Array): string {
    const { kind } = this.mempool.receive(raw, 1, this.now)
    this.note()
    return kind
  }

  mine(txs: Uint8Array[]): void {
    const block = this.chain.connect(txs)
    this.mempool.update({ reverted: [], connected: [block] }, this.now)
    this.note()
  }

  /** Takes blocks away, and puts one in their place. */
  revert(depth: number): void {
    const gone = Array.from({ length: depth }, () => this.chain.disconnect()).reverse()
    const block = this.chain.connect([], { salt: 7 })
    this.mempool.update({ reverted: gone.flatMap(({ txs }) => txs), connected: [block] }, this.now)
    this.note()
  }

  get held(): Uint8Array[] {
    return [...this.mempool.pool.entries()].map(({ raw }) => raw)
  }

  get rows(): number {
    return this.sql.sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM mempool').one().n
  }
}

const pay = (coin: TestCoin, fee = 1000, options: Parameters<typeof makeTx>[2] = {}) =>
  makeTx([coin], [coin.value - fee], options)
const childOf = (parent: Uint8Array, fee = 1000) => pay(outputsOf(parent)[0]!, fee)

describe('a mempool that begins again', () => {
  test('has what it had, in the order and with the times in which it came', () => {
    const lives = new Lives()
    const parent = pay(lives.chain.reward(1))
    for (const raw of [parent, childOf(parent), pay(lives.chain.reward(2))]) {
      lives.take(raw)
      lives.now += 90_500
    }
    const before = [...lives.mempool.pool.entries()].map(({ raw, seen }) => [raw, seen])
    lives.restart()
    expect([...lives.mempool.pool.entries()].map(({ raw, seen }) => [raw, seen])).toEqual(before)
    expect(lives.rows).toBe(3)
  })

  test('has lost at most what came in the last second', () => {
    const lives = new Lives()
    const [a, b] = [1, 2].map((height) => pay(lives.chain.reward(height)))
    lives.take(a!)
    lives.now += SECOND
    expect(lives.keeper.flushBy).toBe(lives.now)
    lives.take(b!)
    lives.now += SECOND - 1
    lives.restart({ flush: false })
    expect(lives.held).toEqual([a, b])
    lives.take(pay(lives.chain.reward(3)))
    lives.restart({ flush: false })
    expect(lives.held).toEqual([a, b])
  })

  test('leaves out, and forgets, what a block has made needless or impossible meanwhile', () => {
    const lives = new Lives()
    const { chain } = lives
    const mined = pay(chain.reward(1))
    const lost = pay(chain.reward(2))
    const late = pay(chain.reward(3), 1000, { lockTime: 250 })
    for (const raw of [mined, childOf(mined), lost, childOf(lost), late]) lives.take(raw)
    lives.keeper.flush()
    chain.disconnect()
    chain.connect([mined, pay(chain.reward(2), 5000)], { salt: 1 })
    chain.disconnect()
    chain.connect([mined, pay(chain.reward(2), 5000)], { salt: 2 })
    lives.restart()
    expect(lives.held).toEqual([childOf(mined), late])
    lives.keeper.flush()
    expect(lives.rows).toBe(2)
  })

  test('keeps nothing of what left before it was written', () => {
    const lives = new Lives()
    const raw = pay(lives.chain.reward(1))
    lives.take(raw)
    lives.take(pay(lives.chain.reward(1), 9000))
    lives.mine([pay(lives.chain.reward(1), 9000)])
    lives.keeper.flush()
    expect(lives.rows).toBe(0)
  })

  test('has a parent that came after its child, as from a reverted block', () => {
    const lives = new Lives()
    const parent = pay(lives.chain.reward(1))
    const middle = childOf(parent)
    lives.mine([parent, middle])
    for (const raw of [childOf(middle), pay(lives.chain.reward(2))]) lives.take(raw)
    lives.revert(1)
    expect(lives.held).toHaveLength(4)
    lives.restart()
    expect(new Set(lives.held)).toEqual(new Set([parent, middle, childOf(middle), pay(lives.chain.reward(2))]))
    expect(lives.rows).toBe(4)
  })

  test('has a parent that its child paid for, and not without that child', () => {
    const lives = new Lives()
    const parent = pay(lives.chain.reward(1), 0)
    lives.take(parent)
    expect(lives.take(childOf(parent))).toBe('accepted')
    lives.restart()
    expect(lives.held).toHaveLength(2)
    lives.keeper.flush()
    lives.sql.sql.exec('DELETE FROM mempool WHERE id = 2')
    lives.restart()
    lives.keeper.flush()
    expect([lives.held, lives.rows]).toEqual([[], 0])
  })

  test('takes a large store back slice by slice, and new transactions in between', () => {
    const lives = new Lives()
    const { chain } = lives
    const big = (n: number) => pay(chain.reward(n), 20_000, { witness: [new Uint8Array(12_000)] })
    for (let n = 1; n <= 40; n++) lives.take(big(n))
    const waits = childOf(big(40))
    lives.keeper.flush()
    lives.begin()
    lives.now += 5000
    lives.keeper.load(lives.now)
    lives.note()
    expect(lives.mempool.pool.count).toBeGreaterThan(5)
    expect(lives.mempool.pool.count).toBeLessThan(15)
    // One that waits for its parent, one that has been taken back later, one that takes the place of another.
    expect(lives.take(waits)).toBe('orphan')
    expect(lives.take(big(39))).toBe('accepted')
    expect(lives.take(pay(chain.reward(38), 900_000))).toBe('accepted')
    expect(lives.load()).toBeGreaterThan(2)
    expect(lives.mempool.pool.count).toBe(41)
    expect(lives.mempool.get(parseTransaction(big(39)).txid)!.seen).toBe(NOW)
    expect(lives.mempool.get(parseTransaction(waits).txid)).toBeDefined()
    expect(lives.mempool.get(parseTransaction(big(38)).txid)).toBeUndefined()
    lives.keeper.flush()
    expect(lives.rows).toBe(41)
  })

  test('whatever happens and however often it ends, holds the same as before', () => {
    const step = fc.tuple(fc.constantFrom('tx', 'tx', 'tx', 'rival', 'block', 'revert', 'restart'), fc.nat(999))
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const lives = new Lives()
        let coins = Array.from({ length: 20 }, (_, i) => lives.chain.reward(i + 1))
        for (const [kind, n] of steps) {
          lives.now += 700
          const coin = coins[n % coins.length]!
          if (kind === 'tx') {
            const raw = makeTx([coin], [Math.floor(coin.value / 2), Math.floor(coin.value / 2) - 2000 - n])
            if (lives.take(raw) === 'accepted') coins = [...coins.filter((each) => each !== coin), ...outputsOf(raw)]
          } else if (kind === 'rival') lives.take(pay(lives.chain.reward(1 + (n % 20)), 1e6 * (n % 100)))
          else if (kind === 'block') {
            const count = n % (lives.mempool.pool.count + 1)
            lives.mine(lives.held.slice(0, count).filter((raw) => fits(lives, raw)))
          } else if (kind === 'revert') lives.revert(1 + (n % 3))
          else {
            const before = [...lives.mempool.pool.entries()].map(({ key, seen }) => `${key} ${seen}`)
            lives.restart()
            expect([...lives.mempool.pool.entries()].map(({ key, seen }) => `${key} ${seen}`).sort()).toEqual(
              before.sort(),
            )
          }
        }
        lives.keeper.flush()
        expect(lives.rows).toBe(lives.mempool.pool.count)
      }),
      { numRuns: 40 },
    )
  })
})

/** Whether a block may hold it by itself. */
function fits({ chain }: Lives, raw: Uint8Array): boolean {
  return parseTransaction(raw).tx.inputs.every(({ prevout }) => chain.coin(prevout.hash, prevout.index))
}

test('rows are read in slices of about the bytes asked for, and of one at least', () => {
  const lives = new Lives()
  const kept = new KeptTransactions(lives.sql)
  const sizes = [100, 300, 50, 5000, 10]
  for (const [i, size] of sizes.entries()) kept.add(String(i), new Uint8Array(size).fill(i), i)
  kept.flush()
  const slices: number[][] = []
  for (let from = 1; ; ) {
    const rows = kept.read(from, kept.nextId, 400)
    if (rows.length === 0) break
    slices.push(rows.map(({ raw }) => raw.length))
    from = rows.at(-1)!.id + 1
  }
  expect(slices).toEqual([[100, 300], [50, 5000], [10]])
})

describe('a ledger', () => {
  function start(seed: number) {
    const simulation = new Simulation(seed)
    const maker = new ChainMaker({ seed })
    const blocks = maker.mine(103)
    const rig = new Rig(simulation)
    const met = rig.meet({ blocks: blocks.map(({ bytes }) => bytes), dials: true })
    if (!simulation.run(60_000, () => rig.committed === 103)) throw new Error('not synced')
    const tx = (n: number) =>
      spend([coinbaseCoin(blocks[n]!, maker)], [{ valueSat: REWARD - 2000, script: P2WSH_TRUE }])
    const txids = async () => {
      simulation.run(100)
      return rig.mempool!.txids()
    }
    return { simulation, rig, met, tx, txids }
  }
  const nameOf = (raw: Uint8Array) => parseTransaction(raw).txid

  test('that has acknowledged a wallet’s transaction has it after being killed at once', async () => {
    const { simulation, rig, tx, txids } = start(31)
    const raw = tx(0)
    expect(rig.broadcast(raw)).toMatchObject({ kind: 'accepted' })
    const at = Math.floor(simulation.now / 1000)
    rig.restartLedger({ kill: true })
    expect(await txids()).toEqual(nameOf(raw))
    expect(await rig.mempool!.firstSeen([nameOf(raw)])).toEqual([at])
    const child = spend(
      [{ txid: nameOf(raw), vout: 0, valueSat: REWARD - 2000, witness: true }],
      [{ valueSat: REWARD - 4000, script: P2WSH_TRUE }],
    )
    expect(await rig.mempool!.submitPackage([child])).toMatchObject({ message: 'success' })
    rig.restartLedger({ kill: true })
    expect(await txids()).toHaveLength(64)
  })

  test('writes what peers sent within a second, and when it is stopped', async () => {
    const { simulation, rig, met, tx, txids } = start(32)
    met.send(met.peer.offer(tx(0)))
    expect(simulation.run(5000, () => rig.ledger.measure().levels.mempoolTransactions === 1)).toBe(true)
    simulation.run(1100)
    rig.restartLedger({ kill: true })
    expect(await txids()).toEqual(nameOf(tx(0)))
    met.send(met.peer.offer(tx(1)))
    expect(simulation.run(5000, () => rig.ledger.measure().levels.mempoolTransactions === 2)).toBe(true)
    rig.restartLedger({ kill: false })
    expect(await txids()).toHaveLength(64)
  })
})
