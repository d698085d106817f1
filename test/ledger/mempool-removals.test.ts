import { describe, expect, test } from 'vitest'
import { Mempool, type MempoolLimits } from '../../src/ledger/mempool.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, makeTx, outputsOf, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000
const HOUR = 3_600_000

function setUp(limits: Partial<MempoolLimits> = {}) {
  const chain = new FakeChain(150)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits })
  const offer = (raw: Uint8Array, now = NOW) => expect(mempool.accept(raw, now)).toMatchObject({ kind: 'accepted' })
  /** What left, as txid and reason. */
  const left = () =>
    mempool.takeChanges().flatMap((change) => (change.kind === 'removed' ? [[change.txid, change.why]] : []))
  return { chain, mempool, offer, left }
}

const pay = (coin: TestCoin, fee = 1000) => makeTx([coin], [coin.value - fee])
const childOf = (parent: Uint8Array, fee = 1000) => pay(outputsOf(parent)[0]!, fee)
const txid = (raw: Uint8Array) => parseTransaction(raw).txid

describe('a transaction leaves', () => {
  test('when a block holds it, but not its child', () => {
    const { chain, mempool, offer, left } = setUp()
    const parent = pay(chain.reward(1))
    for (const raw of [parent, childOf(parent)]) offer(raw)
    mempool.update({ reverted: [], connected: [chain.connect([parent])] }, NOW)
    expect(left()).toEqual([[txid(parent), 'mined']])
  })

  test('with its child when a block spends what it spends', () => {
    const { chain, mempool, offer, left } = setUp()
    const parent = pay(chain.reward(1))
    for (const raw of [parent, childOf(parent)]) offer(raw)
    mempool.update({ reverted: [], connected: [chain.connect([pay(chain.reward(1), 5000)])] }, NOW)
    expect(left()).toEqual([
      [txid(parent), 'conflict'],
      [txid(childOf(parent)), 'conflict'],
    ])
  })

  test('when the chain goes back to where its coin is not mature, or does not exist', () => {
    const { chain, mempool, offer, left } = setUp()
    const young = pay(chain.reward(51))
    offer(young)
    chain.disconnect()
    mempool.update({ reverted: [], connected: [] }, NOW)
    expect(left()).toEqual([[txid(young), 'reorg']])
  })

  test('when there is room for better ones only', () => {
    const { chain, offer, left } = setUp({ bytes: 5000 })
    const [poor, rich] = [pay(chain.reward(1), 1000), pay(chain.reward(2), 2000)]
    offer(poor)
    offer(rich)
    expect(left()).toEqual([[txid(poor), 'evicted']])
  })

  test.each(['another comes', 'a block comes'])('with what depends on it after two weeks, once %s', (event) => {
    const { chain, mempool, offer, left } = setUp()
    const old = pay(chain.reward(1))
    const young = pay(chain.reward(2))
    offer(old)
    offer(young, NOW + HOUR)
    offer(childOf(old), NOW + 300 * HOUR)
    let next = 2
    const go = (now: number) => {
      if (event === 'another comes') mempool.accept(pay(chain.reward(++next), 1000), now)
      else mempool.update({ reverted: [], connected: [chain.connect([])] }, now)
    }
    go(NOW + 336 * HOUR - 1000)
    expect(left()).toEqual([])
    go(NOW + 336 * HOUR)
    expect(left()).toEqual([
      [txid(old), 'expired'],
      [txid(childOf(old)), 'expired'],
    ])
    expect(mempool.get(txid(young))).toBeDefined()
  })
})

test('what a reverted block held comes back, and says so', () => {
  const { chain, mempool, offer } = setUp()
  const raw = pay(chain.reward(1))
  offer(raw)
  mempool.update({ reverted: [], connected: [chain.connect([raw])] }, NOW)
  const { txs } = chain.disconnect()
  mempool.update({ reverted: txs, connected: [] }, NOW)
  expect(mempool.takeChanges().map(({ kind }) => kind)).toEqual(['tx', 'removed', 'tx'])
  expect(mempool.takeChanges()).toEqual([])
})
