import { describe, expect, test } from 'vitest'
import { main } from '../../src/chain/networks/main.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { dropFilters } from '../../src/ledger/block-filters.ts'
import { CoreChain } from '../../src/ledger/core-chain.ts'
import { FilterIndex } from '../../src/ledger/filter-index.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { describeShared, readDat, readShared } from '../shared.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import { ALL, filterRows, finish, freshFilterRows } from './filter-rows.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

function rowCount(sql: SqlPort): number {
  return sql.sql.exec('SELECT count(*) FROM filter').raw().toArray()[0]![0] as number
}

describeShared('real filter headers', () => {
  const network = { ...main, minChainWork: 0n }
  const blocks = readDat('blocks/mainnet-0-599.dat').slice(1)

  test('those of the first 600 blocks, whatever the steps and though it is opened anew for each', () => {
    const ledger = new Ledger(undefined, { network })
    ledger.extend(blocks)
    const core = new CoreChain(ledger.sql, nodeHasher)
    const genesis = network.genesisHash
    expect(core.filterHeadersFrom(genesis, 1)).toEqual({ kind: 'off' })
    expect(core.blockFilter(genesis)).toEqual({ kind: 'off' })
    let steps = 0
    while (new FilterIndex(ledger.sql, nodeHasher).advance({ blocks: 7, bytes: 2000 }).kind !== 'done') {
      steps++
      if (steps === 1) expect(core.filterHeadersFrom(genesis, 600)).toEqual({ kind: 'behind' })
    }
    expect(steps).toBeGreaterThan(85)
    const answer = core.filterHeadersFrom(genesis, 2000)
    expect(answer).toEqual({
      kind: 'found',
      bytes: readShared('filters/filter-headers-mainnet-0-1999.bin').slice(0, 19_200),
    })
    dropFilters(ledger.sql)
    expect(core.filterHeadersFrom(genesis, 1)).toEqual({ kind: 'off' })
    const again = new FilterIndex(ledger.sql, nodeHasher)
    expect(again.advance({ blocks: 1, bytes: 1 })).toEqual({ kind: 'done' })
  })

  test('a chain that is replaced as a whole', () => {
    const other = readDat('blocks/mainnet-alt-1-2016.dat.gz').slice(0, 610)
    const ledger = new Ledger(undefined, { network })
    ledger.extend(blocks)
    const index = new FilterIndex(ledger.sql, nodeHasher)
    finish(index)
    const before = filterRows(ledger.sql)
    const former = ledger.chain.tip
    expect(reorgTo(ledger, ledger.store(other)).kind).toBe('reorg')
    expect(filterRows(ledger.sql)).toEqual(before.slice(0, 1))
    expect(finish(index, { blocks: 100, bytes: 1e9 })).toBe(7)
    expect(filterRows(ledger.sql)).toEqual(freshFilterRows(network, other))
    expect(reorgTo(ledger, former).kind).toBe('reorg')
    expect(index.advance({ blocks: 0, bytes: 0 })).toEqual({ kind: 'done' })
    expect(filterRows(ledger.sql)).toEqual(before)
  })
})

describe('random forks', () => {
  test('leave true rows, however far the index had come at each', () => {
    const seed = 11
    const chain = new RandomChain(seed)
    const ledger = new Ledger()
    const base = chain.growMany(chain.maker.genesis, 104, 2)
    ledger.extend(base.map((block) => block.bytes))
    const blocks: MadeBlock[] = base.slice(-3)
    let index = new FilterIndex(ledger.sql, nodeHasher)
    for (let step = 0; step < 60; step++) {
      const branch = chain.growMany(chain.random.pick(blocks.slice(-12)), 1 + chain.random.below(4), 5)
      blocks.push(...branch)
      expect(reorgTo(ledger, ledger.store(branch.map((block) => block.bytes))).kind).toBe('reorg')
      if (chain.random.below(4) === 0) index = new FilterIndex(ledger.sql, nodeHasher)
      index.advance({ blocks: chain.random.below(6), bytes: 2000 })
      const made = filterRows(ledger.sql)
      // No gaps: what has a row is followed by what has none.
      expect(ledger.sql.sql.exec('SELECT header_id FROM best WHERE height < ?', made.length).toArray()).toHaveLength(
        made.length,
      )
      if (step % 10 === 9 || step === 59) {
        finish(index, { blocks: 3, bytes: 1e9 })
        const connected: Uint8Array<ArrayBuffer>[] = []
        for (let height = 1; height <= ledger.chain.tip.height; height++) {
          const body = ledger.chain.readBody(ledger.tree.ancestor(ledger.chain.tip, height)!)
          if (body.kind === 'found') connected.push(body.bytes)
        }
        expect(filterRows(ledger.sql), `seed ${seed}, step ${step}`).toEqual(freshFilterRows(regtest, connected))
      }
    }
    expect(rowCount(ledger.sql)).toBeGreaterThan(filterRows(ledger.sql).length)
  })
})

test('a block that cannot be read stops it, and once it can be again the rest follows', () => {
  const chain = new RandomChain(3)
  const ledger = new Ledger()
  const blocks = chain.growMany(chain.maker.genesis, 110, 4)
  ledger.extend(blocks.map(({ bytes }) => bytes))
  const node = ledger.tree.node(sha256d(blocks[105]!.bytes.subarray(0, 80)))!
  const part = node.id * PARTS_PER_BLOCK
  const check = ledger.sql.sql.exec('SELECT check48 FROM body WHERE id = ?', part).raw().toArray()[0]![0] as number
  ledger.sql.sql.exec('UPDATE body SET check48 = ? WHERE id = ?', check + 1, part)
  const index = new FilterIndex(ledger.sql, nodeHasher)
  expect(index.advance(ALL)).toEqual({ kind: 'stuck', blockId: node.id })
  expect(filterRows(ledger.sql)).toHaveLength(node.height)
  expect(index.advance(ALL)).toEqual({ kind: 'stuck', blockId: node.id })
  ledger.sql.sql.exec('UPDATE body SET check48 = ? WHERE id = ?', check, part)
  // Whole parts, but not all of them.
  ledger.sql.sql.exec('UPDATE best SET size = size + 1 WHERE header_id = ?', node.id)
  expect(index.advance(ALL)).toEqual({ kind: 'stuck', blockId: node.id })
  ledger.sql.sql.exec('UPDATE best SET size = size - 1 WHERE header_id = ?', node.id)
  expect(index.advance(ALL)).toEqual({ kind: 'done' })
  expect(filterRows(ledger.sql)).toHaveLength(ledger.chain.tip.height + 1)
})
