import { expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import { HeaderTree } from '../../src/chain/header-tree.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { Chainstate } from '../../src/ledger/chainstate.ts'
import { readPrevouts } from '../../src/ledger/prevouts.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { concatBytes, sha256 } from '../../src/wire/hash.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { dump } from './dump.ts'
import { naiveIndex } from './naive-index.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

/** Later than any block of the tests. */
const NOW = 4_000_000_000_000

/** Hands an empty store to `body`. */
export type WithStore = (body: (port: SqlPort) => void) => Promise<void>

function open(sql: SqlPort, options: { cacheBytes: number; batchBytes: number }) {
  const tree = new HeaderTree({ network: regtest, store: new SqlHeaderStore(sql) })
  return { tree, chain: new Chainstate({ ...options, sql, network: regtest, tree }) }
}

/** 9,000 bytes that anybody may spend. */
function longScript(): Uint8Array {
  const dropped = concatBytes(Uint8Array.of(0x4d, 0x08, 0x02), new Uint8Array(520), Uint8Array.of(0x75))
  return concatBytes(...Array(17).fill(dropped), new Uint8Array(91).fill(0x61), OP_TRUE)
}

/** What holds for a ledger in every runtime: it needs nothing but a store. */
export function chainstateContract(name: string, withStore: WithStore): void {
  test.each([
    { cacheBytes: 24_000_000, batchBytes: 8_000_000 },
    { cacheBytes: 0, batchBytes: 0 },
  ])(`in ${name} blocks connect, fork and survive a restart (%o)`, (options) =>
    withStore((sql) => {
      migrate(sql)
      const seed = 21
      const made = new RandomChain(seed)
      const base = made.growMany(made.maker.genesis, 104, 3)
      const first = open(sql, options)
      for (const { bytes, hash, header } of base) {
        first.tree.accept([header], NOW)
        const result = first.chain.connect(first.tree.node(hash)!, bytes, digestBlock(bytes))
        if (result.kind === 'invalid') throw new Error(result.reason)
        if (first.chain.pendingBytes > 20_000) first.chain.commit()
      }
      first.chain.commit()
      expect(dump(sql)).toMatchObject(naiveIndex(made.path(base.at(-1)!)))

      const { tree, chain } = open(sql, options)
      expect(chain.tip.hash).toEqual(base.at(-1)!.hash)
      const blocks: MadeBlock[] = base.slice(-3)
      for (let step = 0; step < 10; step++) {
        const branch = made.growMany(made.random.pick(blocks.slice(-8)), 1 + made.random.below(3), 5)
        blocks.push(...branch)
        for (const { bytes, hash, header } of branch) {
          tree.accept([header], NOW)
          chain.storeBody(tree.node(hash)!, bytes)
        }
        const tip = branch.at(-1)!
        expect(reorgTo({ chain, tree }, tree.node(tip.hash)!).kind, `seed ${seed}, step ${step}`).toBe('reorg')
        expect(dump(sql), `seed ${seed}, step ${step}`).toMatchObject(naiveIndex(made.path(tip)))
      }
    }),
  )

  test(`in ${name} scripts become busy, and are busy no more`, () =>
    withStore((sql) => {
      migrate(sql)
      const made = new RandomChain(22, [OP_TRUE, Uint8Array.of(0x51, 0x51)])
      const base = made.growMany(made.maker.genesis, 112, 14)
      const store = open(sql, { cacheBytes: 1_000_000, batchBytes: 8_000_000 })
      const goTo = (blocks: readonly MadeBlock[]) => {
        for (const { bytes, hash, header } of blocks) {
          store.tree.accept([header], NOW)
          store.chain.storeBody(store.tree.node(hash)!, bytes)
        }
        expect(reorgTo(store, store.tree.node(blocks.at(-1)!.hash)!).kind).toBe('reorg')
        const rows = dump(sql)
        expect(rows).toMatchObject(naiveIndex(made.path(blocks.at(-1)!)))
        return rows.busy.length
      }
      const low = base.slice(0, 90)
      const branch = made.growMany(base[110]!, 3, 14)
      expect([goTo(base), goTo(low), goTo(branch)]).toEqual([2, 0, 2])
      const limit = dump(sql).busy_coin.length
      const queries = new ChainQueries({ sql, network: regtest })
      expect(queries.scriptUtxos(sha256(OP_TRUE), limit).length).toBeGreaterThan(40)
      expect(queries.scriptUtxos(sha256(OP_TRUE), 40)).toBe('too-many')
    }))

  test(`in ${name} blocks and spent outputs of many parts come back`, () =>
    withStore((sql) => {
      migrate(sql)
      const maker = new ChainMaker()
      const { tree, chain } = open(sql, { cacheBytes: 1_000_000, batchBytes: 8_000_000 })
      const base = maker.mine(103)
      const coin = coinbaseCoin(base[0]!, maker)
      const output = { valueSat: 1000, script: longScript() }
      const [wide] = maker.mine(1, { transactions: [spend([coin], Array(30).fill(output))] })
      const coins = Array.from({ length: 30 }, (_, vout) => ({ txid: wide!.txids[1]!, vout, valueSat: 1000 }))
      const [narrow] = maker.mine(1, { transactions: [spend(coins, [output])] })
      for (const { bytes, hash, header } of [...base, wide!, narrow!]) {
        tree.accept([header], NOW)
        expect(chain.connect(tree.node(hash)!, bytes, digestBlock(bytes)).kind).toBe('connected')
      }
      chain.commit()
      const path = [maker.genesis, ...maker.chain()].map(({ bytes }) => bytes)
      expect(dump(sql)).toMatchObject(naiveIndex(path))
      expect(chain.readBody(tree.node(wide!.hash)!)).toEqual({ kind: 'found', bytes: wide!.bytes })
      expect(readPrevouts(sql, tree.node(narrow!.hash)!.id)).toMatchObject({ bytes: { length: 30 * 9017 } })
      expect(reorgTo({ chain, tree }, tree.node(base.at(-1)!.hash)!).kind).toBe('reorg')
      expect(dump(sql)).toMatchObject(naiveIndex(path.slice(0, -2)))
    }))
}
