import { describe, expect, test } from 'vitest'
import { Mempool } from '../../src/ledger/mempool.ts'
import { outpointKey } from '../../src/ledger/mempool-entry.ts'
import { StandardScripts } from '../../src/ledger/mempool-scripts.ts'
import { PassedTxs } from '../../src/ledger/passed-txs.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { p2wshOf, script } from '../../src/script/build.ts'
import { CheckedCache, withCache } from '../../src/script/checked-cache.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SCRIPT_ERROR_TEXT } from '../../src/script/script-error.ts'
import { encode } from '../../src/wire/codec.ts'
import { hashKey, sha256 } from '../../src/wire/hash.ts'
import { parseTransaction, type TxOut, transaction } from '../../src/wire/transaction.ts'
import { BROKEN_FORMS, BROKEN_SCRIPTS, type Broken, badSignatures } from '../script/broken-spends.ts'
import { HASH_TYPES, KINDS, type Kind, type SpendableCoin, type SpendPlan, spendKinds } from '../script/spends.ts'
import { FakeChain } from './fake-chain.ts'

const NOW = 1_700_000_000_000
const VALUE = 1_000_000
const OUTPUT: TxOut = { value: 900_000n, scriptPubKey: p2wshOf(script(OP.OP_1)) }

/** A mempool that checks signatures, counting those that it cannot remember; and coins of any kind. */
function setUp() {
  const chain = new FakeChain(120)
  const cache = new CheckedCache(new ArrayBuffer(100_000), new Uint8Array(32).fill(5), nodeHasher)
  let checked = 0
  const counting = {
    ...nodeSecp256k1,
    verifyEcdsa: (...args: Parameters<typeof nodeSecp256k1.verifyEcdsa>) => {
      checked++
      return nodeSecp256k1.verifyEcdsa(...args)
    },
    verifySchnorr: (...args: Parameters<typeof nodeSecp256k1.verifySchnorr>) => {
      checked++
      return nodeSecp256k1.verifySchnorr(...args)
    },
    isTweaked: (...args: Parameters<typeof nodeSecp256k1.isTweaked>) => nodeSecp256k1.isTweaked(...args),
  }
  const passed = new PassedTxs(cache)
  const secp256k1 = withCache(counting, cache, { stores: true })
  const mempool = new Mempool({
    chain,
    scripts: new StandardScripts({ secp256k1, hasher: nodeHasher, passed }),
    hasher: nodeHasher,
  })
  let made = 0
  const coin = (kind: Kind): SpendableCoin => {
    const txid = sha256(Uint8Array.of(made++, 1))
    chain.coins.set(outpointKey(hashKey(txid), 0), {
      value: VALUE,
      script: kind.script,
      height: 10,
      coinbase: false,
    })
    return { txid, vout: 0, valueSat: VALUE, kind }
  }
  const accept = (raw: Uint8Array) => {
    const result = mempool.accept(raw, NOW)
    return result.kind === 'refused' ? result.reason : result.kind
  }
  return { chain, mempool, passed, coin, accept, checks: () => checked }
}

const make = (plan: Pick<SpendPlan, 'coins'> & Partial<SpendPlan>) =>
  encode(transaction, spendKinds({ outputs: [OUTPUT], ...plan }))

describe('a spend of every kind that nodes relay', () => {
  test.each(Object.entries(KINDS))('%s is taken, whatever its signatures cover', (_, kind) => {
    const { accept, coin, passed } = setUp()
    for (const hashType of HASH_TYPES[kind.signs]) {
      const raw = make({ coins: [coin(kind)], signing: [{ hashType }] })
      const { wtxid } = parseTransaction(raw)
      expect(passed.has(wtxid)).toBe(false)
      expect(accept(raw)).toBe('accepted')
      expect(passed.has(wtxid)).toBe(true)
    }
  })

  test('all of them are taken at once', () => {
    const { accept, coin } = setUp()
    expect(accept(make({ coins: Object.values(KINDS).map(coin) }))).toBe('accepted')
  })
})

describe('a spend that no node relays', () => {
  const all: Broken[] = [
    ...Object.entries(KINDS).flatMap(([name, kind]) => badSignatures(name, kind)),
    ...BROKEN_SCRIPTS,
    ...BROKEN_FORMS,
  ]
  test.each(all.map((broken) => [broken.name, broken] as const))('%s', (_, { kind, why, plan }) => {
    const { accept, coin, passed } = setUp()
    const raw = make({ coins: [coin(kind)], ...plan })
    const expected =
      typeof why === 'string' ? `mempool-script-verify-flag-failed (${SCRIPT_ERROR_TEXT[why]})` : why.reason
    expect(accept(raw)).toBe(expected)
    expect(passed.has(parseTransaction(raw).wtxid)).toBe(false)
  })
})

test('signatures are checked once, and not again when a block gives a transaction back', () => {
  const { chain, mempool, coin, accept, checks } = setUp()
  const raw = make({ coins: [coin(KINDS['p2wsh multisig']!), coin(KINDS['p2tr key']!)] })
  expect(mempool.judge(mempool.parse(raw), NOW).kind).toBe('fits')
  const first = checks()
  expect(first).toBeGreaterThan(2)
  expect(accept(raw)).toBe('accepted')
  mempool.update({ reverted: [], connected: [chain.connect([raw])] }, NOW)
  expect(mempool.pool.count).toBe(0)
  mempool.update({ reverted: chain.disconnect().txs, connected: [chain.connect([], { salt: 1 })] }, NOW)
  expect(mempool.pool.count).toBe(1)
  // One that failed against a key is tried again: only what is good is remembered.
  expect(checks() - first).toBeLessThan(3)
})
