import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'

test('sums of a block are those of its transactions', () => {
  const random = new RandomChain(12)
  const ledger = new Ledger()
  const early = random.growMany(random.maker.genesis, 101, 0)
  const blocks = [...early, ...random.growMany(early.at(-1)!, 20, 8)]
  ledger.extend(blocks.map(({ bytes }) => bytes))
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
  expect(blocks.some(({ txids }) => txids.length > 4)).toBe(true)
  for (const { hash, height, time, txids } of [random.maker.genesis, ...blocks]) {
    const { txs } = queries.blockTxs(hash, 0, 1000)!
    const parsed = txs.map(({ raw }) => parseTransaction(raw))
    expect(queries.blockSummary(hash)).toEqual({
      height,
      time,
      txids: concatBytes(...txids),
      weight: Uint32Array.from(parsed, ({ weight }) => weight),
      feeSat: Float64Array.from(txs, ({ fee }) => fee),
      valueSat: Float64Array.from(parsed, ({ tx }) => tx.outputs.reduce((sum, { value }) => sum + Number(value), 0)),
    })
  }
  expect(queries.blockSummary(random.grow(blocks[40]!, 0).hash)).toBeUndefined()
})

test('a damaged block is not summed up', () => {
  const random = new RandomChain(13)
  const ledger = new Ledger()
  const blocks = random.growMany(random.maker.genesis, 3, 0)
  ledger.extend(blocks.map(({ bytes }) => bytes))
  ledger.sql.sql.exec('UPDATE body SET bytes = zeroblob(length(bytes))')
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
  expect(() => queries.blockSummary(blocks[1]!.hash)).toThrow('damaged')
})
