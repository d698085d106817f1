import { expect, test } from 'vitest'
import { FAILED, HAVE_BODY, type HeaderRecord, MAIN, MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { CachedHeaderStore } from '../../src/store/cached-header-store.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { CountingStore } from '../chain/counting-header-store.ts'
import { headerStoreContract } from '../chain/header-store-contract.ts'
import { makeHeader } from '../chain/make-headers.ts'

headerStoreContract('CachedHeaderStore', () => new CachedHeaderStore(new MemoryHeaderStore()))

function chain(length: number) {
  const inner = new CountingStore()
  const insert: HeaderRecord[] = []
  let prev: Uint8Array = new Uint8Array(32)
  for (let height = 0; height < length; height++) {
    const raw = makeHeader({ prev, time: 1_600_000_000 + height, salt: 0 })
    const hash = sha256d(raw)
    insert.push({ id: height + 1, hash, height, raw, work: 2n * BigInt(height + 1), status: MAIN })
    prev = hash
  }
  const store = new CachedHeaderStore(inner)
  store.apply({ insert, status: [] })
  return { inner, store, records: insert }
}

test('whoever goes up the chain, in two places at once, costs a read every few hundred headers', () => {
  const { inner, store, records } = chain(7000)
  for (let height = 1; height < 6000; height++) {
    const found = [height - 1, height, height + 1, height + 999].map((at) => store.mainAt(at)!.height - height)
    expect(found).toEqual([-1, 0, 1, 999])
    expect(store.byHash(records[height]!.hash)!.height).toBe(height)
    expect(store.byId(height + 1)!.height).toBe(height)
  }
  expect(inner.reads).toBeLessThan(40)
})

test('single looks here and there read single headers', () => {
  const { inner, store, records } = chain(3000)
  for (const height of [2999, 2990, 2000, 1000, 1]) expect(store.mainAt(height)).toEqual(records[height])
  expect(inner.reads).toBe(5)
})

test('what is kept has the status that was set last', () => {
  const { inner, store, records } = chain(2000)
  for (let height = 0; height < 2000; height++) store.mainAt(height)
  const { id, hash } = records[700]!
  store.apply({ insert: [], status: [{ id, status: MAIN | HAVE_BODY }] })
  inner.reads = 0
  for (const found of [store.byId(id), store.byHash(hash), store.mainAt(700)])
    expect(found!.status).toBe(MAIN | HAVE_BODY)
  expect(inner.reads).toBe(0)
  const raw = makeHeader({ prev: records[699]!.hash, time: 1_600_000_700, salt: 1 })
  const other = { id: 2001, hash: sha256d(raw), height: 700, raw, work: 5000n, status: MAIN }
  store.apply({ insert: [other], status: [{ id, status: FAILED }] })
  expect(store.mainAt(700)).toEqual(other)
  expect(store.byId(id)!.status).toBe(FAILED)
})
