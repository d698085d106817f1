import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import { merkleBranch, merkleRoot, rootFromBranch } from '../../src/chain/merkle.ts'
import { buildPartialMerkle, type PartialMerkleTree, readPartialMerkle } from '../../src/chain/partial-merkle.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { bytesToHex, concatBytes, hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { merkleblock } from '../../src/wire/merkleblock.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'

const leaf = (n: number) => new Uint8Array(32).fill(n)
const pair = (a: Uint8Array, b: Uint8Array) => sha256d(concatBytes(a, b))
const anyLeaves = fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 40 })

describe('the root', () => {
  const [a, b, c] = [leaf(1), leaf(2), leaf(3)]

  test.each([
    [[a], a],
    [[a, b], pair(a, b)],
    [[a, b, c], pair(pair(a, b), pair(c, c))],
    [[a, b, c, a, b], pair(pair(pair(a, b), pair(c, a)), pair(pair(b, b), pair(b, b)))],
  ])('pairs neighbours, and a last one without neighbour with itself (%#)', (leaves, root) => {
    expect(merkleRoot(concatBytes(...leaves))).toEqual({ root, mutated: false })
  })

  test('of nothing is zero', () => {
    expect(merkleRoot(new Uint8Array(0))).toEqual({ root: new Uint8Array(32), mutated: false })
  })

  test('does not change when the end of the list is repeated, which is noticed (CVE-2012-2459)', () => {
    for (const [short, long] of [
      [
        [a, b, c],
        [a, b, c, c],
      ],
      [
        [a, b, c, a, b, c],
        [a, b, c, a, b, c, b, c],
      ],
    ] as const) {
      const meant = merkleRoot(concatBytes(...short))
      expect(meant.mutated).toBe(false)
      expect(merkleRoot(concatBytes(...long))).toEqual({ root: meant.root, mutated: true })
    }
  })

  test('of equal leaves that are no neighbours in a pair is nothing to worry about', () => {
    expect(merkleRoot(concatBytes(a, b, b, c)).mutated).toBe(false)
    expect(merkleRoot(concatBytes(a, a, b, c)).mutated).toBe(true)
  })
})

test('every branch leads from its leaf to the root', () => {
  fc.assert(
    fc.property(anyLeaves, fc.nat(), (numbers, pick) => {
      const leaves = concatBytes(...numbers.map(leaf))
      const index = pick % numbers.length
      const branch = merkleBranch(leaves, index)
      expect(branch.length).toBe(Math.ceil(Math.log2(numbers.length)))
      expect(rootFromBranch(leaf(numbers[index]!), index, branch)).toEqual(merkleRoot(leaves).root)
    }),
  )
})

test('there is no branch for a leaf that does not exist', () => {
  expect(() => merkleBranch(leaf(1), 1)).toThrow(RangeError)
})

describe('a partial tree (BIP 37)', () => {
  test('proves exactly the transactions it was made for', () => {
    const cases = fc
      .integer({ min: 1, max: 60 })
      .chain((count) => fc.tuple(fc.constant(count), fc.uniqueArray(fc.nat({ max: count - 1 }))))
    fc.assert(
      fc.property(cases, ([count, matches]) => {
        const txids = concatBytes(...Array.from({ length: count }, (_, i) => sha256d(Uint8Array.of(i))))
        const tree = buildPartialMerkle(txids, new Set(matches))
        const proof = readPartialMerkle(tree)!
        expect(proof.root).toEqual(merkleRoot(txids).root)
        expect(proof.matches).toEqual(
          matches.sort((x, y) => x - y).map((index) => ({ index, txid: txids.slice(index * 32, index * 32 + 32) })),
        )
      }),
    )
  })

  const txids = concatBytes(...Array.from({ length: 7 }, (_, i) => leaf(i)))
  const good = buildPartialMerkle(txids, new Set([2, 6]))
  const spoiled: [string, Partial<PartialMerkleTree>][] = [
    ['has no transactions', { transactionCount: 0 }],
    ['has more than a block can hold', { transactionCount: 16_667 }],
    ['has more hashes than transactions', { hashes: Array.from({ length: 8 }, () => leaf(1)) }],
    ['lacks a hash', { hashes: good.hashes.slice(0, -1) }],
    ['has a hash left over', { hashes: [...good.hashes, leaf(9)] }],
    ['lacks bits', { flags: good.flags.slice(0, -1) }],
    ['has bytes of bits left over', { flags: concatBytes(good.flags, Uint8Array.of(0)) }],
    ['is of another count', { transactionCount: 70 }],
  ]

  test.each(spoiled)('that %s proves nothing', (_, change) => {
    expect(readPartialMerkle(good)).toBeDefined()
    expect(readPartialMerkle({ ...good, ...change })).toBeUndefined()
  })

  test('with two equal neighbours proves nothing', () => {
    const twins = buildPartialMerkle(concatBytes(leaf(1), leaf(1)), new Set([0, 1]))
    expect(readPartialMerkle(twins)).toBeUndefined()
  })

  test('with a changed hash has another root, or none', () => {
    for (const i of good.hashes.keys()) {
      const hashes = good.hashes.map((hash, at) => (at === i ? leaf(0xee) : hash))
      expect(readPartialMerkle({ ...good, hashes })?.root).not.toEqual(merkleRoot(txids).root)
    }
  })

  test('of any bytes is read in bounded steps', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 32 - 1 }),
        fc.array(fc.nat(255), { maxLength: 30 }),
        fc.uint8Array(),
        (count, hashes, flags) => {
          const proof = readPartialMerkle({ transactionCount: count, hashes: hashes.map(leaf), flags })
          expect(proof === undefined || proof.matches.length <= hashes.length).toBe(true)
        },
      ),
    )
  })
})

describeShared('merkle proofs of real blocks', () => {
  const txidsOf = (file: string) => digestBlock(readShared(`blocks/${file}`)).txids

  test.each([0, 1, 10, 100, 1000, 1850])('gettxoutproof of transaction %i of block 830,000', (index) => {
    const bytes = readShared(`merkle/txoutproof-830000-${index}.bin`)
    const { command, header, ...tree } = decode(merkleblock, bytes)
    const proof = readPartialMerkle(tree)!
    const txids = txidsOf('mainnet-830000.bin.gz')
    expect(proof.root).toEqual(header.slice(36, 68))
    expect(proof.matches).toEqual([{ index, txid: txids.slice(index * 32, index * 32 + 32) }])
    expect(bytesToHex(encode(merkleblock, { command, header, ...buildPartialMerkle(txids, new Set([index])) }))).toBe(
      bytesToHex(bytes),
    )
    const branch = merkleBranch(txids, index)
    expect(rootFromBranch(proof.matches[0]!.txid, index, branch)).toEqual(proof.root)
  })

  test.each([
    ['300025', () => readShared('merkle/merkleblock-300025.bin'), 'mainnet-300025.bin.gz', [396, 397]],
    [
      '100002',
      () => hexToBytes(new TextDecoder().decode(readShared('merkle/merkleblock-100002.hex')).trim()),
      'mainnet-100002.bin',
      [3],
    ],
  ])('the merkleblock of block %s', (_, read, file, matches) => {
    const bytes = read()
    const { command, header, ...tree } = decode(merkleblock, bytes)
    const proof = readPartialMerkle(tree)!
    expect(proof.root).toEqual(header.slice(36, 68))
    expect(proof.matches.map(({ index }) => index)).toEqual(matches)
    expect(encode(merkleblock, { command, header, ...buildPartialMerkle(txidsOf(file), new Set(matches)) })).toEqual(
      bytes,
    )
  })

  test("Summa's branches, valid and broken", () => {
    const vectors = readSharedJson('merkle/spv-vectors.json')
    const split = (hex: string) => {
      const bytes = hexToBytes(hex.slice(2))
      return Array.from({ length: Math.floor(bytes.length / 32) }, (_, i) => bytes.slice(i * 32, i * 32 + 32))
    }
    let valid = 0
    for (const { input, output } of vectors.verifyHash256Merkle) {
      // The proof is leaf, branch, root; other lengths are not for this function.
      const hashes = split(input.proof)
      if (hashes.length < 3 || (input.proof.length - 2) % 64 !== 0) continue
      const root = rootFromBranch(hashes[0]!, input.index, hashes.slice(1, -1))
      expect(toDisplay(root) === toDisplay(hashes.at(-1)!)).toBe(output)
      if (output) valid++
    }
    expect(valid).toBeGreaterThan(3)
    for (const { input, output } of vectors.prove) {
      const root = rootFromBranch(hexToBytes(input.txIdLE.slice(2)), input.index, split(input.proof))
      expect(`0x${bytesToHex(root)}` === input.merkleRootLE).toBe(output)
    }
  })

  test("Summa's SPV proof of a transaction of block 592,920", () => {
    const file = readSharedJson('merkle/spv-proofs.json')
    const good = JSON.parse(file.valid[0])
    const txidOf = (proof: typeof good) =>
      parseTransaction(
        hexToBytes([proof.version, proof.vin, proof.vout, proof.locktime].map((hex) => hex.slice(2)).join('')),
      ).txid
    const rootOf = (proof: typeof good, txid: Uint8Array) => {
      const nodes = hexToBytes(proof.intermediate_nodes.slice(2))
      const branch = Array.from({ length: nodes.length / 32 }, (_, i) => nodes.slice(i * 32, i * 32 + 32))
      return `0x${bytesToHex(rootFromBranch(txid, proof.index, branch))}`
    }
    const txid = txidOf(good)
    expect(`0x${bytesToHex(txid)}`).toBe(good.tx_id)
    expect(rootOf(good, txid)).toBe(good.confirming_header.merkle_root)
    const header = hexToBytes(good.confirming_header.raw.slice(2))
    expect(`0x${bytesToHex(sha256d(header))}`).toBe(good.confirming_header.hash)
    expect(`0x${bytesToHex(header.slice(36, 68))}`).toBe(good.confirming_header.merkle_root)
    for (const { e, proof } of file.badSPVProofs) {
      const holds = () => {
        const id = txidOf(proof)
        return `0x${bytesToHex(id)}` === proof.tx_id && rootOf(proof, id) === proof.confirming_header.merkle_root
      }
      let verdict: boolean
      try {
        verdict = holds()
      } catch {
        verdict = false
      }
      expect([e, verdict]).toEqual([e, false])
    }
  })
})
