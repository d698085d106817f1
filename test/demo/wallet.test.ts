import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { litecoinRegtest } from '../../src/chain/networks/litecoin-regtest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { type Sent, Wallet } from '../../src/demo/wallet.ts'
import { type KeyedKind, keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { opReturn, P2A, p2tr } from '../../src/script/build.ts'
import { SIGHASH } from '../../src/script/sighash.ts'
import { scriptType } from '../../src/script/type.ts'
import { bytesToHex, hashKey, hexToBytes, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, type Transaction, type TxOut, txid, wtxid } from '../../src/wire/transaction.ts'
import { isSigned } from './verify-spend.ts'

const COIN = 100_000_000
const seed = new Uint8Array(32).fill(1)
/** Scripts of somebody else. */
const foreign = p2tr(new Uint8Array(32).fill(9))

/** A chain of made-up blocks: the wallet looks at heights, hashes and transactions only. */
class Chain {
  readonly blocks: { hash: Uint8Array; height: number; transactions: Transaction[] }[] = []
  #count = 0

  /** The next block; the coinbase pays 50 coins to `script`. */
  next(script: Uint8Array = foreign, transactions: Transaction[] = []) {
    const height = this.blocks.length
    const mark = sha256(Uint8Array.of(this.#count & 0xff, this.#count++ >> 8))
    const coinbase: Transaction = {
      version: 2,
      inputs: [
        {
          prevout: { hash: new Uint8Array(32), index: 0xffff_ffff },
          scriptSig: mark,
          sequence: 0xffff_ffff,
          witness: [],
        },
      ],
      outputs: [{ value: BigInt(50 * COIN), scriptPubKey: script }],
      lockTime: 0,
    }
    const block = { hash: mark, height, transactions: [coinbase, ...transactions] }
    this.blocks.push(block)
    return block
  }
}

function newWallet(lookahead = 3): Wallet {
  return new Wallet({ seed, params: regtest.address, lookahead })
}

/** A wallet with a mature coinbase of each kind, and its chain. */
function funded(kinds: readonly KeyedKind[] = keyedKinds): { wallet: Wallet; chain: Chain } {
  const wallet = newWallet()
  const chain = new Chain()
  for (const kind of kinds) wallet.connectBlock(chain.next(wallet.receive(kind).script))
  for (let i = 0; i < 100; i++) wallet.connectBlock(chain.next())
  return { wallet, chain }
}

function sent(result: Sent): Extract<Sent, { kind: 'sent' }> {
  if (result.kind !== 'sent') throw new Error(JSON.stringify(result))
  return result
}

/** The outputs that a transaction spends, looked up in those given. */
function spentBy(tx: Transaction, parents: Iterable<Transaction>): TxOut[] {
  const byId = new Map([...parents].map((parent) => [hashKey(txid(parent)), parent]))
  return tx.inputs.map(({ prevout }) => byId.get(hashKey(prevout.hash))!.outputs[prevout.index]!)
}

const outpoints = (wallet: Wallet) => wallet.coins().map(({ txid, vout }) => `${toDisplay(txid)}:${vout}`)

describe('what it hands out', () => {
  test.each([
    ['p2pk', 'p2pk', undefined],
    ['p2pkh', 'p2pkh', /^[mn]/],
    ['multisig', 'unknown', undefined],
    ['p2sh', 'p2sh', /^2/],
    ['p2sh-p2wpkh', 'p2sh', /^2/],
    ['p2sh-p2wsh', 'p2sh', /^2/],
    ['p2wpkh', 'v0_p2wpkh', /^bcrt1q.{38}$/],
    ['p2wsh', 'v0_p2wsh', /^bcrt1q.{58}$/],
    ['p2tr', 'v1_p2tr', /^bcrt1p.{58}$/],
    ['p2tr-script', 'v1_p2tr', /^bcrt1p.{58}$/],
  ] as const)('%s', (kind, type, pattern) => {
    const { script, address } = newWallet().receive(kind)
    expect(scriptType(script)).toBe(type)
    if (pattern) expect(address).toMatch(pattern)
    else expect(address).toBeUndefined()
  })

  test('is new each time, the same for the same seed, and different for another', () => {
    const scripts = (wallet: Wallet) =>
      keyedKinds.flatMap((kind) => [1, 2, 3].map(() => bytesToHex(wallet.receive(kind).script)))
    const ours = scripts(newWallet())
    expect(new Set(ours).size).toBe(ours.length)
    expect(scripts(newWallet())).toEqual(ours)
    const others = scripts(new Wallet({ seed: new Uint8Array(32).fill(2), params: regtest.address }))
    expect(others.filter((script) => ours.includes(script))).toEqual([])
  })

  test('has the addresses of its network', () => {
    const { address } = new Wallet({ seed, params: litecoinRegtest.address }).receive('p2wpkh')
    expect(address).toMatch(/^rltc1q/)
  })

  test('a seed of another length is refused', () => {
    expect(() => new Wallet({ seed: new Uint8Array(16), params: regtest.address })).toThrow(RangeError)
  })
})

describe('what it signs', () => {
  test.each(keyedKinds)('%s is unlocked by signatures that hold', (kind) => {
    const { wallet, chain } = funded([kind])
    const parents = chain.blocks.flatMap(({ transactions }) => transactions)
    const { tx } = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    expect(tx.version).toBe(2)
    expect(isSigned(tx, spentBy(tx, parents))).toBe(true)
    const other = { ...tx, lockTime: 1 }
    expect(isSigned(other, spentBy(tx, parents))).toBe(false)
  })

  test('every hash type, over all kinds at once', () => {
    const { wallet, chain } = funded()
    const parents = chain.blocks.flatMap(({ transactions }) => transactions)
    for (const base of [SIGHASH.DEFAULT, SIGHASH.ALL, SIGHASH.NONE, SIGHASH.SINGLE]) {
      for (const hashType of base === SIGHASH.DEFAULT ? [base] : [base, base | SIGHASH.ANYONECANPAY]) {
        const outputs = keyedKinds.map(() => ({ script: foreign, valueSat: COIN }))
        const { tx, txid } = sent(wallet.send({ outputs, coins: wallet.coins(), feeRate: 1, hashType }))
        expect(isSigned(tx, spentBy(tx, parents)), `type ${hashType}`).toBe(true)
        wallet.abandon(txid)
      }
    }
  })

  test('is the same in every run: one input of each kind', () => {
    // Transactions made by these lines are tried on real nodes by the interop suite.
    const { wallet } = funded()
    const { tx, sizeVb, feeSat } = sent(
      wallet.send({ outputs: [], coins: wallet.coins(), feeRate: 2.5, change: 'p2tr' }),
    )
    expect({ txid: toDisplay(txid(tx)), wtxid: toDisplay(wtxid(tx)), sizeVb, feeSat }).toEqual({
      txid: '17a49d2f376847ae4f4c49f9556ec46fce8456e6152078fa1aaca67929c32aff',
      wtxid: '2930623a95f34f3ac57c1651677fd3ccb6d05ac4a25954e560c7b0a9dcfaae7f',
      sizeVb: 1286,
      feeSat: 3225,
    })
  })

  test('SINGLE without an output for each input is refused, and nothing is spent', () => {
    const { wallet } = funded(['p2tr', 'p2pkh'])
    const before = wallet.coins()
    const { script } = wallet.receive('p2wpkh')
    expect(() => wallet.send({ outputs: [], coins: before, feeRate: 1, hashType: SIGHASH.SINGLE })).toThrow('SINGLE')
    expect(wallet.coins()).toEqual(before)
    expect(script).toBeDefined()
  })
})

describe('payments', () => {
  test('fan out to every kind, an anchor and data, and all but the data come back', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const { tx } = sent(wallet.fanOut({ feeRate: 1, valueSat: 20_000, data: hexToBytes('abcd') }))
    expect(tx.outputs.map(({ scriptPubKey }) => scriptType(scriptPubKey))).toEqual([
      'p2pk',
      'p2pkh',
      'unknown',
      'p2sh',
      'p2sh',
      'p2sh',
      'v0_p2wpkh',
      'v0_p2wsh',
      'v1_p2tr',
      'v1_p2tr',
      'unknown',
      'op_return',
      'v0_p2wpkh',
    ])
    wallet.connectBlock(chain.next(foreign, [tx]))
    expect(wallet.coins().map(({ kind }) => kind)).toEqual([...keyedKinds, 'p2a', 'p2wpkh'])
  })

  test('an anchor is spent only when it is named', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const { tx } = sent(wallet.fanOut({ feeRate: 1, valueSat: 20_000, data: new Uint8Array() }))
    wallet.connectBlock(chain.next(foreign, [tx]))
    const all = wallet.coins()
    const everything = all.reduce((sum, { valueSat }) => sum + valueSat, 0)
    expect(wallet.send({ outputs: [{ script: foreign, valueSat: everything - 10_000 }], feeRate: 1 }).kind).toBe(
      'insufficient',
    )
    const anchor = all.filter(({ kind }) => kind === 'p2a' || kind === 'p2wsh')
    const { tx: spend } = sent(wallet.send({ outputs: [], coins: anchor, feeRate: 1 }))
    expect(spend.inputs).toHaveLength(2)
  })

  test('anchors of strangers are not its own', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const stranger = chain.next(P2A)
    wallet.connectBlock(stranger)
    expect(wallet.coins()).toHaveLength(1)
  })

  test('too little is said, with what is missing, and nothing is spent', () => {
    const { wallet } = funded(['p2wpkh'])
    const before = outpoints(wallet)
    const result = wallet.send({ outputs: [{ script: foreign, valueSat: 50 * COIN }], feeRate: 1 })
    expect(result).toMatchObject({ kind: 'insufficient', availableSat: 50 * COIN })
    if (result.kind === 'insufficient') expect(result.neededSat).toBeGreaterThan(50 * COIN + 100)
    expect(newWallet().send({ outputs: [{ script: foreign, valueSat: 1000 }], feeRate: 1 })).toMatchObject({
      kind: 'insufficient',
      availableSat: 0,
    })
    expect(outpoints(wallet)).toEqual(before)
  })

  // Bitcoin Core's limits at 3,000 sat/kvB.
  test.each([
    ['p2pkh', 546],
    ['p2sh', 540],
    ['p2wpkh', 294],
    ['p2wsh', 330],
    ['p2tr', 330],
  ] as const)('%s below %i satoshi is dust', (kind, leastSat) => {
    const { wallet } = funded(['p2wpkh'])
    const { script } = wallet.receive(kind)
    const result = wallet.send({ outputs: [{ script, valueSat: leastSat - 1 }], feeRate: 1 })
    expect(result).toEqual({ kind: 'dust', index: 0, leastSat })
    expect(wallet.send({ outputs: [{ script, valueSat: leastSat }], feeRate: 1 }).kind).toBe('sent')
  })

  test('anchors have their own dust limit, data has none', () => {
    expect(newWallet().dustLimit(P2A)).toBe(240)
    expect(newWallet().dustLimit(opReturn(new Uint8Array(80)))).toBe(0)
  })

  test('change that would be dust goes to the miner', () => {
    const { wallet } = funded(['p2wpkh'])
    const { tx, feeSat } = sent(wallet.send({ outputs: [{ script: foreign, valueSat: 50 * COIN - 400 }], feeRate: 1 }))
    expect(tx.outputs).toHaveLength(1)
    expect(feeSat).toBe(400)
  })

  test('many signature operations are paid for as nodes count them', () => {
    const { wallet } = funded(['multisig'])
    const outputs = [1, 2, 3, 4].map(() => ({ script: wallet.receive('multisig').script, valueSat: COIN }))
    const { sizeVb, feeSat, bytes } = sent(wallet.send({ outputs, feeRate: 1 }))
    // Four bare multisigs of 20 keys each, times 4, times 20 weight units, are 1,600 vB.
    expect(sizeVb).toBe(1600)
    expect(parseTransaction(bytes).weight / 4).toBeLessThan(700)
    expect(feeSat).toBeGreaterThanOrEqual(1600)
  })

  test.each([[1.5], [-1], [Number.NaN]])('%d is no amount', (valueSat) => {
    const { wallet } = funded(['p2wpkh'])
    expect(() => wallet.send({ outputs: [{ script: foreign, valueSat }], feeRate: 1 })).toThrow(RangeError)
  })

  test('always add up, pay the rate asked for and hardly more, and make no dust', () => {
    const { wallet: rich, chain } = funded(['p2wpkh'])
    const blocks = chain.blocks
    const outputs = keyedKinds.flatMap((kind, i) =>
      [0, 1].map((j) => ({ script: rich.receive(kind).script, valueSat: 3_000 * (i + 1) + 997 * j })),
    )
    const { tx: fan } = sent(rich.send({ outputs, feeRate: 1, change: 'p2tr' }))
    const all = [...blocks.flatMap(({ transactions }) => transactions), fan]
    rich.connectBlock(chain.next(foreign, [fan]))
    const payment = fc.record({
      script: fc.constantFrom(foreign, P2A),
      valueSat: fc.integer({ min: 330, max: 90_000 }),
    })
    fc.assert(
      fc.property(
        fc.array(payment, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.constantFrom(...keyedKinds),
        (payments, feeRate, change) => {
          const result = rich.send({ outputs: payments, feeRate, change })
          if (result.kind !== 'sent') throw new Error(result.kind)
          rich.abandon(result.txid)
          const { tx, bytes, feeSat, sizeVb } = result
          const parents = spentBy(tx, all)
          const sum = (values: TxOut[]) => values.reduce((total, { value }) => total + Number(value), 0)
          expect(sum(parents) - sum(tx.outputs)).toBe(feeSat)
          expect(sizeVb).toBeGreaterThanOrEqual(Math.ceil(parseTransaction(bytes).weight / 4))
          expect(feeSat).toBeGreaterThanOrEqual(sizeVb * feeRate)
          // Signatures may be some bytes shorter than reckoned, and change below dust is given up.
          const slackSat = tx.outputs.length > payments.length ? 0 : 700 + 200 * feeRate
          expect(feeSat).toBeLessThanOrEqual((sizeVb + 3 * tx.inputs.length + 2) * feeRate + slackSat)
          for (const { value, scriptPubKey } of tx.outputs) {
            expect(Number(value)).toBeGreaterThanOrEqual(rich.dustLimit(scriptPubKey))
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('what it knows of the chain', () => {
  test('a coinbase is spendable in the hundredth block after its own, and not before', () => {
    const wallet = newWallet()
    const chain = new Chain()
    wallet.connectBlock(chain.next(wallet.receive('p2wpkh').script))
    for (let i = 0; i < 98; i++) wallet.connectBlock(chain.next())
    expect(wallet.balance()).toEqual({ confirmedSat: 0, immatureSat: 50 * COIN, unconfirmedSat: 0 })
    const outputs = [{ script: foreign, valueSat: COIN }]
    expect(wallet.send({ outputs, feeRate: 1 }).kind).toBe('insufficient')
    wallet.connectBlock(chain.next())
    // The tip is 99 blocks above it, so the next block is the hundredth.
    expect(wallet.balance()).toEqual({ confirmedSat: 50 * COIN, immatureSat: 0, unconfirmedSat: 0 })
    expect(wallet.send({ outputs, feeRate: 1 }).kind).toBe('sent')
  })

  test('what it spent is gone at once, and change waits for its block', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const { tx, feeSat } = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    expect(wallet.balance()).toEqual({ confirmedSat: 0, immatureSat: 0, unconfirmedSat: 49 * COIN - feeSat })
    expect(wallet.unconfirmed()).toEqual([tx])
    wallet.connectBlock(chain.next(foreign, [tx]))
    expect(wallet.balance().confirmedSat).toBe(49 * COIN - feeSat)
    expect(wallet.unconfirmed()).toEqual([])
  })

  test('an abandoned payment and what was built on it are undone', () => {
    const { wallet } = funded(['p2wpkh'])
    const before = wallet.coins()
    const first = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    expect(wallet.unconfirmed()).toHaveLength(2)
    wallet.abandon(first.txid)
    expect(wallet.coins()).toEqual(before)
  })

  test('money from others counts, and is not spent before it is confirmed', () => {
    const payer = funded(['p2tr'])
    const wallet = newWallet()
    const { script } = wallet.receive('p2wsh')
    const { tx } = sent(payer.wallet.send({ outputs: [{ script, valueSat: COIN }], feeRate: 1 }))
    // The same seed made both wallets: a stranger's view of the payment is one output only.
    const seen = { ...tx, outputs: [tx.outputs[0]!] }
    expect(wallet.addTransaction(seen)).toBe(true)
    expect(wallet.addTransaction(seen)).toBe(true)
    expect(wallet.balance().unconfirmedSat).toBe(COIN)
    expect(wallet.send({ outputs: [{ script: foreign, valueSat: 1000 }], feeRate: 1 }).kind).toBe('insufficient')
    expect(wallet.addTransaction(payer.chain.blocks[50]!.transactions[0]!)).toBe(false)
    wallet.connectBlock(new Chain().next(foreign, [seen]))
    expect(wallet.balance().confirmedSat).toBe(COIN)
  })

  test('a block that spends the same coin otherwise wins over what waits', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const first = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    wallet.abandon(first.txid)
    const second = sent(wallet.send({ outputs: [{ script: foreign, valueSat: 2 * COIN }], feeRate: 1 }))
    sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    wallet.connectBlock(chain.next(foreign, [first.tx]))
    expect(wallet.unconfirmed()).toEqual([])
    expect(wallet.addTransaction(second.tx)).toBe(false)
    expect(wallet.balance().confirmedSat).toBe(49 * COIN - first.feeSat)
  })

  test('a payment from others falls with the coin it spent, even where that block pays the wallet nothing', () => {
    const wallet = newWallet()
    const { script } = wallet.receive('p2wpkh')
    const prevout = { hash: new Uint8Array(32).fill(5), index: 0 }
    const spend = (scriptPubKey: Uint8Array): Transaction => ({
      version: 2,
      inputs: [{ prevout, scriptSig: new Uint8Array(), sequence: 0, witness: [] }],
      outputs: [{ value: BigInt(COIN), scriptPubKey }],
      lockTime: 0,
    })
    wallet.addTransaction(spend(script))
    expect(wallet.balance().unconfirmedSat).toBe(COIN)
    wallet.connectBlock(new Chain().next(foreign, [spend(foreign)]))
    expect(wallet.balance().unconfirmedSat).toBe(0)
    expect(wallet.unconfirmed()).toEqual([])
  })

  test('what waits is listed in an order that nodes accept, however it came', () => {
    const payer = funded(['p2wpkh']).wallet
    const outputs = [{ script: foreign, valueSat: COIN }]
    const txs = [1, 2, 3].map(() => sent(payer.send({ outputs, feeRate: 1 })).tx)
    const wallet = newWallet(6)
    for (const tx of txs.toReversed()) wallet.addTransaction(tx)
    expect(wallet.unconfirmed()).toEqual(txs)
  })

  test('it stops before nodes would: at twenty unconfirmed payments that hang together', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const pay = () => wallet.send({ outputs: [{ script: foreign, valueSat: 1000 }], feeRate: 1 })
    const txs = Array.from({ length: 20 }, () => sent(pay()).tx)
    expect(pay().kind).toBe('insufficient')
    wallet.connectBlock(chain.next(foreign, txs.slice(0, 1)))
    expect(pay().kind).toBe('sent')
  })

  test('a newer unconfirmed payment replaces the one that spends the same', () => {
    const { wallet } = funded(['p2wpkh'])
    const first = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    wallet.abandon(first.txid)
    const second = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 2 }))
    expect(wallet.addTransaction(first.tx)).toBe(true)
    expect(wallet.unconfirmed()).toEqual([first.tx])
    expect(second.feeSat).toBeGreaterThan(first.feeSat)
  })

  test('blocks come one after the other and go in the same order', () => {
    const { wallet, chain } = funded(['p2wpkh'])
    const [low, last] = chain.blocks.slice(-2)
    expect(() => wallet.disconnectBlock(low!.hash)).toThrow('only the last block')
    expect(() => wallet.connectBlock(last!)).toThrow('does not follow')
    wallet.disconnectBlock(last!.hash)
    expect(wallet.height).toBe(last!.height - 1)
    wallet.connectBlock(last!)
  })

  test('scripts further ahead than it looks are not found', () => {
    const wallet = newWallet(2)
    const other = newWallet(2)
    const far = [1, 2, 3].map(() => other.receive('p2wpkh').script)
    const chain = new Chain()
    wallet.connectBlock(chain.next(far[2]))
    expect(wallet.coins()).toEqual([])
    wallet.connectBlock(chain.next(far[1]))
    wallet.connectBlock(chain.next(far[2]))
    expect(wallet.coins()).toHaveLength(2)
  })

  test('a wallet made again from its seed finds what was paid to it', () => {
    const { wallet, chain } = funded()
    const { tx } = sent(wallet.fanOut({ feeRate: 1, valueSat: 20_000, data: new Uint8Array() }))
    wallet.connectBlock(chain.next(foreign, [tx]))
    const again = newWallet()
    for (const block of chain.blocks) again.connectBlock(block)
    expect(again.coins()).toEqual(wallet.coins())
    expect(keyedKinds.map((kind) => again.receive(kind))).toEqual(keyedKinds.map((kind) => wallet.receive(kind)))
  })

  test('a thousand blocks can be undone, and what lies deeper is forgotten with what it spent', () => {
    const { wallet, chain } = funded(['p2wpkh', 'p2tr'])
    const { tx } = sent(wallet.send({ outputs: [{ script: foreign, valueSat: COIN }], feeRate: 1 }))
    wallet.connectBlock(chain.next(foreign, [tx]))
    const coins = outpoints(wallet)
    for (let i = 0; i < 1000; i++) wallet.connectBlock(chain.next())
    expect(outpoints(wallet)).toEqual(coins)
    for (let i = 0; i < 1000; i++) wallet.disconnectBlock(chain.blocks.pop()!.hash)
    expect(outpoints(wallet)).toEqual(coins)
    expect(() => wallet.disconnectBlock(chain.blocks.at(-1)!.hash)).toThrow('only the last block')
  })

  test('after any reorganisations it has the coins of a wallet that saw the last chain only', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('mine' as const), kind: fc.constantFrom(...keyedKinds) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('pay' as const), valueSat: fc.integer({ min: 1000, max: COIN }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('undo' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    )
    const base = funded(['p2wpkh', 'p2tr', 'p2wsh'])
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 12 }), (steps) => {
        const wallet = newWallet(12)
        const chain = new Chain()
        for (const { transactions } of base.chain.blocks) {
          const block = chain.next()
          block.transactions = transactions
          wallet.connectBlock(block)
        }
        for (const action of steps) {
          if (action.do === 'pay')
            wallet.send({ outputs: [{ script: foreign, valueSat: action.valueSat }], feeRate: 1 })
          else if (action.do === 'undo') {
            for (let i = 0; i < action.count; i++) wallet.disconnectBlock(chain.blocks.pop()!.hash)
          } else {
            // Half of what waits is mined.
            const waiting = wallet.unconfirmed()
            const { script } = wallet.receive(action.kind)
            wallet.connectBlock(chain.next(script, waiting.slice(0, Math.ceil(waiting.length / 2))))
          }
        }
        const fresh = newWallet(12)
        for (const block of chain.blocks) fresh.connectBlock(block)
        for (const tx of wallet.unconfirmed()) expect(fresh.addTransaction(tx)).toBe(true)
        expect(outpoints(wallet).sort()).toEqual(outpoints(fresh).sort())
        expect(wallet.balance()).toEqual(fresh.balance())
      }),
      { numRuns: 12 },
    )
  })
})
