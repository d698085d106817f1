import { describe, expect, test } from 'vitest'
import { basicFilter } from '../../src/chain/block-filter.ts'
import { HAVE_BODY } from '../../src/chain/header-store.ts'
import { CoreChain } from '../../src/ledger/core-chain.ts'
import { FilterIndex } from '../../src/ledger/filter-index.ts'
import { readSpentOutputs } from '../../src/ledger/spent-outputs.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { Writer } from '../../src/wire/codec.ts'
import { bytesToHex, concatBytes, hashKey, sha256d } from '../../src/wire/hash.ts'
import { outputsOf, rangesOf } from '../chain/script-ranges.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import { NaiveChain } from './naive-answers.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

/** A chain of 125 blocks, and three of another branch that are stored, connected once or never. */
const chain = new RandomChain(5)
const blocks = chain.growMany(chain.maker.genesis, 125, 6)
const [stale] = chain.growMany(blocks[120]!, 1, 3)
const [unseen] = chain.growMany(blocks[120]!, 1, 3)
const ledger = new Ledger()
ledger.extend(blocks.slice(0, 121).map(({ bytes }) => bytes))
ledger.extend([stale!.bytes])
reorgTo(ledger, ledger.store(blocks.slice(121).map(({ bytes }) => bytes)))
ledger.headers([unseen!.bytes])
const naive = new NaiveChain([chain.maker.genesis, ...blocks].map(({ bytes }) => bytes))
const core = new CoreChain(ledger.sql, nodeHasher)
const tipHeight = blocks.length

function outpoint(txid: Uint8Array, vout: number): Uint8Array {
  const writer = new Writer(36)
  writer.bytes(txid)
  writer.u32(vout)
  return writer.finish()
}

describe('headers', () => {
  test('a run begins at the block asked for and ends with the chain', () => {
    const { tip, headers } = core.headersFrom(blocks[4]!.hash, 2000)
    expect(tip).toBe(tipHeight)
    expect(headers).toHaveLength(tipHeight - 4)
    expect(headers.at(-1)?.next).toBeUndefined()
    for (const header of headers) {
      const { info } = naive.blocks[header.height]!
      const { hash, height, medianTime, txCount, next } = info
      expect(header).toMatchObject({ hash, height, medianTime, txCount })
      expect(header.next).toEqual(next)
      // Every regtest block takes two tries.
      expect(BigInt(`0x${bytesToHex(header.work)}`)).toBe(2n * BigInt(height + 1))
    }
    expect(core.headersFrom(blocks[4]!.hash, 3).headers).toEqual(headers.slice(0, 3))
    expect(core.headersFrom(chain.maker.genesis.hash, 1).headers[0]?.height).toBe(0)
    expect(core.tip()).toEqual(headers.at(-1))
  })

  test.each([
    ['a stale block', stale!.hash],
    ['a block that is not stored', unseen!.hash],
    ['an unknown one', new Uint8Array(32)],
  ])('%s begins no run', (_, hash) => {
    expect(core.headersFrom(hash, 5)).toEqual({ tip: tipHeight, headers: [] })
  })
})

describe('blocks', () => {
  test('bodies of every branch, as far as they are stored', () => {
    expect(core.storedBlock(blocks[7]!.hash)).toEqual({ kind: 'found', bytes: blocks[7]!.bytes })
    expect(core.storedBlock(stale!.hash)).toEqual({ kind: 'found', bytes: stale!.bytes })
    expect(core.storedBlock(unseen!.hash)).toEqual({ kind: 'absent' })
    expect(core.storedBlock(new Uint8Array(32))).toEqual({ kind: 'missing' })
  })

  test.each([
    ['connected', blocks[110]!],
    ['stale', stale!],
  ])('parts of a %s block', (_, { hash, bytes }: MadeBlock) => {
    expect(core.blockPart(hash, 0, bytes.length)).toEqual({ kind: 'found', bytes })
    expect(core.blockPart(hash, 10, 70)).toEqual({ kind: 'found', bytes: bytes.slice(10, 80) })
    for (const [offset, size] of [
      [0, 0],
      [0, bytes.length + 1],
      [bytes.length, 1],
      [1, bytes.length],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ] as const) {
      expect(core.blockPart(hash, offset, size)).toEqual({ kind: 'bad-range' })
    }
    expect(core.blockPart(unseen!.hash, 0, 1)).toEqual({ kind: 'absent' })
    expect(core.blockPart(new Uint8Array(32), 0, 1)).toEqual({ kind: 'missing' })
  })

  test('details say of every input what it spends, when that was made and whether by a coinbase', () => {
    let spends = 0
    for (const { info, txs } of naive.blocks) {
      const detail = core.blockDetail(info.hash, true)
      if (detail.kind !== 'found') throw new Error(detail.kind)
      expect(detail.tip).toBe(tipHeight)
      expect(detail.block.height).toBe(info.height)
      expect(3 * detail.strippedSize + info.size).toBe(info.weight)
      for (const [i, { info: tx }] of txs.entries()) {
        expect(detail.bytes.slice(detail.txStart[i], detail.txStart[i + 1])).toEqual(tx.raw)
        expect(detail.txids.slice(i * 32, i * 32 + 32)).toEqual(tx.txid)
        expect(detail.wtxids.slice(i * 32, i * 32 + 32)).toEqual(sha256d(tx.raw))
      }
      expect(core.blockDetail(info.hash, false)).not.toHaveProperty('spent')
      const { value, height, coinbase, scriptAt, scriptLength, scripts } = detail.spent!
      let row = 0
      for (const { info: tx, tx: parsed, pos } of txs) {
        for (const [vin, { prevout }] of pos === 0 ? [] : parsed.inputs.entries()) {
          const funding = naive.tx(prevout.hash)!
          const script = scripts.subarray(scriptAt[row]!, scriptAt[row]! + scriptLength[row]!)
          expect({ value: value[row]!, script }).toEqual(tx.prevouts[vin])
          expect(height[row]).toBe(funding.info.status.confirmed && funding.info.status.height)
          expect(coinbase[row]).toBe(funding.pos === 0 ? 1 : 0)
          row++
          spends++
        }
      }
      expect(value.length).toBe(row)
    }
    expect(spends).toBeGreaterThan(50)
  })

  test('of a stale block what it spends is not known any more, and it has no depth', () => {
    const detail = core.blockDetail(stale!.hash, true)
    if (detail.kind !== 'found') throw new Error(detail.kind)
    expect(detail).toMatchObject({ bytes: stale!.bytes, block: { height: 122 } })
    expect(detail).not.toHaveProperty('spent')
    expect(detail).not.toHaveProperty('tip')
    expect(detail.block.next).toBeUndefined()
    const onChain = new NaiveChain([chain.maker.genesis, ...blocks.slice(0, 121), stale!].map(({ bytes }) => bytes))
    const { medianTime, txCount } = onChain.tip.info
    expect(detail.block).toMatchObject({ medianTime, txCount })
    expect(core.spentOutputs(stale!.hash)).toEqual({ kind: 'stale' })
  })

  test('spent outputs read back as what each transaction spends', () => {
    for (const { info, txs } of naive.blocks) {
      const spent = core.spentOutputs(info.hash)
      if (spent.kind !== 'found') throw new Error(spent.kind)
      const expected = txs.map(({ info: tx, pos }) => (pos === 0 ? [] : tx.prevouts))
      expect([...readSpentOutputs(spent.bytes)]).toEqual(expected)
    }
    expect(core.spentOutputs(chain.maker.genesis.hash)).toEqual({ kind: 'found', bytes: Uint8Array.of(1, 0) })
    expect(core.spentOutputs(unseen!.hash)).toEqual({ kind: 'stale' })
    expect(core.spentOutputs(new Uint8Array(32))).toEqual({ kind: 'missing' })
  })
})

test('coins are those that nothing spends', () => {
  const known = new Set<string>()
  for (const { tx, pos } of naive.txs) {
    if (pos > 0) for (const { prevout } of tx.inputs) known.add(hashKey(prevout.hash) + prevout.index)
  }
  const asked = naive.txs.slice(1).flatMap(({ info, tx }) => tx.outputs.map((output, vout) => ({ info, output, vout })))
  const coins = core.coins(concatBytes(...asked.map(({ info, vout }) => outpoint(info.txid, vout))))
  for (const [i, { info, output, vout }] of asked.entries()) {
    const isCoin = output.scriptPubKey[0] !== 0x6a && !known.has(hashKey(info.txid) + vout)
    const height = info.status.confirmed && info.status.height
    const coin = { height, value: Number(output.value), script: output.scriptPubKey }
    expect(coins[i]).toEqual(isCoin ? coin : undefined)
  }
  expect(coins.filter(Boolean).length).toBeGreaterThan(20)
  expect(core.coins(outpoint(new Uint8Array(32), 0))).toEqual([undefined])
  expect(core.coins(new Uint8Array(0))).toEqual([])
})

test('filters are those of block and spent scripts, and there are none off the chain', () => {
  const index = new FilterIndex(ledger.sql, nodeHasher)
  index.advance({ blocks: 100, bytes: 1e9 })
  expect(core.blockFilter(blocks[120]!.hash)).toEqual({ kind: 'behind' })
  expect(index.advance({ blocks: 100, bytes: 1e9 })).toEqual({ kind: 'done' })
  for (const { info, bytes, txs } of naive.blocks) {
    const spent = txs.slice(1).flatMap(({ info: tx }) => tx.prevouts.map((prevout) => prevout!.script))
    const filter = basicFilter(info.hash, outputsOf(bytes), rangesOf(spent))
    expect(core.blockFilter(info.hash)).toEqual({ kind: 'found', bytes: filter })
  }
  expect(core.blockFilter(stale!.hash)).toEqual({ kind: 'stale' })
  expect(core.blockFilter(new Uint8Array(32))).toEqual({ kind: 'missing' })
  expect(core.filterHeadersFrom(stale!.hash, 5)).toEqual({ kind: 'found', bytes: new Uint8Array(0) })
  expect(core.filterHeadersFrom(blocks[123]!.hash, 5)).toMatchObject({ kind: 'found', bytes: { length: 64 } })
})

test('damage is told, and no more is said of the block than is undamaged', () => {
  const hurt = new Ledger()
  hurt.extend(blocks.map(({ bytes }) => bytes))
  const { hash } = blocks.find(({ txids }) => txids.length > 1)!
  const id = hurt.tree.node(hash)!.id
  const core = new CoreChain(hurt.sql, nodeHasher)
  const spoil = (table: string) =>
    hurt.sql.sql.exec(`UPDATE ${table} SET check48 = 0 WHERE id = ?`, id * PARTS_PER_BLOCK)
  spoil('prevouts')
  expect(core.spentOutputs(hash)).toEqual({ kind: 'damaged' })
  expect(core.blockDetail(hash, true)).toEqual({ kind: 'damaged' })
  expect(core.storedBlock(hash).kind).toBe('found')
  spoil('body')
  expect(core.storedBlock(hash)).toEqual({ kind: 'damaged' })
  expect(core.blockPart(hash, 0, 80)).toEqual({ kind: 'damaged' })
  hurt.sql.sql.exec('DELETE FROM body WHERE id = ?', id * PARTS_PER_BLOCK)
  expect(core.storedBlock(hash)).toEqual({ kind: 'damaged' })
  hurt.tree.setStatus(hurt.tree.node(hash)!, 0, HAVE_BODY)
  expect(core.storedBlock(hash)).toEqual({ kind: 'pruned' })
  expect(core.blockPart(hash, 0, 80)).toEqual({ kind: 'pruned' })
})
