import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { MAX_HISTORY_SCRIPTS } from '../../src/ledger/merged-history.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { bytesToHex, hexToBytes, sha256 } from '../../src/wire/hash.ts'
import { SeededRandom } from '../sim/random.ts'
import { NaiveChain } from './naive-answers.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'

function setUp(seed: number) {
  const chain = new RandomChain(seed)
  const tip = chain.growMany(chain.maker.genesis, 130, 4).at(-1)!
  const blocks = chain.path(tip)
  const ledger = new Ledger()
  ledger.extend(blocks.slice(1))
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest, hasher: nodeHasher })
  return { queries, naive: new NaiveChain(blocks) }
}

/** What a transaction brought scripts, less what it took. */
function valueFor(tx: NaiveChain['txs'][number], scripts: readonly string[]): number {
  const isOurs = (script: Uint8Array) => scripts.includes(bytesToHex(sha256(script)))
  const got = tx.tx.outputs.filter(({ scriptPubKey }) => isOurs(scriptPubKey))
  const gave = tx.info.prevouts.filter((prevout) => prevout && isOurs(prevout.script))
  return got.reduce((sum, { value }) => sum + Number(value), 0) - gave.reduce((sum, prevout) => sum + prevout!.value, 0)
}

describe('histories of several scripts as one', () => {
  test.each([1, 2, 3])('hold each transaction once, newest first, with what it came to (chain %i)', (seed) => {
    const { queries, naive } = setUp(seed)
    const random = new SeededRandom(seed)
    const all = [...naive.scripthashes, 'ab'.repeat(32)]
    for (let round = 0; round < 12; round++) {
      const scripts = all.filter(() => random.chance(0.5))
      // Named twice is named once.
      const scripthashes = [...scripts, ...scripts.slice(0, 1)].map(hexToBytes)
      const expected = naive.txs.filter((tx) => scripts.some((script) => tx.scripts.has(script))).reverse()
      const size = 1 + random.below(40)
      const [txs, sums] = [[], []] as [(typeof naive.txs)[number]['info'][], ReturnType<typeof queries.histories.sums>]
      queries.snapshot(() => {
        for (let before: number | undefined; ; before = queries.histories.place(scripthashes, txs.at(-1)!.txid)) {
          const page = queries.histories.txs(scripthashes, size, before)
          txs.push(...page)
          sums.push(...queries.histories.sums(scripthashes, size, before))
          if (page.length < size) break
        }
      })
      expect(txs).toEqual(expected.map(({ info }) => info))
      expect(sums).toEqual(
        expected.map((tx) => {
          const { height, time } = tx.info.status as { height: number; time: number }
          return { txid: tx.info.txid, value: valueFor(tx, scripts), height, time, pos: tx.pos }
        }),
      )
    }
  })

  test('have no place for a transaction of another script, and are not of too many', () => {
    const { queries, naive } = setUp(4)
    const { info } = naive.txs.at(-1)!
    queries.snapshot(() => {
      expect(queries.histories.place([new Uint8Array(32)], info.txid)).toBeUndefined()
      expect(queries.histories.place([], info.txid)).toBeUndefined()
      const many = Array.from({ length: MAX_HISTORY_SCRIPTS + 1 }, () => new Uint8Array(32))
      expect(() => queries.histories.txs(many, 1)).toThrow('more than 300')
    })
  })
})
