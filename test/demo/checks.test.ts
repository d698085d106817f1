import { beforeEach, describe, expect, test } from 'vitest'
import {
  AGREED_WITHIN,
  CONFIRMED_WITHIN_BLOCKS,
  type Mark,
  RELAYED_WITHIN,
  type Witness,
  witnessesOf,
} from '../../src/demo/checks.ts'
import { Latency } from '../../src/demo/latency.ts'
import { payableKinds, spendableKinds } from '../../src/demo/payments.ts'
import { Proof } from '../../src/demo/proof.ts'

let proof: Proof
beforeEach(() => {
  proof = new Proof({ edge: true })
})

const find = (word: string, over = false) => {
  const found = proof.checks(over).filter(({ what }) => what.includes(word))
  if (found.length !== 1) throw new Error(`${found.length} checks about "${word}"`)
  return found[0]!
}
const mark = (word: string, over = false): Mark => find(word, over).mark

function made(txidHex: string, now = 0): void {
  proof.made({ txidHex, at: 'node A', now, pays: payableKinds, spends: spendableKinds })
}

function confirmedByAll(txidHex: string): void {
  for (const witness of witnessesOf(true)) proof.confirmed(txidHex, witness)
}

/** All that has to be seen, seen once. */
function everything(): void {
  proof.linksUp(3)
  made('aa')
  proof.inMempool('aa', 'node B', 30)
  proof.connected('b1', ['aa'])
  proof.agreed(50)
  for (const site of ['relay', 'edge relay'] as const) proof.heightAnswered(site, 'b1', 'b1')
  confirmedByAll('aa')
}

describe('the whole', () => {
  test('is open at first, and has failed when nothing came of it', () => {
    expect(new Set(proof.checks().map((check) => check.mark))).toEqual(new Set(['open']))
    expect(new Set(proof.checks(true).map((check) => check.mark))).toEqual(new Set(['no']))
  })

  test('is proved when all was seen once', () => {
    everything()
    expect(new Set(proof.checks(true).map((check) => check.mark))).toEqual(new Set(['yes']))
  })

  test('says nothing of reorganisations until there is one', () => {
    expect(() => find('branch')).toThrow('0 checks')
    proof.reorganised()
    expect(mark('branch')).toBe('yes')
  })
})

describe('the nodes', () => {
  test.each([
    ['in time', AGREED_WITHIN, 'yes'],
    ['too late', AGREED_WITHIN + 1, 'no'],
  ] as const)('agree on a tip %s', (_, after, expected) => {
    proof.agreed(after)
    expect(mark('agree')).toBe(expected)
  })

  test('that do not agree are named, and agreeing later does not help', () => {
    proof.parted('node A at 7, node B at 8')
    proof.agreed(10)
    expect(find('agree')).toMatchObject({ mark: 'no', figures: expect.stringContaining('node A at 7, node B at 8') })
  })

  test('that lose a link are named', () => {
    proof.linksUp(3)
    proof.linkLost('SPV node')
    expect(find('link')).toMatchObject({ mark: 'no', figures: expect.stringContaining('SPV node') })
  })
})

describe('a payment', () => {
  test.each([
    ['in time', RELAYED_WITHIN, 'yes'],
    ['too late', RELAYED_WITHIN + 1, 'no'],
  ] as const)('that reaches the other mempool %s', (_, after, expected) => {
    made('aa', 1000)
    proof.inMempool('aa', 'node B', 1000 + after)
    expect(mark('mempool')).toBe(expected)
  })

  test('is not there because it is where it was made', () => {
    made('aa')
    proof.inMempool('aa', 'node A', 5)
    expect(mark('mempool')).toBe('open')
    expect(proof.onTheWay).toBe(1)
  })

  test('that never arrives is late once its time is over, and counts once', () => {
    made('aa')
    proof.wake(RELAYED_WITHIN)
    expect(mark('mempool')).toBe('open')
    proof.wake(RELAYED_WITHIN + 1)
    proof.wake(RELAYED_WITHIN + 2)
    proof.inMempool('aa', 'node B', RELAYED_WITHIN + 3)
    expect(find('mempool')).toMatchObject({ mark: 'no', figures: expect.stringContaining('1 late') })
    expect(proof.onTheWay).toBe(0)
  })

  test('that a node refuses was never made, and the reason is told', () => {
    made('aa')
    proof.refused('aa', 'node A: missing inputs')
    expect(proof.unsettled).toEqual([])
    expect(find('refuses')).toMatchObject({ mark: 'no', figures: expect.stringContaining('missing inputs') })
  })

  test.each<[Witness, string]>([
    ['node A', 'confirmed on both'],
    ['node B', 'confirmed on both'],
    ['relay API', "the relay's API says"],
    ['relay page', "the relay's page"],
    ['edge relay API', "the edge relay's API says"],
    ['edge relay page', "the edge relay's page"],
  ])('that all but %s show as confirmed has failed at the end', (silent, words) => {
    everything()
    made('bb')
    proof.inMempool('bb', 'node B', 30)
    proof.connected('b2', ['bb'])
    for (const witness of witnessesOf(true)) if (witness !== silent) proof.confirmed('bb', witness)
    expect(mark(words, true)).toBe('no')
    expect(proof.unsettled).toEqual(['bb'])
    proof.confirmed('bb', silent)
    expect(mark(words, true)).toBe('yes')
    expect(proof.unsettled).toEqual([])
  })

  test('that a page or the API contradicts has failed there', () => {
    everything()
    proof.contradicted('edge relay page', 'aa', '404')
    expect(find("the edge relay's page")).toMatchObject({ mark: 'no', figures: expect.stringContaining('404') })
    expect(mark("the relay's page")).toBe('yes')
    expect(mark("the edge relay's API says")).toBe('yes')
  })

  test('that stays out of the blocks has failed after some', () => {
    made('aa')
    for (let i = 1; i < CONFIRMED_WITHIN_BLOCKS; i++) proof.connected(`b${i}`, [])
    expect(mark('confirmed on both')).toBe('open')
    proof.connected('last', [])
    expect(mark('confirmed on both')).toBe('no')
    confirmedByAll('aa')
    expect(mark('confirmed on both')).toBe('no')
  })

  test('counts its kinds only when both nodes have it in a block', () => {
    made('aa')
    expect(find('kind')).toMatchObject({ mark: 'open', figures: expect.stringContaining('p2tr not paid') })
    proof.confirmed('aa', 'node A')
    expect(mark('kind')).toBe('open')
    proof.confirmed('aa', 'node B')
    expect(find('kind')).toMatchObject({ mark: 'yes', figures: payableKinds.join(' ') })
  })
})

describe('a block that is reverted', () => {
  test('leaves its payments to be confirmed again by everybody', () => {
    everything()
    proof.reorganised()
    proof.reverted('b1')
    expect(proof.unsettled).toEqual(['aa'])
    expect(mark('confirmed on both', true)).toBe('no')
    expect(mark('branch', true)).toBe('no')
    proof.connected('c1', [])
    proof.connected('c2', ['aa'])
    confirmedByAll('aa')
    expect(proof.unsettled).toEqual([])
    expect(find('confirmed on both', true)).toMatchObject({ mark: 'yes', figures: '1 of 1' })
    expect(find('branch', true)).toMatchObject({ mark: 'yes', figures: '1 reorg, 1 transaction came back' })
  })

  test('does not have them seen in the mempool once more', () => {
    everything()
    proof.reverted('b1')
    proof.wake(1_000_000)
    expect(mark('mempool')).toBe('yes')
  })

  test('has to be the last', () => {
    everything()
    proof.connected('b2', [])
    expect(() => proof.reverted('b1')).toThrow('last block')
  })
})

test.each([
  ['relay', 'edge relay'],
  ['edge relay', 'relay'],
] as const)("the %s's API has to name each block", (site, other) => {
  const words = `the ${site}'s API names`
  proof.heightAnswered(other, 'b1', 'b1')
  expect(mark(words)).toBe('open')
  proof.heightAnswered(site, 'b1', 'b1')
  expect(mark(words)).toBe('yes')
  proof.heightAnswered(site, 'b2', 'Block not found')
  expect(find(words)).toMatchObject({ mark: 'no', figures: expect.stringContaining('Block not found') })
  expect(find(`the ${other}'s API names`).figures).toBe('1 block')
})

test('without an edge relay nothing is asked of one', () => {
  const withEdge = proof.checks().length
  proof = new Proof({ edge: false })
  expect(proof.checks()).toHaveLength(withEdge - 3)
  expect(proof.checks().filter(({ what }) => /edge|both relays/.test(what))).toEqual([])
  made('aa')
  for (const witness of witnessesOf(false)) proof.confirmed('aa', witness)
  expect(proof.unsettled).toEqual([])
})

test.each([
  [[], 0, 0],
  [[7], 7, 7],
  [[9, 1, 5], 5, 9],
  [[1, 2, 30, 4], 3, 30],
])('the median of %j is %d and the worst %d', (times, median, worst) => {
  const latency = new Latency()
  for (const ms of times) latency.add(ms)
  expect(latency).toMatchObject({ median, worst, count: times.length })
})
