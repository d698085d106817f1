import { describe, expect, test } from 'vitest'
import { AssumedBlocks } from '../../src/chain/assumed-blocks.ts'
import { MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { type HeaderNode, HeaderTree } from '../../src/chain/header-tree.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { LATE, makeRun, readTime } from './make-headers.ts'

const { regtest } = networks
/** Blocks of the regtest's only difficulty in two weeks, ten minutes each. */
const TWO_WEEKS = 2016
const run = makeRun(regtest.genesisHash, readTime(regtest.genesis), 2100)
const hashAt = (height: number) => sha256d(run[height - 1]!)
/** Ends above the run and leaves it after height 60. */
const branch = makeRun(hashAt(60), readTime(run[59]!), 2050, 1)

function treeOf(headers: readonly Uint8Array[][], network: Network = regtest): HeaderTree {
  const tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
  for (const each of headers) tree.accept(each as Uint8Array<ArrayBuffer>[], LATE)
  return tree
}

function covered(tree: HeaderTree, assumeValid: Uint8Array | undefined, nodes: readonly HeaderNode[]): number[] {
  const { assumeValid: _, ...rest } = tree.network
  const assumed = new AssumedBlocks({ ...rest, ...(assumeValid && { assumeValid }) }, tree)
  return nodes.filter((node) => assumed.has(node)).map(({ height }) => height)
}

const from1To = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

describe('the scripts of a block are taken as checked', () => {
  test('where it is below the assumed-valid block or that block, and no other', () => {
    const tree = treeOf([run])
    expect(covered(tree, hashAt(50), tree.mainRange(1, 100))).toEqual(from1To(50))
  })

  test('never without such a block', () => {
    const tree = treeOf([run])
    expect(covered(tree, undefined, tree.mainRange(1, 100))).toEqual([])
  })

  test('not before that block has come', () => {
    const tree = treeOf([run.slice(0, 2090)])
    const assumed = new AssumedBlocks({ ...regtest, assumeValid: hashAt(2095) }, tree)
    expect(assumed.has(tree.mainAt(1)!)).toBe(false)
    tree.accept(run.slice(2090), LATE)
    expect(assumed.has(tree.mainAt(1)!)).toBe(true)
  })

  test('only when it is buried under more than two weeks of work', () => {
    const tree = treeOf([run])
    expect(covered(tree, hashAt(2100), tree.mainRange(1, 2100))).toEqual(from1To(2100 - TWO_WEEKS - 1))
  })

  test('only when the best chain has the minimum work', () => {
    const { work } = treeOf([run]).best
    for (const [minChainWork, count] of [
      [work, 50],
      [work + 1n, 0],
    ] as const) {
      const tree = treeOf([run], { ...regtest, minChainWork })
      expect(covered(tree, hashAt(50), tree.mainRange(1, 60))).toEqual(from1To(count))
    }
  })

  test('only on the best chain, though the assumed-valid block may be beside it', () => {
    const tree = treeOf([run, branch])
    const nodes = [...run, ...branch].map((raw) => tree.node(sha256d(raw))!)
    expect(nodes.every((node) => node !== undefined)).toBe(true)
    expect(tree.best.height).toBe(2110)
    // Block 80 of the run is beside the best chain, which it left at 60.
    expect(covered(tree, hashAt(80), nodes)).toEqual(from1To(60))
    expect(covered(tree, sha256d(branch[29]!), nodes)).toEqual(from1To(90))
  })
})
