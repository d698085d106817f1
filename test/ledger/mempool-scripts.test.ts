import { describe, expect, test } from 'vitest'
import { broadcast } from '../../src/ledger/broadcast.ts'
import { Mempool } from '../../src/ledger/mempool.ts'
import { refusalText } from '../../src/ledger/mempool-policy.ts'
import type { ScriptFault, TxScripts } from '../../src/ledger/mempool-scripts.ts'
import { submitPackage, testAccept } from '../../src/ledger/package-submission.ts'
import { p2shOf, push } from '../../src/script/build.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, type TxOut } from '../../src/wire/transaction.ts'
import { FakeChain, keyHash, makeTx, outputsOf, REWARD, type TestCoin } from './fake-chain.ts'

const NOW = 1_700_000_000_000
const PEER = 7
const GOOD = [Uint8Array.of(1)]
const BAD = [Uint8Array.of(2)]

/** Says of every input with the witness `BAD`, and of every one without a witness, that it fails; counts what it looks at. */
class Scripts implements TxScripts {
  runs = 0
  spent: readonly TxOut[] = []

  check(...[{ tx }, spent]: Parameters<TxScripts['check']>): ScriptFault | undefined {
    this.runs++
    this.spent = spent
    const input = tx.inputs.findIndex(({ witness }) => witness[0]?.[0] !== GOOD[0]![0])
    return input < 0 ? undefined : { input, error: 'EVAL_FALSE' }
  }
}

function setUp() {
  const chain = new FakeChain(150)
  const scripts = new Scripts()
  const mempool = new Mempool({ chain, scripts })
  const receive = (raw: Uint8Array) => {
    const result = mempool.receive(raw, PEER, NOW)
    return result.kind === 'refused' ? result.reason : result.kind
  }
  const wants = (raw: Uint8Array) => {
    const { txid, wtxid } = parseTransaction(raw)
    return { txid: mempool.wants(txid), wtxid: mempool.wants(wtxid) }
  }
  return { chain, mempool, scripts, receive, wants, coin: chain.reward(1) }
}

const pay = (coin: TestCoin, fee = 1000, witness: Uint8Array[] = GOOD) =>
  makeTx([coin], [coin.value - fee], { witness })
const FAILED =
  'mempool-script-verify-flag-failed (Script evaluated without error but finished with a false/empty top stack element)'

describe('a transaction whose scripts fail', () => {
  test('is refused in the words of Bitcoin Core, and nobody is punished for it', () => {
    const { chain, mempool, scripts, coin } = setUp()
    const second = chain.reward(2)
    const raw = makeTx([coin, second], [2 * REWARD - 1000], { witness: BAD })
    const { txid, wtxid } = parseTransaction(raw)
    const result = mempool.accept(raw, NOW)
    expect(result).toMatchObject({ kind: 'refused', punish: false })
    const text =
      `${FAILED}, input 0 of ${toDisplay(txid)} (wtxid ${toDisplay(wtxid)}), ` + `spending ${toDisplay(coin.txid)}:0`
    expect(result.kind === 'refused' && refusalText(result)).toBe(text)
    expect(broadcast(mempool, raw, NOW).answer).toEqual({ kind: 'refused', code: -26, message: text })
    expect(testAccept(mempool, [raw], NOW)).toMatchObject({
      txs: [{ allowed: false, reject: { reason: FAILED, details: text } }],
    })
    expect(scripts.spent).toEqual([coin, second].map(() => ({ value: BigInt(REWARD), scriptPubKey: keyHash(0) })))
  })

  test('is told from one that fails for less', () => {
    const { chain, scripts, receive, coin } = setUp()
    expect(receive(pay(coin, 0, BAD))).toBe('min relay fee not met')
    expect(receive(makeTx([coin], [REWARD - 1000], { witness: BAD, lockTime: 9999 }))).toBe('non-final')
    expect(receive(pay(coin))).toBe('accepted')
    expect(receive(pay(coin, 1001, BAD))).toBe('insufficient fee')
    let last = outputsOf(pay(coin))[0]!
    for (let i = 1; i < 64; i++) {
      const raw = pay(last)
      expect(receive(raw)).toBe('accepted')
      last = outputsOf(raw)[0]!
    }
    expect(receive(pay(last, 1000, BAD))).toBe('too-large-cluster')
    expect(receive(pay(chain.reward(2), 1000, BAD))).toBe(FAILED)
    expect(scripts.runs).toBe(65)
  })

  test('is looked at once, until there is a new block', () => {
    const { chain, mempool, scripts, receive, coin } = setUp()
    const raw = pay(coin, 1000, BAD)
    expect([raw, raw, raw].map(receive)).toEqual([FAILED, 'known', 'known'])
    expect(scripts.runs).toBe(1)
    mempool.update({ reverted: [], connected: [chain.connect([])] }, NOW)
    expect(receive(raw)).toBe(FAILED)
  })

  test('does not keep out the same transaction with a good witness', () => {
    const { mempool, receive, wants, coin } = setUp()
    const [bad, good] = [pay(coin, 1000, BAD), pay(coin, 1000, GOOD)]
    const { txid } = parseTransaction(bad)
    expect(receive(bad)).toBe(FAILED)
    expect(wants(bad)).toEqual({ txid: true, wtxid: false })
    expect(mempool.takeOpen()).toEqual([txid])
    expect(receive(bad)).toBe('known')
    expect(mempool.takeOpen()).toEqual([txid])
    expect(receive(good)).toBe('accepted')
    expect(mempool.takeOpen()).toEqual([])
  })

  test('is not remembered where its witness may have been taken off', () => {
    const { mempool, scripts, receive, wants, coin } = setUp()
    const stripped = pay(coin, 1000, [])
    expect([stripped, stripped].map(receive)).toEqual([FAILED, FAILED])
    expect(wants(stripped)).toEqual({ txid: true, wtxid: true })
    expect(mempool.takeOpen()).toHaveLength(2)
    // It may have a child, which waits for the good form.
    const child = pay(outputsOf(stripped)[0]!)
    expect(receive(child)).toBe('orphan')
    expect(receive(pay(coin))).toBe('accepted')
    expect(mempool.pool.count).toBe(2)
    expect(scripts.runs).toBe(4)
  })

  test('is remembered by both names where no witness can help it', () => {
    const { chain, mempool, receive, wants } = setUp()
    const coin = outputOf(chain, Uint8Array.of(0x51))
    const raw = pay(coin)
    expect(receive(raw)).toBe('bad-txns-nonstandard-inputs')
    expect(wants(raw)).toEqual({ txid: false, wtxid: false })
    const plain = outputOf(chain, p2shOf(Uint8Array.of(0x51)))
    const failing = makeTx([plain], [plain.value - 1000], { scriptSig: push(Uint8Array.of(0x51)) })
    expect(receive(failing)).toBe(FAILED)
    expect(wants(failing)).toEqual({ txid: false, wtxid: false })
    expect(receive(pay(outputsOf(failing)[0]!))).toBe('bad-txns-inputs-missingorspent')
    expect(mempool.takeOpen()).toEqual([])
  })

  test('does not come in with a child that pays for it, and keeps that child’s like from being tried again', () => {
    for (const order of ['parent first', 'child first']) {
      const { scripts, receive, mempool, coin } = setUp()
      const parent = pay(coin, 0, BAD)
      const [output] = outputsOf(parent)
      const children = [1000, 2000, 3000].map((fee) => pay(output!, fee))
      const [first, ...others] = children
      if (order === 'parent first') {
        expect([receive(parent), receive(first!)]).toEqual(['min relay fee not met', 'transaction failed'])
      } else {
        expect([receive(first!), receive(parent)]).toEqual(['orphan', 'min relay fee not met'])
      }
      expect(receive(parent)).toBe('known')
      for (const child of others) receive(child)
      expect([scripts.runs, mempool.pool.count]).toEqual([1, 0])
    }
  })

  test('fails a package', () => {
    const { mempool, coin } = setUp()
    const parent = pay(coin, 0)
    const child = pay(outputsOf(parent)[0]!, 1000, BAD)
    const { answer, accepted } = submitPackage(mempool, [parent, child], NOW)
    expect(answer).toMatchObject({
      message: 'transaction failed',
      txs: [{}, { error: expect.stringContaining(FAILED) }],
    })
    expect(accepted).toEqual([])
  })

  test('does not come back from a reverted block, or from an earlier life', () => {
    const { chain, mempool, coin } = setUp()
    const [bad, good] = [pay(coin, 1000, BAD), pay(chain.reward(2))]
    mempool.update({ reverted: [], connected: [chain.connect([bad, good])] }, NOW)
    mempool.update({ reverted: chain.disconnect().txs, connected: [chain.connect([], { salt: 1 })] }, NOW)
    expect([...mempool.pool.entries()].map(({ raw }) => raw)).toEqual([good])
    expect([bad, good].map((raw) => mempool.restore(raw, NOW, NOW).kind)).toEqual(['gone', 'in'])
  })
})

/** A mature output of this script. */
function outputOf(chain: FakeChain, script: Uint8Array): TestCoin {
  const coin = chain.reward(3 + chain.blocks.length - 151)
  const raw = makeTx([coin], [REWARD], { scripts: [script] })
  chain.connect([raw])
  return outputsOf(raw)[0]!
}
