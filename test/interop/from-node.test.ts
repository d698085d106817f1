import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Program } from '../program.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import {
  disconnect,
  expectNoComplaints,
  expectSameBlocks,
  heightOf,
  removeAll,
  startRelay,
  tipOf,
  waitForTip,
} from './sides.ts'

/** A block mined there is to be seen here. */
const LIVE = { within: 2000 }

describeNodes('a relay syncs from a node', (program) => {
  let node: Litecoind
  let other: Litecoind
  /** Dials the node. */
  let dialling: Program
  /** Is dialled by it. */
  let dialled: Program

  beforeAll(async () => {
    ;[node, other] = await Promise.all([Litecoind.start({ program }), Litecoind.start({ program })])
    await node.mine(110)
    ;[dialling, dialled] = await Promise.all([startRelay(program, node), startRelay(program)])
    await node.rpc('addnode', [dialled.p2p, 'add'])
  })
  afterAll(() => removeAll(node, other, dialling, dialled))

  const both = () => [dialling, dialled]
  const followed = (options?: { within: number }) =>
    Promise.all(both().map((relay) => waitForTip(relay, node, options)))

  test('its chain is fetched, whoever dialled', async () => {
    await followed()
    for (const relay of both()) {
      expect(await heightOf(relay)).toBe(110)
      await expectSameBlocks(relay, node, [0, 1, 2, 55, 109, 110])
    }
    expect(dialling.logged('peer connected')).toEqual([expect.objectContaining({ inbound: false, height: 110 })])
    expect(dialled.logged('peer connected')).toEqual([expect.objectContaining({ inbound: true, height: 110 })])
    expect(dialling.logged('peer connected')[0]!.client).toMatch(/^\/(LitecoinCore|Satoshi):/)
  })

  test('it knows us by the name that we gave, and that we have blocks to give', async () => {
    const peers =
      await node.rpc<{ subver: string; services: string; inbound: boolean; relaytxes: boolean }[]>('getpeerinfo')
    expect(peers).toHaveLength(2)
    for (const { subver, services, relaytxes } of peers) {
      expect(subver).toMatch(/^\/Causeway:[\d.]+\/$/)
      expect(BigInt(`0x${services}`) & 9n).toBe(9n)
      expect(relaytxes).toBe(true)
    }
    expect(peers.map(({ inbound }) => inbound).sort()).toEqual([false, true])
  })

  test('each new block is there within two seconds', async () => {
    for (let i = 0; i < 5; i++) {
      await node.mine(1)
      await followed(LIVE)
    }
    await expectSameBlocks(dialling, node, [111, 115])
  })

  test('many blocks at a stroke are followed as well', async () => {
    await node.mine(40)
    await followed()
    await expectSameBlocks(dialled, node, [116, 130, 155])
  })

  describe('reorgs', () => {
    test('blocks that it takes back are left once another branch has more work', async () => {
      const before = await tipOf(node)
      const height = await heightOf(node)
      const [since1, since2] = both().map(({ mark }) => mark)
      await node.rpc('invalidateblock', [await node.rpc('getblockhash', [height - 2])])
      await node.mine(2, '52')
      // Still less work than what we have: nothing may move.
      expect(await heightOf(node)).toBe(height - 1)
      for (const relay of both()) expect(await tipOf(relay)).toBe(before)
      await node.mine(2, '52')
      await followed(LIVE)
      await Promise.all([
        dialling.waitForLog('another branch has more work', { reverted: 3, connected: 4 }, { since: since1 }),
        dialled.waitForLog('another branch has more work', { reverted: 3, connected: 4 }, { since: since2 }),
      ])
      for (const relay of both()) {
        expect(await heightOf(relay)).toBe(height + 1)
        await expectSameBlocks(relay, node, [height - 3, height - 2, height - 1, height, height + 1])
        expect(await relay.json(`/api/block/${before}/status`)).toEqual({
          in_best_chain: false,
          height: null,
          next_best: null,
        })
      }
      await node.rpc('reconsiderblock', [before])
    })

    test('two nodes that went apart meet again, and we go over with them', async () => {
      await other.rpc('addnode', [node.address, 'onetry'])
      await waitForTip(other, node)
      const fork = await heightOf(node)
      await disconnect(other)
      await node.mine(3, '53')
      await other.mine(12, '54')
      await followed(LIVE)
      const lost = await tipOf(node)
      await other.rpc('setnetworkactive', [true])
      await other.rpc('addnode', [node.address, 'onetry'])
      await waitForTip(node, other)
      await followed(LIVE)
      for (const relay of both()) {
        expect(await heightOf(relay)).toBe(fork + 12)
        await expectSameBlocks(relay, node, [fork, fork + 1, fork + 12])
        expect(await relay.json(`/api/block/${lost}/status`)).toMatchObject({ in_best_chain: false })
      }
    })

    test('a hundred blocks are exchanged in one step', async () => {
      const height = await heightOf(node)
      const since = dialling.mark
      await node.rpc('invalidateblock', [await node.rpc('getblockhash', [height - 99])])
      await node.mine(101, '55')
      await followed({ within: 10_000 })
      const { reverted, connected } = await dialling.waitForLog('another branch has more work', {}, { since })
      expect({ reverted, connected }).toEqual({ reverted: 100, connected: 101 })
      await expectSameBlocks(dialling, node, [height - 100, height - 99, height - 50, height + 1])
    })
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(node, other, dialling, dialled)
  })
})
