import { expect, test } from 'vitest'
import { TreeNode } from '../../src/chain/header-node.ts'
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

test('it copies headers that lie in larger buffers', () => {
  const store = new MemoryHeaderStore()
  const raws = Uint8Array.from({ length: 300 * 80 }, (_, i) => i % 251)
  const hashes = Uint8Array.from({ length: 300 * 32 }, (_, i) => (i % 241) + (i >> 8))
  const nodes = Array.from({ length: 300 }, (_, i) => new TreeNode({ raws, hashes }, i, i, 1n))
  nodes.forEach((node, i) => {
    node.id = i + 1
    node.status = MAIN
  })
  store.apply({ insert: nodes, status: [] })
  const given = nodes.map(({ raw, hash }) => ({ raw: raw.slice(), hash: hash.slice() }))
  raws.fill(0)
  hashes.fill(0)
  expect(store.fromHeight(0).map(({ raw, hash }) => ({ raw, hash }))).toEqual(given)
})

test('ids that leave a gap are a mistake of the caller', () => {
  const store = new MemoryHeaderStore()
  const record = { id: 2, hash: new Uint8Array(32), height: 0, raw: new Uint8Array(80), work: 1n, status: MAIN }
  expect(() => store.apply({ insert: [record], status: [] })).toThrow('header 2')
})
