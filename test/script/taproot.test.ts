import { describe, expect, test } from 'vitest'
import { addressOf } from '../../src/script/address.ts'
import { p2tr } from '../../src/script/build.ts'
import { xOnlyKeyOf } from '../../src/script/sign.ts'
import {
  commitsTo,
  type TapTree,
  tapBranchHash,
  tapLeafHash,
  taprootOutput,
  tapScriptSpend,
  tapTweak,
  tweakPrivateKey,
  tweakPublicKey,
} from '../../src/script/taproot.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

const internalKey = hexToBytes('187791b6f712a8ea41c8ecdd0ee77fab3e85263b37e1ec18a3651926b3a6cf27')
const leaf = { script: hexToBytes('20d85a959b0290bf19bb89ed43c916be835475d013da4b362117393e25a48229b8ac') }

describe('taproot outputs', () => {
  // The first two of BIP341's wallet vectors.
  test('a key without scripts', () => {
    const key = hexToBytes('d6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d')
    const output = taprootOutput(key)
    expect(bytesToHex(output.outputKey)).toBe('53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343')
    expect(output).toMatchObject({ merkleRoot: undefined, leaves: [] })
  })
  test('a key and one script', () => {
    const output = taprootOutput(internalKey, leaf)
    expect(bytesToHex(output.outputKey)).toBe('147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3')
    expect(bytesToHex(output.leaves[0]!.controlBlock)).toBe(`c1${bytesToHex(internalKey)}`)
  })

  test('every leaf of a lopsided tree leads to the output key, and no other script does', () => {
    const leaves = Array.from({ length: 6 }, (_, i) => ({ script: Uint8Array.of(0x51 + i), version: 0xc0 + 2 * i }))
    const [a, b, c, d, e, f] = leaves as [TapTree, TapTree, TapTree, TapTree, TapTree, TapTree]
    const output = taprootOutput(internalKey, [
      a,
      [
        [b, [c, d]],
        [e, f],
      ],
    ])
    expect(output.leaves.map(({ script }) => script)).toEqual(leaves.map(({ script }) => script))
    for (const { script, controlBlock } of output.leaves) {
      expect(commitsTo(output.outputKey, tapScriptSpend([script, controlBlock])!)).toBe(true)
      expect(commitsTo(output.outputKey, tapScriptSpend([Uint8Array.of(0x61), controlBlock])!)).toBe(false)
      const otherParity = controlBlock.slice()
      otherParity[0]! ^= 1
      expect(commitsTo(output.outputKey, tapScriptSpend([script, otherParity])!)).toBe(false)
    }
  })

  test('branches do not know left from right', () => {
    const [a, b] = [tapLeafHash(Uint8Array.of(0x51)), tapLeafHash(Uint8Array.of(0x52))]
    expect(tapBranchHash(a, b)).toEqual(tapBranchHash(b, a))
    expect(tapLeafHash(Uint8Array.of(0x51), 0xc2)).not.toEqual(a)
  })

  test('the tweaked private key is that of the output key, whichever parity the internal key has', () => {
    for (let n = 1; n <= 12; n++) {
      const privateKey = new Uint8Array(32).fill(n)
      const root = n % 2 ? tapLeafHash(leaf.script) : undefined
      expect(xOnlyKeyOf(tweakPrivateKey(privateKey, root))).toEqual(tweakPublicKey(xOnlyKeyOf(privateKey), root).key)
    }
  })

  test('an internal key off the curve is refused', () => {
    expect(() => taprootOutput(new Uint8Array(32))).toThrow()
    const control = new Uint8Array(33).fill(0)
    expect(commitsTo(internalKey, tapScriptSpend([leaf.script, control])!)).toBe(false)
  })
})

describe('a taproot witness', () => {
  const control = new Uint8Array(33 + 64).fill(0xc1)
  const annex = Uint8Array.of(0x50, 1)

  test('is a spend by key with one item, annex or not', () => {
    expect(tapScriptSpend([new Uint8Array(64)])).toBeUndefined()
    expect(tapScriptSpend([new Uint8Array(64), annex])).toBeUndefined()
    expect(tapScriptSpend([])).toBeUndefined()
  })
  test('shows script and control block before the annex', () => {
    expect(tapScriptSpend([Uint8Array.of(9), leaf.script, control, annex])).toEqual({
      script: leaf.script,
      controlBlock: control,
      version: 0xc0,
      internalKey: control.subarray(1, 33),
      annex,
    })
    expect(tapScriptSpend([leaf.script, control])?.annex).toBeUndefined()
  })
  test.each([[0], [32], [34], [33 + 31], [33 + 129 * 32]])('has no control block of %i bytes', (length) => {
    expect(tapScriptSpend([leaf.script, new Uint8Array(length)])).toBeUndefined()
  })
})

describeShared('the wallet vectors of BIP341: outputs', () => {
  type GivenTree = { script: string; leafVersion: number } | GivenTree[]
  interface Row {
    given: { internalPubkey: string; scriptTree: GivenTree | null }
    intermediary: { merkleRoot: string | null; tweak: string; tweakedPubkey: string; leafHashes?: string[] }
    expected: { scriptPubKey: string; bip350Address: string; scriptPathControlBlocks?: string[] }
  }
  const treeOf = (given: GivenTree): TapTree =>
    Array.isArray(given)
      ? [treeOf(given[0]!), treeOf(given[1]!)]
      : { script: hexToBytes(given.script), version: given.leafVersion }

  test('every key, hash, control block and address', () => {
    const rows = readSharedJson('tx/bip341_wallet_vectors.json').scriptPubKey as Row[]
    expect(rows.length).toBeGreaterThan(5)
    for (const { given, intermediary, expected } of rows) {
      const key = hexToBytes(given.internalPubkey)
      const output = taprootOutput(key, given.scriptTree ? treeOf(given.scriptTree) : undefined)
      expect(output.merkleRoot ? bytesToHex(output.merkleRoot) : null).toBe(intermediary.merkleRoot)
      expect(bytesToHex(tapTweak(key, output.merkleRoot))).toBe(intermediary.tweak)
      expect(bytesToHex(output.outputKey)).toBe(intermediary.tweakedPubkey)
      expect(output.leaves.map(({ hash }) => bytesToHex(hash))).toEqual(intermediary.leafHashes ?? [])
      expect(output.leaves.map(({ controlBlock }) => bytesToHex(controlBlock))).toEqual(
        expected.scriptPathControlBlocks ?? [],
      )
      expect(bytesToHex(p2tr(output.outputKey))).toBe(expected.scriptPubKey)
      expect(addressOf(p2tr(output.outputKey), { hrp: 'bc', p2pkh: 0, p2sh: [5], wif: 128 })).toBe(
        expected.bip350Address,
      )
    }
  })
})
