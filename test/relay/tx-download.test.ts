import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LinkSet } from '../../src/relay/link-set.ts'
import { MAX_ANNOUNCED, MAX_IN_FLIGHT, TX_WITHIN, TxDownload } from '../../src/relay/tx-download.ts'
import { InvType } from '../../src/wire/inventory.ts'

const NOW = 1_700_000_000_000

/** The hash whose first bytes are a number. */
function hashOf(number: number): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, number)
  return hash
}

function asks(download: TxDownload): string[] {
  return [...download.take()].flatMap(([slot, items]) =>
    items.map(({ hash }) => `${slot}:${new DataView(hash.buffer).getUint32(0)}`),
  )
}

describe('fetching transactions', () => {
  test('a txid and a wtxid are asked for as what they are', () => {
    const download = new TxDownload()
    download.announced(1, 'txid', hashOf(1), NOW)
    download.announced(2, 'wtxid', hashOf(1), NOW)
    expect(download.take()).toEqual(
      new Map([
        [1, [{ type: InvType.WITNESS_TX, hash: hashOf(1) }]],
        [2, [{ type: InvType.WTX, hash: hashOf(1) }]],
      ]),
    )
    const announcers = download.received(hashOf(1), hashOf(1), NOW)
    expect([...announcers]).toEqual([1, 2])
    expect(download.size).toBe(0)
    expect(download.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('who fails is not asked again, and with nobody left the item is forgotten', () => {
    const download = new TxDownload()
    for (const slot of [1, 2]) download.announced(slot, 'wtxid', hashOf(7), NOW)
    expect(asks(download)).toEqual(['1:7'])
    download.notFound(2, 'wtxid', hashOf(7), NOW)
    expect(asks(download)).toEqual([])
    download.notFound(1, 'wtxid', hashOf(7), NOW)
    expect(asks(download)).toEqual(['2:7'])
    expect(download.deadline).toBe(NOW + TX_WITHIN)
    download.wake(NOW + TX_WITHIN)
    expect(asks(download)).toEqual([])
    expect(download.size).toBe(0)
    download.announced(1, 'wtxid', hashOf(7), NOW)
    expect(asks(download)).toEqual(['1:7'])
  })

  test('an item waits while all who announced it are busy', () => {
    const download = new TxDownload()
    for (let i = 0; i < MAX_IN_FLIGHT; i++) download.announced(1, 'wtxid', hashOf(i), NOW)
    download.announced(1, 'wtxid', hashOf(500), NOW)
    download.take()
    download.received(hashOf(3), hashOf(3), NOW)
    expect(asks(download)).toEqual(['1:500'])
    // One with a free hand is asked at once, although another announced first.
    download.announced(1, 'wtxid', hashOf(501), NOW)
    download.announced(2, 'wtxid', hashOf(501), NOW)
    expect(asks(download)).toEqual(['2:501'])
  })

  test('no more than 5,000 announcements of a link are remembered, and of many links fewer', () => {
    const download = new TxDownload()
    for (let i = 0; i < MAX_ANNOUNCED + 10; i++) download.announced(1, 'wtxid', hashOf(i), NOW)
    expect(download.size).toBe(MAX_ANNOUNCED)
    download.linkDown(1, NOW)
    expect(download.size).toBe(0)
    for (let slot = 0; slot < 50; slot++) {
      for (let i = 0; i < 3000; i++) download.announced(slot, 'wtxid', hashOf(slot * 10_000 + i), NOW)
    }
    // 34 links fill it up; each of the 16 others still has a little room.
    expect(download.size).toBe(100_000 + 16 * 200)
  })

  const anyStep = fc.record({
    do: fc.constantFrom('announce', 'announce', 'announce', 'receive', 'notfound', 'down', 'wait', 'sweep'),
    slot: fc.nat(4),
    item: fc.nat(12),
  })

  /** The same by the simplest books: who announced what and has not failed, and who is asked until when. */
  class Books {
    readonly announcers = new Map<number, Set<number>>()
    readonly asked = new Map<number, { slot: number; until: number }>()
    readonly dead = new Set<number>()

    fail(item: number, slot: number): void {
      this.announcers.get(item)?.delete(slot)
      if (this.asked.get(item)?.slot === slot) this.asked.delete(item)
    }

    take(download: TxDownload, now: number): void {
      for (const ask of asks(download)) {
        const [slot, item] = ask.split(':').map(Number) as [number, number]
        expect(this.asked.has(item), `${item} is asked for already`).toBe(false)
        expect(this.announcers.get(item)?.has(slot), `${slot} can give ${item}`).toBe(true)
        this.asked.set(item, { slot, until: now + TX_WITHIN })
      }
      for (const [item, slots] of this.announcers) expect(this.asked.has(item)).toBe(slots.size > 0)
      expect(download.deadline).toBe(
        Math.min(Number.POSITIVE_INFINITY, ...[...this.asked.values()].map((a) => a.until)),
      )
    }
  }

  test('each item is under way with one link at most, one that announced it, and nothing is forgotten', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 100 }), (steps) => {
        const download = new TxDownload()
        const books = new Books()
        let now = NOW
        for (const { do: what, slot, item } of steps) {
          if (books.dead.has(slot)) continue
          if (what === 'announce') {
            download.announced(slot, 'wtxid', hashOf(item), now)
            books.announcers.set(item, (books.announcers.get(item) ?? new Set()).add(slot))
          } else if (what === 'receive') {
            download.received(hashOf(item), hashOf(item), now)
            books.announcers.delete(item)
            books.asked.delete(item)
          } else if (what === 'notfound') {
            download.notFound(slot, 'wtxid', hashOf(item), now)
            if (books.asked.get(item)?.slot === slot) books.fail(item, slot)
          } else if (what === 'down') {
            download.linkDown(slot, now)
            books.dead.add(slot)
            for (const other of books.announcers.keys()) books.fail(other, slot)
          } else if (what === 'wait') {
            now += TX_WITHIN / 3
            download.wake(now)
            for (const [late, ask] of [...books.asked]) if (ask.until <= now) books.fail(late, ask.slot)
          } else {
            const freed = new LinkSet()
            for (const one of books.dead) freed.add(one)
            download.deleteLinks(freed)
          }
          books.take(download, now)
        }
      }),
      { numRuns: 300 },
    )
  })
})
