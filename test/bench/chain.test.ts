import { beforeAll, describe, expect, test } from 'vitest'
import { assemble, type ChainShape, heightOf } from '../../bench/chain/assemble.ts'
import { BUSY_SCRIPT, Lane } from '../../bench/chain/lane.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { innerScripts, scriptType } from '../../src/script/type.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { equalBytes, hashKey } from '../../src/wire/hash.ts'
import { type Transaction, type TxOut, txid } from '../../src/wire/transaction.ts'
import { isSigned } from '../demo/verify-spend.ts'
import { Ledger } from '../ledger/open-ledger.ts'

type Bytes = Uint8Array<ArrayBuffer>

const SHAPE: ChainShape = { empty: 103, full: 4, after: 2, txs: [20, 40], lanes: 2, payouts: 2 }
/** Every so many inputs' signatures are checked: plain JavaScript takes its time over each. */
const EVERY = 3

async function make(shape: ChainShape): Promise<Bytes[]> {
  const lanes = Array.from({ length: shape.lanes }, (_, number) => new Lane(number))
  const blocks: Bytes[] = []
  for await (const bytes of assemble(regtest, shape, lanes)) blocks.push(bytes)
  return blocks
}

describe('the chain that the benches take in', () => {
  let blocks: Bytes[]
  let txs: Transaction[]
  /** By txid. */
  let outputs: Map<string, TxOut[]>

  beforeAll(async () => {
    blocks = await make(SHAPE)
    const all = blocks.map((bytes) => decode(block, bytes).transactions)
    outputs = new Map(all.flat().map((tx) => [hashKey(txid(tx, nodeHasher)), tx.outputs]))
    txs = all.flatMap((transactions) => transactions.slice(1))
  })

  test('has the same bytes every time', async () => {
    expect((await make(SHAPE)).map((bytes) => nodeHasher.sha256(bytes))).toEqual(
      blocks.map((bytes) => nodeHasher.sha256(bytes)),
    )
  })

  test('is valid', () => {
    const ledger = new Ledger()
    ledger.extend(blocks)
    expect(ledger.chain.tip.height).toBe(heightOf(SHAPE))
  })

  test('is signed, in every way that outputs ask for', () => {
    const spentBy = (tx: Transaction) =>
      tx.inputs.map(({ prevout }) => outputs.get(hashKey(prevout.hash))![prevout.index]!)
    const kinds = new Set<string>()
    for (const [i, tx] of txs.entries()) {
      const spent = spentBy(tx)
      tx.inputs.forEach(({ scriptSig, witness }, n) => {
        const { scriptPubKey } = spent[n]!
        const { redeemScript, witnessScript } = innerScripts(scriptSig, witness, scriptPubKey)
        const inner = redeemScript ? scriptType(redeemScript) : witnessScript ? 'script' : witness.length
        kinds.add(`${scriptType(scriptPubKey)} ${inner}`)
      })
      if (i % EVERY === 0) expect(isSigned(tx, spent), `transaction ${i}`).toBe(true)
    }
    expect([...kinds].sort()).toEqual([
      'p2pkh 0',
      'p2sh unknown',
      'p2sh v0_p2wpkh',
      'unknown 0',
      'v0_p2wpkh 2',
      'v0_p2wsh script',
      'v1_p2tr 1',
      'v1_p2tr 4',
    ])
  })

  test('pays to the busy script, carries data, and spends what the same block made', () => {
    const paid = txs.flatMap((tx) => tx.outputs.map(({ scriptPubKey }) => scriptPubKey))
    expect(paid.some((script) => equalBytes(script, BUSY_SCRIPT))).toBe(true)
    expect(paid.some((script) => scriptType(script) === 'op_return')).toBe(true)
    const chained = blocks.some((bytes) => {
      const [, ...own] = decode(block, bytes).transactions
      const made = new Set(own.map((tx) => hashKey(txid(tx, nodeHasher))))
      return own.some((tx) => tx.inputs.some(({ prevout }) => made.has(hashKey(prevout.hash))))
    })
    expect(chained).toBe(true)
  })
})
