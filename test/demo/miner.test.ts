import { beforeEach, describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainFollower } from '../../src/demo/chain-follower.ts'
import { Miner } from '../../src/demo/miner.ts'
import { type MadePayment, Payments, payableKinds, spendableKinds } from '../../src/demo/payments.ts'
import { Wallet } from '../../src/demo/wallet.ts'
import { keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { equalBytes, hashKey, toDisplay } from '../../src/wire/hash.ts'
import { LocalNode } from './local-node.ts'

const START_S = 1_800_000_000

let seconds: number
let node: LocalNode
let wallet: Wallet
let payments: Payments
let follower: ChainFollower
let coinbases: number
const miner = new Miner({ network: regtest, tag: 'a test' })

const script = () => wallet.receive(keyedKinds[coinbases++ % keyedKinds.length]!).script
const tip = async () => (await node.queries.status()).tip
const waiting = async () => (await node.queries.mempoolTxids()).length / 32

async function mine(empty = false) {
  seconds += 10
  const made = await miner.mine(node, { now: seconds, payTo: script(), empty })
  await follower.follow(node.queries)
  return made
}

/** Hands over all payments of a round. */
async function pay(): Promise<MadePayment[]> {
  const made: MadePayment[] = []
  for (const payment of payments.round()) {
    const result = await node.queries.broadcast(payment.sent.bytes)
    expect(result, payment.what).toEqual({ kind: 'accepted', txid: payment.sent.txid })
    made.push(payment)
  }
  return made
}

beforeEach(async () => {
  seconds = START_S
  coinbases = 0
  node = new LocalNode(() => seconds * 1000)
  wallet = new Wallet({ seed: new Uint8Array(32).fill(5), params: regtest.address })
  payments = new Payments(wallet)
  follower = new ChainFollower(wallet)
  for (let i = 0; i < 110; i++) await mine(true)
})

describe('the miner', () => {
  test('empties the mempool into a block', async () => {
    const made = await pay()
    expect(await waiting()).toBe(made.length)
    const { txCount, hash } = await mine()
    expect(txCount).toBe(made.length)
    expect(await waiting()).toBe(0)
    expect((await tip()).hash).toEqual(hash)
    expect(node.complaints).toEqual([])
    for (const { sent } of made) expect(await node.queries.txStatus(sent.txid)).toMatchObject({ confirmed: true, hash })
  })

  test('leaves the mempool alone when it is told to', async () => {
    const made = await pay()
    await mine(true)
    expect(await waiting()).toBe(made.length)
  })

  test('reverts the tip with a branch of two, half of the transactions in it and half back in the mempool', async () => {
    const made = await pay()
    const old = await mine()
    const before = await tip()
    const branch = await miner.fork(node, seconds, script)
    const after = await tip()
    expect(after.height).toBe(before.height + 1)
    expect(after.hash).toEqual(branch[1]!.hash)
    expect(await node.queries.block(old.hash)).toBeUndefined()
    expect(branch[0]!.txCount).toBeGreaterThan(0)
    expect(branch[1]!.txCount).toBe(0)
    expect(branch[0]!.txCount + (await waiting())).toBe(made.length)
    expect(node.complaints).toEqual([])
    await follower.follow(node.queries)
    await mine()
    expect(await waiting()).toBe(0)
    for (const { sent } of made) expect(await node.queries.txStatus(sent.txid)).toMatchObject({ confirmed: true })
  })

  test('says why a node does not take its block', async () => {
    const deaf = { queries: node.queries, submitBlock: async () => ({ kind: 'refused', reason: 'high-hash' }) as const }
    await expect(miner.mine(deaf, { now: seconds, payTo: script() })).rejects.toThrow('high-hash')
  })
})

describe('the follower', () => {
  test('brings a wallet to the same coins on both sides of a reorganisation', async () => {
    await pay()
    await mine()
    await pay()
    await mine()
    await miner.fork(node, seconds, script)
    await follower.follow(node.queries)
    expect(follower.height).toBe((await tip()).height)
    expect(follower.tip).toEqual((await tip()).hash)

    const anew = new Wallet({ seed: new Uint8Array(32).fill(5), params: regtest.address })
    await new ChainFollower(anew).follow(node.queries)
    const confirmed = (of: Wallet) =>
      of
        .coins()
        .filter(({ height }) => height !== undefined)
        .map(({ txid, vout, height }) => `${toDisplay(txid)}:${vout} at ${height}`)
        .sort()
    // What waits in the mempool again spends coins that the new wallet has not heard to be spent.
    const spent = new Set(wallet.unconfirmed().flatMap(({ inputs }) => inputs.map(({ prevout }) => keyOf(prevout))))
    const known = anew.coins().filter(({ txid, vout }) => !spent.has(keyOf({ hash: txid, index: vout })))
    expect(confirmed(wallet)).toEqual(
      known.map(({ txid, vout, height }) => `${toDisplay(txid)}:${vout} at ${height}`).sort(),
    )
  })

  test('goes no further than it is asked to, and back when that is lower', async () => {
    await follower.follow(node.queries, 50)
    expect(follower.height).toBe(50)
    expect(wallet.height).toBe(50)
    await follower.follow(node.queries)
    expect(follower.height).toBe(110)
  })
})

describe('the payments', () => {
  test('have paid and spent every kind after four rounds, and every one is taken', async () => {
    const made: MadePayment[] = []
    for (let round = 0; round < 4; round++) {
      made.push(...(await pay()))
      await mine()
    }
    expect(new Set(made.flatMap(({ pays }) => pays))).toEqual(new Set(payableKinds))
    expect(new Set(made.flatMap(({ spends }) => spends))).toEqual(new Set(spendableKinds))
    expect(made.filter(({ chained }) => chained)).toHaveLength(4)
  })

  test('say truly what they pay and spend', async () => {
    const kinds = new Map<string, string>()
    const look = () => {
      for (const { txid, vout, kind } of wallet.coins()) kinds.set(keyOf({ hash: txid, index: vout }), kind)
    }
    for (let round = 0; round < 3; round++) {
      look()
      for (const { sent, spends, pays } of payments.round()) {
        expect(new Set(sent.tx.inputs.map(({ prevout }) => kinds.get(keyOf(prevout))))).toEqual(new Set(spends))
        look()
        const paid = wallet.coins().filter(({ txid }) => equalBytes(txid, sent.txid))
        const data = sent.tx.outputs.length > paid.length ? ['op_return'] : []
        expect(new Set([...paid.map(({ kind }) => kind), ...data])).toEqual(new Set(pays))
        await node.queries.broadcast(sent.bytes)
      }
      await mine()
    }
  })

  test('do not let coins pile up', async () => {
    let most = 0
    for (let round = 0; round < 40; round++) {
      await pay()
      await mine()
      most = Math.max(most, wallet.coins().filter(({ mature }) => mature).length)
    }
    expect(most).toBeLessThan(90)
    expect(node.complaints).toEqual([])
  }, 60_000)
})

function keyOf({ hash, index }: { hash: Uint8Array; index: number }): string {
  return `${hashKey(hash)}${index}`
}
