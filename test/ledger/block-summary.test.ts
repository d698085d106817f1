import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { BlockDamaged } from '../../src/ledger/block-damaged.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import type { TxInfo } from '../../src/ledger/queries.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { parseTransaction, type Transaction } from '../../src/wire/transaction.ts'
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
      flags: Uint32Array.from(parsed, ({ tx }, i) => flagsByHand(tx, txs[i]!.prevouts)),
    })
  }
  expect(queries.blockSummary(random.grow(blocks[40]!, 0).hash)).toBeUndefined()
})

/** Of the scripts that random chains have. */
function flagsByHand({ version, inputs, outputs }: Transaction, prevouts: TxInfo['prevouts']): number {
  const scripts = [
    ...outputs.map(({ scriptPubKey }) => scriptPubKey),
    ...prevouts.flatMap((spent) => spent?.script ?? []),
  ]
  let flags = version === 1 ? 4 : version === 2 ? 8 : 0
  flags |= inputs.some(({ sequence }) => sequence < 0xfffffffe) ? 1 : 2
  for (const script of scripts) {
    if (script.length === 67 && script[0] === 65) flags |= 256
    if (script.length === 34 && script[0] === 0) flags |= 8192
    if (script[0] === 0x6a) flags |= 0x1000000
  }
  return flags
}

test('a damaged block is not summed up', () => {
  const random = new RandomChain(13)
  const ledger = new Ledger()
  const blocks = random.growMany(random.maker.genesis, 3, 0)
  ledger.extend(blocks.map(({ bytes }) => bytes))
  ledger.sql.sql.exec('UPDATE body SET bytes = zeroblob(length(bytes))')
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
  expect(() => queries.blockSummary(blocks[1]!.hash)).toThrow(BlockDamaged)
})
