import { expect, test } from 'vitest'
import { MAIN, MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { headerStoreContract } from './header-store-contract.ts'
import { makeRun } from './make-headers.ts'

headerStoreContract('MemoryHeaderStore', () => new MemoryHeaderStore())

test('it grows, and gives records of their own', () => {
  const store = new MemoryHeaderStore()
  const batch = makeRun(new Uint8Array(32), 0, 300)
  const insert = batch.map((raw, i) => ({ id: i + 1, hash: raw.slice(0, 32), height: i, raw, work: 1n, status: MAIN }))
  store.apply({ insert, status: [] })
  store.byId(7)!.raw.fill(0)
  expect(store.fromHeight(0).map(({ raw }) => raw)).toEqual(batch)
})

test('ids that leave a gap are a mistake of the caller', () => {
  const store = new MemoryHeaderStore()
  const record = { id: 2, hash: new Uint8Array(32), height: 0, raw: new Uint8Array(80), work: 1n, status: MAIN }
  expect(() => store.apply({ insert: [record], status: [] })).toThrow('header 2')
})
