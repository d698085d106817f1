import { afterAll, beforeAll, expect, test } from 'vitest'
import { networks } from '../../src/chain/network.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { freePort } from '../free-port.ts'
import { poll } from '../poll.ts'
import { Program } from '../program.ts'
import { ChainMaker } from '../sim/chain-maker.ts'
import { TcpPeerServer } from '../sim/tcp-peer.ts'
import { describeNodes, Litecoind, litecoinCore, type NodeProgram } from './litecoind.ts'
import { NodeWallet } from './node-wallet.ts'
import {
  expectNoComplaints,
  expectSameBlocks,
  heightOf,
  mempoolOf,
  removeAll,
  startRelay,
  tipOf,
  waitForTip,
  waitForTx,
} from './sides.ts'

const LIVE = { within: 5000 }

/** Bitcoin and Litecoin have one magic in regtest, and one set of messages. */
describeNodes('a node of another chain with the same magic', (program) => {
  const name = program.network === 'regtest' ? 'litecoin-regtest' : 'regtest'
  let maker: ChainMaker
  const blocks: Uint8Array[] = []
  let node: Litecoind
  /** Of the other chain, as the relay is. */
  let peer: TcpPeerServer
  let relay: Program
  /** Of the node's own chain. */
  let right: Program

  beforeAll(async () => {
    node = await Litecoind.start({ program })
    maker = new ChainMaker({ network: networks[name] })
    blocks.push(...maker.mine(30).map(({ bytes }) => bytes))
    peer = await TcpPeerServer.listen({ network: networks[name], blocks }, await freePort())
    right = await startRelay(program, node)
  })
  afterAll(async () => {
    await removeAll(node, relay, right)
    await peer?.close()
  })

  const dials = () => ['--connect', node.address, '--connect', `127.0.0.1:${peer.port}`]

  test.each([
    ['three blocks', 3],
    ['a hundred', 97],
  ])('that has %s is sent away for its genesis block, and what we follow is followed', async (_, count) => {
    await node.mine(count)
    relay = await Program.start(['relay', '--network', name, ...dials()])
    try {
      const { client } = await relay.waitForLog('peer closed', { reason: 'wrong-genesis' })
      expect(client).toMatch(/LitecoinCore|Satoshi/)
      await waitForTip(relay, toDisplay(maker.tip.hash))
      // It is tried again now and then; that disturbs nobody.
      const since = relay.mark
      await relay.waitForLog('peer closed', { reason: 'wrong-genesis' }, { since, within: 20_000 })
      const [block] = maker.mine(1)
      const follower = peer.connections.at(-1)!
      follower.send(follower.peer.mined(block!.bytes))
      await waitForTip(relay, toDisplay(block!.hash), LIVE)
      expect(relay.logged('peer misbehaves, closed')).toEqual([])
      expect(await relay.json(`/api/block/${await tipOf(node)}/status`)).toMatchObject({ in_best_chain: false })
      blocks.push(block!.bytes)
    } finally {
      await relay.remove()
    }
  })

  test('it is sent away, too, when it dials us', async () => {
    const relay = await Program.start(['relay', '--network', name])
    try {
      await node.rpc('addnode', [relay.p2p, 'onetry'])
      await relay.waitForLog('peer closed', { reason: 'wrong-genesis' })
      expect(await heightOf(relay)).toBe(0)
    } finally {
      await relay.remove()
    }
  })

  test('the node goes on as well', async () => {
    await node.mine(1)
    await waitForTip(right, node, LIVE)
    expectNoComplaints(right)
  })
})

describeNodes('nodes with wishes of their own', (program) => {
  const isLitecoin = program.network === 'litecoin-regtest'
  let miner: Litecoind
  let relay: Program
  let ours: NodeWallet

  beforeAll(async () => {
    miner = await Litecoind.start({ program })
    ours = new NodeWallet(miner)
    await ours.fund(1)
    relay = await startRelay(program, miner)
    await waitForTip(relay, miner)
  })
  afterAll(() => removeAll(miner, relay))

  async function withNode(args: string[], work: (node: Litecoind) => Promise<void>): Promise<void> {
    const node = await Litecoind.start({ program, args: ['-listen=0', `-connect=${relay.p2p}`, ...args] })
    try {
      await waitForTip(node, miner, { within: 30_000 })
      await work(node)
      expectNoComplaints(node, relay)
    } finally {
      await node.stop()
    }
  }

  /** Bytes by message that the node got from its one peer. */
  async function heardBy(node: Litecoind): Promise<Record<string, number>> {
    const peers = await node.rpc<{ bytesrecv_per_msg: Record<string, number> }[]>('getpeerinfo')
    expect(peers).toHaveLength(1)
    return peers[0]!.bytesrecv_per_msg
  }

  async function broadcast(feeRate: number): Promise<string> {
    const { bytes, txid } = ours.send({ feeRate, coins: [ours.coin('p2wpkh')], change: 'p2wpkh' })
    const response = await relay.fetch('/api/tx', { method: 'POST', body: bytesToHex(bytes) })
    expect(await response.text()).toBe(toDisplay(txid))
    return toDisplay(txid)
  }

  async function mine(): Promise<void> {
    await miner.mine(1)
    await ours.follow()
  }

  test('one that wants no transactions gets none, and would hang up if it did', async () => {
    await withNode(['-blocksonly=1'], async (node) => {
      const txidHex = await broadcast(2)
      await waitForTx(miner, txidHex)
      await mine()
      await waitForTip(node, miner, LIVE)
      const heard = await heardBy(node)
      // It was there all along, and heard of the block only.
      expect(heard.version).toBeLessThan(200)
      expect(heard.inv).toBeUndefined()
      expect(heard.tx).toBeUndefined()
      expect(await node.rpc('getmempoolinfo')).toMatchObject({ size: 0 })
    })
  })

  test('one that wants only well-paid transactions hears of no others', async () => {
    await withNode(['-minrelaytxfee=0.001'], async (node) => {
      const cheap = await broadcast(2)
      await waitForTx(miner, cheap)
      await mine()
      await waitForTip(node, miner, LIVE)
      expect((await heardBy(node)).inv).toBeUndefined()
      const dear = await broadcast(200)
      await waitForTx(node, dear)
      expect(await mempoolOf(node)).toEqual([dear])
      expect((await heardBy(node)).inv).toBeGreaterThan(0)
      await waitForTx(miner, dear)
      await mine()
      await waitForTip(node, miner, LIVE)
    })
  })

  test('one without the filters and indexes of the others is the same to us', async () => {
    const args = ['-peerbloomfilters=0', '-peerblockfilters=0', '-blockfilterindex=0', '-txindex=0']
    await withNode(args, async (node) => {
      const [hashHex] = await node.mine(1)
      await waitForTip(miner, hashHex!, LIVE)
      await ours.follow()
    })
  })

  test('one that keeps only the last blocks is a source all the same', async () => {
    const args = ['-prune=550', '-peerblockfilters=0', '-blockfilterindex=0', '-txindex=0']
    const node = await Litecoind.start({ program, args })
    await node.mine(100)
    const { localservices } = await node.rpc<{ localservices: string }>('getnetworkinfo')
    // NETWORK_LIMITED, and not NETWORK.
    expect(BigInt(`0x${localservices}`) & 0x401n).toBe(0x400n)
    const relay = await startRelay(program, node)
    try {
      await waitForTip(relay, node)
      await node.mine(1)
      await waitForTip(relay, node, LIVE)
      await expectSameBlocks(relay, node, [0, 1, 50, 101])
    } finally {
      await removeAll(node, relay)
    }
  })

  test.runIf(isLitecoin)('one that answers with an empty transaction for one that is not for us', () =>
    withExtensionBlocks(program),
  )
})

/**
 * With its extension blocks (MWEB) on, a Litecoin node announces transactions to all peers that live in these only, and
 * gives a stub without inputs and outputs to those that cannot read them. Each block ends in a transaction that stands
 * for what went on in its extension.
 */
async function withExtensionBlocks(program: NodeProgram): Promise<void> {
  const args = litecoinCore.args.filter((arg) => !arg.startsWith('-vbparams'))
  const node = await Litecoind.start({ program: { ...program, args }, args: ['-whitelist=noban@127.0.0.1'] })
  const relay = await startRelay(program, node)
  try {
    await node.createWallet()
    const mine = async (count: number) => node.rpc('generatetoaddress', [count, await node.rpc('getnewaddress')])
    const pay = async (kind: string, amount: string) =>
      node.rpc<string>('sendtoaddress', [await node.rpc('getnewaddress', ['', kind]), amount])
    await mine(431)
    const pegIn = await pay('mweb', '10')
    await mine(10)
    await waitForTip(relay, node)
    expect(await relay.json(`/api/tx/${pegIn}/status`)).toMatchObject({ confirmed: true, block_height: 432 })

    const inner = await pay('mweb', '2')
    // Its raw form has neither inputs nor outputs before the extension.
    expect(await node.rpc('getrawtransaction', [inner])).toMatch(/^02000000000800000/)
    const ordinary = await pay('bech32', '1')
    await waitForTx(relay, ordinary)
    const stubs = await poll('the stub was sent', async () => {
      const [peer] = await node.rpc<[{ bytessent_per_msg: Record<string, number> }]>('getpeerinfo')
      const raw = await node.rpc<string>('getrawtransaction', [ordinary])
      return peer.bytessent_per_msg.tx! - raw.length / 2
    })
    expect(stubs).toBeGreaterThanOrEqual(24 + 10)
    expect(await mempoolOf(relay)).toEqual([ordinary])

    await mine(3)
    await waitForTip(relay, node)
    for (let height = 430; height <= 444; height++) {
      const hashHex = await node.rpc('getblockhash', [height])
      const { tx } = await node.rpc<{ tx: string[] }>('getblock', [hashHex])
      expect(await relay.json(`/api/block/${hashHex}/txids`)).toEqual(tx)
    }
    expectNoComplaints(node, relay)
  } finally {
    await removeAll(node, relay)
  }
}
