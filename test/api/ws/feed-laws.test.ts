import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChangeLog } from '../../../src/ledger/change-log.ts'
import { bytesToHex, fromDisplay, hashKey, toDisplay } from '../../../src/wire/hash.ts'
import { SocketStage, type TestClient } from './stage.ts'
import { World } from './world.ts'

const SCRIPTS = [0x51, 0x52, 0x53].map((op) => Uint8Array.of(op))

/** A program that follows two of the scripts, all txids and one transaction, and knows only what it is told. */
class Follower {
  readonly client: TestClient
  readonly scripts: Uint8Array[]
  /** txids that wait, by script, and as they are told one by one. */
  readonly waiting = new Map<string, Set<string>>()
  readonly mempool: Set<string>
  readonly mined = new Set<string>()
  /** Until the ledger is started anew: then it would look everything up again. */
  knowsTxids = true
  #sequence: number | undefined

  constructor(client: TestClient, world: World, scripts: Uint8Array[]) {
    this.client = client
    this.scripts = scripts
    for (const script of scripts) {
      this.waiting.set(bytesToHex(script), new Set(world.of(script).waiting.map(({ txid }) => toDisplay(txid))))
    }
    this.mempool = new Set(world.mempool.map(({ txid }) => toDisplay(txid)))
  }

  read(): void {
    for (const message of this.client.told.splice(0)) {
      for (const [script, news] of Object.entries(message['multi-scriptpubkey-transactions'] ?? {})) {
        const { mempool, confirmed, removed } = news as Record<string, { txid: string; status: object }[]>
        const waiting = this.waiting.get(script)!
        for (const { txid } of removed!) expect(waiting.delete(txid), 'what is gone had been there').toBe(true)
        for (const { txid } of mempool!) waiting.add(txid)
        for (const { txid } of confirmed!) {
          waiting.delete(txid)
          this.mined.add(txid)
        }
      }
      const txids = message['mempool-txids']
      if (!txids) continue
      const isNext = txids.sequence === (this.#sequence ?? txids.sequence - 1) + 1
      if (this.knowsTxids) expect(isNext).toBe(true)
      this.#sequence = txids.sequence
      for (const txid of [...txids.removed, ...txids.mined]) this.mempool.delete(txid)
      for (const txid of txids.added) this.mempool.add(txid)
      for (const { replaced } of txids.replaced) expect(txids.removed).toContain(replaced)
    }
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pay' as const), which: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const), i: fc.nat(20), which: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('evict' as const), i: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'mine' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'unmine' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'look' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'answer' as const }) },
  { weight: 1, arbitrary: fc.boolean().map((failing) => ({ do: 'fail' as const, failing })) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('come' as const), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('go' as const), which: fc.nat(5) }) },
)

test('what clients are told adds up to what is so, whatever happens and whenever the ledger answers', async () => {
  let told = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const world = new World()
      const stage = new SocketStage(world, 0)
      const followers: Follower[] = []
      /** Blocks that have been looked at may go again. */
      let settledBlocks = 0
      let restarts = 0
      const settle = async () => {
        stage.failing = false
        await stage.pass(3000)
        settledBlocks = world.chain.length
      }
      const check = async () => {
        await settle()
        for (const follower of followers) {
          follower.read()
          for (const script of follower.scripts) {
            const { waiting } = world.of(script)
            const names = waiting.map(({ txid }) => toDisplay(txid))
            expect([...follower.waiting.get(bytesToHex(script))!].sort()).toEqual(names.sort())
          }
          const all = world.mempool.map(({ txid }) => toDisplay(txid))
          if (follower.knowsTxids) expect([...follower.mempool].sort()).toEqual(all.sort())
          told += follower.mined.size
        }
      }
      for (const step of steps) {
        const script = 'which' in step ? SCRIPTS[step.which % 3]! : SCRIPTS[0]!
        if (step.do === 'restart') {
          world.log = new ChangeLog(`w${++restarts}`)
          for (const follower of followers) follower.knowsTxids = false
        } else if (step.do === 'pay') world.pay(script)
        else if (step.do === 'replace') {
          if (step.i < world.mempool.length) world.replace(step.i, script)
        } else if (step.do === 'evict') {
          if (step.i < world.mempool.length) world.evict(step.i)
        } else if (step.do === 'mine') {
          if (world.chain.length < settledBlocks + 8) world.mine()
        } else if (step.do === 'unmine') {
          if (world.chain.length > 0 && world.chain.length <= settledBlocks) {
            world.unmine()
            settledBlocks--
          }
        } else if (step.do === 'look') {
          stage.now += 1000
          stage.take(stage.feed.wake(stage.now))
        } else if (step.do === 'answer') await stage.answer()
        else if (step.do === 'fail') stage.failing = step.failing
        else if (step.do === 'come' && followers.length < 6) {
          await check()
          const client = stage.open()!
          const scripts = SCRIPTS.filter((_, i) => i !== step.which)
          await stage.tell(client, { 'track-scriptpubkeys': scripts.map(bytesToHex), 'track-mempool-txids': true })
          client.told = []
          followers.push(new Follower(client, world, scripts))
        } else if (step.do === 'go' && followers[step.which]) {
          stage.leave(followers.splice(step.which, 1)[0]!.client)
        }
      }
      await check()
    }),
    { numRuns: Number(process.env.CAUSEWAY_LIVE_RUNS ?? 100) },
  )
  expect(told).toBeGreaterThan(100)
})

test('who follows a transaction is told each time that a block takes it in, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('mine', 'unmine', 'look', 'answer', 'fail', 'follow'), { minLength: 10, maxLength: 60 }),
      async (steps) => {
        const world = new World()
        const stage = new SocketStage(world, 0)
        const { txid } = world.pay(SCRIPTS[0]!)
        const txidHex = toDisplay(txid)
        const clients = [stage.open()!]
        await stage.tell(clients[0]!, { 'track-tx': txidHex })
        const confirmations = ({ told }: TestClient) => told.filter(({ txConfirmed }) => txConfirmed === txidHex).length
        let expected = 0
        const isMined = () => world.of(SCRIPTS[0]!).mined.length > 0
        const settle = async () => {
          stage.failing = false
          await stage.pass(3000)
          expect(confirmations(clients[0]!)).toBe(expected)
        }
        for (const step of steps) {
          if (step === 'mine') {
            if (!isMined()) expected++
            world.mine()
          } else if (step === 'unmine' && world.chain.length > 0) {
            // A block that comes and goes unseen is told by nobody.
            await settle()
            world.unmine()
            await settle()
          } else if (step === 'look') {
            stage.now += 1000
            stage.take(stage.feed.wake(stage.now))
          } else if (step === 'answer') await stage.answer()
          else if (step === 'fail') stage.failing = !stage.failing
          else if (step === 'follow' && clients.length < 4) {
            const client = stage.open()!
            clients.push(client)
            stage.say(client, { 'track-tx': txidHex })
          }
        }
        await settle()
        for (const client of clients) expect(confirmations(client)).toBeLessThanOrEqual(expected)
        expect(hashKey(fromDisplay(txidHex))).toBe(hashKey(txid))
      },
    ),
    { numRuns: Number(process.env.CAUSEWAY_LIVE_RUNS ?? 100) },
  )
})

test('whatever a client says, it is told something that can be read or let go, and asks for no more than it may', async () => {
  const name = fc.oneof(fc.constantFrom('51', 'ab'.repeat(32), 'stop', '__proto__', ''), fc.string(), fc.anything())
  const value = fc.oneof(name, fc.array(name, { maxLength: 120 }), fc.boolean())
  const keys = ['action', 'data', 'track-tx', 'watch-mempool', 'track-txs', 'track-address', 'track-addresses']
  const more = ['track-scriptpubkeys', 'track-mempool-txids', 'refresh-blocks']
  const message = fc.oneof(
    fc.dictionary(fc.constantFrom(...keys, ...more), value).map((said) => JSON.stringify(said)),
    fc.json(),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 30 }), async (messages) => {
      const world = new World()
      const stage = new SocketStage(world, 0)
      const clients = [stage.open()!, stage.open()!]
      for (const [i, text] of messages.entries()) {
        stage.say(clients[i % 2]!, text)
        if (i % 5 === 0) {
          for (const script of SCRIPTS) world.pay(script)
          await stage.pass(1000)
        }
      }
      await stage.pass(1000)
      expect(stage.feed.watched.scripts).toBeLessThanOrEqual(2 * 201)
      expect(stage.feed.watched.txs).toBeLessThanOrEqual(2 * 101)
      for (const client of clients) stage.leave(client)
      expect(stage.feed.watched).toEqual({ scripts: 0, txs: 0 })
    }),
    { numRuns: Number(process.env.CAUSEWAY_LIVE_RUNS ?? 100) },
  )
})
