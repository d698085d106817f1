import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HAVE_BODY } from '../../src/chain/header-store.ts'
import { main } from '../../src/chain/networks/main.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { hexToBytes, prefix48, sha256 } from '../../src/wire/hash.ts'
import { describeShared, readDat } from '../shared.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import { expectSameAnswers, NaiveChain } from './naive-answers.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

const queriesOf = (sql: SqlPort, network = regtest) => new ChainQueries({ sql, network, hasher: nodeHasher })

/** A ledger with a random chain: a hundred blocks to mature, then some that spend. */
function randomLedger(seed: number, busy = 20, most = 5) {
  const random = new RandomChain(seed)
  const quiet = random.growMany(random.maker.genesis, 100, 0)
  const tip = random.growMany(quiet.at(-1)!, busy, most).at(-1)!
  const ledger = new Ledger()
  ledger.extend(random.path(tip).slice(1))
  return { random, ledger, tip, naive: new NaiveChain(random.path(tip)) }
}

describe('answers about the chain', () => {
  test.each([1, 2, 3])('are those of a walk over the parsed blocks (random chain %i)', (seed) => {
    const { ledger, naive } = randomLedger(seed)
    expect(naive.txs.length).toBeGreaterThan(130)
    expectSameAnswers(queriesOf(ledger.sql), naive, seed + 2)
  })

  test('stay right when a reorg changes them under the caches', () => {
    const { random, ledger, tip } = randomLedger(4, 6)
    const queries = queriesOf(ledger.sql)
    let [from, best] = [tip, tip]
    for (let round = 0; round < 6; round++) {
      expectSameAnswers(queries, new NaiveChain(random.path(best)), 50)
      for (let back = random.random.below(5); back > 0; back--) from = random.maker.find(from.prev)!
      const branch = random.growMany(from, best.height - from.height + 1, 5)
      ledger.store(branch.map(({ bytes }) => bytes))
      const node = ledger.tree.node(branch.at(-1)!.hash)!
      const direct = ledger.chain.tip.hash
      expect(reorgTo(ledger, node).kind).toBe('reorg')
      expect(queries.block(direct) === undefined).toBe(from.height < best.height)
      from = branch.at(-1)!
      best = from
    }
    expectSameAnswers(queries, new NaiveChain(random.path(best)), 50)
  })

  test('are not changed by rows whose prefix collides, or by rows that lead nowhere', () => {
    const { ledger, naive } = randomLedger(5, 12)
    const { sql } = ledger
    const count = naive.txs.length
    sql.transactionSync(() => {
      const collide = (table: string, prefix: number, txNum: number) =>
        sql.sql.exec(`INSERT OR IGNORE INTO ${table} VALUES (?, ?)`, prefix, txNum)
      naive.txs.forEach(({ info }, i) => {
        for (const txNum of [i + 1, (i * 7) % count, count, count + 9]) collide('tx', prefix48(info.txid), txNum)
      })
      for (const script of naive.scripthashes) {
        for (let i = 0; i < count + 3; i += 2) collide('history', prefix48(hexToBytes(script)), i)
      }
    })
    expectSameAnswers(queriesOf(sql), naive, 5)
  })

  test('find a block among headers with the same prefix, and none that is not there', () => {
    const { ledger, naive } = randomLedger(5, 1)
    const queries = queriesOf(ledger.sql)
    for (const { info } of naive.blocks.slice(2, 8)) {
      ledger.sql.sql.exec('UPDATE header SET prefix48 = ? WHERE height BETWEEN 2 AND 7', prefix48(info.hash))
      expect(queries.block(info.hash)).toEqual(info)
      const similar = info.hash.slice().fill(0, 6)
      expect([queries.block(similar), queries.rawBlock(similar)]).toEqual([undefined, { kind: 'missing' }])
    }
  })

  test('give a coin to the later of two transactions with the same txid (BIP30)', () => {
    const { ledger, naive } = randomLedger(9, 1)
    const { info, scripts } = naive.txs.at(-1)!
    const utxos = () => queriesOf(ledger.sql).scriptUtxos(hexToBytes([...scripts][0]!), 1000)
    const before = utxos()
    expect(before).toContainEqual(expect.objectContaining({ txid: info.txid }))
    ledger.sql.sql.exec('UPDATE coin SET tx_num = 100000 WHERE tx_num = ?', naive.txs.length - 1)
    expect(utxos()).not.toContainEqual(expect.objectContaining({ txid: info.txid }))
  })

  test('of a history that is only collisions are empty', () => {
    const { ledger, naive } = randomLedger(6, 4)
    const nobody = sha256(Uint8Array.of(1, 2, 3))
    for (let i = 0; i < naive.txs.length; i++)
      ledger.sql.sql.exec('INSERT INTO history VALUES (?, ?)', prefix48(nobody), i)
    const queries = queriesOf(ledger.sql)
    expect(queries.scriptStats(nobody)).toEqual({
      fundedCount: 0,
      fundedSum: 0,
      spentCount: 0,
      spentSum: 0,
      txCount: 0,
    })
    expect(queries.scriptTxs(nobody, 25)).toEqual({ txs: [], more: false })
    expect(queries.scriptTxs(nobody, 25, naive.txs[9]!.info.txid)).toEqual({ txs: [], more: false })
    expect(queries.scriptUtxos(nobody, 500)).toEqual([])
  })

  test('about what nobody knows are none', () => {
    const { ledger, naive } = randomLedger(7, 2)
    const queries = queriesOf(ledger.sql)
    const unknown = new Uint8Array(32).fill(9)
    expect(queries.block(unknown)).toBeUndefined()
    expect(queries.rawBlock(unknown)).toEqual({ kind: 'missing' })
    expect(queries.blockTxids(unknown)).toBeUndefined()
    expect(queries.blockTxs(unknown, 0, 25)).toBeUndefined()
    expect(queries.tx(unknown)).toBeUndefined()
    expect(queries.txStatus(unknown)).toEqual({ confirmed: false })
    expect(queries.merkleProof(unknown)).toBeUndefined()
    expect(queries.outspends(unknown)).toBeUndefined()
    const [script] = [...naive.scripthashes].map(hexToBytes)
    expect(queries.scriptTxs(script!, 25, unknown)).toEqual({ txs: [], more: false })
  })

  test('a page of a history may start after a transaction only if that belongs to it', () => {
    const { ledger, naive } = randomLedger(8, 8)
    const queries = queriesOf(ledger.sql)
    const [script] = naive.scripthashes
    const stranger = naive.txs.find(({ scripts }) => !scripts.has(script!))!
    expect(queries.scriptTxs(hexToBytes(script!), 5, stranger.info.txid)).toEqual({ txs: [], more: false })
    expect(queries.scriptTxs(hexToBytes(script!), 0)).toEqual({ txs: [], more: false })
  })
})

describe('a store', () => {
  test('that is being written is read by another connection, one commit at a time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
    const path = join(folder, 'ledger.sqlite')
    const writer = openSqlite(path)
    const ledger = new Ledger(writer)
    const reader = openSqlite(path, { readOnly: true })
    const queries = queriesOf(reader)
    const blocks = new ChainMaker({ seed: 1 }).mine(3)
    expect(queries.tip().height).toBe(0)
    ledger.connect(blocks[0]!.bytes)
    expect(queries.tip().height).toBe(0)
    queries.snapshot(() => {
      expect(queries.tip().height).toBe(0)
      ledger.extend(blocks.slice(1).map(({ bytes }) => bytes))
      expect(queries.tip().height).toBe(0)
      expect(queries.block(blocks[2]!.hash)).toBeUndefined()
    })
    expect(queries.tip()).toEqual({ height: 3, hash: blocks[2]!.hash, time: blocks[2]!.time })
    expect(queries.blocks(undefined, 2)?.map(({ height }) => height)).toEqual([3, 2])
    reader.close()
    writer.close()
    rmSync(folder, { recursive: true })
  })

  test('knows how high its headers reach', () => {
    const ledger = new Ledger()
    const blocks = new ChainMaker({ seed: 1 }).mine(5)
    ledger.headers(blocks.map(({ bytes }) => bytes))
    ledger.extend([blocks[0]!.bytes])
    const queries = queriesOf(ledger.sql)
    expect([queries.tip().height, queries.headerHeight()]).toEqual([1, 5])
  })

  const bodyId = (ledger: Ledger, block: MadeBlock) => ledger.tree.node(block.hash)!.id * PARTS_PER_BLOCK

  test('that is damaged says so, and never hands out what it cannot vouch for', () => {
    const maker = new ChainMaker({ seed: 1 })
    const [block] = maker.mine(1)
    const ledger = new Ledger()
    ledger.extend([block!.bytes])
    const broken = block!.bytes.slice()
    broken[broken.length - 9]! ^= 1
    ledger.sql.sql.exec('UPDATE body SET bytes = ? WHERE id = ?', broken, bodyId(ledger, block!))
    const queries = queriesOf(ledger.sql)
    expect(queries.rawBlock(block!.hash)).toEqual({ kind: 'damaged' })
    expect(() => queries.tx(block!.txids[0]!)).toThrow(expect.objectContaining({ code: 'corrupt' }))
    // Even where the check was made to fit: a transaction has to hash to its txid.
    const check = prefix48(sha256(broken))
    ledger.sql.sql.exec('UPDATE body SET check48 = ? WHERE id = ?', check, bodyId(ledger, block!))
    expect(() => queries.tx(block!.txids[0]!)).toThrow(expect.objectContaining({ code: 'corrupt' }))
  })

  test('that does not keep a body says that it is pruned', () => {
    const [block] = new ChainMaker({ seed: 1 }).mine(1)
    const ledger = new Ledger()
    ledger.extend([block!.bytes])
    ledger.sql.sql.exec('DELETE FROM body WHERE id = ?', bodyId(ledger, block!))
    const queries = queriesOf(ledger.sql)
    // Where it ought to be, it is lost.
    expect(queries.rawBlock(block!.hash)).toEqual({ kind: 'damaged' })
    ledger.tree.setStatus(ledger.tree.node(block!.hash)!, 0, HAVE_BODY)
    expect(queries.rawBlock(block!.hash)).toEqual({ kind: 'pruned' })
  })

  test('whose offsets lie about a txid proves nothing', () => {
    const [block] = new ChainMaker({ seed: 1 }).mine(1)
    const ledger = new Ledger()
    ledger.extend([block!.bytes])
    const forged = new Uint8Array(32).fill(5)
    const id = ledger.tree.node(block!.hash)!.id
    ledger.sql.sql.exec(
      'UPDATE offsets SET bytes = CAST(substr(bytes, 1, 8) || ? AS BLOB) WHERE block_id = ?',
      forged,
      id,
    )
    ledger.sql.sql.exec('INSERT INTO tx VALUES (?, ?)', prefix48(forged), 1)
    const queries = queriesOf(ledger.sql)
    expect(() => queries.merkleProof(forged)).toThrow(expect.objectContaining({ code: 'corrupt' }))
    expect(() => queries.tx(forged)).toThrow(expect.objectContaining({ code: 'corrupt' }))
  })
})

describeShared('recorded chains', () => {
  test.each([
    ['mainnet-0-599', main, 1],
    ['regtest-1-206', regtest, 0],
  ])('%s answers as a walk over its blocks does', (name, network, from) => {
    const blocks = readDat(`blocks/${name}.dat`).slice(from)
    const ledger = new Ledger(undefined, { network: { ...network, minChainWork: 0n } })
    ledger.extend(blocks)
    expectSameAnswers(queriesOf(ledger.sql, network), new NaiveChain([network.genesis, ...blocks]), 10)
  })
})
