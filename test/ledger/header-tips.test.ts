import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { branchTips, sideHeaders } from '../../src/ledger/header-tips.ts'
import { MiningQueries } from '../../src/ledger/mining-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import { Ledger } from './open-ledger.ts'
import { reorgTo } from './reorg-to.ts'

const bytesOf = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)
const named = (block: MadeBlock) => ({ hash: toDisplay(block.hash), height: block.height })

function tipsOf(ledger: Ledger) {
  const tips = branchTips(ledger.sql, nodeHasher)
  expect(new MiningQueries(ledger.sql, regtest, nodeHasher).branchTips()).toEqual(tips)
  return tips.map(({ hash, ...rest }) => ({ hash: toDisplay(hash), ...rest }))
}

describe('branches of the header tree', () => {
  test('end where getchaintips says, and count from where they fork off', () => {
    const maker = new ChainMaker({ seed: 4 })
    const ledger = new Ledger()
    const direct = maker.mine(12)
    ledger.extend(bytesOf(direct))
    const stored = maker.mine(3, {}, direct[4])
    ledger.store(bytesOf(stored))
    const twig = maker.mine(1, {}, stored[0])
    ledger.headers(bytesOf(twig))
    const bare = maker.mine(4, {}, direct[6])
    ledger.headers(bytesOf(bare))
    const mixed = maker.mine(2, {}, direct[1])
    ledger.headers(bytesOf(mixed))
    ledger.store(bytesOf(mixed.slice(1)))
    expect(tipsOf(ledger)).toEqual([
      { ...named(direct.at(-1)!), branchLength: 0, status: 'active' },
      { ...named(bare.at(-1)!), branchLength: 4, status: 'headers-only' },
      { ...named(stored.at(-1)!), branchLength: 3, status: 'valid-headers' },
      { ...named(twig[0]!), branchLength: 2, status: 'headers-only' },
      { ...named(mixed.at(-1)!), branchLength: 2, status: 'headers-only' },
    ])
    const beside = sideHeaders(ledger.sql, nodeHasher, 6, 7)
    expect(beside.map(({ hash, height, prev, status }) => [toDisplay(hash), height, toDisplay(prev), status])).toEqual([
      [toDisplay(stored[1]!.hash), 7, toDisplay(stored[0]!.hash), 'valid-headers'],
      [toDisplay(twig[0]!.hash), 7, toDisplay(stored[0]!.hash), 'headers-only'],
      [toDisplay(stored[0]!.hash), 6, toDisplay(direct[4]!.hash), 'valid-headers'],
    ])
    expect(sideHeaders(ledger.sql, nodeHasher, 9, 9)).toHaveLength(1)
  })

  test('change places in a reorg, and one that is ahead but not connected is no longer the active one', () => {
    const maker = new ChainMaker({ seed: 5 })
    const ledger = new Ledger()
    const direct = maker.mine(5)
    ledger.extend(bytesOf(direct))
    const longer = maker.mine(4, {}, direct[2])
    const end = ledger.store(bytesOf(longer))
    expect(tipsOf(ledger)).toEqual([
      { ...named(longer.at(-1)!), branchLength: 4, status: 'valid-headers' },
      { ...named(direct.at(-1)!), branchLength: 0, status: 'active' },
    ])
    reorgTo(ledger, end)
    expect(tipsOf(ledger)).toEqual([
      { ...named(longer.at(-1)!), branchLength: 0, status: 'active' },
      { ...named(direct.at(-1)!), branchLength: 2, status: 'valid-headers' },
    ])
  })

  test('that hold a block against the rules are invalid', () => {
    const maker = new ChainMaker({ seed: 6 })
    const ledger = new Ledger()
    const direct = maker.mine(2)
    ledger.extend(bytesOf(direct))
    const [greedy] = maker.mine(1, { feeSat: 1 })
    expect(ledger.connect(greedy!.bytes).kind).toBe('invalid')
    ledger.tree.markFailed(ledger.tree.node(greedy!.hash)!)
    expect(tipsOf(ledger)).toEqual([
      { ...named(greedy!), branchLength: 1, status: 'invalid' },
      { ...named(direct.at(-1)!), branchLength: 0, status: 'active' },
    ])
  })

  test('of a first download are looked at by their end only', () => {
    const maker = new ChainMaker({ seed: 7 })
    const ledger = new Ledger()
    const direct = maker.mine(3)
    ledger.extend(bytesOf(direct))
    const ahead = maker.mine(4100)
    for (let at = 0; at < ahead.length; at += 2000) ledger.headers(bytesOf(ahead.slice(at, at + 2000)))
    expect(tipsOf(ledger)).toEqual([
      { ...named(ahead.at(-1)!), branchLength: 4100, status: 'headers-only' },
      { ...named(direct.at(-1)!), branchLength: 0, status: 'active' },
    ])
  })
})
