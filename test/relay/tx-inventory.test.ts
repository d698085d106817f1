import { expect, test } from 'vitest'
import { TxInventory } from '../../src/relay/tx-inventory.ts'

const id = (n: number) => new Uint8Array(32).fill(n)
const TXID = id(1)
const [BAD, GOOD] = [id(2), id(3)]

function setUp() {
  const inventory = new TxInventory({ maxItems: 3, maxBytes: 1000 })
  const wanted = (...ids: Uint8Array[]) =>
    ids.map((hash) => {
      const item = inventory.find(hash)
      return !item || inventory.worthFetching(item)
    })
  return { inventory, wanted }
}

test('a transaction that came need not be fetched, by either of its names', () => {
  const { inventory, wanted } = setUp()
  inventory.received(TXID, BAD)
  expect(wanted(TXID, BAD, GOOD)).toEqual([false, false, true])
})

test('one that was refused for its witness may have a better one', () => {
  const { inventory, wanted } = setUp()
  inventory.received(TXID, BAD)
  inventory.reopen(TXID)
  expect(wanted(TXID, BAD)).toEqual([true, false])
  // The bad one came again, and is refused again.
  inventory.received(TXID, BAD)
  expect(wanted(TXID, BAD)).toEqual([false, false])
  inventory.reopen(TXID)
  inventory.received(TXID, GOOD)
  const item = inventory.accepted(TXID, GOOD, 1000, new Uint8Array(9))
  expect([TXID, GOOD, BAD].map((hash) => inventory.find(hash))).toEqual([item, item, undefined])
  inventory.reopen(TXID)
  expect(inventory.find(TXID)).toBe(item)
})

test('one that came without its witness is as unknown as before', () => {
  const { inventory, wanted } = setUp()
  inventory.received(TXID, TXID)
  inventory.reopen(TXID)
  expect(wanted(TXID, GOOD)).toEqual([true, true])
  inventory.received(TXID, GOOD)
  expect(wanted(TXID, GOOD)).toEqual([false, false])
  for (const n of [10, 11, 12]) inventory.received(id(n), id(n + 100))
  expect([inventory.size, inventory.find(TXID), inventory.find(GOOD)]).toEqual([3, undefined, undefined])
})

test('what was taken in the form that had been refused is found by both names', () => {
  const { inventory } = setUp()
  inventory.received(TXID, BAD)
  inventory.reopen(TXID)
  const item = inventory.accepted(TXID, BAD, 1000, new Uint8Array(9))
  expect(inventory.find(TXID)).toBe(item)
})
