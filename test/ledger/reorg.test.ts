import { describe, expect, test } from 'vitest'
import { main } from '../../src/chain/networks/main.ts'
import type { ChainstateOptions } from '../../src/ledger/chainstate.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readDat, readSharedJson } from '../shared.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import { dump } from './dump.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A new ledger that has seen nothing but this chain. */
function fresh(chain: readonly Bytes[], options: ConstructorParameters<typeof Ledger>[1] = {}): Ledger {
  const ledger = new Ledger(undefined, options)
  ledger.extend(chain.slice(1))
  return ledger
}

describeShared('real branches', () => {
  test('an alternative mainnet of 2,016 blocks replaces the first 600 in one reorganisation', () => {
    const network = { ...main, minChainWork: 0n }
    const first = readDat('blocks/mainnet-0-599.dat')
    const other = readDat('blocks/mainnet-alt-1-2016.dat.gz')
    const ledger = fresh(first, { network })
    const tip = ledger.store(other)
    const result = reorgTo(ledger, tip)
    if (result.kind !== 'reorg') throw new Error(result.kind)
    expect(result.reorg.reverted.map((ref) => ref.height)).toEqual(Array.from({ length: 599 }, (_, i) => 599 - i))
    expect(result.reorg.connected.map((ref) => ref.height)).toEqual(Array.from({ length: 2016 }, (_, i) => i + 1))
    expect(toDisplay(result.reorg.connected.at(-1)!.hash)).toBe(
      '000000000c806553811fd3e6c40bc9c279db53643da7d3b401a9882c074c24b2',
    )
    expect(ledger.chain.commit()).toBeUndefined()
    const genesis = network.genesis
    expect(dump(ledger.sql)).toEqual(dump(fresh([genesis, ...other], { network }).sql))
    expect(dump(ledger.sql)).toMatchObject(naiveIndex([genesis, ...other]))
  })

  test('two branches of regtest replace each other, there and back', () => {
    const [short, long] = (readSharedJson('blocks/regtest-reorg.json') as string[][]).map((branch) =>
      branch.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    )
    const ledger = new Ledger()
    const genesis = ledger.chain.tip
    expect(genesis.height).toBe(0)
    ledger.extend(short!)
    const before = dump(ledger.sql)
    const shortTip = ledger.chain.tip
    expect(reorgTo(ledger, ledger.store(long!)).kind).toBe('reorg')
    expect(reorgTo(ledger, shortTip).kind).toBe('reorg')
    expect(dump(ledger.sql)).toEqual(before)
  })
})

describe('random forks', () => {
  const ways: [string, Partial<ChainstateOptions>][] = [
    ['a large cache, one commit a reorganisation', {}],
    ['no cache at all', { cacheBytes: 0 }],
    ['a commit after every block', { batchBytes: 0 }],
    ['neither', { cacheBytes: 0, batchBytes: 0 }],
  ]
  test.each(ways)(
    'leave the index of the chain they end on, with %s',
    (_, options) => {
      const seed = 7
      const chain = new RandomChain(seed)
      const ledger = new Ledger(undefined, options)
      const base = chain.growMany(chain.maker.genesis, 104, 2)
      ledger.extend(base.map((block) => block.bytes))
      const blocks: MadeBlock[] = base.slice(-3)
      for (let step = 0; step < 75; step++) {
        const parent = chain.random.pick(blocks.slice(-12))
        const branch = chain.growMany(parent, 1 + chain.random.below(4), 5)
        blocks.push(...branch)
        const tip = branch.at(-1)!
        const result = reorgTo(ledger, ledger.store(branch.map((block) => block.bytes)))
        expect(result.kind, `seed ${seed}, step ${step}`).toBe('reorg')
        expect(ledger.chain.tip.hash).toEqual(tip.hash)
        const path = chain.path(tip)
        const rows = dump(ledger.sql)
        expect(rows, `seed ${seed}, step ${step}`).toMatchObject(naiveIndex(path))
        if (step % 10 === 0) expect(rows, `seed ${seed}, step ${step}`).toEqual(dump(fresh(path).sql))
      }
    },
    60_000,
  )
})
