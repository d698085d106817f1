import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BlockDigest, digestBlock, digestTransfers, inOneBuffer } from '../../src/chain/digest.ts'
import { networks } from '../../src/chain/network.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { WireError } from '../../src/wire/error.ts'
import { bytesToHex, concatBytes, hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { ChainMaker, coinbaseCoin, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { anyBlock, rawBlock } from './any-block.ts'
import { expectDigestOf } from './compare-digest.ts'

const HEADER = new Uint8Array(80)
const block0 = (...hex: string[]) => concatBytes(HEADER, hexToBytes(hex.join('')))

describe('a digest', () => {
  test('of the mainnet genesis block', () => {
    const digest = digestBlock(networks.main.genesis)
    expectDigestOf(networks.main.genesis, digest)
    expect(digest).toMatchObject({
      txCount: 1,
      size: 285,
      strippedSize: 285,
      weight: 1140,
      witnessCommitment: 'absent',
    })
    expect(toDisplay(digest.txids)).toBe('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b')
    expect([...digest.txStart]).toEqual([81, 285])
    // sha256 of the script, f9..: prefix48 is its first six bytes.
    expect(digest.value).toEqual(Float64Array.of(50e8))
    expect([...digest.legacySigops]).toEqual([1])
  })

  test('of a regtest block that Litecoin Core 0.21.2.1 mined, with a witness commitment', () => {
    const bytes = hexToBytes(
      '0000002039ac0ae4989adc2dd334ec19c5ebbed85c6b96d119b49af491a021e86ee8ce9d9b40880b99b89362028b9e8c8e8a32daefb77e8c2558225c060bf37b3df4e6dd6ad1026bffff7f200000000001020000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff03550101ffffffff0200f2052a0100000001510000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf90120000000000000000000000000000000000000000000000000000000000000000000000000',
    )
    const digest = digestBlock(bytes)
    expectDigestOf(bytes, digest)
    expect(digest.witnessCommitment).toBe('ok')
    expect(digest.merkleRoot).toEqual(bytes.slice(36, 68))
    expect(bytesToHex(digest.coinbaseScript)).toBe('550101')
    expect([...digest.hasWitness]).toEqual([1])
  })

  test('agrees with the block read into objects, whatever is in it', () => {
    fc.assert(
      fc.property(anyBlock, (parsed) => {
        const bytes = rawBlock(parsed)
        expectDigestOf(bytes, digestBlock(bytes))
      }),
      { numRuns: 200 },
    )
  })

  test('does not depend on where in a buffer the block lies', () => {
    fc.assert(
      fc.property(anyBlock, (parsed) => {
        const bytes = rawBlock(parsed)
        const inside = new Uint8Array(bytes.length + 7)
        inside.set(bytes, 3)
        expect(digestBlock(inside.subarray(3, 3 + bytes.length))).toEqual(digestBlock(bytes))
      }),
      { numRuns: 20 },
    )
  })

  test('of many inputs and outputs grows as needed', () => {
    const input = `${'11'.repeat(36)}00ffffffff`
    const output = `${'01'.padEnd(16, '0')}00`
    const bytes = block0('01', '01000000', 'fdd007', input.repeat(2000), 'fdb80b', output.repeat(3000), '00000000')
    const digest = digestBlock(bytes)
    expect([digest.sequence.length, digest.value.length]).toEqual([2000, 3000])
    expect(digest.value.every((value) => value === 1)).toBe(true)
    expect(digest.outpoints.every((byte) => byte === 0x11)).toBe(true)
    expect(digest.outpoints.length).toBe(72_000)
  })

  test('of amounts out of range is not a number that could be added up', () => {
    const amount = (hex: string) => digestBlock(block0('01', '01000000', '0001', '00', '01', hex, '00', '00')).value
    expect(() => amount('00')).toThrow()
    const one = (hex: string) =>
      digestBlock(block0('01', '01000000', `01${'22'.repeat(36)}00ffffffff`, '01', hex, '00', '00000000')).value[0]
    expect(one('0040075af0750700')).toBe(2_100_000_000_000_000)
    expect(one('0140075af0750700')).toBe(Number.POSITIVE_INFINITY)
    expect(one('ffffffffffffff7f')).toBe(Number.POSITIVE_INFINITY)
    expect(one('ffffffffffffffff')).toBe(Number.NEGATIVE_INFINITY)
    expect(one('0000000000000080')).toBe(Number.NEGATIVE_INFINITY)
  })

  test.each([
    ['in many buffers', (digest: BlockDigest) => digest, 20],
    ['in one', inOneBuffer, 1],
  ])('goes to another thread whole %s, and leaves nothing behind', (_, prepare, buffers) => {
    const maker = new ChainMaker()
    const [first] = maker.mine(1)
    const bytes = maker.block({
      transactions: [spend([coinbaseCoin(first!, maker)], [{ valueSat: 1, script: OP_TRUE }])],
    }).bytes
    const digest = digestBlock(bytes)
    const expected = structuredClone(digest)
    const prepared = prepare(digest)
    const transfer = digestTransfers(prepared)
    expect(transfer.length).toBeGreaterThanOrEqual(buffers)
    if (buffers === 1) expect(transfer.length).toBe(1)
    expect(structuredClone(prepared, { transfer })).toEqual(expected)
    const left = Object.values(prepared).flatMap((field) => (ArrayBuffer.isView(field) ? [field.byteLength] : []))
    expect(left.length).toBeGreaterThan(20)
    expect(left.every((length) => length === 0)).toBe(true)
    expect(bytes.length).toBeGreaterThan(0)
  })
})

describe('the witness commitment', () => {
  const maker = new ChainMaker()
  const [funding] = maker.mine(1, { script: P2WSH_TRUE })
  const coin = { ...coinbaseCoin(funding!, maker), witness: true }
  const made = maker.block({ transactions: [spend([coin], [{ valueSat: 1, script: OP_TRUE }])] })

  /** The block with one byte changed, found from the end of a byte pattern. */
  function changed(pattern: string, offset: number): BlockDigest {
    const bytes = made.bytes.slice()
    const at = bytesToHex(bytes).indexOf(pattern) / 2 + offset
    bytes[at]! ^= 1
    return digestBlock(bytes)
  }

  test('holds when the root of the wtxids and the reserved value hash to it', () => {
    expect(digestBlock(made.bytes)).toMatchObject({ witnessCommitment: 'ok', mutated: false })
  })

  test('is bad when it, or a witness, or the reserved value is another', () => {
    expect(changed('6a24aa21a9ed', 6).witnessCommitment).toBe('bad')
    const lastWitnessByte = made.bytes.length - 5
    const bytes = made.bytes.slice()
    bytes[lastWitnessByte]! ^= 1
    const digest = digestBlock(bytes)
    expect(digest.witnessCommitment).toBe('bad')
    expect(digest.txids).toEqual(digestBlock(made.bytes).txids)
    expect(changed(`0120${'00'.repeat(32)}`, 2).witnessCommitment).toBe('bad')
  })

  test('is absent when no output has its form', () => {
    expect(changed('6a24aa21a9ed', 5).witnessCommitment).toBe('absent')
  })

  test('needs exactly one reserved value of 32 bytes', () => {
    const parsed = decode(block, made.bytes)
    for (const witness of [[], [new Uint8Array(31)], [new Uint8Array(33)], [new Uint8Array(32), new Uint8Array(0)]]) {
      parsed.transactions[0]!.inputs[0]!.witness = witness
      expect(digestBlock(rawBlock(parsed)).witnessCommitment).toBe('bad-nonce')
    }
  })

  test('is the last output of that form', () => {
    const parsed = decode(block, made.bytes)
    const { outputs } = parsed.transactions[0]!
    const commitment = outputs[1]!
    const other = { value: 0n, scriptPubKey: concatBytes(commitment.scriptPubKey.slice(0, 6), new Uint8Array(32)) }
    outputs.splice(1, 1, other, commitment)
    expect(digestBlock(rawBlock(parsed)).witnessCommitment).toBe('ok')
    outputs.reverse()
    expect(digestBlock(rawBlock(parsed)).witnessCommitment).toBe('bad')
  })
})

describe('bytes that are no block', () => {
  const input = `${'00'.repeat(36)}00ffffffff`

  test.each([
    ['truncated', 'a short header', new Uint8Array(79)],
    ['truncated', 'no transaction count', HEADER],
    ['truncated', 'fewer transactions than counted', block0('02', '01000000', '0000', '00000000')],
    ['truncated', 'a count that the bytes cannot hold', block0('feffffff00')],
    ['not-minimal', 'a count in a longer form', block0('fd0100')],
    ['not-minimal', 'a count in a much longer form', block0('feffff0000')],
    ['not-minimal', 'a count in the longest form', block0('ffffffffff00000000')],
    ['too-large', 'a count beyond 32 bits', block0('ff0000000001000000')],
    ['trailing', 'a byte after the last transaction', block0('00', '00')],
    [
      'truncated',
      'a script longer than the rest',
      block0('01', '01000000', '01', '00'.repeat(36), 'fdff00', '00'.repeat(40)),
    ],
    ['bad-value', 'an unknown flag', block0('01', '01000000', '0002', '01', input, '00', '00000000')],
    [
      'superfluous-witness',
      'a flag without a witness',
      block0('01', '01000000', '0001', '01', input, '00', '00', '00000000'),
    ],
    ['superfluous-witness', 'a flag without inputs', block0('01', '01000000', '0001', '00', '00', '00000000')],
    [
      'truncated',
      'witness items beyond the end',
      block0('01', '01000000', '0001', '01', input, '00', 'fdffff', '00000000'),
    ],
    ['too-large', 'more bytes than a block may have', new Uint8Array(4_000_001)],
  ])('are %s: %s', (code, _, bytes) => {
    expect(() => digestBlock(bytes)).toThrow(expect.objectContaining({ code }))
  })

  test('a block without transactions is well-formed', () => {
    const digest = digestBlock(block0('00'))
    expect(digest).toMatchObject({ txCount: 0, size: 81, witnessCommitment: 'absent' })
    expect([...digest.txStart]).toEqual([81])
  })

  test('changed, cut and lengthened blocks are read exactly where the codec reads them', () => {
    const change = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      cut: fc.option(fc.nat()),
      add: fc.uint8Array({ maxLength: 3 }),
    })
    fc.assert(
      fc.property(anyBlock, fc.array(change, { minLength: 1, maxLength: 3 }), (parsed, changes) => {
        let bytes: Uint8Array = rawBlock(parsed)
        for (const { at, byte, cut, add } of changes) {
          bytes = bytes.slice()
          // Behind the header, where the structure is.
          if (bytes.length > 80) bytes[80 + (at % (bytes.length - 80))] = byte
          if (cut !== null && cut % 4 === 0) bytes = bytes.slice(0, cut % (bytes.length + 1))
          if (cut !== null && cut % 4 === 1) bytes = concatBytes(bytes, add)
        }
        const read = attempt(() => decode(block, bytes))
        const digested = attempt(() => digestBlock(bytes))
        expect(digested instanceof WireError).toBe(read instanceof WireError)
        if (!(digested instanceof WireError)) expectDigestOf(bytes, digested)
      }),
      { numRuns: 1000 },
    )
  })

  test('any bytes after a header are a block or a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => {
        const result = attempt(() => digestBlock(concatBytes(HEADER, tail)))
        expect(result instanceof WireError || result.size === 80 + tail.length).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

/** The result, or the WireError; any other error is passed on. */
function attempt<T>(run: () => T): T | WireError {
  try {
    return run()
  } catch (error) {
    if (error instanceof WireError) return error
    throw error
  }
}
