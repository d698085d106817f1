import { describe, expect, test } from 'vitest'
import { Mempool } from '../../src/ledger/mempool.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, makeTx, outputsOf, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000

function setUp() {
  const chain = new FakeChain(150)
  const mempool = new Mempool({ chain, scripts: passEveryScript })
  const held = () => [...mempool.pool.entries()].map(({ raw }) => raw)
  return { chain, mempool, held }
}

const pay = (coin: TestCoin, fee = 1000) => makeTx([coin], [coin.value - fee])
const childOf = (parent: Uint8Array, fee = 1000) => pay(outputsOf(parent)[0]!, fee)

describe('a block', () => {
  test('takes what it mined out of the mempool and leaves what depends on it', () => {
    const { chain, mempool, held } = setUp()
    const parent = pay(chain.reward(1))
    const child = childOf(parent)
    for (const raw of [parent, child]) mempool.accept(raw, NOW)
    mempool.update({ reverted: [], connected: [chain.connect([parent])] }, NOW)
    expect(held()).toEqual([child])
    expect(mempool.get(parseTransaction(child).txid)?.parents).toEqual([])
  })

  test('that spends an output differently takes out everything that depended on it', () => {
    const { chain, mempool, held } = setUp()
    const parent = pay(chain.reward(1))
    const child = childOf(parent)
    const other = pay(chain.reward(2))
    for (const raw of [parent, child, other]) mempool.accept(raw, NOW)
    mempool.update({ reverted: [], connected: [chain.connect([pay(chain.reward(1), 5000)])] }, NOW)
    expect(held()).toEqual([other])
  })
})

describe('a reorg', () => {
  test('brings back what its blocks had, in front of what depends on it', () => {
    const { chain, mempool, held } = setUp()
    const parent = pay(chain.reward(1))
    const child = childOf(parent)
    const grandchild = childOf(child)
    mempool.update({ reverted: [], connected: [chain.connect([parent]), chain.connect([child])] }, NOW)
    mempool.accept(grandchild, NOW)
    const gone = [chain.disconnect(), chain.disconnect()].reverse()
    mempool.update({ reverted: gone.flatMap(({ txs }) => txs), connected: [chain.connect([], { salt: 1 })] }, NOW)
    expect(held()).toEqual([grandchild, parent, child])
    const entry = mempool.get(parseTransaction(child).txid)!
    expect([entry.parents, entry.children].map((links) => links.map(({ raw }) => raw))).toEqual([
      [parent],
      [grandchild],
    ])
    expect(entry.cluster.txs).toHaveLength(3)
    expect(entry.feeSat).toBe(1000)
  })

  test('does not bring back what the new branch has too, or made impossible', () => {
    const { chain, mempool, held } = setUp()
    const both = pay(chain.reward(1))
    const child = childOf(both)
    const rival = pay(chain.reward(2))
    const childOfRival = childOf(rival)
    mempool.update({ reverted: [], connected: [chain.connect([both, rival])] }, NOW)
    for (const raw of [child, childOfRival]) mempool.accept(raw, NOW)
    const gone = chain.disconnect()
    const block = chain.connect([both, pay(chain.reward(2), 5000)], { salt: 1 })
    mempool.update({ reverted: gone.txs, connected: [block] }, NOW)
    expect(held()).toEqual([child])
  })

  test('drops what spends a coinbase that it reverted, or one that is immature again', () => {
    const { chain, mempool, held } = setUp()
    const early = pay(chain.reward(51))
    const fine = pay(chain.reward(50))
    for (const raw of [early, childOf(early), fine]) mempool.accept(raw, NOW)
    const gone = chain.disconnect()
    mempool.update({ reverted: gone.txs, connected: [] }, NOW)
    expect(held()).toEqual([fine])

    // Even where the reverted blocks could not be read.
    const blind = setUp()
    const soon = pay(blind.chain.reward(51))
    blind.mempool.accept(soon, NOW)
    blind.chain.disconnect()
    blind.mempool.update({ reverted: [], connected: [] }, NOW)
    expect(blind.held()).toEqual([])

    // A coinbase that is a hundred blocks deep and reverted with all of them.
    const deep = setUp()
    const spender = pay(deep.chain.reward(51))
    deep.mempool.accept(spender, NOW)
    const blocks = Array.from({ length: 100 }, () => deep.chain.disconnect()).reverse()
    const connected = Array.from({ length: 101 }, () => deep.chain.connect([], { salt: 1 }))
    deep.mempool.update({ reverted: blocks.flatMap(({ txs }) => txs), connected }, NOW)
    expect(deep.held()).toEqual([])
  })

  test('drops what is locked again', () => {
    const { chain, mempool, held } = setUp()
    const byHeight = makeTx([chain.reward(1)], [1e8], { lockTime: 150 })
    const byTime = makeTx([chain.reward(2)], [1e8], { lockTime: chain.medianTimePast(150) - 1 })
    // The coin of height 3 may be spent from height 150 on.
    const relative = makeTx([chain.reward(3)], [1e8], { sequence: 148 })
    const free = makeTx([chain.reward(4)], [1e8], { lockTime: 149, sequence: 146 })
    const all = [byHeight, byTime, relative, free]
    expect(all.map((raw) => mempool.accept(raw, NOW).kind)).toEqual(Array(4).fill('accepted'))
    mempool.update({ reverted: chain.disconnect().txs, connected: [] }, NOW)
    expect(held()).toEqual([free])
  })

  test('passes the fee floor over: what was mined may be mined again', () => {
    const { chain, mempool, held } = setUp()
    const free = makeTx([chain.reward(1)], [chain.reward(1).value])
    expect(mempool.accept(free, NOW)).toMatchObject({ reason: 'min relay fee not met' })
    chain.connect([free])
    mempool.update({ reverted: chain.disconnect().txs, connected: [] }, NOW)
    expect(held()).toEqual([free])
  })
})
