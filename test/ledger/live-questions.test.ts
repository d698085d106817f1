import { beforeAll, expect, test } from 'vitest'
import { MAX_NAMED } from '../../src/ledger/live-questions.ts'
import { bytesToHex, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { type RealSample, realFront } from '../api/real-front.ts'
import { SCRIPTS } from '../api/sample-chain.ts'
import { P2WSH_TRUE } from '../sim/chain-maker.ts'

let sample: RealSample
beforeAll(async () => {
  sample = await realFront()
})

const txidOf = (raw: Uint8Array) => parseTransaction(raw).txid
const names = (txs: readonly { txid: Uint8Array }[]) => txs.map(({ txid }) => toDisplay(txid))

test('many transactions are told in one answer as each would be alone', async () => {
  const { queries, maker } = sample.ledger
  const asked = [
    ...maker.chain().flatMap(({ txids }) => txids),
    ...[sample.parent, sample.child, sample.single, sample.replacement].map(txidOf),
  ]
  const together = await queries.txs(asked)
  const where = await queries.whereabouts(asked)
  for (const [i, txid] of asked.entries()) {
    const alone = await queries.tx(txid)
    expect(together[i]).toEqual(alone)
    expect(where[i]!.at).toBe(alone ? (alone.status.confirmed ? 'chain' : 'mempool') : 'nowhere')
    if (where[i]!.at === 'chain') expect(where[i]).toEqual({ at: 'chain', status: alone!.status })
  }
  expect(where.map(({ at }) => at).slice(-4)).toEqual(['mempool', 'mempool', 'mempool', 'nowhere'])
})

test('a place in the queue is the middle of the transaction, behind all that pays better', async () => {
  const { queries } = sample.ledger
  const [block] = await queries.projectedBlocks(1, { txids: true })
  const txids = Array.from({ length: block!.count }, (_, i) => block!.txids!.slice(32 * i, 32 * i + 32))
  const where = await queries.whereabouts(txids)
  const relatives = await Promise.all(txids.map((txid) => queries.cpfp(txid)))
  for (const [i, at] of where.entries()) {
    const { place, vsize } = relatives[i]!
    expect(at).toEqual({ at: 'mempool', position: { block: 0, vsize: place.vsizeAhead + vsize / 2 } })
  }
})

test.each([
  ['a busy script', P2WSH_TRUE],
  ['one that was paid once', SCRIPTS.p2tr],
  ['one that nobody knows', Uint8Array.of(0x51, 0x51)],
])('%s is found in each block where its history has it', async (_, script) => {
  const { queries, maker } = sample.ledger
  const scripthash = sha256(script)
  const history = (await queries.scriptTxs(scripthash, { mempool: 0, chain: 1000 })).chain
  for (const { hash } of maker.chain()) {
    const [found, other] = await queries.scriptsInBlock(hash, [scripthash, new Uint8Array(32)], 1000)
    const expected = history.filter(({ status }) => status.confirmed && bytesToHex(status.hash) === bytesToHex(hash))
    expect(names(found!)).toEqual(names(expected).reverse())
    expect(other).toEqual([])
  }
})

test('of many in a block come the latest, and none of a block that is not on the chain', async () => {
  const { queries } = sample.ledger
  const { hash } = sample.fullBlock
  const [all] = await queries.scriptsInBlock(hash, [sample.busyScripthash], 1000)
  const [some] = await queries.scriptsInBlock(hash, [sample.busyScripthash], 5)
  expect(all!.length).toBeGreaterThan(30)
  expect(names(some!)).toEqual(names(all!).slice(-5))
  expect(await queries.scriptsInBlock(new Uint8Array(32), [sample.busyScripthash], 5)).toEqual([[]])
})

test('what waits for each script is found together as alone', async () => {
  const { queries } = sample.ledger
  const scripthashes = [sample.busyScripthash, sha256(SCRIPTS.p2wpkh), new Uint8Array(32)]
  const found = await queries.scriptsInMempool(scripthashes, 3)
  expect(found.map(({ length }) => length)).toEqual([3, 3, 0])
  for (const [i, scripthash] of scripthashes.entries()) {
    expect(found[i]).toEqual((await queries.scriptTxs(scripthash, { mempool: 3, chain: 0 })).mempool)
  }
})

test('everything at a glance is of one moment', async () => {
  const { queries, maker } = sample.ledger
  const { status, blocks, recent, queue, levels, period } = await queries.live(8, 6)
  expect(status).toEqual(await queries.status())
  expect(names(blocks.map(({ block }) => ({ txid: block.hash })))).toEqual(
    names(
      maker
        .chain()
        .slice(-8)
        .reverse()
        .map(({ hash }) => ({ txid: hash })),
    ),
  )
  expect(recent).toHaveLength(6)
  expect(queue.reduce((sum, { count }) => sum + count, 0)).toBe(levels.count)
  expect(period?.height).toBe(maker.tip.height)
})

test('a question that names too many is refused', async () => {
  const { queries } = sample.ledger
  const many = Array.from({ length: MAX_NAMED + 1 }, () => new Uint8Array(32))
  for (const ask of [
    queries.txs(many),
    queries.whereabouts(many),
    queries.scriptsInBlock(many[0]!, many, 1),
    queries.scriptsInMempool(many, 1),
  ]) {
    await expect(ask).rejects.toThrow('in one question')
  }
})
