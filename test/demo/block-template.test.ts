import { describe, expect, test } from 'vitest'
import { MAX_BLOCK_WEIGHT } from '../../src/chain/consensus.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { type Candidate, type ChainEnd, choose, mineBlock } from '../../src/demo/block-template.ts'
import { opReturn } from '../../src/script/build.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { hashKey } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { Ledger } from '../ledger/open-ledger.ts'
import { ChainMaker, type Coin, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'

const genesis: ChainEnd = { hash: regtest.genesisHash, height: 0, times: [1_296_688_602] }
const nothing = choose([])
const plan = { network: regtest, parent: genesis, now: 1_700_000_000, payTo: OP_TRUE, chosen: nothing, tag: 'a test' }

/** `count` coins of 50 that can be spent in the next block, and the chain they are in. */
function funded(count: number): { ledger: Ledger; coins: Coin[]; end: ChainEnd } {
  const maker = new ChainMaker()
  const blocks = maker.mine(100 + count)
  const ledger = new Ledger()
  ledger.extend(blocks.map(({ bytes }) => bytes))
  const { hash, height, time } = maker.tip
  return {
    ledger,
    coins: blocks.slice(0, count).map((made) => coinbaseCoin(made, maker)),
    end: { hash, height, times: [time] },
  }
}

function candidate(coins: readonly Coin[], feeSat: number, script: Uint8Array = OP_TRUE): Candidate & Coin {
  const valueSat = coins.reduce((sum, coin) => sum + coin.valueSat, 0) - feeSat
  const raw = spend(coins, [{ valueSat, script }])
  const spent = coins.map(({ witness }) => (witness ? P2WSH_TRUE : OP_TRUE))
  return { raw, feeSat, spent, txid: parseTransaction(raw).txid, vout: 0, valueSat, witness: script === P2WSH_TRUE }
}

const feesOf = (chosen: readonly { txid: Uint8Array }[], all: readonly (Candidate & Coin)[]) =>
  chosen.map(({ txid }) => all.find((one) => hashKey(one.txid) === hashKey(txid))?.feeSat)

describe('a block', () => {
  test('is connected by a ledger, one on top of the other, through halvings', () => {
    const ledger = new Ledger()
    let parent = genesis
    for (let i = 0; i < 320; i++) {
      const made = mineBlock({ ...plan, parent })
      expect(ledger.connect(made.bytes)).toMatchObject({ kind: 'connected' })
      expect(ledger.chain.tip.hash).toEqual(made.hash)
      parent = made.end
    }
    expect(ledger.chain.tip.height).toBe(320)
    expect(parent.times).toHaveLength(11)
  })

  test('is dated now, or just after the median time past when that is not later', () => {
    const times = [50, 10, 30, 20, 40, 60, 70, 80, 90, 100, 110].map((n) => plan.now + n)
    const timeOf = (now: number) => {
      const made = mineBlock({ ...plan, parent: { ...genesis, times }, now })
      return decode(block, made.bytes).header.time
    }
    expect(timeOf(plan.now + 500)).toBe(plan.now + 500)
    expect(timeOf(plan.now)).toBe(plan.now + 61)
  })

  test('meets its target, commits to its witnesses and says so in its first line', () => {
    const { bytes } = mineBlock(plan)
    const digest = digestBlock(bytes)
    expect(digest.hash[31]).toBeLessThan(0x80)
    expect(digest.witnessCommitment).toBe('ok')
    expect(String.fromCharCode(...digest.coinbaseScript)).toContain('a test')
  })

  test('pays subsidy and fees, and holds what was chosen', () => {
    const { ledger, coins, end } = funded(3)
    const parent = candidate([coins[0]!], 500, P2WSH_TRUE)
    const child = candidate([parent], 9000)
    const other = candidate([coins[1]!, coins[2]!], 2000)
    const chosen = choose([child, other, parent])
    const made = mineBlock({ ...plan, parent: end, chosen })
    expect(ledger.connect(made.bytes)).toMatchObject({ kind: 'connected' })
    const { transactions } = decode(block, made.bytes)
    expect(transactions[0]!.outputs[0]!.value).toBe(5_000_000_000n + 11_500n)
    expect(made.txCount).toBe(3)
  })

  test('that claims one satoshi more is refused', () => {
    const { ledger, end } = funded(1)
    const made = mineBlock({ ...plan, parent: end, chosen: { ...nothing, feeSat: 1 } })
    expect(ledger.connect(made.bytes)).toMatchObject({ kind: 'invalid', reason: 'bad-cb-amount' })
  })
})

describe('the choice', () => {
  test('takes the best fee rates first, and parents before their children', () => {
    const { coins } = funded(4)
    const low = candidate([coins[0]!], 100)
    const high = candidate([coins[1]!], 5000)
    const parent = candidate([coins[2]!], 50)
    const child = candidate([parent], 9000)
    const middle = candidate([coins[3]!], 1000)
    const all = [low, child, middle, high, parent]
    const { transactions, feeSat } = choose(all)
    expect(feesOf(transactions, all)).toEqual([50, 9000, 5000, 1000, 100])
    expect(feeSat).toBe(15_150)
  })

  test('leaves out what would make the block too heavy, and what spends it', () => {
    const { ledger, coins, end } = funded(8)
    const heavy = coins.slice(0, 6).map((coin, i) => large(coin, 200_000, 1000 * (i + 1)))
    const child = candidate([heavy[0]!], 0)
    const small = candidate([coins[6]!], 1)
    const all = [...heavy, child, small]
    const chosen = choose(all)
    expect(feesOf(chosen.transactions, all)).toEqual([6000, 5000, 4000, 1, 3000])
    const made = mineBlock({ ...plan, parent: end, chosen })
    expect(ledger.connect(made.bytes)).toMatchObject({ kind: 'connected' })
    expect(digestBlock(made.bytes).weight).toBeLessThanOrEqual(MAX_BLOCK_WEIGHT)
  })

  test('leaves out what would bring too many signature operations', () => {
    const { ledger, coins, end } = funded(3)
    // 9,900 bare CHECKSIGs cost 39,600 of the 80,000 that a block may have.
    const checks = new Uint8Array(9900).fill(0xac)
    const all = coins.map((coin, i) => candidate([coin], 50_000 + i, checks))
    const chosen = choose(all)
    expect(feesOf(chosen.transactions, all)).toEqual([50_002, 50_001])
    expect(ledger.connect(mineBlock({ ...plan, parent: end, chosen }).bytes)).toMatchObject({ kind: 'connected' })
  })
})

/** A transaction of so many bytes more, which weigh four times as much. */
function large(coin: Coin, bytes: number, feeSat: number): Candidate & Coin {
  const valueSat = coin.valueSat - feeSat
  const raw = spend(
    [coin],
    [
      { valueSat, script: OP_TRUE },
      { valueSat: 0, script: opReturn(new Uint8Array(bytes)) },
    ],
  )
  return { raw, feeSat, spent: [OP_TRUE], txid: parseTransaction(raw).txid, vout: 0, valueSat }
}
