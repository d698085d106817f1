import { expect, test } from 'vitest'
import { checkBlock, checkBlockContext } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { HeaderTree } from '../../src/chain/header-tree.ts'
import { MemoryHeaderStore } from '../../src/chain/memory-header-store.ts'
import { litecoinRegtest } from '../../src/chain/networks/litecoin-regtest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from './chain-maker.ts'

const NOW = 1_700_000_000_000

test.each([regtest, litecoinRegtest])('made blocks obey the rules of $name', (network) => {
  const maker = new ChainMaker({ network, seed: 7 })
  const tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
  const coins = maker.mine(20)
  const first = spend([coinbaseCoin(coins[0]!, maker)], [{ valueSat: 10_0000_0000, script: P2WSH_TRUE }])
  const { txids } = maker.block({ transactions: [first] })
  const second = spend(
    [{ txid: txids[1]!, vout: 0, valueSat: 10_0000_0000, witness: true }],
    [{ valueSat: 9_0000_0000, script: OP_TRUE }],
  )
  maker.mine(1, { transactions: [first, second], feeSat: 41_0000_0000 })
  maker.mine(300 - maker.tip.height)
  for (const block of maker.chain()) {
    expect(tree.accept([block.header], NOW).kind).toBe('accepted')
    const digest = digestBlock(block.bytes)
    expect(checkBlock(digest)).toBeUndefined()
    expect(checkBlockContext(digest, { height: block.height, medianTimePast: block.time - 1 }, network)).toBeUndefined()
    expect(bytesToHex(digest.txids)).toBe(block.txids.map(bytesToHex).join(''))
  }
  expect(tree.best.height).toBe(300)
})

test('the same seed makes the same blocks, another one others', () => {
  const make = (seed: number) => toDisplay(new ChainMaker({ seed }).mine(3)[2]!.hash)
  expect(make(1)).toBe(make(1))
  expect(make(1)).not.toBe(make(2))
})

test('a branch starts where it is told, and blocks can be bad on purpose', () => {
  const maker = new ChainMaker()
  const [, second] = maker.mine(4)
  const branch = maker.mine(3, {}, second)
  expect(branch[2]!.height).toBe(5)
  expect(maker.chain().slice(0, 2)).toEqual(maker.chain(second))
  const tree = new HeaderTree({ network: regtest, store: new MemoryHeaderStore() })
  expect(tree.accept([maker.block({ noWork: true }, maker.genesis).header], NOW)).toMatchObject({ code: 'high-hash' })
  expect(checkBlock(digestBlock(maker.block({ badMerkleRoot: true }).bytes))).toBe('bad-txnmrklroot')
})
