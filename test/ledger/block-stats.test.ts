import { expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { statsOf } from '../../src/ledger/block-stats.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'
import { ChainMaker, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { Ledger } from './open-ledger.ts'

const MAX_MONEY = 21_000_000_0000_0000

describeShared('a recorded chain', () => {
  test('has the statistics that Bitcoin Core tells of it', () => {
    const { blocks, stats } = readSharedJson('api/rpc_getblockstats.json')
    const ledger = new Ledger()
    ledger.extend(blocks.slice(1).map(hexToBytes))
    const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
    expect(stats).toHaveLength(3)
    for (const core of stats) {
      const [answer] = queries.blockStats(core.height, 1)!
      const { block, stats: ours, coinbase } = answer!
      const rates = ours.feeRates.map(Math.floor)
      const paying = Math.max(1, block.txCount - 1)
      expect({
        avgfee: Math.floor(block.fees / paying),
        avgfeerate: Math.floor((block.fees * 4) / (ours.txWeight || 1)),
        avgtxsize: Math.floor(ours.txSize / paying),
        blockhash: toDisplay(block.hash),
        feerate_percentiles: rates.slice(1, 6),
        height: block.height,
        ins: block.inputs,
        maxfee: ours.feeAmounts[6],
        maxfeerate: rates[6],
        mediantime: block.medianTime,
        minfee: ours.feeAmounts[0],
        minfeerate: rates[0],
        outs: block.outputs,
        subsidy: block.outputValue - ours.inputValue,
        swtotal_size: ours.segwitSize,
        swtotal_weight: ours.segwitWeight,
        swtxs: ours.segwitTxs,
        time: new DataView(block.header.buffer, block.header.byteOffset).getUint32(68, true),
        total_out: ours.inputValue - block.fees,
        total_size: ours.txSize,
        total_weight: ours.txWeight,
        totalfee: block.fees,
        txs: block.txCount,
        utxo_increase: block.outputs - block.inputs,
        utxo_increase_actual: ours.utxoIncrease,
      }).toEqual(
        Object.fromEntries(
          // Not kept: sizes of single transactions, the fee in the middle of an even number, bytes of the UTXO set.
          Object.entries(core).filter(([name]) => !/^(max|median|min)txsize$|^medianfee$|^utxo_size_inc/.test(name)),
        ),
      )
      expect(coinbase.status).toMatchObject({ height: core.height })
    }
  })

  test('has as many coins as its last block says', () => {
    const { blocks } = readSharedJson('api/rpc_getblockstats.json')
    const ledger = new Ledger()
    ledger.extend(blocks.slice(1).map(hexToBytes))
    const { n } = ledger.sql.sql.exec<{ n: number }>('SELECT count(*) AS n FROM coin').one()
    const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
    expect(queries.blockStats(undefined, 1)![0]!.stats.utxoSize).toBe(n)
  })
})

/** Statistics of a block of transactions that spend one unknown output each, with fees as if they were so. */
function statsWith(fees: number[], valueSat = 1) {
  const maker = new ChainMaker()
  const coin = (n: number) => ({ txid: new Uint8Array(32).fill(n + 1), vout: 0, valueSat })
  const transactions = fees.map((_, n) => spend([coin(n)], [{ valueSat, script: OP_TRUE }]))
  const { bytes } = maker.block({ transactions })
  const digest = digestBlock(bytes)
  return { stats: statsOf(digest, bytes, Float64Array.of(0, ...fees)), weight: digest.txWeight[1]! }
}

test('a fee of any size gives the rate that exact division gives', () => {
  const { stats, weight } = statsWith([0, 1, 999_999_999_999, 2_251_799_813_685_249])
  const exact = (fee: bigint) => Number((fee * 4000n) / BigInt(weight))
  expect(stats.rates[0]).toBe(0)
  expect(stats.rates[1]).toBe(0)
  expect(stats.rates[3]).toBe(exact(1n))
  expect(stats.rates[4]).toBe(exact(999_999_999_999n))
  expect(stats.rates[6]).toBe(Math.min(exact(2_251_799_813_685_249n), Number.MAX_SAFE_INTEGER))
})

test('sums beyond the safe integers stay at the largest', () => {
  const { stats } = statsWith([0, 0, 0, 0, 0], MAX_MONEY)
  expect(stats.inputValue).toBe(Number.MAX_SAFE_INTEGER)
})

test('a spread by count names the last fee of each part', () => {
  const { stats } = statsWith(Array.from({ length: 20 }, (_, i) => 100 - i))
  expect([...stats.fees]).toEqual([81, 82, 85, 90, 95, 98, 100])
})

test('transactions of one rate share their weight', () => {
  const { stats, weight } = statsWith([500, 500, 500, 500, 500, 500, 500, 500, 500, 9000])
  const rate = (fee: number) => Math.floor((fee * 4000) / weight)
  expect([...stats.rates]).toEqual([...Array(6).fill(rate(500)), rate(9000)])
})
