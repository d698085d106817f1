import { expect, test } from 'vitest'
import { mempoolCoins, mempoolContents } from '../../src/ledger/core-mempool.ts'
import { Mempool } from '../../src/ledger/mempool.ts'
import { concatBytes, equalBytes } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, keyHash, makeTx, outputsOf, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const NOW = 1_700_000_000_000

function setUp() {
  const chain = new FakeChain(250)
  const mempool = new Mempool({ chain, scripts: passEveryScript })
  /** Spends coins for a fee, into so many outputs. */
  const pay = (coins: readonly TestCoin[], fee: number, outputs = 1) => {
    const value = coins.reduce((sum, coin) => sum + coin.value, 0) - fee
    const part = Math.floor(value / outputs)
    const values = Array.from({ length: outputs }, (_, i) => (i > 0 ? part : value - part * (outputs - 1)))
    const raw = makeTx(coins, values, { scripts: values.map((_, i) => keyHash(i)) })
    expect(mempool.accept(raw, NOW)).toMatchObject({ kind: 'accepted' })
    return { raw, fee, coins: outputsOf(raw), ...parseTransaction(raw) }
  }
  return { chain, mempool, pay, reward: (n: number) => chain.reward(n) }
}

const outpoint = ({ txid, vout }: TestCoin) => concatBytes(txid, Uint8Array.of(vout, 0, 0, 0))

test('an empty mempool has empty columns', () => {
  const contents = mempoolContents(setUp().mempool.pool)
  expect(contents.txids).toHaveLength(0)
  expect(contents.parents).toEqual({ start: new Uint32Array(1), rows: new Uint32Array(0) })
})

test('rows tell what a walk over the families tells', () => {
  const { mempool, pay, reward } = setUp()
  const top = pay([reward(1)], 1000, 3)
  const left = pay([top.coins[0]!], 5000, 2)
  const right = pay([top.coins[1]!], 700)
  const both = pay([left.coins[0]!, right.coins[0]!], 90_000)
  const alone = pay([reward(2)], 321)
  const txs = [top, left, right, both, alone]
  const family = [
    { up: [top], down: [top, left, right, both] },
    { up: [left, top], down: [left, both] },
    { up: [right, top], down: [right, both] },
    { up: [both, left, right, top], down: [both] },
    { up: [alone], down: [alone] },
  ]
  const sum = (list: typeof txs, of: (tx: (typeof txs)[0]) => number) => list.reduce((total, tx) => total + of(tx), 0)
  const vsize = ({ weight }: { weight: number }) => Math.ceil(weight / 4)
  const fee = (tx: { fee: number }) => tx.fee
  const c = mempoolContents(mempool.pool)
  expect(c.sequence).toBe(mempool.pool.version)
  for (const [row, tx] of txs.entries()) {
    const { up, down } = family[row]!
    expect(c.txids.slice(row * 32, row * 32 + 32)).toEqual(tx.txid)
    expect(c.wtxids.slice(row * 32, row * 32 + 32)).toEqual(tx.wtxid)
    expect([c.weight[row], c.vsize[row], c.fee[row]]).toEqual([tx.weight, vsize(tx), tx.fee])
    expect([c.time[row], c.height[row]]).toEqual([NOW / 1000, 250])
    expect([c.ancestors.count[row], c.ancestors.vsize[row], c.ancestors.fee[row]]).toEqual([
      up.length,
      sum(up, vsize),
      sum(up, fee),
    ])
    expect([c.descendants.count[row], c.descendants.vsize[row], c.descendants.fee[row]]).toEqual([
      down.length,
      sum(down, vsize),
      sum(down, fee),
    ])
  }
  const linked = ({ start, rows }: { start: Uint32Array; rows: Uint32Array }, row: number) =>
    [...rows.subarray(start[row]!, start[row + 1]!)].sort()
  expect(txs.map((_, row) => linked(c.parents, row))).toEqual([[], [0], [0], [1, 2], []])
  expect(txs.map((_, row) => linked(c.children, row))).toEqual([[1, 2], [3], [3], [], []])
  // The last one pays for all that it needs.
  const chunk = sum([top, left, right, both], fee)
  expect([...c.chunkFee]).toEqual([chunk, chunk, chunk, chunk, 321])
  expect([...c.chunkWeight]).toEqual([...Array(4).fill(sum([top, left, right, both], (tx) => tx.weight)), alone.weight])
})

test('who says that it may be replaced says so for all that depends on it', () => {
  const { mempool, reward } = setUp()
  const pay = (coin: TestCoin, sequence: number) => {
    const raw = makeTx([coin], [coin.value - 1000, 0], {
      sequence,
      scripts: [keyHash(0), Uint8Array.of(0x6a)],
    })
    expect(mempool.accept(raw, NOW)).toMatchObject({ kind: 'accepted' })
    return outputsOf(raw)[0]!
  }
  const quiet = pay(reward(1), 0xffff_fffe)
  const child = pay(quiet, 0xffff_fffd)
  pay(child, 0xffff_ffff)
  expect([...mempoolContents(mempool.pool).signals]).toEqual([0, 1, 1])
})

test('coins are made and spent as the transactions say', () => {
  const { mempool, pay, reward } = setUp()
  const top = pay([reward(1)], 1000, 2)
  pay([top.coins[0]!], 5000)
  const asked = [top.coins[0]!, top.coins[1]!, { ...top.coins[1]!, vout: 2 }, reward(1), reward(3)]
  const [spentHere, free, none, spentOnChain, untouched] = mempoolCoins(
    mempool.pool,
    concatBytes(...asked.map(outpoint)),
  )
  const made = (vout: number) => {
    const { value, scriptPubKey } = top.tx.outputs[vout]!
    return { value: Number(value), script: scriptPubKey }
  }
  expect(spentHere).toEqual({ spent: true, made: made(0) })
  expect(free).toEqual({ spent: false, made: made(1) })
  expect(none).toEqual({ spent: false })
  expect(spentOnChain).toEqual({ spent: true })
  expect(untouched).toEqual({ spent: false })
  expect(equalBytes(free!.made!.script, new Uint8Array(free!.made!.script.buffer))).toBe(true)
})
