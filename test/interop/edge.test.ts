import { afterAll, beforeAll, expect, test } from 'vitest'
import { poll } from '../poll.ts'
import { Program } from '../program.ts'
import { Workerd } from '../workerd.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import {
  addressOf,
  type Explorer,
  expectNoComplaints,
  expectSameBlocks,
  heightOf,
  mempoolOf,
  removeAll,
  tipOf,
  waitForTip,
  waitForTx,
} from './sides.ts'

const LIVE = { within: 15_000 }
const SYNCED = { within: 60_000 }
/** Nodes hold transactions back for a random time, to hide where they come from. */
const TRICKLED = { within: 60_000 }
const HTTP_WITHIN = 10_000

/** A relay in workerd, as its API shows it. */
class Edge implements Explorer {
  readonly workerd: Workerd

  constructor(workerd: Workerd) {
    this.workerd = workerd
  }

  static async start(network: string): Promise<Edge> {
    return new Edge(await Workerd.start({ env: { CAUSEWAY_NETWORK: network } }))
  }

  get door(): string {
    return `${this.workerd.http.replace('http', 'ws')}/p2p`
  }

  async json<T>(path: string): Promise<T> {
    return (await this.#ok(path)).json() as Promise<T>
  }

  async text(path: string): Promise<string> {
    return (await this.#ok(path)).text()
  }

  async bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await (await this.#ok(path)).arrayBuffer())
  }

  async #ok(path: string): Promise<Response> {
    const response = await fetch(this.workerd.http + path, { signal: AbortSignal.timeout(HTTP_WITHIN) })
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }
}

describeNodes('two nodes whose relays meet on the edge', (program) => {
  /** Is dialled by its relay; node B dials its own. */
  let a: Litecoind
  let relayA: Program
  let edge: Edge
  let relayB: Program
  let b: Litecoind
  const everybody = () => [a, relayA, edge, relayB, b]

  const startRelay = (...connect: string[]) =>
    Program.start([
      ...['relay', '--network', program.network],
      ...[...connect, edge.door].flatMap((to) => ['--connect', to]),
    ])

  beforeAll(async () => {
    a = await Litecoind.start({ program })
    await a.createWallet()
    await a.rpc('generatetoaddress', [120, await a.rpc('getnewaddress')])
    await a.mine(31)
    edge = await Edge.start(program.network)
  })
  afterAll(async () => {
    await removeAll(relayA, relayB, a, b)
    await edge?.workerd.remove()
  })

  async function allAgree(wanted: string, options = LIVE): Promise<void> {
    for (const side of everybody()) await waitForTip(side, wanted, options)
  }

  /** Starts the edge again and looks at it before anybody can tell it anything. */
  async function alone(look: () => Promise<void>): Promise<void> {
    for (const relay of [relayA, relayB]) process.kill(relay.pid!, 'SIGSTOP')
    try {
      await edge.workerd.launch()
      await look()
    } finally {
      for (const relay of [relayA, relayB]) process.kill(relay.pid!, 'SIGCONT')
    }
  }

  /** Until both relays have a link to the edge that is newer than these marks of their logs. */
  async function dialledAgain(since: number[]): Promise<void> {
    for (const [i, relay] of [relayA, relayB].entries()) {
      await relay.waitForLog('peer connected', { inbound: false }, { since: since[i]!, ...SYNCED })
    }
  }

  test('the chain of one reaches the edge, to the byte', async () => {
    relayA = await startRelay(addressOf(a))
    await waitForTip(edge, a, SYNCED)
    expect(await heightOf(edge)).toBe(151)
    await expectSameBlocks(edge, a, [0, 1, 100, 121, 151])
  })

  test('and from there the other, which starts empty and dials nobody but its relay', async () => {
    relayB = await startRelay()
    b = await Litecoind.start({ program, args: ['-listen=0', `-connect=${addressOf(relayB)}`] })
    await allAgree(await tipOf(a), SYNCED)
    await expectSameBlocks(relayB, b, [0, 1, 151])
    expect((await b.rpc<unknown[]>('getpeerinfo')).length).toBe(1)
  })

  test('blocks go through the edge both ways, live', async () => {
    for (const miner of [b, a, b, a]) {
      const [hashHex] = await miner.mine(1)
      await allAgree(hashHex!)
    }
    await b.mine(25)
    await allAgree(await tipOf(b))
    await expectSameBlocks(edge, a, [152, 153, 155, 180])
  })

  test('so do transactions, and all know when they are mined', async () => {
    await b.createWallet()
    const ways = [
      { payer: a, payee: b, coins: 10 },
      { payer: b, payee: a, coins: 2 },
    ]
    for (const { payer, payee, coins } of ways) {
      const txidHex = await payer.rpc<string>('sendtoaddress', [await payee.rpc('getnewaddress'), coins])
      for (const side of everybody()) await waitForTx(side, txidHex, TRICKLED)
      expect(await edge.text(`/api/tx/${txidHex}/hex`)).toBe(await payer.rpc('getrawtransaction', [txidHex]))
      const [hashHex] = await payee.mine(1)
      await allAgree(hashHex!)
      for (const node of [a, b]) {
        expect(await node.rpc('gettransaction', [txidHex])).toMatchObject({ confirmations: 1, blockhash: hashHex })
      }
      expect(await edge.json(`/api/tx/${txidHex}/status`)).toMatchObject({ confirmed: true, block_hash: hashHex })
      for (const side of everybody()) expect(await mempoolOf(side)).toEqual([])
    }
  })

  test.each([
    ['a', 6],
    ['b', 17],
    ['a', 33],
  ])('the edge is killed while node %s mines 40 blocks, about block %i: what it said stays true', async (who, at) => {
    const [miner, follower] = who === 'a' ? [a, b] : [b, a]
    const base = await heightOf(miner)
    const killed = Promise.withResolvers<void>()
    const mining = (async () => {
      for (let i = 0; i < 40; i++) {
        // However fast it is, the last blocks find nobody.
        if (i === at + 5) await killed.promise
        await miner.mine(1)
      }
    })()
    await poll('it has got so far', async () => (await heightOf(edge)) >= base + at, { ...LIVE, every: 1 })
    const said = await heightOf(edge)
    await edge.workerd.kill()
    killed.resolve()
    // What the other node has by now came through the edge.
    const passedOn = await heightOf(follower)
    const since = [relayA.mark, relayB.mark]
    await alone(async () => {
      const kept = await heightOf(edge)
      expect(kept).toBeGreaterThanOrEqual(Math.max(said, passedOn))
      expect(await tipOf(edge)).toBe(await miner.rpc('getblockhash', [kept]))
      await expectSameBlocks(edge, miner, [base, said, kept])
    })
    await mining
    await dialledAgain(since)
    await allAgree(await tipOf(miner), SYNCED)
    expect(await heightOf(edge)).toBe(base + 40)
    await expectSameBlocks(
      edge,
      follower,
      Array.from({ length: 40 }, (_, i) => base + 1 + i),
    )
  })

  test('nor is a transaction lost that it has passed on', async () => {
    const txidHex = await b.rpc<string>('sendtoaddress', [await a.rpc('getnewaddress'), 1])
    for (const side of everybody()) await waitForTx(side, txidHex, TRICKLED)
    await edge.workerd.kill()
    const since = [relayA.mark, relayB.mark]
    await alone(async () => expect(await mempoolOf(edge)).toEqual([txidHex]))
    await dialledAgain(since)
    for (const miner of [a, b]) {
      const [hashHex] = await miner.mine(1)
      await allAgree(hashHex!, SYNCED)
    }
    for (const side of everybody()) expect(await mempoolOf(side)).toEqual([])
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(a, b, relayA, relayB)
    expect(edge.workerd.log).toContain('peer connected')
    expect(edge.workerd.log).not.toMatch(/misbehaving|cannot go on|"level":"(warn|error)"/)
  })
})
