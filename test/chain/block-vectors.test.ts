import { describe, expect, test } from 'vitest'
import { checkBlock, checkBlockContext } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { HeaderTree } from '../../src/chain/header-tree.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { hashMeetsTarget } from '../../src/chain/target.ts'
import { bytesToHex, hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readDat, readShared, readSharedJson } from '../shared.ts'
import { expectDigestOf } from './compare-digest.ts'
import { LATE, readBits, readTime } from './make-headers.ts'

const main: Network = { ...networks.main, minChainWork: 0n }
const network = {
  mainnet: main,
  testnet3: networks.testnet3,
  testnet4: networks.testnet4,
  signet: networks.signet,
  regtest: networks.regtest,
}

interface BlockFacts {
  file: string
  network: keyof typeof network
  height: number
  hash: string
  prev_hash: string
  merkle_root: string
  bits: string
  time: number
  size: number
  weight: number
  tx_count: number
  segwit_txs: number
  witness_commitment: boolean
  valid: boolean
}

describeShared('single real blocks', () => {
  const facts: BlockFacts[] = readSharedJson('blocks/blocks.json').map((each: BlockFacts) => ({ ...each }))

  test.each(facts)('$file', (fact) => {
    const bytes = readShared(fact.file)
    const digest = digestBlock(bytes)
    expect(toDisplay(digest.hash)).toBe(fact.hash)
    expect(toDisplay(digest.header.slice(4, 36))).toBe(fact.prev_hash)
    expect(toDisplay(digest.merkleRoot)).toBe(fact.merkle_root)
    expect(readBits(digest.header).toString(16)).toBe(fact.bits)
    expect(digest).toMatchObject({ txCount: fact.tx_count, size: fact.size, weight: fact.weight, mutated: false })
    expect(digest.hasWitness.slice(1).filter(Boolean).length + digest.hasWitness[0]!).toBeGreaterThanOrEqual(
      fact.segwit_txs,
    )
    expect(digest.witnessCommitment).toBe(fact.witness_commitment ? 'ok' : 'absent')
    expect(hashMeetsTarget(digest.hash, readBits(digest.header))).toBe(true)

    if (!fact.valid) {
      expect([fact.height, checkBlock(digest)]).toEqual([74_638, 'bad-txns-vout-toolarge'])
      return
    }
    expect(checkBlock(digest)).toBeUndefined()
    // The median is not known here; the block's own time is an upper bound of it.
    const context = { height: fact.height, medianTimePast: fact.time }
    expect(checkBlockContext(digest, context, network[fact.network])).toBeUndefined()
    if (fact.size < 60_000) expectDigestOf(bytes, digest)
  })

  test('mainnet block 481,824, the first of segwit, in every field', () => {
    const bytes = readShared('blocks/mainnet-481824.bin.gz')
    expectDigestOf(bytes, digestBlock(bytes))
  })

  test('block 227,835 has no height in its coinbase yet, and its child has', () => {
    const [before, after] = ['227835', '227836'].map((name) => digestBlock(readShared(`blocks/mainnet-${name}.bin`)))
    const early = { ...main, heights: { ...main.heights, bip34: 0 } }
    expect(checkBlockContext(before!, { height: 227_835, medianTimePast: 2e9 }, early)).toBe('bad-cb-height')
    expect(checkBlockContext(after!, { height: 227_836, medianTimePast: 2e9 }, early)).toBeUndefined()
    expect(checkBlockContext(after!, { height: 227_837, medianTimePast: 2e9 }, early)).toBe('bad-cb-height')
  })
})

/** Headers into the tree, then every block checked alone and in its place. */
function checkChain(tree: HeaderTree, blocks: Uint8Array[]): (string | undefined)[] {
  const headers = blocks.map((bytes) => bytes.slice(0, 80))
  for (let i = 0; i < headers.length; i += 2000) {
    expect(tree.accept(headers.slice(i, i + 2000), LATE).kind).toBe('accepted')
  }
  return blocks.map((bytes) => {
    const digest = digestBlock(bytes)
    const node = tree.node(digest.hash)!
    if (node.height === 0) return checkBlock(digest)
    const medianTimePast = tree.medianTimePast(tree.node(node.prev)!)
    return checkBlock(digest) ?? checkBlockContext(digest, { height: node.height, medianTimePast }, tree.network)
  })
}

function newTree(of: Network): HeaderTree {
  return new HeaderTree({ network: of, store: new MemoryHeaderStore() })
}

describeShared('chains of real blocks', () => {
  test('mainnet 0 to 599, and the branch of 2,016 blocks with more work', () => {
    const tree = newTree(main)
    const known = readDat('blocks/mainnet-0-599.dat')
    expect(checkChain(tree, known).filter(Boolean)).toEqual([])
    const old = tree.best
    expect([old.height, toDisplay(old.hash)]).toEqual([
      599,
      '0000000042844571bc6bce8e1c0fbec99466971eaff89fef8c0d123582181d4d',
    ])
    const other = readDat('blocks/mainnet-alt-1-2016.dat.gz')
    expect(checkChain(tree, other).filter(Boolean)).toEqual([])
    expect([tree.best.height, toDisplay(tree.best.hash)]).toEqual([
      2016,
      '000000000c806553811fd3e6c40bc9c279db53643da7d3b401a9882c074c24b2',
    ])
    expect(tree.best.bits).not.toBe(tree.mainAt(2015)!.bits)
    expect(tree.fork(old, tree.best).height).toBe(0)
    expect(tree.isMain(old)).toBe(false)
  })

  test('206 regtest blocks', () => {
    const tree = newTree(networks.regtest)
    const blocks = readDat('blocks/regtest-1-206.dat')
    expect(checkChain(tree, blocks).filter(Boolean)).toEqual([])
    expect(toDisplay(tree.best.hash)).toBe('3de082158b117acd088306c395d09771bb7cbf0b7355796c1b1e0bd748ef9bed')
    for (const bytes of blocks) expectDigestOf(bytes, digestBlock(bytes))
  })

  test('two competing regtest branches', () => {
    const tree = newTree(networks.regtest)
    const branches: Uint8Array[][] = readSharedJson('blocks/regtest-reorg.json').map((branch: string[]) =>
      branch.map((hex) => hexToBytes(hex)),
    )
    for (const branch of branches) expect(checkChain(tree, branch).filter(Boolean)).toEqual([])
    const tips = branches.map((branch) => tree.node(sha256d(branch.at(-1)!.slice(0, 80)))!)
    expect(tree.best.id).toBe(tips.reduce((best, tip) => (tip.work > best.work ? tip : best)).id)
    const fork = tree.fork(tips[0]!, tips[1]!)
    for (const tip of tips) expect(tree.ancestor(tip, fork.height)!.id).toBe(fork.id)
    expect(fork.height).toBeLessThan(Math.min(...tips.map(({ height }) => height)))
  })

  test('the coinbases of BIP 54: today only those are refused whose lock time is not over', () => {
    const vectors: { block_chain: string[]; comment: string }[] = readSharedJson('blocks/bip54-coinbases.json')
    for (const { block_chain, comment } of vectors) {
      const blocks = block_chain.map((hex) => hexToBytes(hex))
      // At height 4, before BIP 113: heights from 4 on are not over, and the block's own time less one is.
      const isOver = !/nLockTime set to (21|4) /.test(comment)
      expect([comment, checkChain(newTree(main), blocks).at(-1)]).toEqual([
        comment,
        isOver ? undefined : 'bad-txns-nonfinal',
      ])
    }
  })
})

describe('mainnet block 1', () => {
  // As every node has it.
  const bytes = hexToBytes(
    '010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e362990101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0704ffff001d0104ffffffff0100f2052a0100000043410496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac00000000',
  )

  test('passes every rule in its place', () => {
    expect(checkChain(newTree(main), [bytes])).toEqual([undefined])
    expect(readTime(bytes)).toBe(1231469665)
  })

  test('has the txid that its merkle root is', () => {
    const digest = digestBlock(bytes)
    expectDigestOf(bytes, digest)
    expect(toDisplay(digest.txids)).toBe('0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098')
    expect(bytesToHex(digest.txids)).toBe(bytesToHex(bytes.slice(36, 68)))
  })
})
