import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { BusyReader } from '../../src/ledger/busy-reader.ts'
import { writeBusy } from '../../src/ledger/busy-scripts.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import type { ChainstateOptions } from '../../src/ledger/chainstate.ts'
import { HistoryTooLong, MAX_PASSED_OVER } from '../../src/ledger/script-history.ts'
import { Sum } from '../../src/ledger/script-sums.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { migrate } from '../../src/store/migrate.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { bytesToHex, type Hasher, prefix48 } from '../../src/wire/hash.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { collidingHasher } from './colliding-hasher.ts'
import { dump } from './dump.ts'
import { expectSameScript, NaiveChain } from './naive-answers.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger, memory } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

const queriesOf = (ledger: Ledger, hasher: Hasher = nodeHasher) =>
  new ChainQueries({ sql: ledger.sql, network: regtest, hasher })

/** Scripts that anybody may spend; the first ones come up more often. */
const script = (n: number) => Uint8Array.of(0x01, n, 0x75, 0x51)
const SCRIPTS = Array.from({ length: 12 }, (_, n) => Array.from({ length: 12 - n }, () => script(n))).flat()

describe('busy scripts', () => {
  const ways: [string, Partial<ChainstateOptions>, number, number | undefined][] = [
    ['one commit a reorganisation', {}, 11, undefined],
    ['a commit after every block', { batchBytes: 0 }, 12, undefined],
    ['scripts that share prefixes', {}, 13, 4],
    ['the same, and a commit after every block', { batchBytes: 0, cacheBytes: 0 }, 14, 4],
  ]
  test.each(ways)(
    'have the sums and coins of the chain that random forks end on, with %s',
    (_, options, seed, prefixes) => {
      const hasher = prefixes === undefined ? nodeHasher : collidingHasher(prefixes)
      const chain = new RandomChain(seed, SCRIPTS)
      const base = chain.growMany(chain.maker.genesis, 120, 20)
      let ledger = new Ledger(undefined, { ...options, hasher })
      ledger.extend(base.map((block) => block.bytes))
      const blocks: MadeBlock[] = base.slice(-1)
      const counts: number[] = []
      for (let step = 0; step < 18; step++) {
        // Sometimes far down, so that scripts are busy no more.
        const parent = step % 6 === 2 ? base[102]! : chain.random.pick(blocks.slice(-9))
        const branch = chain.growMany(parent, 1 + chain.random.below(4), 12)
        blocks.push(...branch)
        const target = ledger.store(branch.map((block) => block.bytes))
        expect(reorgTo(ledger, target).kind).toBe('reorg')
        const rows = dump(ledger.sql)
        const where = `seed ${seed}, step ${step}`
        expect(rows, where).toMatchObject(naiveIndex(chain.path(branch.at(-1)!), hasher.sha256))
        counts.push(rows.busy.length)
        if (chain.random.chance(0.2)) ledger = new Ledger(ledger.sql, { ...options, hasher })
      }
      expect(counts.some((count, i) => i > 0 && count > counts[i - 1]!)).toBe(true)
      expect(counts.some((count, i) => i > 0 && count < counts[i - 1]!)).toBe(true)
      const path = chain.path(chain.maker.find(ledger.chain.tip.hash)!)
      const naive = new NaiveChain(path, hasher.sha256 as never)
      for (const scripthash of naive.scripthashes) expectSameScript(queriesOf(ledger, hasher), naive, scripthash, 25)
    },
    60_000,
  )

  test('are the same whatever the batches were', () => {
    const chain = new RandomChain(15, SCRIPTS)
    const tip = chain.growMany(chain.maker.genesis, 140, 20).at(-1)!
    const path = chain.path(tip).slice(1)
    const dumps = [1, 7, 50, 1000].map((size) => {
      const ledger = new Ledger()
      for (let at = 0; at < path.length; at += size) ledger.extend(path.slice(at, at + size))
      return dump(ledger.sql)
    })
    expect(dumps[0]!.busy.length).toBeGreaterThan(3)
    for (const each of dumps) expect(each).toEqual(dumps[0])
  })
})

/** Blocks whose transactions all pay from one script to the same, one transaction a coin. */
function oneScript(transactions: number, perBlock: number) {
  const maker = new ChainMaker({ script: OP_TRUE })
  const busy = script(7)
  const base = maker.mine(101)
  const first = coinbaseCoin(base[0]!, maker)
  const outputs = Array.from({ length: perBlock }, () => ({ valueSat: 100_000, script: busy }))
  const [fan] = maker.mine(1, { transactions: [spend([first], outputs)] })
  let coins = outputs.map((_, vout) => ({ txid: fan!.txids[1]!, vout, valueSat: 100_000 }))
  const blocks = [...base, fan!]
  for (let made = 1; made < transactions; made += perBlock) {
    const [block] = maker.mine(1, {
      transactions: coins.map((coin) => spend([coin], [{ valueSat: coin.valueSat, script: busy }])),
    })
    coins = coins.map((coin, i) => ({ ...coin, txid: block!.txids[i + 1]!, vout: 0 }))
    blocks.push(block!)
  }
  return { maker, blocks, busy, coins }
}

test('a script with thousands of transactions is answered page by page', () => {
  const { blocks, busy } = oneScript(3000, 60)
  const ledger = new Ledger()
  ledger.extend(blocks.map((block) => block.bytes))
  const naive = new NaiveChain([regtest.genesis, ...blocks.map((block) => block.bytes)])
  expect(naive.stats(bytesToHex(nodeHasher.sha256(busy)))).toMatchObject({ txCount: 3001, spentCount: 3000 })
  expectSameScript(queriesOf(ledger), naive, bytesToHex(nodeHasher.sha256(busy)), 250)
})

test('a script that shares the prefix of a busy one, and one that nobody ever paid, are told apart from it', () => {
  const hasher = collidingHasher(1)
  const { maker, blocks, coins } = oneScript(150, 30)
  const rare = script(9)
  const [last] = maker.mine(1, { transactions: [spend([coins[0]!], [{ valueSat: 5, script: rare }])] })
  const ledger = new Ledger(undefined, { hasher })
  ledger.extend([...blocks, last!].map((block) => block.bytes))
  const queries = queriesOf(ledger, hasher)
  expect(queries.scriptStats(hasher.sha256(rare))).toMatchObject({ fundedCount: 1, fundedSum: 5, txCount: 1 })
  expect(queries.scriptUtxos(hasher.sha256(rare), 1)).toMatchObject([{ vout: 0, value: 5 }])
  expect(queries.scriptTxs(hasher.sha256(rare), 25).txs).toHaveLength(1)
  const nobody = hasher.sha256(script(200))
  expect(queries.scriptStats(nobody)).toMatchObject({ fundedCount: 0, txCount: 0 })
  expect(queries.scriptUtxos(nobody, 0)).toEqual([])
})

test('rows of other scripts are passed over, up to a limit', () => {
  const { blocks, busy } = oneScript(150, 30)
  const ledger = new Ledger()
  ledger.extend(blocks.map((block) => block.bytes))
  const scripthash = nodeHasher.sha256(busy)
  const prefix = prefix48(scripthash)
  const queries = queriesOf(ledger)
  const before = queries.scriptTxs(scripthash, 25)
  const pass = (from: number, to: number) =>
    ledger.sql.transactionSync(() => {
      for (let i = from; i < to; i++) ledger.sql.sql.exec('INSERT INTO history VALUES (?, ?)', prefix, 1_000_000 + i)
    })
  pass(0, MAX_PASSED_OVER)
  expect(queries.scriptTxs(scripthash, 25)).toEqual(before)
  pass(MAX_PASSED_OVER, MAX_PASSED_OVER + 1)
  expect(() => queries.scriptTxs(scripthash, 25)).toThrow(HistoryTooLong)
  expect(queries.scriptTxs(scripthash, 25, before.txs[3]!.txid).txs).toHaveLength(25)
  expect(queries.scriptStats(scripthash)).toMatchObject({ txCount: 151 })
})

test('a damaged block in the history that makes a script busy is noticed, and costs its sums until it is whole', () => {
  const { maker, blocks, busy, coins } = oneScript(90, 30)
  const ledger = new Ledger()
  ledger.extend(blocks.map((block) => block.bytes))
  const damaged = ledger.tree.node(blocks.at(-1)!.hash)!
  const part = damaged.id * PARTS_PER_BLOCK
  const { bytes } = ledger.sql.sql.exec<{ bytes: Uint8Array }>('SELECT bytes FROM body WHERE id = ?', part).one()
  bytes[100]! ^= 1
  ledger.sql.sql.exec('UPDATE body SET bytes = ? WHERE id = ?', bytes, part)
  expect(ledger.chain.hasBody(damaged)).toBe(true)

  const pay = (from: number) =>
    maker.mine(1, {
      transactions: coins.slice(from, from + 10).map((coin) => spend([coin], [{ valueSat: 1, script: busy }])),
    })[0]!
  const [crossing, next] = [pay(0), pay(10)]
  ledger.extend([crossing.bytes])
  expect(ledger.chain.hasBody(damaged)).toBe(false)
  const scripthash = nodeHasher.sha256(busy)
  const sums = () => dump(ledger.sql).busy.filter((row) => row.startsWith(bytesToHex(scripthash)))
  const coins48 = () => dump(ledger.sql).busy_coin.filter((row) => row.startsWith(`${prefix48(scripthash)} `))
  expect([sums(), coins48()]).toEqual([[], []])
  expect(() => queriesOf(ledger).scriptStats(scripthash)).toThrow(expect.objectContaining({ code: 'corrupt' }))

  ledger.chain.storeBody(damaged, blocks.at(-1)!.bytes)
  ledger.chain.commit()
  const path = [regtest.genesis, ...blocks.map((block) => block.bytes), crossing.bytes]
  expect(queriesOf(ledger).scriptStats(scripthash)).toEqual(new NaiveChain(path).stats(bytesToHex(scripthash)))
  ledger.extend([next.bytes])
  expect(dump(ledger.sql)).toMatchObject(naiveIndex([...path, next.bytes]))
  expect(sums()).toHaveLength(1)
})

describe('sums', () => {
  test('are exact however large they become', () => {
    const values = [2_099_999_999_999_999, 1, 2_100_000_000_000_000, 3]
    const sum = new Sum()
    let exact = 0n
    for (let round = 0; round < 1000; round++) {
      const value = values[round % 4]! * (round % 5 === 4 ? -1 : 1)
      sum.add(value)
      exact += BigInt(value)
      expect(BigInt(sum.high) * 2n ** 52n + BigInt(sum.low)).toBe(exact)
    }
    expect(exact).toBeGreaterThan(2n ** 58n)
  })

  test('stay exact in the store, and are read as the nearest number', () => {
    const sql = memory()
    migrate(sql)
    const busy = script(1)
    const scripthash = nodeHasher.sha256(busy)
    const prefix = prefix48(scripthash)
    for (let i = 0; i < 200; i++) sql.sql.exec('INSERT INTO history VALUES (?, ?)', prefix, i)
    sql.sql.exec('INSERT INTO busy VALUES (?, 0, 0, 0, 0, 0)', scripthash)
    const outputs = 1000
    const digest = {
      txCount: 1,
      inputStart: Uint32Array.of(0, 1),
      outputStart: Uint32Array.of(0, outputs),
      value: new Float64Array(outputs).fill(2_099_999_999_999_999),
      scriptPrefix: new Float64Array(outputs).fill(prefix),
      scriptAt: new Uint32Array(outputs),
      scriptLength: new Uint32Array(outputs).fill(busy.length),
    }
    const block = { bytes: busy, firstTx: 200, digest, prevouts: new Uint8Array(0) }
    const none = { spentPrefix: new Float64Array(1), spentVout: new Uint32Array(1) }
    for (let batch = 0; batch < 2; batch++) {
      const got = Float64Array.of(prefix)
      writeBusy(sql, nodeHasher, {
        reverted: [],
        connected: [{ ...block, ...none, firstTx: 200 + batch }],
        lost: new Set(),
        got,
      })
    }
    const exact = 2000n * 2_099_999_999_999_999n
    const { sum } = sql.sql.exec<{ sum: string }>('SELECT CAST(funded_sum AS TEXT) AS sum FROM busy').one()
    expect(BigInt(sum)).toBe(exact)
    expect(new BusyReader(sql).sums(scripthash)).toMatchObject({ fundedCount: 2000, fundedSum: Number(exact) })
  })
})
