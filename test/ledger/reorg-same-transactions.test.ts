import { expect, test } from 'vitest'
import { ChainMaker, coinbaseCoin, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { dump } from './dump.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger } from './open-ledger.ts'
import { reorgTo } from './reorg-to.ts'

const FEE = 1000

test.each([0, 10_000_000])(
  'a branch may hold the very transactions that it takes back, chained ones included, with a cache of %i bytes',
  (cacheBytes) => {
    const maker = new ChainMaker()
    const [first] = maker.mine(101)
    const parent = maker.tip
    const coin = coinbaseCoin(first!, maker)
    const one = spend([coin], [{ valueSat: coin.valueSat - FEE, script: OP_TRUE }])
    const value = coin.valueSat - 2 * FEE
    const made = maker.block({ transactions: [one] }, parent)
    const two = spend([{ txid: made.txids[1]!, vout: 0, valueSat: value }], [{ valueSat: value, script: OP_TRUE }])
    const plan = { transactions: [one, two], feeSat: 2 * FEE }
    const [old] = maker.mine(1, plan, parent)
    const branch = [...maker.mine(1, plan, parent), ...maker.mine(1)]

    const ledger = new Ledger(undefined, { cacheBytes })
    ledger.extend([...maker.chain(parent), old!].map(({ bytes }) => bytes))
    const result = reorgTo(ledger, ledger.store(branch.map(({ bytes }) => bytes)))

    expect(result).toMatchObject({ kind: 'reorg' })
    expect(dump(ledger.sql)).toMatchObject(naiveIndex([maker.genesis, ...maker.chain()].map(({ bytes }) => bytes)))
  },
)
