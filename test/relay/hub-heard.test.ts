import { describe, expect, test } from 'vitest'
import { InvType } from '../../src/wire/inventory.ts'
import type { Message } from '../../src/wire/messages.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { HubBench } from './hub-bench.ts'

const maker = new ChainMaker({ seed: 52 })
const chain = maker.mine(10)
const [a, b] = [0, 1].map((n) => {
  const coin = { ...coinbaseCoin(chain[n]!, maker), witness: n === 1 }
  const bytes = spend([coin], [{ valueSat: 1000, script: n === 1 ? P2WSH_TRUE : OP_TRUE }])
  return { bytes, ...parseTransaction(bytes) }
}) as [Tx, Tx]
type Tx = ReturnType<typeof parseTransaction> & { bytes: Uint8Array<ArrayBuffer> }

const inv = (...txs: Tx[]): Message => ({
  command: 'inv',
  items: txs.map(({ wtxid }) => ({ type: InvType.WTX, hash: wtxid })),
})

function setUp(links: number) {
  const bench = new HubBench()
  for (let link = 1; link <= links; link++) bench.link(link)
  bench.up.length = 0
  /** What the ledger was told of how many links told of what, since this was last asked. */
  const heard = () => {
    const told = bench.up.flatMap((value) => (value.kind === 'heard' ? [value.txs] : []))
    bench.up.length = 0
    return told
  }
  return { bench, heard }
}

describe('how many links told of a transaction', () => {
  test('counts each that announced or sent it before it was told, once', () => {
    const { bench, heard } = setUp(5)
    for (const link of [1, 2, 2]) bench.say(link, inv(b))
    expect(heard()).toEqual([])
    bench.say(3, { command: 'tx', bytes: b.bytes })
    expect(bench.up.map(({ kind }) => kind)).toEqual(['message', 'heard'])
    expect(heard()).toEqual([[{ txid: b.txid, links: 3 }]])
    bench.tx(b.bytes, { from: 3 })
    bench.say(3, inv(b))
    // The others are told now, so what they say is an echo.
    bench.now += 60_000
    bench.perform(bench.hub.wake(bench.now))
    for (const link of [4, 5]) {
      expect(bench.said(link)).toContainEqual(inv(b))
      bench.say(link, inv(b))
    }
    bench.say(1, { command: 'inv', items: [{ type: InvType.BLOCK, hash: chain[4]!.hash }] })
    expect(heard()).toEqual([])
  })

  test('goes up with something else, or after ten seconds with the next input, and wakes nobody', () => {
    const { bench, heard } = setUp(3)
    bench.say(1, { command: 'tx', bytes: a.bytes })
    bench.perform(bench.hub.fromLedger(announced(a, 1), bench.now))
    // Before the flush, so that link 2 has not been told yet.
    const { deadline } = bench.hub
    bench.say(2, { command: 'inv', items: [{ type: InvType.WTX, hash: a.wtxid }] })
    expect(heard().flat()).toEqual([])
    expect(bench.hub.deadline).toBeLessThanOrEqual(deadline)
    bench.now += 9_999
    bench.say(3, { command: 'ping', nonce: 1n })
    expect(heard().flat()).toEqual([])
    bench.now += 1
    bench.say(3, { command: 'ping', nonce: 2n })
    expect(heard()).toEqual([[{ txid: a.txid, links: 2 }]])
    bench.now += 60_000
    bench.say(3, { command: 'ping', nonce: 3n })
    expect(heard()).toEqual([])
  })

  test('says nothing of one link alone, which the ledger knows of', () => {
    const { bench, heard } = setUp(3)
    bench.say(1, { command: 'tx', bytes: a.bytes })
    bench.tx(a.bytes, { from: 1 })
    bench.now += 60_000
    bench.say(3, { command: 'ping', nonce: 1n })
    expect(heard()).toEqual([])
  })

  test('is told of one that a wallet handed in while a link announced it', () => {
    const { bench, heard } = setUp(1)
    bench.say(1, inv(b))
    bench.tx(b.bytes)
    bench.now += 10_000
    bench.say(1, { command: 'ping', nonce: 1n })
    expect(heard()).toEqual([[{ txid: b.txid, links: 1 }]])
  })
})

describe('parents that the ledger wants', () => {
  test('are asked of the link that sent their child, by txid, once', () => {
    const { bench } = setUp(2)
    bench.ledger({ kind: 'want-txs', link: 1, txids: [a.txid, b.txid] })
    const items = [a, b].map(({ txid }) => ({ type: InvType.WITNESS_TX, hash: txid }))
    expect(bench.said(1)).toEqual([{ command: 'getdata', items }])
    bench.ledger({ kind: 'want-txs', link: 1, txids: [a.txid] })
    expect(bench.said(1)).toEqual([])
    bench.up.length = 0
    bench.say(1, { command: 'tx', bytes: b.bytes })
    expect(bench.upCommands()).toEqual(['tx 1'])
    bench.tx(b.bytes, { from: 1 })
    bench.ledger({ kind: 'want-txs', link: 2, txids: [b.txid] })
    expect(bench.said(2)).not.toContainEqual(expect.objectContaining({ command: 'getdata' }))
    bench.ledger({ kind: 'want-txs', link: 77, txids: [a.txid] })
  })

  test('are let go of when that link does not have them', () => {
    const { bench } = setUp(1)
    bench.ledger({ kind: 'want-txs', link: 1, txids: [a.txid] })
    const items = [{ type: InvType.WITNESS_TX, hash: a.txid }]
    expect(bench.said(1)).toEqual([{ command: 'getdata', items }])
    bench.say(1, { command: 'notfound', items })
    bench.ledger({ kind: 'want-txs', link: 1, txids: [a.txid] })
    expect(bench.said(1)).toEqual([{ command: 'getdata', items }])
  })
})

function announced({ txid, wtxid, bytes }: Tx, from: number) {
  return { kind: 'announce-tx' as const, txid, wtxid, feeRate: 1000, bytes, from }
}
