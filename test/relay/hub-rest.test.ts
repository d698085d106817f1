import { describe, expect, test } from 'vitest'
import type { LinkId } from '../../src/peer/queues.ts'
import { InvType } from '../../src/wire/inventory.ts'
import type { Message, MessageOf } from '../../src/wire/messages.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { HubBench } from './hub-bench.ts'

const maker = new ChainMaker({ seed: 52 })
const chain = maker.mine(12)
const MINUTE = 60_000
const ZERO = new Uint8Array(32)
const tx = spend([coinbaseCoin(chain[0]!, maker)], [{ valueSat: 1000, script: P2WSH_TRUE }])
const { wtxid } = parseTransaction(tx)

const commands = (messages: readonly Message[]) => messages.map(({ command }) => command)
const pingIn = (messages: readonly Message[]) =>
  messages.find((message): message is MessageOf<'ping'> => message.command === 'ping')
const getdata = (...blocks: { hash: Uint8Array }[]): Message => ({
  command: 'getdata',
  items: blocks.map(({ hash }) => ({ type: InvType.WITNESS_BLOCK, hash })),
})

/** The next life of a hub, with those of its links that can go on. */
function reborn(bench: HubBench, links: readonly LinkId[], options: { limits?: { inbound: number } } = {}): HubBench {
  const next = new HubBench({ hub: bench.hub, pings: false, ...options })
  next.now = bench.now
  next.draining = bench.draining
  for (const link of links) {
    const snapshot = bench.hub.snapshot(link)
    if (snapshot) next.perform(next.hub.restore(link, structuredClone(snapshot), next.now))
  }
  return next
}

describe('links that rest', () => {
  test('go on in another life without a word to anybody', () => {
    const bench = new HubBench({ pings: false })
    bench.link(1, { startHeight: 5 })
    bench.link(2, {}, { inbound: false, kind: 'manual' })
    bench.say(1, { command: 'sendheaders' })
    bench.say(1, { command: 'feefilter', feeRate: 2000n })
    const next = reborn(bench, [1, 2])
    expect(next.hub.links()).toEqual(bench.hub.links())
    expect([next.said(1), next.said(2), next.up]).toEqual([[], [], []])
    for (const link of [1, 2]) expect(next.hub.snapshot(link)).toEqual(bench.hub.snapshot(link))

    next.tx(tx, { feeRate: 1500 })
    next.wait()
    expect(commands(next.said(1))).toEqual([])
    expect(commands(next.said(2))).toEqual(['inv'])
    next.say(1, { command: 'ping', nonce: 8n })
    expect(next.said(1)).toEqual([{ command: 'pong', nonce: 8n }])
    next.ledger({ kind: 'misbehaving', link: 2, reason: 'x' })
    expect(next.closed).toEqual([{ link: 2, reason: 'x' }])
  })

  test('fetch transactions at once where the ledger was in step, and only there', () => {
    for (const synced of [true, false]) {
      const next = (() => {
        const bench = new HubBench({ pings: false, synced })
        bench.link(1)
        return reborn(bench, [1])
      })()
      next.say(1, { command: 'inv', items: [{ type: InvType.WTX, hash: wtxid }] })
      expect(commands(next.said(1))).toEqual(synced ? ['getdata'] : [])
    }
  })

  test('are introduced to a ledger that is another one', () => {
    const bench = new HubBench({ pings: false })
    bench.link(1, { startHeight: 5 })
    const next = reborn(bench, [1])
    next.ledger({ kind: 'epoch', epoch: 2, height: 0 })
    expect(next.up).toMatchObject([{ kind: 'link-up', link: 1, info: { startHeight: 5 } }])
  })

  test('count for how many links there may be', () => {
    const bench = new HubBench({ pings: false })
    bench.link(1)
    bench.link(2)
    const next = reborn(bench, [1, 2], { limits: { inbound: 2 } })
    next.perform(next.hub.accept(3, { inbound: true }, next.now))
    expect(next.closed).toEqual([{ link: 3, reason: 'too-many-links' }])
  })

  test('cannot go on from the middle of a handshake or a message', () => {
    const bench = new HubBench({ pings: false })
    bench.perform(bench.hub.accept(1, { inbound: true }, bench.now))
    bench.link(2)
    expect(bench.hub.snapshot(1)).toBeUndefined()
    expect(bench.hub.snapshot(2)).toBeDefined()
    bench.perform(bench.hub.bytes(2, Uint8Array.of(0xfa, 0xbf), bench.now))
    expect(bench.hub.snapshot(2)).toBeUndefined()
    expect(bench.hub.snapshot(3)).toBeUndefined()
  })

  test('set no deadline where pings are left to the peers, whatever time goes by', () => {
    const bench = new HubBench({ pings: false })
    bench.link(1)
    expect(bench.hub.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(reborn(bench, [1]).hub.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('where nobody can tell what has left', () => {
  const send = (bench: HubBench, bytes: number) =>
    bench.ledger({ kind: 'send', link: 1, command: 'block', payload: new Uint8Array(bytes) })
  const drained = (bench: HubBench) => bench.up.filter(({ kind }) => kind === 'drained').length

  function quietBench(version = 70_016): HubBench {
    const bench = new HubBench({ pings: false })
    bench.link(1, { version, wtxidrelay: version >= 70_016 })
    bench.draining = 'unknown'
    bench.up.length = 0
    return bench
  }

  test('small blocks count as gone, until together they are many bytes', () => {
    const bench = quietBench()
    for (let i = 1; i <= 2; i++) {
      send(bench, 100_000)
      expect(drained(bench)).toBe(i)
    }
    expect(pingIn(bench.said(1))).toBeUndefined()
    send(bench, 100_000)
    expect(drained(bench)).toBe(2)
    expect(pingIn(bench.said(1))).toBeDefined()
  })

  test('the peer is asked by one ping, and its pong lets the next block come', () => {
    const bench = quietBench()
    send(bench, 3_000_000)
    const ping = pingIn(bench.said(1))!
    expect(drained(bench)).toBe(0)
    bench.say(1, { command: 'pong', nonce: ping.nonce ^ 1n })
    expect(drained(bench)).toBe(0)
    bench.say(1, { command: 'pong', nonce: ping.nonce })
    expect(drained(bench)).toBe(1)
    expect(bench.hub.deadline).toBe(Number.POSITIVE_INFINITY)
    bench.say(1, { command: 'pong', nonce: ping.nonce })
    expect(drained(bench)).toBe(1)
  })

  test('what was written after the ping still counts when the pong comes', () => {
    const bench = quietBench()
    send(bench, 600_000)
    const first = pingIn(bench.said(1))!
    send(bench, 700_000)
    expect(pingIn(bench.said(1))).toBeUndefined()
    bench.say(1, { command: 'pong', nonce: first.nonce })
    const second = pingIn(bench.said(1))!
    expect(drained(bench)).toBe(0)
    bench.say(1, { command: 'pong', nonce: second.nonce })
    expect(drained(bench)).toBe(1)
  })

  test('a peer that does not answer is closed after twenty minutes, also in another life', () => {
    const bench = quietBench()
    send(bench, 600_000)
    expect(pingIn(bench.said(1))).toBeDefined()
    const next = reborn(bench, [1])
    for (const life of [bench, next]) {
      life.wait(20 * MINUTE - 1)
      expect(life.closed).toEqual([])
      life.wait(1)
      expect(life.closed).toEqual([{ link: 1, reason: 'slow-reader' }])
    }
  })

  test('an answer to a ping of an earlier life counts', () => {
    const bench = quietBench()
    send(bench, 600_000)
    const { nonce } = pingIn(bench.said(1))!
    const next = reborn(bench, [1])
    next.say(1, { command: 'pong', nonce })
    expect(drained(next)).toBe(1)
    expect(next.hub.snapshot(1)).toMatchObject({ buffered: 0, draining: false, asked: undefined })
  })

  test('a peer too old to answer pings is taken to read', () => {
    const bench = quietBench(60_000)
    send(bench, 3_000_000)
    expect(drained(bench)).toBe(1)
    expect(commands(bench.said(1))).toEqual(['block'])
  })
})

describe('a ledger that starts again', () => {
  const getheaders: Message = { command: 'getheaders', version: 70_016, locator: [], stop: ZERO }
  const restart = (bench: HubBench) => {
    bench.up.length = 0
    bench.ledger({ kind: 'epoch', epoch: 2, height: 0 })
    return bench.upCommands()
  }

  test('hears again what a peer has asked for and was not given', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.say(1, getheaders)
    bench.say(1, { command: 'getblocks', version: 70_016, locator: [], stop: ZERO })
    bench.say(1, getdata(...chain.slice(0, 3)))
    bench.ledger({ kind: 'send', link: 1, command: 'block', payload: chain[0]!.bytes })
    expect(restart(bench)).toEqual(['link-up', 'getheaders 1', 'getblocks 1', 'getdata 1'])
    const [, , , asked] = bench.up
    const again = new HubBench()
    again.link(1)
    again.up.length = 0
    again.say(1, getdata(chain[1]!, chain[2]!))
    expect(asked).toEqual(again.up[0])
  })

  test('hears nothing of what was given', () => {
    const bench = new HubBench()
    bench.link(1)
    bench.say(1, getheaders)
    bench.say(1, getdata(chain[0]!, chain[1]!))
    bench.ledger({ kind: 'send', link: 1, command: 'headers', payload: Uint8Array.of(0) })
    bench.ledger({ kind: 'send', link: 1, command: 'block', payload: chain[0]!.bytes })
    const missing = Uint8Array.of(1, 2, 0, 0, 0x40, ...chain[1]!.hash)
    bench.ledger({ kind: 'send', link: 1, command: 'notfound', payload: missing })
    expect(restart(bench)).toEqual(['link-up'])
  })
})
