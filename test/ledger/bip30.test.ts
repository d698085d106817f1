import { expect, test } from 'vitest'
import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { block } from '../../src/wire/block.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { concatBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { transaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { dump } from './dump.ts'
import { Ledger } from './open-ledger.ts'
import { reorgTo } from './reorg-to.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Coinbases need not name their height, so they can be repeated. */
const EARLY: Network = { ...regtest, heights: { ...regtest.heights, bip34: 1_000_000, csv: 1_000_000 } }

/** A block with this coinbase and nothing else, on a parent. */
function repeat(coinbaseOf: Bytes, parent: Bytes): Bytes {
  const coinbase = encode(transaction, decode(block, coinbaseOf).transactions[0]!)
  const header = parent.slice(0, 80)
  const view = new DataView(header.buffer)
  header.set(sha256d(parent.subarray(0, 80)), 4)
  header.set(sha256d(coinbase), 36)
  view.setUint32(68, view.getUint32(68, true) + 600, true)
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true)
    if (sha256d(header)[31]! < 0x80) return concatBytes(header, Uint8Array.of(1), coinbase)
  }
}

function start(length: number) {
  const maker = new ChainMaker({ network: EARLY })
  const blocks = maker.mine(length).map((made) => made.bytes)
  return { maker, blocks }
}

/** The network on which repeating is allowed in that block. */
function allowing(exception: Bytes, height: number): Network {
  return { ...EARLY, bip30Exceptions: [{ height, hash: sha256d(exception.subarray(0, 80)) }] }
}

function coinOf(ledger: Ledger, txid: Uint8Array) {
  return ledger.chain.coins.coin(txid, 0)
}

test('a coinbase that repeats one with unspent outputs is refused', () => {
  const { blocks } = start(5)
  const ledger = new Ledger(undefined, { network: EARLY })
  ledger.extend(blocks)
  const twin = repeat(blocks[1]!, blocks[4]!)
  expect(ledger.connect(twin)).toMatchObject({ kind: 'invalid', reason: 'bad-txns-BIP30', mutated: false })
})

test('also when both are in one batch', () => {
  const { blocks } = start(5)
  const ledger = new Ledger(undefined, { network: EARLY })
  for (const bytes of blocks) ledger.connect(bytes)
  expect(ledger.connect(repeat(blocks[1]!, blocks[4]!))).toMatchObject({ reason: 'bad-txns-BIP30' })
})

test('a coinbase that repeats one whose outputs are all spent is valid, and what spent them can follow', () => {
  const { maker, blocks } = start(105)
  const first = maker.find(sha256d(blocks[1]!.subarray(0, 80)))!
  const coin = coinbaseCoin(first, maker)
  const spending = spend([coin], [{ valueSat: coin.valueSat, script: OP_TRUE }])
  const [spender] = maker.mine(1, { transactions: [spending] })
  const ledger = new Ledger(undefined, { network: EARLY })
  ledger.extend([...blocks, spender!.bytes])
  const before = dump(ledger.sql)
  const twin = repeat(blocks[1]!, spender!.bytes)
  ledger.extend([twin])
  expect(coinOf(ledger, coin.txid)).toMatchObject({ height: 107, coinbase: true, txNum: 108 })
  // From now on any transaction may be a repeated one: the spender's output is unspent, so it is refused by name.
  const time = new DataView(twin.buffer).getUint32(68, true)
  const twinMade = { ...maker.tip, hash: sha256d(twin.subarray(0, 80)), height: 107, time, bytes: twin }
  const ripe = maker.mine(100, {}, twinMade)
  ledger.extend(ripe.map((made) => made.bytes))
  const again = maker.block({ transactions: [spending] })
  expect(ledger.connect(again.bytes)).toMatchObject({ reason: 'bad-txns-BIP30' })
  // And all of it can be taken back.
  expect(reorgTo(ledger, ledger.tree.node(spender!.hash)!).kind).toBe('reorg')
  expect(dump(ledger.sql)).toEqual(before)
})

test.each([
  ['committed block by block', true, 1_000_000],
  ['committed block by block, without a cache', true, 0],
  ['in one batch', false, 1_000_000],
])('an exception replaces the coin, and undoing it brings the first one back: %s', (_, blockwise, cacheBytes) => {
  const { blocks } = start(5)
  const twin = repeat(blocks[1]!, blocks[4]!)
  const ledger = new Ledger(undefined, { network: allowing(twin, 6), cacheBytes })
  const txid = decodeTxid(blocks[1]!)
  for (const bytes of blocks) {
    ledger.connect(bytes)
    if (blockwise) ledger.chain.commit()
  }
  expect(coinOf(ledger, txid)).toMatchObject({ height: 2, txNum: 2 })
  ledger.chain.commit()
  const before = dump(ledger.sql)
  ledger.extend([twin])
  expect(coinOf(ledger, txid)).toMatchObject({ height: 6, txNum: 6 })
  expect(dump(ledger.sql).coin.filter((row) => row.startsWith(hexOf(txid)))).toHaveLength(1)
  expect(dump(ledger.sql).tx).toHaveLength(7)
  // One coin in the place of another: the same number of them.
  const count = 'SELECT utxo_increase, utxo_size, (SELECT count(*) FROM coin) FROM best ORDER BY height DESC LIMIT 1'
  expect(ledger.sql.sql.exec(count).raw().toArray()).toEqual([[0, 5, 5]])

  const fifth = ledger.tree.mainAt(5)!
  expect(reorgTo(ledger, fifth).kind).toBe('reorg')
  expect(coinOf(ledger, txid)).toMatchObject({ height: 2, txNum: 2 })
  expect(dump(ledger.sql)).toEqual(before)
})

test.each([
  ['in one batch', { cacheBytes: 0 }],
  ['before the coins are written', { coinLagBytes: 1e9 }],
])('the coin that an exception put in place of another can be spent %s', (_, options) => {
  const { maker, blocks } = start(5)
  const twin = repeat(blocks[1]!, blocks[4]!)
  const network = allowing(twin, 6)
  const ledger = new Ledger(undefined, { network, ...options })
  ledger.extend(blocks)
  const coin = coinbaseCoin(maker.find(sha256d(blocks[1]!.subarray(0, 80)))!, maker)
  const time = new DataView(twin.buffer).getUint32(68, true)
  const after = maker.mine(99, {}, { ...maker.tip, hash: sha256d(twin.subarray(0, 80)), height: 6, time })
  const spender = maker.block({ transactions: [spend([coin], [{ valueSat: coin.valueSat, script: OP_TRUE }])] })
  for (const bytes of [twin, ...after.map((made) => made.bytes), spender.bytes]) ledger.connect(bytes)
  ledger.chain.commit({ coinsMayWait: true })
  expect(coinOf(ledger, coin.txid)).toBeUndefined()
  const opened = new Ledger(ledger.sql, { network })
  expect(coinOf(opened, coin.txid)).toBeUndefined()
  expect(dump(opened.sql).coin.filter((row) => row.startsWith(hexOf(coin.txid)))).toEqual([])
})

test('the same block at another height is no exception', () => {
  const { blocks } = start(5)
  const twin = repeat(blocks[1]!, blocks[4]!)
  const ledger = new Ledger(undefined, { network: allowing(twin, 7) })
  ledger.extend(blocks)
  expect(ledger.connect(twin)).toMatchObject({ reason: 'bad-txns-BIP30' })
})

test('where BIP 34 holds from a known block on, a repeated coinbase is refused by its height', () => {
  const { blocks } = start(5)
  const network = {
    ...EARLY,
    heights: { ...EARLY.heights, bip34: 4 },
    bip34Hash: sha256d(blocks[3]!.subarray(0, 80)),
  }
  const ledger = new Ledger(undefined, { network })
  ledger.extend(blocks.slice(0, 4))
  // The rule that replaced BIP 30 refuses it: the coinbase names another height.
  expect(ledger.connect(repeat(blocks[1]!, blocks[3]!))).toMatchObject({ reason: 'bad-cb-height' })
})

function decodeTxid(bytes: Bytes): Uint8Array {
  return sha256d(encode(transaction, decode(block, bytes).transactions[0]!))
}

function hexOf(txid: Uint8Array): string {
  return toDisplay(Uint8Array.from(txid).reverse())
}
