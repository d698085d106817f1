import { expect, test } from 'vitest'
import { MAIN } from '../../src/chain/header-store.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { migrate } from '../../src/store/migrate.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { headerStoreContract } from '../chain/header-store-contract.ts'
import { makeRun } from '../chain/make-headers.ts'

function open() {
  const port = openSqlite(':memory:')
  migrate(port)
  return { port, store: new SqlHeaderStore(port, nodeHasher) }
}

headerStoreContract('SqlHeaderStore', () => open().store)

test('work of any size comes back', () => {
  const { store } = open()
  const works = [0n, 1n, 255n, 256n, 2n ** 128n + 5n, 2n ** 256n - 1n]
  const insert = makeRun(new Uint8Array(32), 0, works.length).map((raw, height) => {
    return { id: height + 1, hash: sha256d(raw), height, raw, work: works[height]!, status: MAIN }
  })
  store.apply({ insert, status: [] })
  expect(store.fromHeight(0).map((record) => record.work)).toEqual(works)
  expect(store.mostWork()).toEqual(insert.at(-1))
})

test('hashes that share their first six bytes are told apart', () => {
  const { port, store } = open()
  const [first, second] = makeRun(new Uint8Array(32), 0, 2).map((raw, height) => {
    return { id: height + 1, hash: sha256d(raw), height, raw, work: 1n, status: MAIN }
  })
  store.apply({ insert: [first!, second!], status: [] })
  port.sql.exec('UPDATE header SET prefix48 = (SELECT prefix48 FROM header WHERE id = 2)')
  expect(store.byHash(second!.hash)).toEqual(second)
})

test('a change that fails leaves nothing', () => {
  const { store } = open()
  const [raw] = makeRun(new Uint8Array(32), 0, 1)
  const record = { id: 1, hash: sha256d(raw!), height: 0, raw: raw!, work: 1n, status: MAIN }
  expect(() => store.apply({ insert: [record, record], status: [] })).toThrow()
  expect(store.nextId()).toBe(1)
})
