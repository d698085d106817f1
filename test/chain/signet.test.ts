import { describe, expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import { networks, signetWith } from '../../src/chain/network.ts'
import { meetsChallenge, solutionSpend } from '../../src/chain/signet.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { multisig, p2pkh, p2wpkh, push, pushBytes } from '../../src/script/build.ts'
import { SIGHASH, SignatureHashes } from '../../src/script/sighash.ts'
import { publicKeyOf, signEcdsa, withHashType } from '../../src/script/sign.ts'
import { decode, encode, list, struct, varBytes } from '../../src/wire/codec.ts'
import { concatBytes, hash160, sha256d } from '../../src/wire/hash.ts'
import { type Transaction, transaction } from '../../src/wire/transaction.ts'
import { describeShared, readShared } from '../shared.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'

type Bytes = Uint8Array<ArrayBuffer>

const curve = { secp256k1: nodeSecp256k1, hasher: nodeHasher }
const keys = [1, 2, 3].map((n) => new Uint8Array(32).fill(n))
const publicKeys = keys.map((key) => publicKeyOf(key))
const TAG = Uint8Array.of(0xec, 0xc7, 0xda, 0xa2)
const solution = struct({ scriptSig: varBytes(10_000), witness: list(varBytes(10_000), 100) })

const passes = (bytes: Bytes, challenge: Uint8Array) => meetsChallenge(bytes, digestBlock(bytes), challenge, curve)

/** A block with transactions, not mined for any network, whose coinbase commits to witnesses. */
function unsigned(): Bytes {
  const maker = new ChainMaker({ seed: 4 })
  const [first] = maker.mine(1)
  const transactions = [1, 2].map((value) =>
    spend([coinbaseCoin(first!, maker)], [{ valueSat: value, script: P2WSH_TRUE }]),
  )
  return maker.block({ transactions, commitment: true }).bytes
}

/** The block with its coinbase's commitment extended; its header names the merkle root of that. */
function withCommitment(bytes: Bytes, more: Uint8Array, before = new Uint8Array(0)): Bytes {
  const { txStart, txids, txCount } = digestBlock(bytes)
  const coinbase = decode(transaction, bytes.slice(txStart[0], txStart[1]))
  const output = coinbase.outputs.at(-1)!
  output.scriptPubKey = concatBytes(output.scriptPubKey, before, more)
  const raw = encode(transaction, coinbase)
  const id = sha256d(encode(transaction, { ...coinbase, inputs: coinbase.inputs.map((i) => ({ ...i, witness: [] })) }))
  const ids = Array.from({ length: txCount }, (_, t) => (t === 0 ? id : txids.subarray(t * 32, t * 32 + 32)))
  while (ids.length > 1) {
    for (let i = 0; i * 2 < ids.length; i++) ids[i] = sha256d(concatBytes(ids[2 * i]!, ids[2 * i + 1] ?? ids[2 * i]!))
    ids.length = (ids.length + 1) >> 1
  }
  const changed = concatBytes(bytes.subarray(0, txStart[0]), raw, bytes.subarray(txStart[1]))
  changed.set(ids[0]!, 36)
  return changed
}

/** What is to be signed: the block with an empty solution in its place. */
function toSign(bytes: Bytes, challenge: Uint8Array): Transaction {
  const blank = withCommitment(bytes, pushBytes(TAG))
  return solutionSpend(blank, digestBlock(blank), challenge, nodeHasher)!
}

function signedBy(bytes: Bytes, scriptSig: Uint8Array, witness: Uint8Array[] = []): Bytes {
  return withCommitment(bytes, pushBytes(concatBytes(TAG, encode(solution, { scriptSig, witness }))))
}

const sign = (hash: Uint8Array, key: number) => withHashType(signEcdsa(hash, keys[key]!), SIGHASH.ALL)

describe('a block of a signet', () => {
  const block = unsigned()

  test('is signed with one key', () => {
    const challenge = p2pkh(hash160(publicKeys[0]!))
    const hash = new SignatureHashes(toSign(block, challenge)).legacy(0, challenge, SIGHASH.ALL)
    const scriptSig = concatBytes(push(sign(hash, 0)), push(publicKeys[0]!))
    expect(passes(signedBy(block, scriptSig), challenge)).toBe(true)
    expect(passes(signedBy(block, concatBytes(push(sign(hash, 1)), push(publicKeys[1]!))), challenge)).toBe(false)
  })

  test('is signed by witness', () => {
    const challenge = p2wpkh(hash160(publicKeys[0]!))
    const code = p2pkh(hash160(publicKeys[0]!))
    const hash = new SignatureHashes(toSign(block, challenge)).witnessV0(0, code, 0n, SIGHASH.ALL)
    expect(passes(signedBy(block, new Uint8Array(0), [sign(hash, 0), publicKeys[0]!]), challenge)).toBe(true)
    expect(passes(signedBy(block, new Uint8Array(0), [sign(hash, 1), publicKeys[0]!]), challenge)).toBe(false)
    expect(passes(signedBy(block, push(sign(hash, 0)), [publicKeys[0]!]), challenge)).toBe(false)
  })

  test.each([
    ['the first two', [0, 1], true],
    ['the outer two', [0, 2], true],
    ['two in the wrong order', [2, 1], false],
    ['one twice', [1, 1], false],
    ['one', [1], false],
  ] as const)('is signed with two keys of three: %s', (_, by, expected) => {
    const challenge = multisig(2, publicKeys)
    const hash = new SignatureHashes(toSign(block, challenge)).legacy(0, challenge, SIGHASH.ALL)
    const pushes = by.map((key) => push(sign(hash, key)))
    expect(passes(signedBy(block, concatBytes(Uint8Array.of(0), ...pushes)), challenge)).toBe(expected)
    // What CHECKMULTISIG takes beside has to be empty.
    expect(passes(signedBy(block, concatBytes(Uint8Array.of(0x51), ...pushes)), challenge)).toBe(false)
  })

  test('is not signed for another block', () => {
    const challenge = multisig(1, publicKeys)
    const hash = new SignatureHashes(toSign(block, challenge)).legacy(0, challenge, SIGHASH.ALL)
    const signed = signedBy(block, concatBytes(Uint8Array.of(0), push(sign(hash, 2))))
    expect(passes(signed, challenge)).toBe(true)
    const at = (offset: number) => {
      const copy = signed.slice()
      copy[offset]! ^= 1
      return passes(copy, challenge)
    }
    // Version, parent and time are signed for, bits and nonce are not.
    expect([at(0), at(4), at(70), at(72), at(79)]).toEqual([false, false, false, true, true])
    const { scriptAt, outputStart } = digestBlock(signed)
    expect(at(scriptAt[outputStart[1]!]! - 9)).toBe(false)
  })

  test('needs no solution where the challenge asks for none, but a witness commitment', () => {
    expect(passes(block, OP_TRUE)).toBe(true)
    expect(passes(block, Uint8Array.of(0x00))).toBe(false)
    expect(passes(signedBy(block, new Uint8Array(0)), OP_TRUE)).toBe(true)
    expect(passes(new ChainMaker().block({}).bytes, OP_TRUE)).toBe(false)
  })

  test.each([
    ['that is empty after its tag', TAG, true],
    ['without a witness', concatBytes(TAG, Uint8Array.of(0)), false],
    ['that ends early', concatBytes(TAG, Uint8Array.of(5, 1)), false],
    ['with something behind it', concatBytes(TAG, Uint8Array.of(0, 0, 0)), false],
    ['with a count that is longer than needed', concatBytes(TAG, Uint8Array.of(0xfd, 0, 0, 0)), false],
    ['that is whole', concatBytes(TAG, Uint8Array.of(0, 0)), true],
    ['with an item too much', concatBytes(TAG, Uint8Array.of(0, 1, 0)), false],
  ])('has a solution %s', (_, data, expected) => {
    expect(passes(withCommitment(block, pushBytes(data)), OP_TRUE)).toBe(expected)
  })

  test('is signed without its solution, which is the first of several; other pushes are signed for', () => {
    const challenge = multisig(1, publicKeys)
    const other = pushBytes(concatBytes(TAG, Uint8Array.of(0, 0)))
    // Behind the commitment: a push, an empty one in a long form, an opcode.
    const before = concatBytes(pushBytes(Uint8Array.of(7)), Uint8Array.of(0x4c, 0x00), Uint8Array.of(0x51))
    const spendOf = (more: Uint8Array) => {
      const made = withCommitment(block, more, before)
      return { made, tx: solutionSpend(made, digestBlock(made), challenge, nodeHasher)! }
    }
    const solved = (scriptSig: Uint8Array) =>
      concatBytes(pushBytes(concatBytes(TAG, encode(solution, { scriptSig, witness: [] }))), other)
    const first = spendOf(solved(new Uint8Array(1)))
    const signature = sign(new SignatureHashes(first.tx).legacy(0, challenge, SIGHASH.ALL), 0)
    const { made, tx } = spendOf(solved(concatBytes(Uint8Array.of(0), push(signature))))
    expect(tx.inputs[0]!.prevout).toEqual(first.tx.inputs[0]!.prevout)
    expect(passes(made, challenge)).toBe(true)
    expect(spendOf(solved(new Uint8Array(1)).subarray(0, -1)).tx.inputs[0]!.prevout).not.toEqual(tx.inputs[0]!.prevout)
  })
})

describe('a custom signet', () => {
  test('has the magic of its challenge', () => {
    expect(signetWith(OP_TRUE).signetChallenge).toEqual(OP_TRUE)
    expect(signetWith(OP_TRUE).magic).toEqual(sha256d(Uint8Array.of(1, 0x51)).slice(0, 4))
  })
})

describeShared('block 31500 of the public signet', () => {
  const bytes = readShared('blocks/signet-31500.bin') as Bytes
  const challenge = networks.signet.signetChallenge!

  test('is signed', () => {
    expect(passes(bytes, challenge)).toBe(true)
    expect(passes(bytes, multisig(1, publicKeys))).toBe(false)
  })

  test('is not with any byte of its solution or of what it signs changed', () => {
    const { scriptSigAt, scriptAt, scriptLength, outputStart } = digestBlock(bytes)
    const last = outputStart[1]! - 1
    const script = bytes.subarray(scriptAt[last], scriptAt[last]! + scriptLength[last]!)
    const tagAt = scriptAt[last]! + script.findIndex((_, i) => TAG.every((byte, n) => script[i + n] === byte))
    const end = scriptAt[last]! + scriptLength[last]!
    const places = [0, 4, 68, scriptSigAt[0]! + 6, ...Array.from({ length: end - tagAt }, (_, i) => tagAt + i)]
    expect(places.length).toBeGreaterThan(70)
    for (const at of places) {
      const copy = bytes.slice()
      copy[at]! ^= 1
      expect(passes(copy, challenge), `byte ${at}`).toBe(false)
    }
  })
})
