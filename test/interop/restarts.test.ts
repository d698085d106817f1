import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poll } from '../poll.ts'
import type { Program } from '../program.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import {
  addressOf,
  expectNoComplaints,
  expectSameBlocks,
  heightOf,
  removeAll,
  startRelay,
  tipOf,
  waitForTip,
} from './sides.ts'

const LIVE = { within: 5000 }

describeNodes('restarts', (program) => {
  /** Is dialled by the relay. */
  let node: Litecoind
  /** Dials the relay and nobody else. */
  let other: Litecoind
  let relay: Program

  beforeAll(async () => {
    node = await Litecoind.start({ program })
    await node.mine(120)
    relay = await startRelay(program, node)
    other = await Litecoind.start({ program, args: ['-listen=0', `-connect=${addressOf(relay)}`] })
    await waitForTip(relay, node)
    await waitForTip(other, node, { within: 30_000 })
  })
  afterAll(() => removeAll(node, other, relay))

  /** A block from each end reaches all. */
  async function expectLive(): Promise<void> {
    for (const miner of [node, other]) {
      const [hashHex] = await miner.mine(1)
      for (const side of [relay, node, other]) await waitForTip(side, hashHex!, LIVE)
    }
  }

  /** Until both nodes are connected to the relay. */
  async function connected(): Promise<void> {
    for (const side of [node, other]) {
      await poll('it is connected', async () => (await side.rpc<number>('getconnectioncount')) === 1, {
        within: 30_000,
      })
    }
  }

  describe('of a node', () => {
    test('one that we dialled is dialled again', async () => {
      const since = relay.mark
      await node.halt()
      await relay.waitForLog('peer gone', {}, { since })
      await node.restart()
      const { inbound } = await relay.waitForLog('peer connected', {}, { since, within: 30_000 })
      expect(inbound).toBe(false)
      await expectLive()
    })

    test('one that dials us comes back', async () => {
      const since = relay.mark
      await other.halt()
      await relay.waitForLog('peer gone', {}, { since })
      await node.mine(3)
      await other.restart()
      await relay.waitForLog('peer connected', { inbound: true }, { since, within: 30_000 })
      await waitForTip(other, node, { within: 30_000 })
      await expectLive()
    })

    test('one whose power was cut gets from us what it has lost', async () => {
      await node.mine(10)
      const tip = await tipOf(node)
      await waitForTip(relay, tip)
      const since = relay.mark
      await node.kill()
      await relay.waitForLog('peer gone', {}, { since })
      await node.restart()
      await relay.waitForLog('peer connected', { inbound: false }, { since, within: 30_000 })
      await waitForTip(node, tip, { within: 30_000 })
      await expectLive()
    })
  })

  describe('of the relay', () => {
    test.each([
      ['in good order', () => relay.stop()],
      ['by kill -9', () => relay.kill()],
    ])('%s: it has all that it had, and goes on from there', async (_, end) => {
      await node.mine(7)
      const tip = await tipOf(node)
      const height = await heightOf(node)
      await waitForTip(relay, tip)
      await end()
      expect(relay.isRunning).toBe(false)
      await node.halt()
      await other.halt()
      // Nobody is there to tell it anything.
      await relay.restart()
      expect(await tipOf(relay)).toBe(tip)
      await node.restart()
      await other.restart()
      await expectSameBlocks(relay, node, [0, 1, height - 7, height - 1, height])
      await node.mine(2)
      await waitForTip(relay, node, { within: 30_000 })
      await waitForTip(other, node, { within: 30_000 })
      await connected()
      await expectLive()
    })

    test('what was mined meanwhile is fetched, and a branch that has lost is left', async () => {
      const lost = await tipOf(node)
      const height = await heightOf(node)
      await relay.stop()
      await node.rpc('invalidateblock', [lost])
      await node.mine(40, '52')
      const since = relay.mark
      await relay.restart()
      await waitForTip(relay, node, { within: 30_000 })
      await relay.waitForLog('another branch has more work', { reverted: 1 }, { since })
      await waitForTip(other, node, { within: 30_000 })
      await expectSameBlocks(relay, node, [height - 1, height, height + 1, height + 39])
      await connected()
      await expectLive()
    })

    test('kill -9 while blocks come in', async () => {
      for (const ms of [30, 90, 200, 400]) {
        const mining = (async () => {
          for (let i = 0; i < 10; i++) await node.mine(5)
        })()
        // Any moment will do: what matters is that it is in the midst of it.
        await sleep(ms)
        await relay.kill()
        await mining
        await relay.restart()
        await waitForTip(relay, node, { within: 30_000 })
      }
      const height = await heightOf(node)
      await expectSameBlocks(
        relay,
        node,
        Array.from({ length: 100 }, (_, i) => height - i),
      )
      await waitForTip(other, node, { within: 30_000 })
      await connected()
      await expectLive()
    })
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(node, other, relay)
  })
})
