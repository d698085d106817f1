import { afterAll, beforeAll, expect, test } from 'vitest'
import { poll } from '../poll.ts'
import type { Program } from '../program.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import {
  addressOf,
  disconnect,
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
/** Nodes hold transactions back for a random time, to hide where they come from. */
const TRICKLED = { within: 60_000 }

describeNodes('two nodes that only dial out meet in a relay', (program) => {
  let relay: Program
  let a: Litecoind
  let b: Litecoind

  const dialsOnly = () => ['-listen=0', `-connect=${addressOf(relay)}`]

  beforeAll(async () => {
    a = await Litecoind.start({ program })
    await a.createWallet()
    await a.rpc('generatetoaddress', [120, await a.rpc('getnewaddress')])
    for (let i = 0; i < 20; i++) await a.rpc('sendtoaddress', [await a.rpc('getnewaddress'), `1.${10 + i}`])
    await a.mine(1)
    await a.mine(30)
  })
  afterAll(() => removeAll(relay, a, b))

  /** Sends from a node's wallet to itself. */
  async function pay(node: Litecoind): Promise<string> {
    return node.rpc('sendtoaddress', [await node.rpc('getnewaddress'), 0.5])
  }

  test('the relay has the chain from one that is gone, and gives it to one that starts empty', async () => {
    relay = await startRelay(program, a)
    await waitForTip(relay, a)
    const tip = await tipOf(a)
    await a.halt()
    b = await Litecoind.start({ program, args: dialsOnly() })
    await waitForTip(b, tip, { within: 30_000 })
    await expectSameBlocks(relay, b, [0, 1, 100, 121, 151])
    const { verificationprogress, initialblockdownload } = await b.rpc<{
      verificationprogress: number
      initialblockdownload: boolean
    }>('getblockchaininfo')
    expect(verificationprogress).toBeCloseTo(1)
    expect(initialblockdownload).toBe(false)
  })

  test('neither knows anybody but the relay, and nobody can dial either', async () => {
    await a.restart(dialsOnly())
    await b.createWallet()
    for (const node of [a, b]) {
      const peers = await poll('it is connected', async () => {
        const peers = await node.rpc<{ subver: string; inbound: boolean; addr: string }[]>('getpeerinfo')
        return peers.length > 0 && peers
      })
      expect(peers).toHaveLength(1)
      expect(peers[0]).toMatchObject({ inbound: false, addr: addressOf(relay) })
      expect(peers[0]!.subver).toMatch(/^\/Causeway:/)
      await expect(fetch(`http://${node.address}/`)).rejects.toThrow()
    }
    await relay.waitForLog('peer connected', { inbound: true, height: 151 })
  })

  test('blocks go from one to the other, both ways, live', async () => {
    const pairs = [
      [a, b],
      [b, a],
    ] as const
    for (const [miner, follower] of [...pairs, ...pairs]) {
      const [hashHex] = await miner.mine(1)
      await waitForTip(follower, hashHex!, LIVE)
      await waitForTip(relay, hashHex!, LIVE)
    }
    await a.mine(25)
    await waitForTip(b, a)
    expect(await heightOf(b)).toBe(151 + 4 + 25)
    await expectSameBlocks(relay, b, [152, 153, 154, 155, 180])
  })

  test('a transaction of one is in the other’s mempool, is mined there, and the first one knows it', async () => {
    const txidHex = await pay(a)
    await waitForTx(relay, txidHex, TRICKLED)
    await waitForTx(b, txidHex, TRICKLED)
    expect(await relay.text(`/api/tx/${txidHex}/hex`)).toBe(await b.rpc('getrawtransaction', [txidHex]))
    const [hashHex] = await b.mine(1)
    await waitForTip(a, hashHex!, LIVE)
    expect(await a.rpc('gettransaction', [txidHex])).toMatchObject({ confirmations: 1, blockhash: hashHex })
    for (const side of [a, b, relay]) {
      await waitForTip(side, hashHex!)
      expect(await mempoolOf(side)).toEqual([])
    }
  })

  test('the same the other way, with money that the first one sent', async () => {
    const received = await a.rpc<string>('sendtoaddress', [await b.rpc('getnewaddress'), 10])
    await waitForTx(b, received, TRICKLED)
    const [hashHex] = await a.mine(1)
    await waitForTip(b, hashHex!, LIVE)
    // Each spends the change of the one before.
    for (let i = 0; i < 3; i++) {
      const txidHex = await b.rpc<string>('sendtoaddress', [await a.rpc('getnewaddress'), 2])
      await waitForTx(a, txidHex, TRICKLED)
      await waitForTx(relay, txidHex, TRICKLED)
    }
    const [last] = await a.mine(1)
    await waitForTip(b, last!, LIVE)
    await waitForTip(relay, last!, LIVE)
    for (const side of [a, b, relay]) expect(await mempoolOf(side)).toEqual([])
  })

  test('where both mined, the longer branch wins everywhere, and what only the other had mined waits again', async () => {
    const txidHex = await pay(b)
    await waitForTx(a, txidHex, TRICKLED)
    await waitForTx(relay, txidHex, TRICKLED)
    await disconnect(a)
    // B mines the transaction, A a longer branch without it.
    await b.mine(1)
    await waitForTip(relay, b, LIVE)
    expect(await mempoolOf(relay)).toEqual([])
    const output = await a.rpc('getnewaddress')
    for (let i = 0; i < 3; i++) await a.rpc('generateblock', [output, []])
    await a.rpc('setnetworkactive', [true])
    await waitForTip(b, a, { within: 90_000 })
    await waitForTip(relay, a, LIVE)
    for (const side of [a, b, relay]) expect(await mempoolOf(side)).toEqual([txidHex])
    await b.mine(1)
    await waitForTip(a, b, LIVE)
    await waitForTip(relay, b, LIVE)
    expect(await relay.json(`/api/tx/${txidHex}/status`)).toMatchObject({ confirmed: true, block_hash: await tipOf(a) })
    expect(await mempoolOf(relay)).toEqual([])
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(a, b, relay)
  })
})
