import { expect, test } from 'vitest'
import type { ScriptChecks } from '../../src/ledger/script-checks.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes, hash160, hexToBytes, sha256 } from '../../src/wire/hash.ts'
import { parseTransaction, transaction } from '../../src/wire/transaction.ts'
import { describeShared, readShared } from '../shared.ts'
import {
  type BlockPlan,
  ChainMaker,
  type Coin,
  coinbaseCoin,
  type MadeBlock,
  OP_TRUE,
  spend,
} from '../sim/chain-maker.ts'
import { dump } from './dump.ts'
import { noScripts } from './no-scripts.ts'
import { Ledger } from './open-ledger.ts'

type Bytes = Uint8Array<ArrayBuffer>

const OP_CHECKSIG = 0xac
const OP_RETURN = Uint8Array.of(0x6a)

/** 110 blocks: the first ten coinbases are ripe in the next one. */
function start(options: { scriptChecks?: ScriptChecks } = {}) {
  const maker = new ChainMaker()
  maker.mine(110)
  const blocks = maker.chain()
  const ledger = new Ledger(undefined, options)
  ledger.extend(blocks.map((block) => block.bytes))
  const ripe = blocks.slice(0, 10).map((block) => coinbaseCoin(block, maker))
  return { maker, ledger, blocks, ripe: ripe as [Coin, Coin, ...Coin[]] }
}

type Start = ReturnType<typeof start>

function pay(coins: readonly Coin[], feeSat = 0, script: Uint8Array = OP_TRUE): Bytes {
  const valueSat = coins.reduce((sum, coin) => sum + coin.valueSat, 0) - feeSat
  return spend(coins, [{ valueSat, script }])
}

function outputOf(tx: Bytes, vout = 0): Coin {
  const { tx: parsed, txid } = parseTransaction(tx)
  return { txid, vout, valueSat: Number(parsed.outputs[vout]!.value) }
}

/** Connects what must be valid. */
function mine({ maker, ledger }: Start, plan: BlockPlan): MadeBlock {
  const [block] = maker.mine(1, plan)
  ledger.extend([block!.bytes])
  return block!
}

function reasonFor({ maker, ledger }: Start, plan: BlockPlan): string {
  const result = ledger.connect(maker.block(plan).bytes)
  return result.kind === 'invalid' ? result.reason : 'valid'
}

/** Each gives a block that must not connect. */
const refused: [string, string, (on: Start) => BlockPlan][] = [
  [
    'an output that never was',
    'bad-txns-inputs-missingorspent',
    () => ({ transactions: [pay([{ txid: sha256(OP_TRUE), vout: 0, valueSat: 5 }])] }),
  ],
  [
    'an output beyond those of its transaction',
    'bad-txns-inputs-missingorspent',
    ({ ripe }) => ({ transactions: [pay([{ ...ripe[0], vout: 1 }])] }),
  ],
  [
    'an output spent in an earlier block',
    'bad-txns-inputs-missingorspent',
    (on) => {
      mine(on, { transactions: [pay([on.ripe[0]])] })
      return { transactions: [pay([on.ripe[0]], 7)] }
    },
  ],
  [
    'an output spent twice in the block',
    'bad-txns-inputs-missingorspent',
    ({ ripe }) => ({ transactions: [pay([ripe[0]]), pay([ripe[0]], 7)], feeSat: 7 }),
  ],
  [
    'an output made and spent twice in the block',
    'bad-txns-inputs-missingorspent',
    ({ ripe }) => {
      const first = pay([ripe[0]])
      return { transactions: [first, pay([outputOf(first)]), pay([outputOf(first)], 7)], feeSat: 7 }
    },
  ],
  [
    'an output of a later transaction of the block',
    'bad-txns-inputs-missingorspent',
    ({ ripe }) => {
      const first = pay([ripe[0]])
      return { transactions: [pay([outputOf(first)]), first] }
    },
  ],
  [
    'an OP_RETURN of the same block',
    'bad-txns-inputs-missingorspent',
    ({ ripe }) => {
      const first = pay([ripe[0]], 0, OP_RETURN)
      return { transactions: [first, pay([outputOf(first)])] }
    },
  ],
  [
    'an OP_RETURN of an earlier block',
    'bad-txns-inputs-missingorspent',
    (on) => {
      const first = pay([on.ripe[0]], 0, OP_RETURN)
      mine(on, { transactions: [first] })
      return { transactions: [pay([outputOf(first)])] }
    },
  ],
  [
    'an output of the genesis coinbase',
    'bad-txns-inputs-missingorspent',
    ({ maker }) => ({ transactions: [pay([coinbaseCoin(maker.genesis, maker)])] }),
  ],
  [
    'a coinbase 99 blocks after it',
    'bad-txns-premature-spend-of-coinbase',
    ({ blocks, maker }) => ({ transactions: [pay([coinbaseCoin(blocks[11]!, maker)])] }),
  ],
  ['more than comes in', 'bad-txns-in-belowout', ({ ripe }) => ({ transactions: [pay([ripe[0]], -1)] })],
  ['a coinbase that claims a satoshi too much', 'bad-cb-amount', () => ({ feeSat: 1 })],
  [
    'a coinbase that claims more than the fees',
    'bad-cb-amount',
    ({ ripe }) => ({ transactions: [pay([ripe[0]], 1000)], feeSat: 1001 }),
  ],
  [
    'a transaction whose twin has an unspent output',
    'bad-txns-BIP30',
    (on) => {
      const tx = pay([on.ripe[0]])
      mine(on, { transactions: [tx] })
      return { transactions: [tx] }
    },
  ],
  [
    'a coin locked for 101 blocks, a block too early',
    'bad-txns-nonfinal',
    ({ blocks, maker }) => {
      const coin = coinbaseCoin(blocks[10]!, maker) // height 11; the block is 111
      return { transactions: [spend([coin], [{ valueSat: coin.valueSat, script: OP_TRUE }], { sequence: 101 })] }
    },
  ],
  [
    'a coin locked for 512 seconds, made in the block',
    'bad-txns-nonfinal',
    ({ ripe }) => {
      const first = pay([ripe[0]])
      const locked = spend([outputOf(first)], [{ valueSat: 1, script: OP_TRUE }], { sequence: 0x40_0001 })
      return { transactions: [first, locked] }
    },
  ],
  [
    'a redeem script with 20,001 signature operations',
    'bad-blk-sigops',
    (on) => ({ transactions: [spendP2sh(on, 20_001)] }),
  ],
  [
    'witness scripts with 80,001 signature operations',
    'bad-blk-sigops',
    (on) => ({ transactions: [spendP2wsh(on, 80_001)] }),
  ],
  [
    'an output that no script satisfies',
    'block-script-verify-flag-failed (OP_RETURN was encountered)',
    (on) => {
      const first = pay([on.ripe[0]], 0, Uint8Array.of(0x61, 0x6a))
      mine(on, { transactions: [first] })
      return { transactions: [pay([outputOf(first)])] }
    },
  ],
  ['a merkle root of something else', 'bad-txnmrklroot', () => ({ badMerkleRoot: true })],
  [
    'a lock time that has not come',
    'bad-txns-nonfinal',
    ({ ripe }) => ({
      transactions: [spend([ripe[0]], [{ valueSat: 1, script: OP_TRUE }], { lockTime: 111 })],
    }),
  ],
]

test.each(refused)('%s is refused as %s, and nothing has changed', (_, reason, plan) => {
  const on = start()
  const bad = plan(on)
  const before = dump(on.ledger.sql)
  const tip = on.ledger.chain.tip
  expect(reasonFor(on, bad)).toBe(reason)
  expect(on.ledger.chain.commit()).toBeUndefined()
  expect(on.ledger.chain.tip).toBe(tip)
  expect(dump(on.ledger.sql)).toEqual(before)
  // What the refused block would have spent can still be spent.
  expect(reasonFor(on, { transactions: [pay([on.ripe[9]!])] })).toBe('valid')
})

const accepted: [string, (on: Start) => BlockPlan][] = [
  [
    'a coinbase 100 blocks after it',
    ({ blocks, maker }) => ({ transactions: [pay([coinbaseCoin(blocks[10]!, maker)])] }),
  ],
  [
    'a coin locked for 100 blocks, when they have passed',
    ({ blocks, maker }) => {
      const coin = coinbaseCoin(blocks[10]!, maker)
      return {
        transactions: [spend([coin], [{ valueSat: coin.valueSat, script: OP_TRUE }], { sequence: 100 })],
        feeSat: 0,
      }
    },
  ],
  [
    'a lock that version 1 does not know',
    ({ blocks, maker }) => {
      const coin = coinbaseCoin(blocks[10]!, maker)
      const options = { sequence: 101, version: 1 }
      return { transactions: [spend([coin], [{ valueSat: coin.valueSat, script: OP_TRUE }], options)] }
    },
  ],
  [
    'a lock of 512 seconds, when they have passed',
    (on) => {
      const tx = pay([on.ripe[0]])
      mine(on, { transactions: [tx] })
      mine(on, {})
      return { transactions: [spend([outputOf(tx)], [{ valueSat: 1, script: OP_TRUE }], { sequence: 0x40_0001 })] }
    },
  ],
  [
    'a chain of outputs made and spent in the block',
    ({ ripe }) => {
      const first = pay([ripe[0]], 5)
      const second = pay([outputOf(first), ripe[1]], 5)
      return { transactions: [first, second, pay([outputOf(second)], 5)], feeSat: 15 }
    },
  ],
  ['a coinbase that claims less than it may', ({ ripe }) => ({ transactions: [pay([ripe[0]], 1000)], feeSat: -5000 })],
]

test.each(accepted)('%s is valid', (_, plan) => {
  const on = start()
  expect(reasonFor(on, plan(on))).toBe('valid')
})

test.each<[string, (on: Start) => Bytes]>([
  ['20,000 signature operations in a redeem script', (on) => spendP2sh(on, 20_000)],
  ['80,000 signature operations in witness scripts', (on) => spendP2wsh(on, 80_000)],
])('%s are not too many', (_, make) => {
  const on = start({ scriptChecks: noScripts })
  expect(reasonFor(on, { transactions: [make(on)] })).toBe('valid')
})

test('a coin that the cache does not hold can be spent once, after a block that tried twice', () => {
  const first = start()
  const on = { ...first, ledger: new Ledger(first.ledger.sql) }
  const twice = { transactions: [pay([on.ripe[0]]), pay([on.ripe[0]], 7)], feeSat: 7 }
  expect(reasonFor(on, twice)).toBe('bad-txns-inputs-missingorspent')
  mine(on, { transactions: [pay([on.ripe[0]])] })
  expect(reasonFor(on, { transactions: [pay([on.ripe[0]], 9)], feeSat: 9 })).toBe('bad-txns-inputs-missingorspent')
})

test('a block whose bytes are wrong, and not its header, is told apart', () => {
  const on = start()
  expect(on.ledger.connect(on.maker.block({ badMerkleRoot: true }).bytes)).toMatchObject({
    kind: 'invalid',
    mutated: true,
  })
  expect(on.ledger.connect(on.maker.block({ feeSat: 1 }).bytes)).toMatchObject({ kind: 'invalid', mutated: false })
})

describeShared('the value overflow of August 2010', () => {
  test('is refused on a chain where all it spends is there', () => {
    // Block 74638 has one transaction besides the coinbase, which spends one output of half a coin.
    const raw = readShared('blocks/mainnet-74638-invalid.bin')
    const at = 80 + 1 + parseCoinbaseSize(raw)
    const tx = raw.slice(at)
    const { prevout } = parseTransaction(tx).tx.inputs[0]!
    const on = start()
    on.ledger.sql.sql.exec(
      'INSERT INTO coin (outpoint, tx_num, value, script) VALUES (?, ?, ?, ?)',
      concatBytes(prevout.hash, Uint8Array.of(prevout.index, 0, 0, 0)),
      5,
      50_000_000,
      OP_TRUE,
    )
    expect(reasonFor(on, { transactions: [tx] })).toBe('bad-txns-vout-toolarge')
  })
})

/** Size of the first transaction of a block with fewer than 253. */
function parseCoinbaseSize(block: Bytes): number {
  for (let size = 60; ; size++) {
    try {
      parseTransaction(block.slice(81, 81 + size))
      return size
    } catch {}
  }
}

/** Pays to the hash of a script of `count` OP_CHECKSIG in one block, and returns the transaction that reveals it. */
function spendP2sh(on: Start, count: number): Bytes {
  const redeem = new Uint8Array(count).fill(OP_CHECKSIG)
  const script = concatBytes(hexToBytes('a914'), hash160(redeem), hexToBytes('87'))
  const funding = pay([on.ripe[0]], 0, script)
  mine(on, { transactions: [funding] })
  const scriptSig = concatBytes(Uint8Array.of(0x4d, count & 0xff, count >> 8), redeem)
  const { txid, vout } = outputOf(funding)
  return encode(transaction, {
    version: 1,
    inputs: [{ prevout: { hash: txid, index: vout }, scriptSig, sequence: 0xffff_ffff, witness: [] }],
    outputs: [{ value: 1n, scriptPubKey: OP_TRUE }],
    lockTime: 0,
  })
}

/** The same with witness scripts, of at most 9,000 operations each. */
function spendP2wsh(on: Start, count: number): Bytes {
  const sizes = Array.from({ length: 9 }, (_, i) => Math.min(9000, count - i * 9000))
  const scripts = sizes.map((size) => new Uint8Array(size).fill(OP_CHECKSIG))
  const outputs = scripts.map((script) => ({
    valueSat: 1000,
    script: concatBytes(Uint8Array.of(0, 32), sha256(script)),
  }))
  const funding = spend([on.ripe[0]], outputs)
  mine(on, { transactions: [funding] })
  const { txid } = outputOf(funding)
  return encode(transaction, {
    version: 1,
    inputs: scripts.map((script, index) => ({
      prevout: { hash: txid, index },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: [OP_TRUE, script],
    })),
    outputs: [{ value: 1n, scriptPubKey: OP_TRUE }],
    lockTime: 0,
  })
}
