import { expect, test } from 'vitest'
import { checkBlock, checkBlockContext, subsidy } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { networks } from '../../src/chain/network.ts'
import { CoinCache } from '../../src/ledger/coin-cache.ts'
import { Coins, outpointWords } from '../../src/ledger/coins.ts'
import { InputCheck } from '../../src/ledger/input-check.ts'
import { decodePrevouts } from '../../src/ledger/prevouts.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { CONSENSUS_FLAGS } from '../../src/script/flags.ts'
import { migrate } from '../../src/store/migrate.ts'
import { bytesToHex, hexToBytes, prefix48 } from '../../src/wire/hash.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'
import { memory } from './open-ledger.ts'

/** Value, scriptPubKey, height, whether a coinbase made it, median time past there. */
type Spent = [number, string, number | null, boolean | null, number?]

interface Facts {
  network: 'mainnet' | 'testnet3'
  height: number
  fees: number
  inputs: Spent[][]
}

/** txNums of the test: a million a block. */
const PER_BLOCK = 1_000_000
const heights = {
  firstTxAt: (height: number) => height * PER_BLOCK,
  of: (txNum: number) => ({ height: Math.floor(txNum / PER_BLOCK), first: txNum - (txNum % PER_BLOCK) }),
}

/** One real block, with the outputs it spends as the only coins there are. */
function load(name: string, change: (facts: Facts) => void = () => {}) {
  const facts: Facts = readSharedJson(`blocks/prevouts/${name}.json.gz`)
  change(facts)
  const network = networks[facts.network === 'mainnet' ? 'main' : 'testnet3']
  const { height } = facts
  const bytes = readShared(`blocks/${name}`.concat(LARGE.includes(name) ? '.bin.gz' : '.bin'))
  const digest = digestBlock(bytes, nodeHasher)
  const sql = memory()
  migrate(sql)
  const cache = new CoinCache(1e9, nodeHasher.sha256(new Uint8Array(1)))
  const coins = new Coins(sql, cache, nodeHasher)
  const words = outpointWords(digest.outpoints)
  const times = new Map<number, number>()
  const made = new Set(Array.from({ length: digest.txCount }, (_, t) => idAt(digest.txids, t * 32)))
  const spent = facts.inputs.flat()
  cache.reserve(spent.length)
  spent.forEach(([value, scriptHex, madeAt, coinbase, time], n) => {
    const input = digest.inputStart[1]! + n
    if (made.has(idAt(digest.outpoints, input * 36))) return
    const at = madeAt ?? 0
    if (time !== undefined) times.set(at, time)
    const script = hexToBytes(scriptHex)
    const prefix = prefix48(nodeHasher.sha256(script))
    const txNum = at * PER_BLOCK + (coinbase ? 0 : 1 + (n % 1000))
    cache.add(words, input * 9, txNum, value, prefix, script, 0, script.length)
  })
  const check = new InputCheck(coins, heights)
  const block = {
    bytes,
    digest,
    height,
    firstTx: height * PER_BLOCK,
    subsidy: subsidy(height, network),
    csv: height >= network.heights.csv,
    flags: CONSENSUS_FLAGS,
    sigopRules: { p2sh: true, witness: true },
    chain: { medianTimePast: (at: number) => times.get(at) ?? (at < height - 1 ? 0 : timeOf(bytes) - 3600) },
  }
  return { facts, network, digest, check, block, spent, cache }
}

function idAt(bytes: Uint8Array, at: number): string {
  return bytesToHex(bytes.subarray(at, at + 32))
}

function timeOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(68, true)
}

const LARGE = ['mainnet-210000', 'mainnet-277647', 'mainnet-300025', 'mainnet-367891'].concat([
  'mainnet-403200',
  'mainnet-413567',
  'mainnet-866342',
])
const ALL = ['mainnet-24835', 'mainnet-32256', 'mainnet-57043', 'mainnet-91722', 'mainnet-116928'].concat(
  ['mainnet-150013', 'mainnet-757739', 'testnet3-1087400'],
  LARGE,
)

describeShared('real blocks whose spent outputs are known', () => {
  test.each(ALL)('%s passes every check, with the fees that were paid', (name) => {
    const { facts, network, digest, check, block, spent } = load(name)
    expect(checkBlock(digest)).toBeUndefined()
    const context = { height: facts.height, medianTimePast: timeOf(block.bytes) - 1 }
    expect(checkBlockContext(digest, context, network)).toBeUndefined()
    expect(check.check(block)).toBeUndefined()
    expect(check.fees).toBe(facts.fees)
    const prevouts = decodePrevouts(check.prevouts(block).blob)!
    expect(prevouts.map(({ value, script }) => [value, bytesToHex(script)])).toEqual(
      spent.map(([value, script]) => [value, script]),
    )
  })

  test.each(['mainnet-210000', 'mainnet-57043'])('%s leaves behind the outputs it makes and does not spend', (name) => {
    const { digest, check, block, cache } = load(name)
    check.check(block)
    check.apply(block)
    const inputs = digest.inputStart[digest.txCount]! - 1
    const inBlock = Array.from({ length: inputs }, (_, n) => check.spentTx[n + 1]!).filter((tx) => tx >= block.firstTx)
    const outputs = digest.outputStart[digest.txCount]!
    expect(cache.size).toBe(outputs - inBlock.length)
    if (name === 'mainnet-210000') expect(inBlock).toHaveLength(263)
  })

  test.each(['mainnet-413567', 'mainnet-757739'])('%s is refused when one thing is wrong', (name) => {
    const reasonOf = (change: (facts: Facts) => void) => {
      const { check, block } = load(name, change)
      return check.check(block)
    }
    const first = (facts: Facts) => facts.inputs[0]![0]!
    expect(reasonOf((facts) => first(facts)[0]--)).toBe('bad-cb-amount')
    expect(reasonOf((facts) => (first(facts)[0] = 0))).toBe('bad-txns-in-belowout')
    expect(reasonOf((facts) => facts.inputs.at(-1)!.pop())).toBe('bad-txns-inputs-missingorspent')
    const young = (facts: Facts, age: number) => {
      first(facts)[2] = facts.height - age
      first(facts)[3] = true
    }
    expect(reasonOf((facts) => young(facts, 99))).toBe('bad-txns-premature-spend-of-coinbase')
    expect(reasonOf((facts) => young(facts, 100))).toBeUndefined()
    const { check, block } = load(name)
    expect(check.check({ ...block, subsidy: block.subsidy - 1 })).toBe('bad-cb-amount')
  })
})
