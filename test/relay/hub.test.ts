import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../src/wire/codec.ts'
import { hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import type { Message } from '../../src/wire/messages.ts'
import { parseTransaction, transaction, transactionNoWitness } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { HubBench } from './hub-bench.ts'

const maker = new ChainMaker({ seed: 51 })
const chain = maker.mine(30)
const MINUTE = 60_000

/** Transactions of their own each; every other one with witness data. */
const txs = Array.from({ length: 12 }, (_, i) => {
  const bytes = spend(
    [{ ...coinbaseCoin(chain[i]!, maker), ...(i % 2 === 1 && { witness: true }) }],
    [{ valueSat: 1000 + i, script: i % 2 === 0 ? OP_TRUE : P2WSH_TRUE }],
  )
  return { bytes, ...parseTransaction(bytes) }
})
const [plain, segwit] = [txs[0]!, txs[1]!]

function wtx(...items: { wtxid: Uint8Array }[]): { type: number; hash: Uint8Array }[] {
  return items.map(({ wtxid }) => ({ type: InvType.WTX, hash: wtxid }))
}

function ofType(messages: readonly Message[], command: Message['command']): Message[] {
  return messages.filter((message) => message.command === command)
}

function commands(messages: readonly Message[]): string[] {
  return messages.map(({ command }) => command)
}

describe('links', () => {
  test('a link that is up is introduced to the ledger and greeted', () => {
    const bench = new HubBench()
    bench.hub.accept(99, { inbound: true }, bench.now)
    expect(bench.hub.links()).toEqual([])
    bench.link(1, { startHeight: 7 })
    expect(bench.up).toMatchObject([{ kind: 'link-up', link: 1, info: { startHeight: 7, inbound: true } }])
    expect(bench.hub.links()).toEqual([
      { id: 1, client: '/bench/', height: 7, inbound: true, since: 1_700_000_000, version: 70_016, services: 9n },
    ])
  })

  test.each([
    [true, ['sendheaders', 'feefilter']],
    [false, ['getaddr', 'sendheaders', 'feefilter']],
  ])('inbound %s is greeted by %j', (inbound, greeting) => {
    const bench = new HubBench()
    const said: string[] = []
    const original = bench.said.bind(bench)
    bench.said = (link) => {
      const messages = original(link)
      said.push(...commands(messages))
      return messages
    }
    bench.link(1, {}, { inbound })
    expect(said).toEqual(['version', 'wtxidrelay', 'sendaddrv2', 'verack', ...greeting])
  })

  test('a link that goes is taken leave of once, and its bytes are nothing any more', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.perform(bench.hub.closed(1, bench.now))
    bench.perform(bench.hub.closed(1, bench.now))
    bench.say(1, { command: 'tx', bytes: plain.bytes })
    expect(bench.upCommands()).toEqual(['link-up', 'link-down'])
    expect(bench.hub.links()).toEqual([])
    expect(bench.hub.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('handshakes that are not completed end, pings go out, and the deadline is the earliest of all', () => {
    const bench = new HubBench()
    bench.perform(bench.hub.accept(1, { inbound: true }, bench.now))
    bench.link(2)
    expect(bench.hub.deadline).toBe(bench.now + MINUTE)
    bench.wait(MINUTE)
    expect(bench.closed).toEqual([{ link: 1, reason: 'handshake-timeout' }])
    bench.wait(MINUTE)
    expect(commands(bench.said(2))).toEqual(['ping'])
  })

  test('there is room for so many inbound links, and for any number that we dial', () => {
    const bench = new HubBench({ limits: { inbound: 3, inboundPerAddress: 2 } })
    for (const id of [1, 2, 3]) bench.perform(bench.hub.accept(id, { inbound: true, addressKey: 'a' }, bench.now))
    bench.perform(bench.hub.accept(4, { inbound: true, addressKey: 'b' }, bench.now))
    bench.perform(bench.hub.accept(5, { inbound: true, addressKey: 'c' }, bench.now))
    bench.perform(bench.hub.accept(6, { inbound: false, addressKey: 'a' }, bench.now))
    expect(bench.closed).toEqual([
      { link: 3, reason: 'too-many-links-from-address' },
      { link: 5, reason: 'too-many-links' },
    ])
    bench.perform(bench.hub.closed(1, bench.now))
    bench.perform(bench.hub.accept(7, { inbound: true, addressKey: 'a' }, bench.now))
    expect(bench.closed).toHaveLength(2)
  })

  test('who misbehaves is closed with the reason and discouraged, unless a person wanted the link', () => {
    const bench = new HubBench({ limits: { inbound: 2 } })
    bench.link(1, {}, { inbound: true, addressKey: 'a' })
    bench.link(2, {}, { inbound: false, kind: 'manual', addressKey: 'b' })
    bench.ledger({ kind: 'misbehaving', link: 1, reason: 'bad-txnmrklroot' })
    bench.ledger({ kind: 'misbehaving', link: 2, reason: 'bad-txnmrklroot' })
    bench.ledger({ kind: 'disconnect', link: 2, reason: 'block-stalled' })
    expect(bench.closed).toEqual([
      { link: 1, reason: 'bad-txnmrklroot', discourage: true },
      { link: 2, reason: 'bad-txnmrklroot' },
    ])
    bench.link(3, {}, { inbound: true })
    bench.perform(bench.hub.accept(4, { inbound: true, addressKey: 'a' }, bench.now))
    expect(bench.closed.at(-1)).toEqual({ link: 4, reason: 'discouraged' })
  })

  test.each<[string, Message | [string, string]]>([
    ['mempool-not-offered', { command: 'mempool' }],
    ['filterclear-not-offered', { command: 'filterclear' }],
    ['filterload-not-offered', ['filterload', '']],
    ['getcfilters-not-offered', ['getcfilters', '']],
    ['getcfheaders-not-offered', ['getcfheaders', '']],
    ['getcfcheckpt-not-offered', ['getcfcheckpt', '']],
    ['malformed-inv', ['inv', 'fd']],
    ['malformed-addr', ['addr', 'fde903']],
    ['malformed-addrv2', ['addrv2', '0100']],
    ['malformed-tx', ['tx', '00']],
    ['malformed-feefilter', ['feefilter', '01']],
  ])('ends in %s', (reason, message) => {
    const bench = new HubBench()
    bench.link(1)
    if (Array.isArray(message)) bench.sayRaw(1, message[0], hexToBytes(message[1]))
    else bench.say(1, message)
    expect(bench.closed).toMatchObject([{ link: 1, reason }])
    expect(bench.upCommands()).toEqual(['link-up', 'link-down'])
  })

  test('what is of no use to us is passed over', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.say(1, { command: 'getaddr' })
    bench.say(1, { command: 'sendcmpct', announce: true, version: 2n })
    bench.say(1, { command: 'addr', addresses: [] })
    bench.sayRaw(1, 'alert', new Uint8Array(3))
    bench.sayRaw(1, 'nonsense', new Uint8Array(3))
    expect(bench.said(1)).toEqual([])
    expect(bench.closed).toEqual([])
    expect(bench.upCommands()).toEqual(['link-up'])
  })
})

describe('the way to the ledger', () => {
  test('messages that know the chain go up as they are', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.say(1, { command: 'getheaders', version: 1, locator: [], stop: new Uint8Array(32) })
    bench.say(1, { command: 'getblocks', version: 1, locator: [], stop: new Uint8Array(32) })
    bench.say(1, { command: 'headers', headers: [chain[0]!.header] })
    bench.say(1, { command: 'block', bytes: chain[0]!.bytes })
    bench.say(1, { command: 'getdata', items: [{ type: InvType.BLOCK, hash: chain[3]!.hash }] })
    expect(bench.upCommands()).toEqual(['link-up', 'getheaders 1', 'getblocks 1', 'headers 1', 'block 1', 'getdata 1'])
  })

  test('of mixed lists the ledger gets the blocks', () => {
    const bench = new HubBench()
    bench.link(1)
    const block = { type: InvType.BLOCK, hash: chain[3]!.hash }
    for (const command of ['inv', 'getdata', 'notfound'] as const) {
      bench.up.length = 0
      bench.say(1, { command, items: [...wtx(segwit), block] })
      expect(bench.up).toEqual([
        { kind: 'message', link: 1, command, payload: hexToBytes(`01${'02000000'}${hex(chain[3]!.hash)}`) },
      ])
      bench.say(1, { command, items: wtx(segwit) })
      expect(bench.up).toHaveLength(1)
    }
  })

  test('a link whose messages pile up there is not read from until there is room', () => {
    const bench = new HubBench({ limits: { untakenBytes: 1000 } })
    bench.link(1)
    const size = chain[0]!.bytes.length
    let up = 0
    for (; up <= 1000; up += size) {
      expect(bench.paused.has(1)).toBe(false)
      bench.say(1, { command: 'block', bytes: chain[0]!.bytes })
    }
    expect(bench.paused.has(1)).toBe(true)
    bench.ledger({ kind: 'taken', link: 1, bytes: up - 501 })
    expect(bench.paused.has(1)).toBe(true)
    bench.ledger({ kind: 'taken', link: 1, bytes: 1 })
    expect(bench.paused.has(1)).toBe(false)
  })

  test('what the ledger sends goes out, and when a block has left it is told so', () => {
    const bench = new HubBench()
    bench.draining = false
    bench.link(1)
    bench.up.length = 0
    bench.ledger({ kind: 'send', link: 1, command: 'block', payload: new Uint8Array(2_000_000) })
    expect(commands(bench.said(1))).toEqual(['block'])
    bench.perform(bench.hub.buffered(1, 2_000_024, bench.now))
    bench.perform(bench.hub.buffered(1, 300_000, bench.now))
    expect(bench.up).toEqual([])
    bench.perform(bench.hub.buffered(1, 200_000, bench.now))
    expect(bench.up).toEqual([{ kind: 'drained', link: 1 }])
    bench.perform(bench.hub.writable(1, bench.now))
    expect(bench.up).toHaveLength(1)
    bench.ledger({ kind: 'send', link: 1, command: 'headers', payload: new Uint8Array(1) })
    bench.perform(bench.hub.writable(1, bench.now))
    expect(bench.up).toHaveLength(1)
    bench.ledger({ kind: 'send', link: 77, command: 'headers', payload: new Uint8Array(1) })
  })

  test('a new ledger is introduced to all links, and owes them nothing', () => {
    const bench = new HubBench({ limits: { untakenBytes: 100 } })
    bench.draining = false
    bench.link(1)
    bench.link(2)
    bench.perform(bench.hub.accept(3, { inbound: true }, bench.now))
    bench.say(1, { command: 'block', bytes: chain[0]!.bytes })
    bench.ledger({ kind: 'send', link: 2, command: 'block', payload: new Uint8Array(10) })
    bench.block(chain[5]!)
    expect(bench.paused.has(1)).toBe(true)
    bench.up.length = 0
    bench.ledger({ kind: 'epoch', epoch: 2, height: 3 })
    expect(bench.up).toMatchObject([
      { kind: 'link-up', link: 1 },
      { kind: 'link-up', link: 2 },
    ])
    expect(bench.paused.has(1)).toBe(false)
    bench.perform(bench.hub.writable(2, bench.now))
    // The tip of the old ledger is not given any more, and no transactions are fetched until the new one is ready.
    bench.say(1, { command: 'getdata', items: [{ type: InvType.WITNESS_BLOCK, hash: chain[5]!.hash }] })
    bench.say(1, { command: 'inv', items: wtx(segwit) })
    expect(bench.upCommands()).toEqual(['link-up', 'link-up', 'getdata 1'])
    expect(ofType(bench.said(1), 'getdata')).toEqual([])
  })
})

describe('transactions', () => {
  test('are fetched from who announces them first, by the name used, and once', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.link(2, { wtxidrelay: false })
    bench.link(3)
    bench.say(1, { command: 'inv', items: wtx(segwit) })
    bench.say(3, { command: 'inv', items: wtx(segwit) })
    expect(bench.said(1)).toEqual([{ command: 'getdata', items: wtx(segwit) }])
    expect(bench.said(3)).toEqual([])
    bench.say(2, { command: 'inv', items: [{ type: InvType.TX, hash: plain.txid }] })
    expect(bench.said(2)).toEqual([{ command: 'getdata', items: [{ type: InvType.WITNESS_TX, hash: plain.txid }] }])
    bench.up.length = 0
    bench.say(1, { command: 'tx', bytes: segwit.bytes })
    expect(bench.upCommands()).toEqual(['tx 1', 'heard'])
    bench.say(3, { command: 'inv', items: wtx(segwit) })
    expect(bench.said(3)).toEqual([])
  })

  test('a name in the way that was not agreed on is passed over', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.link(2, { wtxidrelay: false })
    bench.say(1, { command: 'inv', items: [{ type: InvType.TX, hash: plain.txid }] })
    bench.say(2, { command: 'inv', items: wtx(segwit) })
    expect([...bench.said(1), ...bench.said(2)]).toEqual([])
  })

  test.each<[string, (bench: HubBench) => void]>([
    ['it says notfound', (bench) => bench.say(1, { command: 'notfound', items: wtx(segwit) })],
    ['it goes', (bench) => bench.perform(bench.hub.closed(1, bench.now))],
    ['60 s have passed', (bench) => bench.wait(60_000)],
    ['it answers emptily', (bench) => bench.sayRaw(1, 'tx', hexToBytes('02000000000000000000'))],
  ])('the next who announced one is asked when %s', (_, fail) => {
    const bench = new HubBench()
    for (const link of [1, 2, 3]) {
      bench.link(link)
      bench.say(link, { command: 'inv', items: wtx(segwit) })
    }
    expect(ofType(bench.said(1), 'getdata')).toHaveLength(1)
    fail(bench)
    expect(ofType(bench.said(2), 'getdata')).toEqual([{ command: 'getdata', items: wtx(segwit) }])
    expect(ofType(bench.said(3), 'getdata')).toEqual([])
    expect(bench.closed).toEqual([])
  })

  test('a hundred at a time are asked of a link, the rest as these come', () => {
    const bench = new HubBench()
    bench.link(1)
    const items = Array.from({ length: 150 }, (_, i) => ({
      type: InvType.WTX as number,
      hash: new Uint8Array(32).fill(i),
    }))
    bench.say(1, { command: 'inv', items })
    const [first] = bench.said(1)
    expect(first).toEqual({ command: 'getdata', items: items.slice(0, 100) })
    bench.say(1, { command: 'notfound', items: items.slice(0, 20) })
    expect(bench.said(1)).toEqual([{ command: 'getdata', items: items.slice(100, 120) }])
  })

  test('one that the ledger refused is not fetched again before the next block', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.link(2)
    bench.say(1, { command: 'inv', items: wtx(segwit) })
    bench.say(1, { command: 'tx', bytes: segwit.bytes })
    bench.say(2, { command: 'inv', items: wtx(segwit) })
    expect(ofType(bench.said(2), 'getdata')).toEqual([])
    bench.ledger({ kind: 'tip', height: 1, hash: chain[0]!.hash, time: 0, synced: true })
    bench.say(2, { command: 'inv', items: wtx(segwit) })
    expect(ofType(bench.said(2), 'getdata')).toHaveLength(1)
  })

  test('are announced to all who do not know them, each in its way, together', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.link(2)
    bench.link(3, { wtxidrelay: false })
    bench.link(4, { relay: false })
    bench.link(5)
    bench.say(5, { command: 'inv', items: wtx(segwit) })
    bench.said(5)
    bench.say(1, { command: 'tx', bytes: segwit.bytes })
    bench.tx(segwit.bytes, { from: 1 })
    bench.tx(plain.bytes)
    expect(bench.said(2)).toEqual([])
    expect(bench.hub.deadline).toBeLessThanOrEqual(bench.now)
    bench.wait()
    expect(bench.said(2)).toEqual([{ command: 'inv', items: wtx(segwit, plain) }])
    expect(bench.said(1)).toEqual([{ command: 'inv', items: wtx(plain) }])
    expect(bench.said(5)).toEqual([{ command: 'inv', items: wtx(plain) }])
    expect(bench.said(4)).toEqual([])
    expect(bench.said(3)).toEqual([
      {
        command: 'inv',
        items: [segwit, plain].map(({ txid }) => ({ type: InvType.TX, hash: txid })),
      },
    ])
    bench.tx(segwit.bytes)
    bench.wait()
    expect(bench.said(2)).toEqual([])
  })

  test('the fee filter of a link is respected', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.say(1, { command: 'feefilter', feeRate: 1001n })
    bench.tx(plain.bytes, { feeRate: 1000 })
    bench.wait()
    expect(bench.said(1)).toEqual([])
    bench.say(1, { command: 'feefilter', feeRate: -1n })
    bench.say(1, { command: 'feefilter', feeRate: 1000n })
    bench.tx(segwit.bytes, { feeRate: 1000 })
    bench.wait()
    expect(bench.said(1)).toEqual([{ command: 'inv', items: wtx(segwit) }])
  })

  test('are given from the cache by either name, and what is not there is not found', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.tx(segwit.bytes)
    bench.say(1, { command: 'tx', bytes: plain.bytes })
    bench.wait()
    bench.said(1)
    const stripped = encode(transactionNoWitness, decode(transaction, segwit.bytes))
    const items = [
      { type: InvType.WITNESS_TX, hash: segwit.txid },
      { type: InvType.WTX, hash: segwit.wtxid },
      { type: InvType.TX, hash: segwit.txid },
      { type: InvType.WTX, hash: segwit.txid },
      { type: InvType.TX, hash: segwit.wtxid },
      // Not taken by the ledger, so not announced.
      { type: InvType.WTX, hash: plain.wtxid },
    ]
    bench.say(1, { command: 'getdata', items })
    expect(bench.said(1)).toEqual([
      { command: 'tx', bytes: segwit.bytes },
      { command: 'tx', bytes: segwit.bytes },
      { command: 'tx', bytes: stripped },
      { command: 'notfound', items: items.slice(3) },
    ])
  })

  test('the cache is bounded by bytes, and the oldest go first', () => {
    const bench = new HubBench({ limits: { cacheBytes: plain.bytes.length + segwit.bytes.length } })
    bench.link(1)
    for (const tx of txs.slice(0, 3)) bench.tx(tx.bytes)
    bench.wait()
    bench.said(1)
    bench.say(1, { command: 'getdata', items: wtx(...txs.slice(0, 3)) })
    expect(commands(bench.said(1))).toEqual(['tx', 'tx', 'notfound'])
  })

  test('the same with other witness data does not push an announced one out', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.link(2)
    bench.tx(segwit.bytes)
    bench.wait()
    const bytes = segwit.bytes.slice()
    // The one byte of its witness item.
    bytes[bytes.length - 5]! ^= 1
    bench.say(2, { command: 'tx', bytes })
    bench.said(1)
    bench.say(1, { command: 'getdata', items: wtx(segwit) })
    expect(bench.said(1)).toEqual([{ command: 'tx', bytes: segwit.bytes }])
  })

  test('are neither fetched nor wanted before the ledger is synced', () => {
    const bench = new HubBench({ synced: false })
    bench.link(1)
    bench.say(1, { command: 'inv', items: wtx(segwit) })
    expect(bench.said(1)).toEqual([])
    bench.ledger({ kind: 'tip', height: 1, hash: chain[0]!.hash, time: 0, synced: true })
    expect(bench.said(1)).toEqual([{ command: 'feefilter', feeRate: 100n }])
    bench.say(1, { command: 'inv', items: wtx(segwit) })
    expect(ofType(bench.said(1), 'getdata')).toHaveLength(1)
  })

  test('on a network without relay nothing of them goes either way', () => {
    const bench = new HubBench({ relay: false })
    bench.link(1)
    bench.say(1, { command: 'inv', items: wtx(segwit) })
    bench.say(1, { command: 'tx', bytes: segwit.bytes })
    bench.tx(plain.bytes)
    bench.wait()
    expect(bench.said(1)).toEqual([])
    expect(bench.upCommands()).toEqual(['link-up'])
    expect(bench.closed).toEqual([])
  })
})

describe('blocks', () => {
  test('are announced by hash, and by header to those who want that and have the parent', () => {
    const bench = new HubBench()
    for (const link of [1, 2, 3, 4]) bench.link(link)
    for (const link of [2, 3]) bench.say(link, { command: 'sendheaders' })
    bench.ledger({ kind: 'knows-block', link: 2, hash: chain[3]!.hash })
    bench.block(chain[4]!, { from: 4 })
    bench.wait()
    const byHash = [{ command: 'inv', items: [{ type: InvType.BLOCK, hash: chain[4]!.hash }] }]
    expect(bench.said(1)).toEqual(byHash)
    expect(bench.said(2)).toEqual([{ command: 'headers', headers: [chain[4]!.header] }])
    expect(bench.said(3)).toEqual(byHash)
    expect(bench.said(4)).toEqual([])
    // Headers told count as had, hashes do not.
    bench.block(chain[5]!)
    bench.wait()
    expect(commands(bench.said(2))).toEqual(['headers'])
    expect(commands(bench.said(3))).toEqual(['inv'])
    expect(bench.hub.links().map(({ height }) => height)).toEqual([0, 0, 0, 5])
  })

  test('several at once go as headers up to eight, and as the hash of the last beyond', () => {
    for (const count of [8, 9]) {
      const bench = new HubBench()
      bench.link(1)
      bench.say(1, { command: 'sendheaders' })
      bench.ledger({ kind: 'knows-block', link: 1, hash: chain[0]!.hash })
      for (const block of chain.slice(1, 1 + count)) bench.block(block)
      bench.wait()
      expect(bench.said(1)).toEqual([
        count === 8
          ? { command: 'headers', headers: chain.slice(1, 9).map(({ header }) => header) }
          : { command: 'inv', items: [{ type: InvType.BLOCK, hash: chain[9]!.hash }] },
      ])
    }
  })

  test('headers are not sent where they do not follow one another', () => {
    const bench = new HubBench()
    const branch = maker.mine(2, {}, chain[4]!)
    bench.link(1)
    bench.say(1, { command: 'sendheaders' })
    bench.ledger({ kind: 'knows-block', link: 1, hash: chain[5]!.hash })
    bench.block(chain[6]!)
    for (const block of branch) bench.block(block)
    bench.wait()
    expect(bench.said(1)).toEqual([{ command: 'inv', items: [{ type: InvType.BLOCK, hash: branch[1]!.hash }] }])
  })

  test.each<[string, (bench: HubBench) => void]>([
    ['its hash', (b) => b.say(1, { command: 'inv', items: [{ type: InvType.BLOCK, hash: chain[4]!.hash }] })],
    ['its header', (b) => b.say(1, { command: 'headers', headers: [chain[4]!.header] })],
    ['itself', (b) => b.say(1, { command: 'block', bytes: chain[4]!.bytes })],
    ['a later one', (b) => b.ledger({ kind: 'knows-block', link: 1, hash: chain[4]!.hash })],
  ])('who has sent %s is not told of it', (_, show) => {
    const bench = new HubBench()
    bench.link(1)
    show(bench)
    bench.block(chain[4]!)
    bench.wait()
    expect(bench.said(1)).toEqual([])
  })

  test('whoever has a block has those below it', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.ledger({ kind: 'knows-block', link: 1, hash: chain[6]!.hash })
    bench.say(1, { command: 'sendheaders' })
    for (const block of chain.slice(4, 8)) bench.block(block)
    bench.wait()
    expect(bench.said(1)).toEqual([{ command: 'headers', headers: [chain[7]!.header] }])
    expect(bench.hub.links()[0]!.height).toBe(7)
  })

  test('the tip is given from the cache, everything else goes up', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.block(chain[3]!)
    bench.block(chain[4]!)
    bench.wait()
    bench.said(1)
    bench.up.length = 0
    for (const type of [InvType.WITNESS_BLOCK, InvType.CMPCT_BLOCK]) {
      bench.say(1, { command: 'getdata', items: [{ type, hash: chain[4]!.hash }] })
      expect(bench.said(1)).toEqual([{ command: 'block', bytes: chain[4]!.bytes }])
    }
    expect(bench.up).toEqual([])
    bench.say(1, { command: 'getdata', items: [{ type: InvType.BLOCK, hash: chain[4]!.hash }] })
    bench.say(1, { command: 'getdata', items: [{ type: InvType.WITNESS_BLOCK, hash: chain[3]!.hash }] })
    bench.say(1, { command: 'getdata', items: [{ type: InvType.FILTERED_BLOCK, hash: chain[4]!.hash }] })
    expect(bench.upCommands()).toEqual(['getdata 1', 'getdata 1', 'getdata 1'])
    expect(bench.said(1)).toEqual([])
  })
})

describe('slow readers', () => {
  const limits = { holdBytes: 10_000, closeBytes: 100_000 }

  test('get announcements when they read again: the last block, and what is still news', () => {
    const bench = new HubBench({ limits })
    bench.link(1)
    bench.link(2)
    bench.draining = false
    bench.perform(bench.hub.buffered(1, 10_001, bench.now))
    for (const tx of txs.slice(0, 3)) bench.tx(tx.bytes)
    bench.wait()
    bench.tx(txs[3]!.bytes)
    bench.block(chain[3]!)
    bench.block(chain[4]!)
    bench.wait()
    expect(bench.said(1)).toEqual([])
    bench.say(1, { command: 'inv', items: wtx(txs[1]!) })
    bench.perform(bench.hub.buffered(1, 10_000, bench.now))
    expect(bench.said(1)).toEqual([
      { command: 'inv', items: [{ type: InvType.BLOCK, hash: chain[4]!.hash }] },
      { command: 'inv', items: wtx(txs[0]!, txs[2]!, txs[3]!) },
    ])
    expect(bench.said(2)).toHaveLength(3)
  })

  test('get transactions as fast as they read, and are not allowed to ask for ever', () => {
    const bench = new HubBench({ limits: { holdBytes: plain.bytes.length + 30, closeBytes: 100_000 } })
    bench.link(1)
    for (const tx of txs) bench.tx(tx.bytes)
    bench.wait()
    bench.said(1)
    bench.draining = false
    bench.perform(bench.hub.writable(1, bench.now))
    bench.say(1, { command: 'getdata', items: wtx(...txs) })
    expect(bench.said(1)).toHaveLength(2)
    bench.perform(bench.hub.writable(1, bench.now))
    expect(bench.said(1)).toHaveLength(2)
    const items = Array.from({ length: 49_990 }, () => wtx(plain)[0]!)
    bench.say(1, { command: 'getdata', items })
    expect(bench.closed).toEqual([])
    bench.say(1, { command: 'getdata', items: wtx(...txs) })
    expect(bench.closed).toEqual([{ link: 1, reason: 'too-many-getdata', discourage: true }])
  })

  test('are closed when far too much waits for them', () => {
    const bench = new HubBench({ limits })
    bench.link(1)
    bench.draining = false
    bench.ledger({ kind: 'send', link: 1, command: 'block', payload: new Uint8Array(60_000) })
    expect(bench.closed).toEqual([])
    bench.ledger({ kind: 'send', link: 1, command: 'block', payload: new Uint8Array(60_000) })
    expect(bench.closed).toEqual([{ link: 1, reason: 'slow-reader' }])
    expect(bench.upCommands()).toEqual(['link-up', 'link-down'])
  })
})

function hex(hash: Uint8Array): string {
  return toDisplay(hash.slice().reverse())
}
