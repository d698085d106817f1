import { describe, expect, test } from 'vitest'
import { Mempool, type MempoolLimits } from '../../src/ledger/mempool.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, makeTx, outputsOf, sized, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const PEER = 7

function setUp(limits: Partial<MempoolLimits> = {}) {
  const chain = new FakeChain(150)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits })
  const held = () => [...mempool.pool.entries()].map(({ raw }) => raw)
  return { chain, mempool, held }
}

const pay = (coin: TestCoin, fee = 1000) => makeTx([coin], [coin.value - fee])
const childOf = (parent: Uint8Array, fee = 1000) => pay(outputsOf(parent)[0]!, fee)
const txid = (raw: Uint8Array) => parseTransaction(raw).txid

/** A transaction whose parent nobody has. */
const stray = (n: number, size = 5) =>
  makeTx([{ txid: new Uint8Array(32).fill(n), vout: 0, value: 5000 }], [1000], { scripts: [sized(size)] })

describe('a transaction whose parent is unknown', () => {
  test('waits for it, and for its parent’s parent', () => {
    const { chain, mempool, held } = setUp()
    const first = pay(chain.reward(1))
    const second = childOf(first)
    const third = childOf(second)
    expect(mempool.receive(third, PEER, NOW)).toEqual({ kind: 'orphan', missing: [txid(second)] })
    expect(mempool.receive(second, PEER, NOW)).toEqual({ kind: 'orphan', missing: [txid(first)] })
    expect([mempool.orphanCount, mempool.wants(txid(third)), mempool.wants(txid(first))]).toEqual([2, false, true])
    const result = mempool.receive(first, PEER, NOW)
    expect(result).toMatchObject({ kind: 'accepted', txid: txid(first), released: { blamed: [] } })
    expect(result.kind === 'accepted' && result.released.txs.map((tx) => tx.txid)).toEqual([txid(second), txid(third)])
    expect(held()).toEqual([first, second, third])
    expect(mempool.orphanCount).toBe(0)
  })

  test('goes on waiting while another parent is missing', () => {
    const { chain, mempool } = setUp()
    const [a, b] = [pay(chain.reward(1)), pay(chain.reward(2))]
    const child = makeTx([outputsOf(a)[0]!, outputsOf(b)[0]!], [1e8])
    expect(mempool.receive(child, PEER, NOW)).toEqual({ kind: 'orphan', missing: [txid(a), txid(b)] })
    expect(mempool.receive(a, PEER, NOW)).toMatchObject({ released: { txs: [] } })
    expect(mempool.receive(child, PEER, NOW)).toEqual({ kind: 'orphan', missing: [txid(b)] })
    expect(mempool.receive(b, PEER, NOW)).toMatchObject({ released: { txs: [{ txid: txid(child) }] } })
  })

  test('is taken in when a client brings the parent, or a block does', () => {
    const { chain, mempool } = setUp()
    const [a, b] = [pay(chain.reward(1)), pay(chain.reward(2))]
    for (const raw of [childOf(a), childOf(b)]) mempool.receive(raw, PEER, NOW)
    expect(mempool.accept(a, NOW)).toMatchObject({ released: { txs: [{ txid: txid(childOf(a)) }] } })
    const released = mempool.update({ reverted: [], connected: [chain.connect([b])] }, NOW)
    expect(released.txs.map((tx) => tx.txid)).toEqual([txid(childOf(b))])
  })

  test('is not kept when a client brings it', () => {
    const { chain, mempool } = setUp()
    const child = childOf(pay(chain.reward(1)))
    expect(mempool.accept(child, NOW)).toMatchObject({ reason: 'bad-txns-inputs-missingorspent', punish: false })
    expect(mempool.orphanCount).toBe(0)
  })

  test('is refused with its parent', () => {
    const { chain, mempool } = setUp()
    const parent = pay({ ...chain.reward(1), value: 60_0000_0000 }, 0)
    expect(mempool.receive(parent, PEER, NOW)).toMatchObject({ reason: 'bad-txns-in-belowout' })
    expect(mempool.receive(childOf(parent), PEER, NOW)).toMatchObject({ reason: 'bad-txns-inputs-missingorspent' })
    expect(mempool.orphanCount).toBe(0)
  })

  test('makes its sender answer for it when it turns out to be invalid', () => {
    const { chain, mempool } = setUp()
    const parent = pay(chain.reward(1))
    const greedy = makeTx(outputsOf(parent), [chain.reward(1).value + 1])
    mempool.receive(greedy, 3, NOW)
    expect(mempool.receive(parent, PEER, NOW)).toMatchObject({
      kind: 'accepted',
      released: { txs: [], blamed: [{ from: 3, reason: 'bad-txns-in-belowout' }] },
    })
    expect(mempool.orphanCount).toBe(0)
  })

  test('is dropped when a block mines it, or spends what it spends', () => {
    const { chain, mempool } = setUp()
    const both = [outputsOf(pay(chain.reward(1)))[0]!, chain.reward(2)]
    const mined = childOf(pay(chain.reward(3)))
    for (const raw of [makeTx(both, [1e8]), mined]) mempool.receive(raw, PEER, NOW)
    expect(mempool.orphanCount).toBe(2)
    const block = chain.connect([pay(chain.reward(2)), pay(chain.reward(3)), mined])
    mempool.update({ reverted: [], connected: [block] }, NOW)
    expect([mempool.orphanCount, mempool.pool.count]).toEqual([0, 0])
  })
})

describe('those that wait', () => {
  test('are bounded by count and by bytes, the oldest of the greediest link going first', () => {
    const { mempool } = setUp({ orphans: { count: 3, bytes: 1000 } })
    const waits = (n: number, size?: number) => !mempool.wants(parseTransaction(stray(n, size)).wtxid)
    mempool.receive(stray(1), 1, NOW)
    for (const n of [2, 3, 4]) mempool.receive(stray(n), 2, NOW)
    expect([1, 2, 3, 4].map((n) => waits(n))).toEqual([true, false, true, true])
    mempool.receive(stray(5, 900), 3, NOW)
    expect(mempool.orphanCount).toBeLessThanOrEqual(3)
    expect([waits(1), waits(5, 900)]).toEqual([true, false])
  })

  test('are dropped after twenty minutes, and when their link goes', () => {
    const { mempool } = setUp()
    mempool.receive(stray(1), 1, NOW)
    mempool.receive(stray(2), 2, NOW + 19 * MINUTE)
    mempool.receive(stray(3), 3, NOW + 20 * MINUTE)
    expect(mempool.orphanCount).toBe(2)
    mempool.forgetLink(2)
    expect(mempool.orphanCount).toBe(1)
  })
})
