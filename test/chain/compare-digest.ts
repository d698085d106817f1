import { expect } from 'vitest'
import type { BlockDigest } from '../../src/chain/digest.ts'
import { merkleRoot } from '../../src/chain/merkle.ts'
import { legacySigops } from '../../src/chain/sigops.ts'
import { block } from '../../src/wire/block.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { concatBytes, prefix48, sha256, sha256d } from '../../src/wire/hash.ts'
import { hasWitness, outpoint, transaction, transactionNoWitness } from '../../src/wire/transaction.ts'

/** Every field of a digest against the block read into objects. */
export function expectDigestOf(bytes: Uint8Array, digest: BlockDigest): void {
  const parsed = decode(block, bytes)
  const txs = parsed.transactions
  const inputs = txs.flatMap((tx) => tx.inputs)
  const outputs = txs.flatMap((tx) => tx.outputs)
  const whole = txs.map((tx) => encode(transaction, tx))
  const stripped = txs.map((tx) => encode(transactionNoWitness, tx))
  const starts = (lengths: number[], from = 0) => {
    const all = [from]
    for (const length of lengths) all.push(all.at(-1)! + length)
    return all
  }
  const slice = (at: number, length: number) => bytes.slice(at, at + length)

  expect(digest.header).toEqual(bytes.slice(0, 80))
  expect(digest.hash).toEqual(sha256d(bytes.slice(0, 80)))
  expect(digest.txCount).toBe(txs.length)
  const sum = (parts: Uint8Array[]) => parts.reduce((total, { length }) => total + length, 0)
  const head = bytes.length - sum(whole)
  expect(digest.size).toBe(bytes.length)
  expect(digest.strippedSize).toBe(head + sum(stripped))
  expect(digest.weight).toBe(3 * digest.strippedSize + digest.size)

  expect(digest.txids).toEqual(concatBytes(...stripped.map((each) => sha256d(each))))
  expect([...digest.txStart]).toEqual(
    starts(
      whole.map(({ length }) => length),
      head,
    ),
  )
  expect([...digest.txVersion]).toEqual(txs.map(({ version }) => version))
  expect([...digest.lockTime]).toEqual(txs.map(({ lockTime }) => lockTime))
  expect([...digest.txWeight]).toEqual(txs.map((_, i) => 3 * stripped[i]!.length + whole[i]!.length))
  expect([...digest.hasWitness]).toEqual(txs.map((tx) => (hasWitness(tx) ? 1 : 0)))
  expect([...digest.inputStart]).toEqual(starts(txs.map((tx) => tx.inputs.length)))
  expect([...digest.outputStart]).toEqual(starts(txs.map((tx) => tx.outputs.length)))
  expect([...digest.legacySigops]).toEqual(
    txs.map((tx) =>
      [...tx.inputs.map(({ scriptSig }) => scriptSig), ...tx.outputs.map(({ scriptPubKey }) => scriptPubKey)].reduce(
        (total, script) => total + legacySigops(script, 0, script.length),
        0,
      ),
    ),
  )
  expect(digest.coinbaseScript).toEqual((inputs[0]?.scriptSig ?? new Uint8Array(0)).slice(0, 100))

  expect(digest.outpoints).toEqual(concatBytes(...inputs.map(({ prevout }) => encode(outpoint, prevout))))
  expect([...digest.sequence]).toEqual(inputs.map(({ sequence }) => sequence))
  expect(digest.scriptSigAt.length).toBe(inputs.length)
  for (const [i, { scriptSig, witness }] of inputs.entries()) {
    expect(slice(digest.scriptSigAt[i]!, digest.scriptSigLength[i]!)).toEqual(scriptSig.slice())
    if (witness.length > 0) expect(bytes[digest.witnessAt[i]!]).toBe(witness.length)
  }

  const amounts = outputs.map(({ value }) =>
    value < 0n ? -Infinity : value > 21_000_000n * 100_000_000n ? Infinity : Number(value),
  )
  expect([...digest.value]).toEqual(amounts)
  expect([...digest.scriptPrefix]).toEqual(outputs.map(({ scriptPubKey }) => prefix48(sha256(scriptPubKey))))
  for (const [o, { scriptPubKey }] of outputs.entries()) {
    expect(slice(digest.scriptAt[o]!, digest.scriptLength[o]!)).toEqual(scriptPubKey.slice())
  }

  expect({ root: digest.merkleRoot, mutated: digest.mutated }).toEqual(merkleRoot(digest.txids))
  if (digest.witnessRoot) {
    const wtxids = whole.map((each, i) => (i === 0 ? new Uint8Array(32) : sha256d(each)))
    expect(digest.witnessRoot).toEqual(merkleRoot(concatBytes(...wtxids)).root)
  }
}
