import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Program } from '../program.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import {
  addressOf,
  expectNoComplaints,
  expectSameBlocks,
  heightOf,
  removeAll,
  type Side,
  startRelay,
  tipOf,
  waitForTip,
} from './sides.ts'

const LIVE = { within: 2000 }
/** More than one message of headers holds. */
const LONG = 2100

describeNodes('our own nodes', (program) => {
  let node: Litecoind
  let relay: Program
  /** Headers only: one that has them from the node, one from the relay. */
  let spvOfNode: Program
  let spvOfRelay: Program
  /** Keeps everything, listens to nobody, and knows the relay only. */
  let full: Program

  beforeAll(async () => {
    node = await Litecoind.start({ program })
    await node.mine(LONG)
    relay = await startRelay(program, node)
    const start = (to: Side, ...args: string[]) =>
      Program.start(['node', ...args, '--network', program.network, '--connect', addressOf(to)])
    ;[spvOfNode, spvOfRelay, full] = await Promise.all([start(node, '--spv'), start(relay, '--spv'), start(relay)])
  })
  afterAll(() => removeAll(node, relay, spvOfNode, spvOfRelay, full))

  const spvs = () => [spvOfNode, spvOfRelay]

  /** Until those without a page have logged the node's best header, and the others show it. */
  async function followed({ within }: { within: number }, since: Map<Program, number> = new Map()): Promise<void> {
    const height = await heightOf(node)
    const hash = await tipOf(node)
    await Promise.all([
      ...spvs().map((spv) => spv.waitForLog('header', { height, hash }, { within, since: since.get(spv) ?? 0 })),
      waitForTip(relay, hash, { within }),
      waitForTip(full, hash, { within }),
    ])
  }

  test(`${LONG} blocks are followed, with and without their contents`, async () => {
    await followed({ within: 60_000 })
    await expectSameBlocks(relay, node, [0, 1, 1999, 2000, 2001, LONG])
    await expectSameBlocks(full, node, [0, 1, 1999, 2000, 2001, LONG])
    for (const spv of spvs()) expect(() => spv.http).toThrow('no http')
    for (const side of [...spvs(), full]) expect(() => side.p2p).toThrow('no p2p')
  })

  test('each new block is known everywhere within two seconds', async () => {
    for (let i = 0; i < 5; i++) {
      await node.mine(1)
      await followed(LIVE)
    }
  })

  test('reorgs are followed', async () => {
    const height = await heightOf(node)
    await node.rpc('invalidateblock', [await node.rpc('getblockhash', [height - 9])])
    await node.mine(11, '52')
    await followed({ within: 5000 })
    expect(await heightOf(full)).toBe(height + 1)
    await full.waitForLog('another branch has more work', { reverted: 10 })
  })

  describe('after an end', () => {
    test.each([
      ['in good order', (spv: Program) => spv.stop()],
      ['by kill -9', (spv: Program) => spv.kill()],
    ])('%s, those that keep headers only have kept them', async (_, end) => {
      await Promise.all(spvs().map(end))
      await node.mine(3)
      await waitForTip(relay, node)
      const since = new Map(spvs().map((spv) => [spv, spv.mark]))
      await Promise.all(spvs().map((spv) => spv.restart()))
      await followed({ within: 20_000 }, since)
      // Had they begun anew, they would have learnt of lower ones first.
      const height = await heightOf(node)
      for (const spv of spvs()) {
        for (const entry of spv.logged('header', {}, since.get(spv))) expect(entry.height).toBeGreaterThan(height - 3)
      }
    })
  })

  test('the node tells ours that keep headers only from ours that keep blocks', async () => {
    const peers = await node.rpc<{ subver: string; services: string; relaytxes: boolean }[]>('getpeerinfo')
    const seen = peers.map(({ services, relaytxes }) => [BigInt(`0x${services}`) & 9n, relaytxes])
    expect(seen).toHaveLength(2)
    expect(seen).toEqual(
      expect.arrayContaining([
        [9n, true],
        [0n, false],
      ]),
    )
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(node, relay, full, ...spvs())
  })
})
