import { describe, expect, test } from 'vitest'
import { dustThreshold } from '../../src/ledger/dust.ts'
import { Mempool, type MempoolLimits } from '../../src/ledger/mempool.ts'
import { refusalText } from '../../src/ledger/mempool-policy.ts'
import { hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, makeTx, outputsOf, REWARD, sized, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const [A, B] = [1, 2]

function setUp(limits: Partial<MempoolLimits> = {}) {
  const chain = new FakeChain(250)
  const mempool = new Mempool({ chain, scripts: passEveryScript, limits })
  const held = () => [...mempool.pool.entries()].map(({ raw }) => raw)
  const receive = (raw: Uint8Array, from = A, now = NOW) => {
    const result = mempool.receive(raw, from, now)
    return result.kind === 'refused' ? refusalText(result) : result.kind
  }
  const together = (...raws: Uint8Array[]) => {
    const result = mempool.acceptTogether(
      raws.map((raw) => mempool.parse(raw)),
      NOW,
    )
    if (result.kind === 'accepted') return 'accepted'
    return [result.all, ...result.each.map(({ at, refusal }) => `${at} ${refusalText(refusal)}`)].join(': ')
  }
  return { chain, mempool, held, receive, together, coin: chain.reward(1) }
}

const witness = [Uint8Array.of(0x51)]
const pay = (coin: TestCoin, fee: number, options: Parameters<typeof makeTx>[2] = {}) =>
  makeTx([coin], [coin.value - fee], options)
const childOf = (parent: Uint8Array, fee: number, options = {}) => pay(outputsOf(parent)[0]!, fee, options)
const txid = (raw: Uint8Array) => parseTransaction(raw).txid
const idHex = (raw: Uint8Array) => toDisplay(txid(raw))

describe('a parent that pays too little', () => {
  test.each([
    ['without', {}],
    ['with', { witness }],
  ])('comes in with the child that pays for both, whichever comes first (%s witness)', (_, options) => {
    for (const order of ['parent first', 'child first']) {
      const { mempool, held, coin } = setUp()
      const parent = pay(coin, 0, options)
      const child = childOf(parent, 1000, options)
      if (order === 'parent first') {
        expect(mempool.receive(parent, A, NOW)).toMatchObject({ reason: 'min relay fee not met' })
        expect(mempool.receive(child, B, NOW)).toMatchObject({
          kind: 'accepted',
          txid: txid(child),
          parents: [{ txid: txid(parent) }],
          released: { txs: [] },
        })
      } else {
        expect(mempool.receive(child, B, NOW)).toMatchObject({ kind: 'orphan' })
        expect(mempool.receive(parent, A, NOW)).toMatchObject({
          kind: 'accepted',
          txid: txid(parent),
          parents: [],
          released: { txs: [{ txid: txid(child) }] },
        })
      }
      expect(held()).toEqual([parent, child])
      expect(mempool.orphanCount).toBe(0)
    }
  })

  test('stays out with a child that pays too little for both', () => {
    const { receive, held, coin } = setUp()
    const parent = pay(coin, 0)
    expect(receive(parent)).toBe('min relay fee not met, 0 < 9')
    expect(receive(childOf(parent, 16))).toBe('min relay fee not met, 16 < 17')
    expect(held()).toEqual([])
    expect(receive(childOf(parent, 17))).toBe('accepted')
  })

  test('is tried with each of its waiting children', () => {
    const { chain, receive, held, coin } = setUp()
    const parent = makeTx([coin], [REWARD / 2, REWARD / 2])
    const poor = pay(outputsOf(parent)[0]!, 3)
    const rich = pay(outputsOf(parent)[1]!, 1000)
    const lost = makeTx([outputsOf(parent)[0]!, { ...chain.reward(2), vout: 7 }], [1e6])
    for (const raw of [rich, poor, lost]) expect(receive(raw)).toBe('orphan')
    expect(receive(parent)).toBe('accepted')
    expect(held()).toEqual([parent, rich])
  })

  test('brings in what waited for the two of them', () => {
    const { receive, held, coin } = setUp()
    const parent = pay(coin, 0)
    const child = childOf(parent, 1000)
    const grandchild = childOf(child, 1000)
    expect([grandchild, parent, child].map((raw) => receive(raw))).toEqual([
      'orphan',
      'min relay fee not met, 0 < 9',
      'accepted',
    ])
    expect(held()).toEqual([parent, child, grandchild])
  })

  test('is found again by a child that waited for another parent as well', () => {
    const { chain, receive, held, coin } = setUp()
    const parent = pay(coin, 0)
    const other = pay(chain.reward(2), 1000)
    const child = makeTx([outputsOf(parent)[0]!, outputsOf(other)[0]!], [REWARD])
    expect([parent, child, other].map((raw) => receive(raw))).toEqual([
      'min relay fee not met, 0 < 9',
      'orphan',
      'accepted',
    ])
    expect(held()).toEqual([other, parent, child])
  })

  test('is forgotten with its link, after twenty minutes, and when a block spends what it spends', () => {
    for (const event of ['link', 'time', 'block'] as const) {
      const { chain, mempool, receive, coin } = setUp()
      const parent = pay(coin, 0)
      receive(parent)
      if (event === 'link') mempool.forgetLink(A)
      else if (event === 'block') mempool.update({ reverted: [], connected: [chain.connect([pay(coin, 5)])] }, NOW)
      else receive(pay(chain.reward(5), 0), B, NOW + 20 * MINUTE)
      expect(receive(childOf(parent, 1000), B, NOW + 20 * MINUTE)).not.toBe('accepted')
    }
  })

  test('is kept within bounds', () => {
    const { chain, receive } = setUp({ orphans: { count: 3, bytes: 10_000 } })
    const parents = [1, 2, 3, 4].map((height) => pay(chain.reward(height), 0))
    for (const raw of parents) receive(raw)
    expect(parents.map((raw) => receive(childOf(raw, 1000)))).toEqual([
      'bad-txns-inputs-missingorspent',
      'accepted',
      'accepted',
      'accepted',
    ])
  })

  test('takes the place of others when the two pay enough for that', () => {
    const { receive, held, coin } = setUp()
    const old = pay(coin, 1000)
    const parent = pay(coin, 500)
    expect(receive(old)).toBe('accepted')
    expect(receive(parent)).toMatch(/^insufficient fee/)
    expect(receive(childOf(parent, 5000))).toBe('accepted')
    expect(held()).toEqual([parent, childOf(parent, 5000)])
  })

  test('comes in where a full mempool asks for more than it pays', () => {
    const one = setUp()
    one.receive(pay(one.coin, 1000))
    const { chain, mempool, receive, held } = setUp({ bytes: one.mempool.pool.charge * 3 })
    for (const [i, fee] of [2000, 3000, 4000, 5000].entries()) receive(pay(chain.reward(i + 10), fee))
    const parent = pay(chain.reward(1), 1000)
    expect(receive(parent)).toMatch(/^mempool min fee not met/)
    expect(receive(childOf(parent, 20_000))).toBe('accepted')
    expect(held()).toContainEqual(parent)
    expect(mempool.pool.charge).toBeLessThanOrEqual(mempool.limits.bytes)
  })
})

describe('a parent that pays too little and a child that spends what it spends', () => {
  test.each(['parent first', 'child first'])('exclude each other (%s)', (order) => {
    const { mempool, receive, held, coin, chain } = setUp()
    const parent = makeTx([coin, chain.reward(2)], [2 * REWARD])
    const child = makeTx([outputsOf(parent)[0]!, coin], [3 * REWARD - 100_000])
    const first = order === 'parent first'
    expect(first ? receive(parent) : receive(child, B)).toBe(first ? 'min relay fee not met, 0 < 13' : 'orphan')
    const second = first ? receive(child, B) : receive(parent)
    expect(second).toBe(first ? 'conflict-in-package' : 'min relay fee not met, 0 < 13')
    expect(held()).toEqual([])
    // Each of them may still come in with another one.
    const other = pay(outputsOf(parent)[0]!, 1000)
    expect(mempool.receive(other, B, NOW)).toMatchObject({ kind: 'accepted', parents: [{ txid: txid(parent) }] })
    expect(held()).toEqual([parent, other])
  })
})

test('a parent that is good enough by now does not come in unheard with a child that is not', () => {
  const { mempool, receive, held, coin } = setUp()
  const late = NOW + mempool.limits.expiry
  expect(receive(pay(coin, 5000))).toBe('accepted')
  const parent = pay(coin, 1000)
  expect(receive(parent, A, late - 1)).toMatch(/^insufficient fee, /)
  expect(receive(childOf(parent, 0), B, late)).toBe('mempool full')
  expect(held()).toEqual([])
  expect(receive(parent, A, late)).toBe('accepted')
})

describe('transactions offered together', () => {
  test('are judged by what all of them pay', () => {
    const { chain, held, together } = setUp()
    const [a, b] = [pay(chain.reward(1), 0), pay(chain.reward(2), 2)]
    const child = makeTx([outputsOf(a)[0]!, outputsOf(b)[0]!], [2 * REWARD - 30])
    expect(together(a, b, child)).toBe('accepted')
    expect(held()).toEqual([a, b, child])
  })

  test('come in whole or not at all', () => {
    const { chain, mempool, held, together } = setUp()
    const parent = pay(chain.reward(1), 0)
    const broken = makeTx(outputsOf(parent), [REWARD + 1])
    expect(together(parent, broken)).toMatch(/^transaction failed: 1 bad-txns-in-belowout/)
    expect(together(parent, childOf(parent, 5))).toBe('transaction failed: 1 min relay fee not met, 5 < 17')
    expect([held(), mempool.takeChanges()]).toEqual([[], []])
  })

  test('leave nobody behind where one of them cannot stay', () => {
    const { mempool, held, together, coin } = setUp()
    const parent = pay(coin, 1000)
    const child = childOf(parent, 0)
    expect(together(parent, child)).toBe('transaction failed: 0 mempool full: 1 mempool full')
    expect(held()).toEqual([])
    expect(mempool.takeChanges().map(({ kind, txid }) => [kind, txid])).toEqual([
      ['tx', txid(parent)],
      ['tx', txid(child)],
      ['removed', txid(child)],
      ['removed', txid(parent)],
    ])
  })

  test('take the place of others only as one parent and one child, by themselves', () => {
    const { chain, receive, together, coin } = setUp()
    const other = pay(chain.reward(2), 1000)
    for (const raw of [pay(coin, 1000), other]) receive(raw)
    const parent = pay(coin, 100)
    const onOther = makeTx([outputsOf(parent)[0]!, outputsOf(other)[0]!], [REWARD])
    expect(together(parent, onOther)).toBe('package RBF failed: new transaction cannot have mempool ancestors')
    const second = pay(chain.reward(3), 0)
    const three = makeTx([outputsOf(parent)[0]!, outputsOf(second)[0]!], [REWARD])
    expect(together(parent, second, three)).toBe('package RBF failed: package must be 1-parent-1-child')
    const little = childOf(parent, 916)
    expect(together(parent, little)).toBe(
      `package RBF failed: insufficient anti-DoS fees, rejecting replacement ${idHex(little)}, not enough additional fees to relay; 0.00000016 < 0.00000017`,
    )
    const greedy = pay(coin, 3000)
    expect(together(greedy, childOf(greedy, 100))).toBe(
      'package RBF failed: package feerate is less than or equal to parent feerate',
    )
    const heavy = pay(coin, 700, { scripts: [sized(2000)] })
    expect(together(heavy, childOf(heavy, 900))).toBe(
      'package RBF failed: insufficient feerate: does not improve feerate diagram',
    )
    expect(together(parent, childOf(parent, 2000))).toBe('accepted')
  })

  test('keep to the topology of version 3', () => {
    const { chain, together } = setUp()
    const v3 = { version: 3 }
    const parent = makeTx([chain.reward(1)], [REWARD / 2, REWARD / 2], v3)
    const [a, b] = outputsOf(parent)
    expect(together(parent, pay(a!, 1000))).toMatch(/^transaction failed: 1 TRUC-violation, non-version=3/)
    expect(together(parent, pay(a!, 1000, v3), pay(b!, 1000, v3))).toMatch(/would exceed descendant count limit$/)
    const middle = pay(a!, 1000, v3)
    expect(together(parent, middle, childOf(middle, 1000, v3))).toMatch(/would have too many ancestors$/)
    expect(together(parent, pay(a!, 1000, v3))).toBe('accepted')
    expect(together(pay(b!, 1000, v3))).toMatch(/would exceed descendant count limit$/)
  })

  test('cannot outgrow a cluster', () => {
    const { receive, together, coin } = setUp()
    const top = makeTx([coin], Array(70).fill(REWARD / 80))
    receive(top)
    for (const output of outputsOf(top).slice(0, 62)) expect(receive(pay(output, 1000))).toBe('accepted')
    const parent = pay(outputsOf(top)[69]!, 0)
    expect(together(parent, childOf(parent, 1000))).toBe('package-mempool-limits')
  })
})

describe('dust', () => {
  test.each([
    ['p2pkh', `76a914${'00'.repeat(20)}88ac`, 546],
    ['p2sh', `a914${'00'.repeat(20)}87`, 540],
    ['p2pk', `21${'02'.repeat(33)}ac`, 576],
    ['p2wpkh', `0014${'00'.repeat(20)}`, 294],
    ['p2wsh', `0020${'00'.repeat(32)}`, 330],
    ['p2tr', `5120${'00'.repeat(32)}`, 330],
    ['anchor', '51024e73', 240],
    ['a future witness program', `6028${'00'.repeat(40)}`, 354],
    ['a script as long as its length takes three bytes', '51'.repeat(253), 1236],
    ['OP_RETURN', '6a', 0],
    ['what is too long to be spent', '51'.repeat(10_001), 0],
  ])('begins for %s below what it costs to spend', (_, scriptHex, least) => {
    expect(dustThreshold(hexToBytes(scriptHex))).toBe(least)
  })

  const ANCHOR = hexToBytes('51024e73')
  const PLAIN = hexToBytes(`0014${'00'.repeat(20)}`)
  const withAnchor = (coin: TestCoin, fee: number, dust = 0) =>
    makeTx([coin], [coin.value - fee - dust, dust], { scripts: [PLAIN, ANCHOR] })

  test('is refused, unless the transaction pays nothing and its child spends it', () => {
    const { chain, mempool, receive, held, together, coin } = setUp()
    expect(receive(withAnchor(coin, 1000, 239))).toBe('dust, tx with dust output must be 0-fee')
    expect(receive(withAnchor(coin, 1000, 240))).toBe('accepted')
    const parent = withAnchor(chain.reward(2), 0)
    const [value, dust] = outputsOf(parent)
    const leaving = pay(value!, 1000)
    const missing = `missing-ephemeral-spends, tx ${idHex(leaving)} (wtxid=${idHex(leaving)}) did not spend parent's ephemeral dust`
    expect(together(parent, leaving)).toBe(`transaction failed: 1 ${missing}`)
    const taking = makeTx([value!, dust!], [REWARD - 1000])
    expect(together(parent, taking)).toBe('accepted')
    expect(receive(makeTx([value!], [REWARD - 90_000]))).toMatch(/^missing-ephemeral-spends/)
    expect(held()).toHaveLength(3)
    expect(mempool.get(txid(parent))!.dust).toEqual([1])
  })

  test('of more than one output is refused, whatever it pays', () => {
    const { receive, coin } = setUp()
    expect(receive(makeTx([coin], [REWARD, 0, 0], { scripts: [PLAIN, ANCHOR, ANCHOR] }))).toBe('dust')
  })

  test('does not outlive the child that paid for it', () => {
    const { chain, receive, held, together } = setUp()
    const parent = withAnchor(chain.reward(1), 0)
    const [value, dust] = outputsOf(parent)
    const fuel = chain.reward(2)
    expect(together(parent, makeTx([value!, dust!, fuel], [REWARD]))).toBe('accepted')
    expect(receive(makeTx([fuel, chain.reward(3)], [1e6]))).toBe('accepted')
    expect(held()).toHaveLength(1)
  })
})
