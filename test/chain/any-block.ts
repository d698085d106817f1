import fc from 'fast-check'
import { type Block, block } from '../../src/wire/block.ts'
import { encode } from '../../src/wire/codec.ts'
import type { Transaction, TxIn } from '../../src/wire/transaction.ts'

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const i32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })

const input: fc.Arbitrary<TxIn> = fc.record({
  prevout: fc.record({ hash, index: u32 }),
  scriptSig: bytes(300),
  sequence: u32,
  witness: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Uint8Array[]>([]) },
    fc.array<Uint8Array>(bytes(300), { maxLength: 4 }),
  ),
})

const value = fc.oneof(fc.bigInt(0n, 2_100_000_000_000_000n), fc.bigInt(-(1n << 63n), (1n << 63n) - 1n))

/** Scripts of many shapes, and outputs of the form that commits to witnesses. */
const script = fc.oneof(
  bytes(300),
  hash.map((each) => Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed, ...each)),
)

export const anyTransaction: fc.Arbitrary<Transaction> = fc.record({
  version: i32,
  inputs: fc.array(input, { minLength: 1, maxLength: 5 }),
  outputs: fc.array(fc.record({ value, scriptPubKey: script }), { maxLength: 5 }),
  lockTime: u32,
})

/** A block that can be written and read, and breaks nearly every rule. */
export const anyBlock: fc.Arbitrary<Block> = fc.record({
  header: fc.record({ version: i32, prevBlock: hash, merkleRoot: hash, time: u32, bits: u32, nonce: u32 }),
  transactions: fc.array(anyTransaction, { maxLength: 6 }),
})

export function rawBlock(parsed: Block): Uint8Array<ArrayBuffer> {
  return encode(block, parsed)
}
