import { describe, expect, test } from 'vitest'
import type { HeaderNode } from '../../src/chain/header-tree.ts'
import { HeaderTree } from '../../src/chain/header-tree.ts'
import { MemoryHeaderStore } from '../../src/chain/memory-header-store.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LinkId } from '../../src/peer/queues.ts'
import { Refetch } from '../../src/peer/refetch.ts'
import type { SyncOutput, SyncPeer } from '../../src/peer/sync-peer.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { decodeMessage } from '../../src/wire/messages.ts'
import { Services } from '../../src/wire/services.ts'
import { ChainMaker } from '../sim/chain-maker.ts'

const NOW = 4_000_000_000_000
const FULL = Services.NETWORK | Services.WITNESS

function start() {
  const maker = new ChainMaker({ seed: 3 })
  const blocks = maker.mine(400)
  const tree = new HeaderTree({ network: regtest, store: new MemoryHeaderStore() })
  tree.accept(
    blocks.map(({ header }) => header),
    NOW,
  )
  const refetch = new Refetch({ network: regtest, tree })
  const at = (height: number) => tree.mainAt(height)!
  const meet = (link: LinkId, services = FULL, best: HeaderNode | undefined = tree.best): SyncPeer => {
    const info = { services, version: 70016 } as SyncPeer['info']
    const peer = { link, info, best }
    refetch.linkUp(peer)
    return peer
  }
  return { refetch, tree, at, meet, maker }
}

/** Who is asked for which heights. */
function asked({ tree }: { tree: HeaderTree }, outputs: SyncOutput[]): [LinkId, number][] {
  return outputs.flatMap((output) => {
    if (output.do !== 'send') throw new Error(output.do)
    const message = decodeMessage(output.command, output.payload)
    if (message?.command !== 'getdata') throw new Error(output.command)
    return message.items.map(({ type, hash }): [LinkId, number] => {
      expect(type).toBe(InvType.WITNESS_BLOCK)
      return [output.link, tree.node(hash)!.height]
    })
  })
}

describe('a block that is wanted again', () => {
  test('is asked of one peer after the other: who does not have it, who is silent, who gave something else, who left', () => {
    const on = start()
    const { refetch, at, meet } = on
    const node = at(5)
    expect(refetch.want(node, 0)).toEqual([])
    for (const link of [1, 2, 3, 4, 5]) meet(link)
    expect(asked(on, refetch.assign(0))).toEqual([[1, 5]])
    expect(refetch.want(node, 1)).toEqual([])
    expect(asked(on, refetch.notFound(1, [{ type: InvType.WITNESS_BLOCK, hash: node.hash }], 10))).toEqual([[2, 5]])
    expect(refetch.deadline).toBe(30_010)
    expect(asked(on, refetch.wake(30_010))).toEqual([[3, 5]])
    expect(refetch.take(node, 3)).toBe(true)
    expect(refetch.take(node, 3)).toBe(false)
    expect(asked(on, refetch.failed(node.hash, 30_020))).toEqual([[4, 5]])
    expect(asked(on, refetch.linkDown(4, 30_030))).toEqual([[5, 5]])
    // The silent one gives it after all.
    expect(refetch.take(node, 2)).toBe(true)
    refetch.stored(node)
    expect(refetch.take(node, 5)).toBe(false)
    expect(refetch.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('that nobody has is asked for once more after a while, and at once of whoever comes', () => {
    const on = start()
    const { refetch, at, meet } = on
    meet(1)
    refetch.want(at(7), 0)
    expect(refetch.notFound(1, [{ type: InvType.WITNESS_BLOCK, hash: at(7).hash }], 5)).toEqual([])
    expect(refetch.deadline).toBe(600_005)
    expect(asked(on, refetch.wake(600_005))).toEqual([[1, 7]])
    expect(refetch.notFound(1, [{ type: InvType.WITNESS_BLOCK, hash: at(7).hash }], 600_010)).toEqual([])
    meet(2)
    expect(asked(on, refetch.assign(600_020))).toEqual([[2, 7]])
  })

  test('is asked of those only who may have it, and rather of those whose chain holds it', () => {
    const on = start()
    const { refetch, at, meet, maker, tree } = on
    const side = maker.mine(2, {}, maker.find(at(398).hash)!)
    tree.accept(
      side.map(({ header }) => header),
      NOW,
    )
    meet(1, Services.NETWORK)
    meet(2, Services.NETWORK_LIMITED | Services.WITNESS)
    meet(3, FULL, at(4))
    meet(4, FULL, tree.node(side[1]!.hash))
    expect(asked(on, refetch.want(at(50), 0))).toEqual([[4, 50]])
    meet(5)
    expect(asked(on, refetch.want(at(399), 0))).toEqual([[2, 399]])
    expect(asked(on, refetch.want(tree.node(side[0]!.hash)!, 0))).toEqual([[4, 399]])
  })
})

test('a few are under way at a time, and as one is there the next is asked for', () => {
  const on = start()
  const { refetch, at, meet } = on
  meet(1)
  for (let height = 1; height <= 6; height++) refetch.want(at(height), 0)
  expect(refetch.take(at(6), 1)).toBe(true)
  refetch.stored(at(6))
  expect(refetch.take(at(2), 1)).toBe(true)
  refetch.stored(at(2))
  expect(refetch.deadline).toBe(0)
  expect(asked(on, refetch.wake(10))).toEqual([[1, 5]])
})

test('no more are remembered than there is room for', () => {
  const { refetch, at } = start()
  const nodes = Array.from({ length: 1200 }, (_, i) => ({
    ...at(1),
    hash: new Uint8Array(32).fill(i & 255, 0, 16).fill(i >> 8, 16),
  }))
  for (const node of nodes) refetch.want(node, 0)
  expect(nodes.filter((node) => refetch.take(node, 1))).toHaveLength(1000)
})
