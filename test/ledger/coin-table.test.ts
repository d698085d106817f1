import { expect, test } from 'vitest'
import { HAVE_BODY } from '../../src/chain/header-store.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { coinsHeight } from '../../src/ledger/coin-table.ts'
import { StoreError } from '../../src/store/error.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { concatBytes, sha256 } from '../../src/wire/hash.ts'
import { type MadeBlock, OP_TRUE } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'
import { damageAt } from './damage.ts'
import { dump } from './dump.ts'
import { DyingPort } from './dying-port.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger, memory } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

const SEED = 41
const chain = new RandomChain(SEED)
const blocks = chain.growMany(chain.maker.genesis, 125, 5)
const top = blocks.at(-1)!
/** The coins are as of this height. */
const BEHIND = 60
const MUCH = { coinLagBytes: 1e9 }

/** A ledger whose blocks are committed, those above `BEHIND` without their coins. */
function lagging(sql: SqlPort = memory()): Ledger {
  const ledger = new Ledger(sql, MUCH)
  ledger.extend(blocks.slice(0, BEHIND).map(({ bytes }) => bytes))
  blocks.slice(BEHIND).forEach(({ bytes }, i) => {
    ledger.connect(bytes)
    if (i % 7 === 0) ledger.chain.commit({ coinsMayWait: true })
  })
  ledger.chain.commit({ coinsMayWait: true })
  return ledger
}

function indexOf(to: MadeBlock) {
  return naiveIndex(chain.path(to))
}

test('coins that may wait are written by a later commit', () => {
  const { sql, chain: chainstate } = lagging()
  const { coin, ...others } = indexOf(top)
  expect(dump(sql)).toMatchObject(others)
  expect(dump(sql).coin).toEqual(indexOf(blocks[BEHIND - 1]!).coin)
  expect(coinsHeight(sql)).toBe(BEHIND)
  expect(chainstate.pendingBytes).toBe(0)
  expect(chainstate.commit()).toBeUndefined()
  expect(dump(sql).coin).toEqual(coin)
  expect(coinsHeight(sql)).toBeUndefined()
})

test('more of them than may wait do not', () => {
  const ledger = new Ledger(memory(), { coinLagBytes: 4000 })
  const heights = new Set<number | undefined>()
  for (const block of blocks) {
    ledger.connect(block.bytes)
    ledger.chain.commit({ coinsMayWait: true })
    const height = coinsHeight(ledger.sql)
    heights.add(height)
    const { coin, ...others } = indexOf(block)
    expect(dump(ledger.sql)).toMatchObject(others)
    expect(dump(ledger.sql).coin).toEqual(height === undefined ? coin : indexOf(blocks[height - 1]!).coin)
  }
  expect(heights.size).toBeGreaterThan(5)
})

test('a store that was left behind is brought up to its blocks when it is opened', () => {
  const { sql } = lagging()
  const { chain: chainstate } = new Ledger(sql)
  expect(chainstate.tip.hash).toEqual(top.hash)
  expect(dump(sql)).toMatchObject(indexOf(top))
  expect(coinsHeight(sql)).toBeUndefined()
})

test('who looks at the store sees the coins as of its tip meanwhile', () => {
  const behind = lagging()
  const whole = new Ledger()
  whole.extend(blocks.map(({ bytes }) => bytes))
  const [mine, theirs] = [behind, whole].map(({ sql }) => new ChainQueries({ sql, network: regtest }))
  for (const script of [OP_TRUE, Uint8Array.of(0x51, 0x51), Uint8Array.of(0x51, 0x61)]) {
    const utxos = theirs!.scriptUtxos(sha256(script), 1000)
    expect(utxos.length).toBeGreaterThan(5)
    expect(mine!.scriptUtxos(sha256(script), 1000)).toEqual(utxos)
  }
  const outpoints = blocks.flatMap(({ txids }) =>
    txids.flatMap((txid) => [0, 1, 2, 3, 4, 5].map((vout) => concatBytes(txid, Uint8Array.of(vout, 0, 0, 0)))),
  )
  const coins = theirs!.core.coins(concatBytes(...outpoints, new Uint8Array(36)))
  expect(new Set(coins.map((coin) => coin?.height)).size).toBeGreaterThan(60)
  expect(mine!.core.coins(concatBytes(...outpoints, new Uint8Array(36)))).toEqual(coins)
})

test('a reorganisation begins with all coins written', () => {
  const ledger = lagging()
  const branch = chain.growMany(blocks[110]!, 16, 5)
  const tip = ledger.store(branch.map(({ bytes }) => bytes))
  expect(reorgTo(ledger, tip).kind).toBe('reorg')
  expect(dump(ledger.sql)).toMatchObject(indexOf(branch.at(-1)!))
})

test('a process that dies while it catches up goes on at the next start', () => {
  const died = new Set<number | undefined>()
  for (let at = 1; ; at += 19) {
    const { sql } = lagging()
    const port = new DyingPort(sql, at)
    try {
      new Ledger(port, { coinLagBytes: 3000 })
      break
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError)
      died.add(coinsHeight(sql))
      new Ledger(sql)
      expect(dump(sql), `died at statement ${at}`).toMatchObject(indexOf(top))
    }
  }
  expect(died.size).toBeGreaterThan(3)
})

test.each([BEHIND + 1, 100, 125])(
  'where a block that it takes is damaged the chain ends below it, until that comes again: block %i',
  (height) => {
    const { sql, tree } = lagging()
    const { id } = tree.mainAt(height)!
    expect(damageAt(sql, id, 'a flipped byte of the body', new SeededRandom(SEED))).toBe('body')
    const ledger = new Ledger(sql)
    const { chain: chainstate } = ledger
    expect(chainstate.tip.height).toBe(height - 1)
    expect([...chainstate.damaged]).toEqual([id])
    expect(chainstate.hasBody(ledger.tree.nodeById(id)!)).toBe(false)
    const { strayPrevouts, ...rows } = dump(sql)
    expect(rows).toMatchObject(indexOf(blocks[height - 2]!))
    expect(strayPrevouts).toEqual([])
    expect(ledger.tree.mainAt(125)!.status & HAVE_BODY).toBe(HAVE_BODY)
    ledger.extend(blocks.slice(height - 1).map(({ bytes }) => bytes))
    expect(dump(sql)).toMatchObject(indexOf(top))
  },
)
