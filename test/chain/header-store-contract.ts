import { describe, expect, test } from 'vitest'
import { FAILED, HAVE_BODY, type HeaderRecord, type HeaderStore, MAIN } from '../../src/chain/header-store.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { makeHeader } from './make-headers.ts'

/** What the header tree relies on, for every implementation of the port. */
export function headerStoreContract(name: string, open: () => HeaderStore): void {
  describe(`${name} keeps headers as the tree needs them`, () => {
    test('it begins empty', () => {
      const store = open()
      expect(store.topHeight()).toBe(-1)
      expect(store.nextId()).toBe(1)
      expect(store.mostWork()).toBeUndefined()
      expect(store.fromHeight(0)).toEqual([])
      expect(store.mainAt(0)).toBeUndefined()
      expect(store.byId(1)).toBeUndefined()
      expect(store.byHash(new Uint8Array(32))).toBeUndefined()
    })

    test('what was inserted is found by hash, id and height', () => {
      const store = open()
      const { a0, a1, a2, b1 } = fork()
      store.apply({ insert: [a0, a1], status: [] })
      store.apply({ insert: [b1, a2], status: [] })
      for (const record of [a0, a1, a2, b1]) {
        expect(store.byHash(record.hash)).toEqual(record)
        expect(store.byId(record.id)).toEqual(record)
      }
      expect(store.byHash(new Uint8Array(32))).toBeUndefined()
      expect(store.byId(5)).toBeUndefined()
      expect(store.mainAt(1)).toEqual(a1)
      expect(store.mainAt(3)).toBeUndefined()
      expect(store.topHeight()).toBe(2)
      expect(store.nextId()).toBe(5)
    })

    test('ranges of heights come with all branches, by height and then by id', () => {
      const store = open()
      const { a0, a1, a2, b1 } = fork()
      store.apply({ insert: [a0, a1, b1, a2], status: [] })
      expect(store.fromHeight(0)).toEqual([a0, a1, b1, a2])
      expect(store.fromHeight(1)).toEqual([a1, b1, a2])
      expect(store.fromHeight(0, 2)).toEqual([a0, a1, b1])
      expect(store.fromHeight(1, 1)).toEqual([])
      expect(store.fromHeight(3)).toEqual([])
    })

    test('a status is replaced, together with what is inserted', () => {
      const store = open()
      const { a0, a1, a2, b1 } = fork()
      store.apply({ insert: [a0, a1], status: [] })
      const insert = [{ ...b1, status: MAIN }]
      store.apply({ insert, status: [{ id: a1.id, status: FAILED | HAVE_BODY }] })
      expect(store.byHash(a1.hash)!.status).toBe(FAILED | HAVE_BODY)
      expect(store.mainAt(1)).toEqual({ ...b1, status: MAIN })
      store.apply({ insert: [{ ...a2, status: 0 }], status: [{ id: b1.id, status: 0 }] })
      expect(store.topHeight()).toBe(0)
    })

    test('the most work is that of the first seen without a failure', () => {
      const store = open()
      const { a0, a1, a2, b1 } = fork()
      store.apply({ insert: [a0, a1, b1], status: [] })
      expect(store.mostWork()).toEqual(a1)
      store.apply({ insert: [a2], status: [] })
      expect(store.mostWork()).toEqual(a2)
      store.apply({ insert: [], status: [a1, a2].map(({ id }) => ({ id, status: FAILED })) })
      expect(store.mostWork()).toEqual(b1)
    })

    test('the work of a chain is kept up to 256 bits', () => {
      const store = open()
      const { a0, a1 } = fork()
      const most = { ...a1, work: (1n << 256n) - 1n }
      store.apply({ insert: [{ ...a0, work: 1n << 255n }, most], status: [] })
      expect(store.byId(1)!.work).toBe(1n << 255n)
      expect(store.mostWork()).toEqual(most)
    })
  })
}

/** Heights 0, 1, 2 on the main chain, and another 1. */
function fork(): Record<'a0' | 'a1' | 'b1' | 'a2', HeaderRecord> {
  const a0 = record(1, 0, new Uint8Array(32), MAIN)
  const a1 = record(2, 1, a0.hash, MAIN)
  const b1 = record(3, 1, a0.hash, 0)
  const a2 = record(4, 2, a1.hash, MAIN)
  return { a0, a1, b1, a2 }
}

function record(id: number, height: number, prev: Uint8Array, status: number): HeaderRecord {
  const raw = makeHeader({ prev, time: 1_600_000_000 + height, salt: id })
  return { id, hash: sha256d(raw), height, raw, work: 2n * BigInt(height + 1), status }
}
