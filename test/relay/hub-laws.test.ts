import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashKey } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import type { Message } from '../../src/wire/messages.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { type BenchLink, HubBench } from './hub-bench.ts'

const maker = new ChainMaker({ seed: 61 })
const chain = maker.mine(12)
const txs = chain.slice(0, 8).map((block, i) => {
  const coin = { ...coinbaseCoin(block, maker), witness: i % 2 === 1 }
  const bytes = spend([coin], [{ valueSat: 5000 + i, script: i % 3 === 0 ? P2WSH_TRUE : OP_TRUE }])
  return { bytes, ...parseTransaction(bytes) }
})
const LINKS = [1, 2, 3, 4, 5]

type Step =
  | { do: 'inv-tx' | 'send-tx' | 'accept-tx'; link: number; item: number }
  | { do: 'inv-block' | 'header' | 'knows' | 'accept-block'; link: number; item: number }
  | { do: 'get'; link: number; item: number }
  | { do: 'sendheaders' | 'drop' | 'clog' | 'unclog'; link: number; item: number }
  | { do: 'wait'; link: number; item: number }

const anyStep: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom<Step['do'][]>(
    'inv-tx',
    'inv-tx',
    'send-tx',
    'accept-tx',
    'accept-tx',
    'inv-block',
    'header',
    'knows',
    'accept-block',
    'accept-block',
    'get',
    'sendheaders',
    'drop',
    'clog',
    'unclog',
    'wait',
  ),
  link: fc.constantFrom(...LINKS),
  item: fc.nat(7),
})

/** What each link has been told and has shown, by the bench's own books. */
class Books {
  readonly told = new Map<string, number>()
  readonly shown = new Set<string>()
  readonly problems: string[] = []

  key(link: number, hash: Uint8Array): string {
    return `${link} ${hashKey(hash)}`
  }

  announced(link: number, hash: Uint8Array): void {
    const key = this.key(link, hash)
    if (this.shown.has(key)) this.problems.push(`link ${link} was told what it had shown`)
    if (this.told.has(key)) this.problems.push(`link ${link} was told twice`)
    this.told.set(key, 1)
  }

  /** Everything that the hub wrote, against the limits of what one may write. */
  check(link: number, peer: BenchLink, messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.command === 'inv') {
        if (message.items.length > 1000) this.problems.push('long inv')
        for (const { type, hash } of message.items) {
          const expected = [InvType.BLOCK, peer.wtxidrelay ? InvType.WTX : InvType.TX]
          if (!expected.includes(type as 2)) this.problems.push(`inv of type ${type}`)
          if (type !== InvType.BLOCK && !peer.relay) this.problems.push('transaction to a link that wants none')
          this.announced(link, txs.find((tx) => hashKey(tx.wtxid) === hashKey(hash))?.txid ?? hash)
        }
      } else if (message.command === 'headers') {
        if (message.headers.length > 8) this.problems.push('many headers')
        for (const header of message.headers) {
          this.announced(link, chain.find((block) => hashKey(block.header) === hashKey(header))!.hash)
        }
      } else if (message.command === 'getdata' && message.items.length > 1000) {
        this.problems.push('long getdata')
      }
    }
  }
}

const PEERS: BenchLink[] = [
  {},
  { wtxidrelay: true, relay: true },
  { wtxidrelay: false, relay: true },
  { wtxidrelay: true, relay: false },
  { wtxidrelay: true, relay: true },
  { wtxidrelay: false, relay: true },
]

test('an item is never announced to who has shown it, nor twice to one link, and outputs stay inside their limits', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), (steps) => {
      const bench = new HubBench({ limits: { holdBytes: 5000, closeBytes: 1_000_000 } })
      const books = new Books()
      const alive = new Set(LINKS)
      for (const link of LINKS) bench.link(link, PEERS[link])
      for (const { do: what, link, item } of steps) {
        if (!alive.has(link)) continue
        const tx = txs[item]!
        const block = chain[item]!
        const name = PEERS[link]!.wtxidrelay ? tx.wtxid : tx.txid
        switch (what) {
          case 'inv-tx':
            books.shown.add(books.key(link, tx.txid))
            bench.say(link, {
              command: 'inv',
              items: [{ type: PEERS[link]!.wtxidrelay ? InvType.WTX : InvType.TX, hash: name }],
            })
            break
          case 'send-tx':
            books.shown.add(books.key(link, tx.txid))
            bench.say(link, { command: 'tx', bytes: tx.bytes })
            break
          case 'accept-tx':
            bench.tx(tx.bytes, { from: link })
            books.shown.add(books.key(link, tx.txid))
            break
          case 'inv-block':
            books.shown.add(books.key(link, block.hash))
            bench.say(link, { command: 'inv', items: [{ type: InvType.BLOCK, hash: block.hash }] })
            break
          case 'header':
            books.shown.add(books.key(link, block.hash))
            bench.say(link, { command: 'headers', headers: [block.header] })
            break
          case 'knows':
            books.shown.add(books.key(link, block.hash))
            bench.ledger({ kind: 'knows-block', link, hash: block.hash })
            break
          case 'accept-block':
            books.shown.add(books.key(link, block.hash))
            bench.block(block, { from: link })
            break
          case 'get':
            bench.say(link, { command: 'getdata', items: [{ type: InvType.WTX, hash: tx.wtxid }] })
            break
          case 'sendheaders':
            bench.say(link, { command: 'sendheaders' })
            break
          case 'drop':
            alive.delete(link)
            bench.perform(bench.hub.closed(link, bench.now))
            break
          case 'clog':
            bench.perform(bench.hub.buffered(link, 6000, bench.now))
            break
          case 'unclog':
            bench.perform(bench.hub.writable(link, bench.now))
            break
          case 'wait':
            // Less than a minute altogether: who does not deliver what it announced may well lack it by then.
            bench.wait(item * 100)
            break
        }
        for (const one of LINKS) books.check(one, PEERS[one]!, bench.said(one))
      }
      bench.wait()
      for (const one of LINKS) books.check(one, PEERS[one]!, bench.said(one))
      expect(books.problems).toEqual([])
    }),
    { numRuns: 400 },
  )
})

test('every link that wants it hears of everything that was taken, and nothing after it is gone', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(7), { minLength: 1 }), fc.subarray(LINKS), (items, leaving) => {
      const bench = new HubBench()
      for (const link of LINKS) bench.link(link, PEERS[link])
      for (const link of leaving) bench.perform(bench.hub.closed(link, bench.now))
      for (const item of items) bench.tx(txs[item]!.bytes)
      bench.wait()
      for (const link of LINKS) {
        const invs = bench.said(link).flatMap((message) => (message.command === 'inv' ? message.items : []))
        const expected = leaving.includes(link) || !PEERS[link]!.relay ? 0 : items.length
        expect(invs).toHaveLength(expected)
      }
    }),
  )
})
