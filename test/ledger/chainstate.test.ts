import { describe, expect, test } from 'vitest'
import { CONNECTED, HAVE_BODY } from '../../src/chain/header-store.ts'
import { signetWith } from '../../src/chain/network.ts'
import { main } from '../../src/chain/networks/main.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { Chainstate } from '../../src/ledger/chainstate.ts'
import { readPrevouts } from '../../src/ledger/prevouts.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { concatBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readDat } from '../shared.ts'
import {
  type BlockPlan,
  ChainMaker,
  COINBASE_SCRIPT,
  coinbaseCoin,
  type MadeBlock,
  OP_TRUE,
  spend,
} from '../sim/chain-maker.ts'
import { chainstateContract } from './chainstate-contract.ts'
import { dump } from './dump.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger, memory } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

chainstateContract('SQLite in memory', async (body) => body(memory()))

const openMain = { ...main, minChainWork: 0n }

describeShared('real chains', () => {
  test('the first 600 blocks of mainnet connect, and every row is as computed the plain way', () => {
    const blocks = readDat('blocks/mainnet-0-599.dat')
    const ledger = new Ledger(undefined, { network: openMain })
    ledger.extend(blocks.slice(1))
    expect(ledger.chain.tip.height).toBe(599)
    const rows = dump(ledger.sql)
    expect(rows.tx).toHaveLength(616)
    expect(rows).toMatchObject(naiveIndex(blocks))
    // Without the reward of genesis and what was spent: 599 coinbases and the outputs of 16 transactions.
    const total = rows.coin.reduce((sum, row) => sum + Number(row.split(' ')[2]), 0)
    expect(total).toBe(599 * 50_0000_0000)
  })

  test('206 blocks of regtest with segwit and taproot connect', () => {
    const blocks = readDat('blocks/regtest-1-206.dat')
    const ledger = new Ledger()
    ledger.extend(blocks)
    expect(toDisplay(ledger.chain.tip.hash)).toBe('3de082158b117acd088306c395d09771bb7cbf0b7355796c1b1e0bd748ef9bed')
    expect(dump(ledger.sql)).toMatchObject(naiveIndex([regtest.genesis, ...blocks]))
  })

  test('blocks whose bytes came before their turn are connected from the store', () => {
    const blocks = readDat('blocks/regtest-1-206.dat')
    const ledger = new Ledger()
    const tip = ledger.store(blocks)
    expect(ledger.chain.tip.height).toBe(0)
    expect(reorgTo(ledger, tip)).toMatchObject({ kind: 'reorg', reorg: { reverted: [] } })
    expect(dump(ledger.sql)).toMatchObject(naiveIndex([regtest.genesis, ...blocks]))
  })
})

/** A ledger at height 110, and the maker of its blocks. */
function start(options: ConstructorParameters<typeof Ledger>[1] = {}) {
  const maker = new ChainMaker()
  const blocks = maker.mine(110)
  const ledger = new Ledger(undefined, options)
  ledger.extend(blocks.map((block) => block.bytes))
  return { maker, blocks, ledger }
}

describe('a new store', () => {
  test('begins with genesis connected, whose output is no coin', () => {
    const ledger = new Ledger()
    expect(ledger.chain.tip.height).toBe(0)
    const rows = dump(ledger.sql)
    expect(rows).toMatchObject(naiveIndex([regtest.genesis]))
    expect(rows.tx).toHaveLength(1)
    expect(rows.coin).toEqual([])
    expect(ledger.chain.coins.coin(regtest.genesis.slice(36, 68), 0)).toBeUndefined()
    expect(ledger.chain.readBody(ledger.chain.tip)).toEqual({ kind: 'found', bytes: regtest.genesis })
  })

  test('gives bodies away without losing them, before the commit as after it', () => {
    const [block] = new ChainMaker().mine(1)
    const ledger = new Ledger()
    const [node] = ledger.headers([block!.bytes])
    ledger.chain.storeBody(node!, block!.bytes.slice())
    for (let i = 0; i < 2; i++) {
      const body = ledger.chain.readBody(node!)
      expect(body).toEqual({ kind: 'found', bytes: block!.bytes })
      if (body.kind === 'found') structuredClone(body.bytes, { transfer: [body.bytes.buffer] })
      expect(ledger.chain.readBody(node!)).toEqual({ kind: 'found', bytes: block!.bytes })
      ledger.chain.commit()
    }
  })

  test('is refused for another network ever after', () => {
    const sql = memory()
    new Ledger(sql)
    const wrong = [
      { ...regtest, name: 'testnet4' as const },
      { ...regtest, genesisHash: new Uint8Array(32) },
      { ...regtest, magic: Uint8Array.of(1, 2, 3, 4) },
    ]
    const { tree } = new Ledger(sql)
    for (const network of wrong) {
      expect(() => new Chainstate({ sql, network, tree })).toThrow(expect.objectContaining({ code: 'foreign' }))
    }
    expect(new Ledger(sql).chain.tip.height).toBe(0)
  })

  test('tells signets of different challenges apart', () => {
    const sql = memory()
    new Ledger(sql, { network: signetWith(OP_TRUE) })
    expect(() => new Ledger(sql, { network: signetWith(concatBytes(OP_TRUE, OP_TRUE)) })).toThrow('another network')
  })
})

describe('connecting', () => {
  test('tells what a mempool and an announcement need', () => {
    const { maker, blocks, ledger } = start()
    const coin = coinbaseCoin(blocks[0]!, maker)
    const tx = spend([coin], [{ valueSat: coin.valueSat - 321, script: OP_TRUE }])
    const block = maker.block({ transactions: [tx], feeSat: 321 })
    const result = ledger.connect(block.bytes)
    expect(result).toMatchObject({ kind: 'connected', fees: 321, node: { height: 111 } })
    if (result.kind !== 'connected') return
    expect(result.txids).toEqual(concatBytes(...block.txids))
    expect(result.outpoints.slice(36)).toEqual(concatBytes(coin.txid, new Uint8Array(4)))
    const ref = { hash: block.hash, height: 111, id: result.node.id }
    expect(ledger.chain.pendingBytes).toBeGreaterThan(block.bytes.length)
    expect(ledger.chain.commit()).toEqual({ reverted: [], connected: [ref] })
    expect(ledger.chain.commit()).toBeUndefined()
    expect(ledger.chain.pendingBytes).toBe(0)
    expect(ledger.tree.node(block.hash)!.status & (HAVE_BODY | CONNECTED)).toBe(HAVE_BODY | CONNECTED)
  })

  test('shows its coins at once, committed or not', () => {
    const { maker, blocks, ledger } = start()
    const coin = coinbaseCoin(blocks[0]!, maker)
    const tx = spend([coin], [{ valueSat: coin.valueSat, script: OP_TRUE }])
    const block = maker.block({ transactions: [tx] })
    const { coins } = ledger.chain
    expect(coins.coin(coin.txid, 0)).toEqual({
      value: 50_0000_0000,
      script: COINBASE_SCRIPT,
      height: 1,
      coinbase: true,
      txNum: 1,
    })
    expect(coins.coin(coin.txid, 1)).toBeUndefined()
    ledger.connect(block.bytes)
    const look = () => [coins.coin(coin.txid, 0), coins.coin(block.txids[1]!, 0)]
    expect(look()).toMatchObject([undefined, { height: 111, coinbase: false, txNum: 112 }])
    ledger.chain.commit()
    expect(look()).toMatchObject([undefined, { height: 111, coinbase: false, txNum: 112 }])
    expect(new Ledger(ledger.sql).chain.coins.coin(block.txids[1]!, 0)).toMatchObject({ height: 111, txNum: 112 })
  })

  test('only a child of the tip connects', () => {
    const { maker, blocks, ledger } = start()
    expect(() => ledger.connect(maker.block({}, blocks[50]!).bytes)).toThrow('child of the tip')
  })

  test('a store that is opened again goes on where it stood', () => {
    const { maker, ledger } = start()
    const next = maker.mine(1)[0]!
    const reopened = new Ledger(ledger.sql)
    expect(reopened.chain.tip.hash).toEqual(ledger.chain.tip.hash)
    reopened.extend([next.bytes])
    expect(dump(reopened.sql)).toMatchObject(naiveIndex([regtest.genesis, ...maker.chain().map((b) => b.bytes)]))
  })
})

describe('a reorganisation', () => {
  /** A branch of five blocks on height 108 whose fourth is made by `bad`. */
  function branchWith(on: ReturnType<typeof start>, bad: BlockPlan): MadeBlock[] {
    const { maker, blocks } = on
    const good = maker.mine(3, {}, blocks[107]!)
    const fourth = maker.block(bad, good[2]!)
    return [...good, fourth, maker.block({}, fourth)]
  }

  test.each([
    ['in one transaction', 64_000_000],
    ['in many', 0],
  ])('to a branch with an invalid block leaves everything as it was, when it is made %s', (_, batchBytes) => {
    const on = start({ batchBytes })
    const before = dump(on.ledger.sql)
    const branch = branchWith(on, { feeSat: 1 })
    const tip = on.ledger.store(branch.map((block) => block.bytes))
    expect(reorgTo(on.ledger, tip)).toMatchObject({
      kind: 'invalid',
      reason: 'bad-cb-amount',
      node: { height: 112, hash: branch[3]!.hash },
    })
    expect(on.ledger.chain.tip.height).toBe(110)
    expect(dump(on.ledger.sql)).toEqual(before)
    expect(new Ledger(on.ledger.sql).chain.tip.height).toBe(110)
    // And it goes on.
    on.ledger.extend([on.maker.block({}, on.blocks[109]!).bytes])
    expect(on.ledger.chain.tip.height).toBe(111)
  })

  test('to a branch whose blocks are not all there changes nothing and names the first that is missing', () => {
    const on = start()
    const branch = branchWith(on, {}).map((block) => block.bytes)
    const nodes = on.ledger.headers(branch)
    nodes.forEach((node, i) => {
      if (i !== 2) on.ledger.chain.storeBody(node, branch[i]!)
    })
    const before = on.ledger.chain.tip
    expect(reorgTo(on.ledger, nodes[4]!)).toMatchObject({
      kind: 'unavailable',
      why: 'missing',
      node: { height: nodes[2]!.height },
    })
    expect(on.ledger.chain.tip.id).toBe(before.id)
  })

  test.each([64_000_000, 0])('to a branch with a damaged block changes nothing (batches of %i bytes)', (batchBytes) => {
    const on = start({ batchBytes })
    const branch = branchWith(on, {}).map((block) => block.bytes)
    const tip = on.ledger.store(branch)
    const before = dump(on.ledger.sql)
    const third = on.ledger.headers(branch)[2]!
    damage(on.ledger, 'body', third.id)
    expect(reorgTo(on.ledger, tip)).toMatchObject({ kind: 'unavailable', why: 'damaged', node: { id: third.id } })
    expect(dump(on.ledger.sql)).toEqual(before)
    // The block comes again, and all is well.
    on.ledger.chain.storeBody(third, branch[2]!)
    expect(reorgTo(on.ledger, tip).kind).toBe('reorg')
  })

  test('keeps the blocks it reverts', () => {
    const on = start()
    const branch = branchWith(on, {})
    reorgTo(on.ledger, on.ledger.store(branch.map((block) => block.bytes)))
    const stale = on.ledger.tree.node(on.blocks[109]!.hash)!
    expect(stale.status & (HAVE_BODY | CONNECTED)).toBe(HAVE_BODY)
    expect(on.ledger.chain.readBody(stale)).toEqual({ kind: 'found', bytes: on.blocks[109]!.bytes })
    expect(readPrevouts(on.ledger.sql, stale.id)).toEqual({ kind: 'missing' })
  })

  test('begins with everything committed', () => {
    const on = start()
    on.ledger.connect(on.maker.block({}).bytes)
    expect(() => reorgTo(on.ledger, on.ledger.tree.mainAt(50)!)).toThrow('committed')
  })

  test('down to genesis leaves genesis', () => {
    const chain = new RandomChain(3)
    const blocks = chain.growMany(chain.maker.genesis, 108, 3).map((block) => block.bytes)
    const ledger = new Ledger(undefined, { batchBytes: 20_000 })
    ledger.extend(blocks)
    expect(reorgTo(ledger, ledger.tree.mainAt(0)!)).toMatchObject({ reorg: { connected: [] } })
    expect(dump(ledger.sql)).toEqual(dump(new Ledger().sql))
    expect(reorgTo(ledger, ledger.tree.mainAt(108)!)).toMatchObject({ reorg: { reverted: [] } })
    expect(dump(ledger.sql)).toMatchObject(naiveIndex([regtest.genesis, ...blocks]))
  })

  test('past what memory keeps of heights gives the same rows', () => {
    // More blocks than the heights in memory, taken back and connected again.
    const maker = new ChainMaker()
    const blocks = maker.mine(8300).map((block) => block.bytes)
    const ledger = new Ledger()
    ledger.extend(blocks)
    const tip = ledger.chain.tip
    expect(reorgTo(ledger, ledger.tree.mainAt(90)!).kind).toBe('reorg')
    expect(dump(ledger.sql)).toMatchObject(naiveIndex([regtest.genesis, ...blocks.slice(0, 90)]))
    expect(reorgTo(ledger, tip).kind).toBe('reorg')
    expect(ledger.chain.coins.coin(maker.chain()[4]!.txids[0]!, 0)).toMatchObject({ height: 5, coinbase: true })
  }, 60_000)
})

test('a flipped byte in a stored block is noticed, and is no error of the program', () => {
  const { ledger, blocks } = start()
  const node = ledger.tree.node(blocks[40]!.hash)!
  damage(ledger, 'body', node.id)
  expect(ledger.chain.hasBody(node)).toBe(true)
  expect(ledger.chain.readBody(node)).toEqual({ kind: 'damaged' })
  expect(ledger.chain.hasBody(node)).toBe(false)
  ledger.chain.storeBody(node, blocks[40]!.bytes)
  ledger.chain.commit()
  expect(ledger.chain.hasBody(node)).toBe(true)
  expect(ledger.chain.readBody(node)).toEqual({ kind: 'found', bytes: blocks[40]!.bytes })
})

test('spent outputs that are damaged in the store stop a reorganisation, which changes nothing', () => {
  const { ledger, blocks, maker } = start()
  const tx = spend([coinbaseCoin(blocks[0]!, maker)], [{ valueSat: 1, script: OP_TRUE }])
  const block = maker.block({ transactions: [tx] })
  ledger.extend([block.bytes])
  const node = ledger.tree.node(sha256d(block.header))!
  damage(ledger, 'prevouts', node.id)
  const before = dump(ledger.sql)
  const refused = reorgTo(ledger, ledger.tree.mainAt(100)!)
  expect(refused).toMatchObject({ kind: 'unavailable', why: 'damaged', node: { id: node.id } })
  expect(dump(ledger.sql)).toEqual(before)
  expect(ledger.chain.tip.id).toBe(node.id)
})

function damage({ sql }: Ledger, table: 'body' | 'prevouts', blockId: number): void {
  const { bytes } = sql.sql
    .exec<{ bytes: Uint8Array }>(`SELECT bytes FROM ${table} WHERE id = ?`, blockId * PARTS_PER_BLOCK)
    .one()
  bytes[3]! ^= 1
  sql.sql.exec(`UPDATE ${table} SET bytes = ? WHERE id = ?`, bytes, blockId * PARTS_PER_BLOCK)
}
