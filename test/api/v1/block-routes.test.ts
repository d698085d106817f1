import { beforeAll, describe, expect, test } from 'vitest'
import { extendedBlockView } from '../../../src/api/v1/block-view.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'
import { difficultyOf } from '../../../src/chain/target.ts'
import { ChainQueries } from '../../../src/ledger/chain-queries.ts'
import { addressOf } from '../../../src/script/address.ts'
import { block as blockCodec } from '../../../src/wire/block.ts'
import { decode } from '../../../src/wire/codec.ts'
import { bytesToHex, hexToBytes, toDisplay } from '../../../src/wire/hash.ts'
import { parseTransaction } from '../../../src/wire/transaction.ts'
import { Ledger } from '../../ledger/open-ledger.ts'
import { describeShared, readSharedJson } from '../../shared.ts'
import { P2WSH_TRUE } from '../../sim/chain-maker.ts'
import { type RealSample, realFront } from '../real-front.ts'
import { asker } from './ask.ts'

let sample: RealSample
const ask = asker(() => sample.front)
const heightsOf = (body: unknown) => (body as { height: number }[]).map(({ height }) => height)
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i)

beforeAll(async () => {
  sample = await realFront()
})

describe('blocks', () => {
  test.each<[string, number[]]>([
    ['/blocks', down(130, 116)],
    ['/blocks/', down(130, 116)],
    ['/blocks/20', down(20, 6)],
    ['/blocks/14', down(14, 0)],
    ['/blocks/3', down(3, 0)],
    ['/blocks/0', [0]],
    ['/blocks/135', down(130, 121)],
    ['/blocks/144', [130]],
    ['/blocks/145', []],
    ['/blocks/9007199254740991', []],
    ['/blocks-bulk/3/7', [3, 4, 5, 6, 7]],
    ['/blocks-bulk/0/0', [0]],
    ['/blocks-bulk/121', down(130, 121).reverse()],
    ['/blocks-bulk/128/137', [128, 129, 130]],
    ['/blocks-bulk/200/205', []],
  ])('%s are those of a page', async (path, heights) => {
    const [status, body] = await ask(path)
    expect([status, heightsOf(body)]).toEqual([200, heights])
  })

  test('are the same wherever they are asked for, and their first fields those of Esplora', async () => {
    const { fullBlock, front } = sample
    const [, one] = await ask(`/block/${toDisplay(fullBlock.hash)}`)
    const [, page] = await ask(`/blocks/${fullBlock.height + 2}`)
    const [, bulk] = await ask(`/blocks-bulk/${fullBlock.height}/${fullBlock.height + 1}`)
    expect((page as object[])[2]).toEqual(one)
    expect((bulk as object[])[0]).toEqual(one)
    const esplora = (await (await front.get(`/api/block/${toDisplay(fullBlock.hash)}`)).json()) as object
    expect(one).toEqual({ ...esplora, stale: false, extras: expect.any(Object) })
    expect(Object.keys(one as object)).toEqual([...Object.keys(esplora), 'stale', 'extras'])
  })

  test('say what their transactions come to', async () => {
    const { fullBlock, ledger } = sample
    const txs = [...Array(38).keys()].map((i) => 200 * (i + 1)).sort((a, b) => a - b)
    const fees = txs.reduce((sum, fee) => sum + fee, 0)
    const [, body] = await ask(`/block/${toDisplay(fullBlock.hash)}`)
    const subsidy = ledger.maker.subsidy(fullBlock.height)
    const { extras } = body as { extras: Record<string, unknown> }
    // The coinbase of the fixture leaves the fees.
    expect(extras).toMatchObject({
      totalFees: fees,
      reward: subsidy,
      pool: { id: 0, name: 'Unknown', slug: 'unknown', minerNames: null },
      avgFee: Math.floor(fees / 38),
      coinbaseAddress: addressOf(P2WSH_TRUE, regtest.address),
      coinbaseAddresses: [addressOf(P2WSH_TRUE, regtest.address)],
      coinbaseSignature: expect.stringMatching(/^OP_0 OP_PUSHBYTES_32 [0-9a-f]{64}$/),
      totalInputs: 38,
      segwitTotalTxs: 38,
      feePercentiles: [200, 600, 1800, 3800, 5600, 6800, 7600],
      medianFeeAmt: 3800,
      header: bytesToHex(fullBlock.header),
      orphans: [],
      firstSeen: null,
      matchRate: null,
    })
    const coinbase = decode(blockCodec, fullBlock.bytes).transactions[0]!.inputs[0]!.scriptSig
    expect(extras.coinbaseRaw).toBe(bytesToHex(coinbase))
    expect(extras.coinbaseSignatureAscii).toBe(String.fromCharCode(...coinbase))
  })

  test('are summed up by transaction', async () => {
    const { fullBlock, ledger } = sample
    const hash = toDisplay(fullBlock.hash)
    const [status, body] = await ask(`/block/${hash}/summary`)
    const { txs } = (await ledger.queries.blockTxs(fullBlock.hash, 0, 100))!
    const expected = txs.map(({ txid, fee, raw }) => {
      const { weight, tx } = parseTransaction(raw)
      const value = tx.outputs.reduce((sum, output) => sum + Number(output.value), 0)
      const vsize = weight / 4
      return {
        txid: toDisplay(txid),
        fee,
        vsize,
        value,
        rate: fee / vsize,
        flags: expect.any(Number),
        time: fullBlock.time,
      }
    })
    expect([status, body]).toEqual([200, expected])
    // Version 2, not replaceable; spends and pays to a witness script.
    expect((body as { flags: number }[])[2]).toMatchObject({ flags: 2 | 8 | 8192 })
  })

  test('name those that competed with them', async () => {
    const { ledger, blocks } = sample
    const beside = ledger.mine([], {}, blocks[59])
    const [, body] = await ask(`/block/${toDisplay(blocks[60]!.hash)}`)
    const orphan = {
      height: 60,
      hash: toDisplay(beside.hash),
      status: 'valid-headers',
      prevhash: toDisplay(beside.prev),
    }
    expect(body).toMatchObject({ extras: { orphans: [orphan] } })
    expect(await ask(`/block/${toDisplay(beside.hash)}`)).toEqual([404, { error: 'Block not found' }])
  })
})

test.each([
  ['/block/xyz', 400, 'Invalid block hash'],
  [`/block/${'0'.repeat(63)}`, 400, 'Invalid block hash'],
  ['/block/xyz/summary', 400, 'Invalid block hash'],
  [`/block/${'0'.repeat(64)}/summary`, 404, 'Block not found'],
  [`/block/${'0'.repeat(64)}`, 404, 'Block not found'],
  ['/blocks/x', 400, 'Invalid number'],
  ['/blocks/-1', 400, 'Invalid number'],
  ['/blocks/1.5', 400, 'Invalid number'],
  [`/blocks/${'9'.repeat(17)}`, 400, 'Invalid number'],
  ['/blocks-bulk/x', 400, "Parameter 'from' must be a block height (integer)"],
  ['/blocks-bulk/1/x', 400, "Parameter 'to' must be a block height (integer)"],
  ['/blocks-bulk/9/8', 400, "Parameter 'to' must be a higher block height than 'from'"],
  ['/blocks-bulk/0/10', 400, 'You can only query 10 blocks at once.'],
  ['/blocks-bulk/0', 400, 'You can only query 10 blocks at once.'],
])('%s is refused with %i: %s', async (path, status, error) => {
  expect(await ask(path)).toEqual([status, { error }])
})

test('of the genesis block little is said', async () => {
  const [, body] = await ask('/blocks/0')
  expect((body as object[])[0]).toMatchObject({
    previousblockhash: null,
    difficulty: difficultyOf(regtest.powLimitBits),
    extras: {
      totalFees: 0,
      medianFee: 0,
      feeRange: [0, 0, 0, 0, 0, 0, 0],
      avgFee: 0,
      avgFeeRate: 0,
      avgTxSize: 0,
      totalInputs: 0,
      totalOutputs: 1,
      totalOutputAmt: 0,
      totalInputAmt: 0,
      coinbaseAddress: null,
      coinbaseAddresses: [],
    },
  })
})

describeShared('a recorded chain', () => {
  test('has the extras that are made of what Bitcoin Core tells of it', () => {
    const { blocks, stats } = readSharedJson('api/rpc_getblockstats.json')
    const ledger = new Ledger()
    ledger.extend(blocks.slice(1).map(hexToBytes))
    const queries = new ChainQueries({ sql: ledger.sql, network: regtest })
    expect(stats).toHaveLength(3)
    for (const core of stats) {
      const { extras } = extendedBlockView(queries.blocksWithForks(core.height, 1)![0]!, regtest)
      expect(extras).toMatchObject({
        totalFees: core.totalfee,
        reward: core.subsidy + core.totalfee,
        avgFee: core.avgfee,
        avgFeeRate: core.avgfeerate,
        avgTxSize: Math.round((core.total_size / core.txs) * 100) / 100,
        totalInputs: core.ins,
        totalOutputs: core.outs,
        totalOutputAmt: core.total_out,
        totalInputAmt: core.total_out + core.totalfee,
        segwitTotalTxs: core.swtxs,
        segwitTotalSize: core.swtotal_size,
        segwitTotalWeight: core.swtotal_weight,
        utxoSetChange: core.utxo_increase,
      })
      expect(extras.feeRange.map(Math.floor)).toEqual([core.minfeerate, ...core.feerate_percentiles, core.maxfeerate])
    }
  })
})
