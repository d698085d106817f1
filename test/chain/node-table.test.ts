import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TreeNode } from '../../src/chain/header-node.ts'
import { NodeTable } from '../../src/chain/node-table.ts'
import { hashKey } from '../../src/wire/hash.ts'

/** Hashes of few different bytes, so that many begin alike or are the same. */
const anyHash = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 2 }))
  .map(([first, fourth, last]) => {
    const hash = new Uint8Array(32)
    hash.set([first, 0, 0, fourth & 1 ? fourth : 0])
    hash[31] = last
    return hash
  })

function nodeOf(hash: Uint8Array): TreeNode {
  return new TreeNode({ raws: new Uint8Array(80), hashes: hash }, 0, 1, 2n)
}

test('a table answers as a map does, also where hashes begin alike', () => {
  fc.assert(
    fc.property(fc.array(anyHash, { maxLength: 300 }), fc.array(anyHash, { maxLength: 50 }), (added, asked) => {
      const table = new NodeTable(1)
      const map = new Map<string, TreeNode>()
      for (const hash of added) {
        const node = nodeOf(hash)
        const before = map.get(hashKey(hash))
        table.add(node)
        map.set(hashKey(hash), node)
        expect(table.has(node)).toBe(true)
        if (before) expect(table.has(before)).toBe(false)
      }
      expect(table.size).toBe(map.size)
      for (const hash of [...added, ...asked]) expect(table.get(hash)).toBe(map.get(hashKey(hash)))
    }),
  )
})

test('a hash is looked for where it lies among others', () => {
  const hashes = new Uint8Array(96).map((_, i) => i)
  const node = new TreeNode({ raws: new Uint8Array(240), hashes }, 1, 1, 2n)
  const table = new NodeTable()
  table.add(node)
  expect(table.get(hashes, 32)).toBe(node)
  expect(table.get(hashes.slice(32, 64))).toBe(node)
  expect(table.get(hashes, 0)).toBeUndefined()
  expect(table.get(hashes, 64)).toBeUndefined()
})
