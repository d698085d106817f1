import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  atMost,
  bool,
  bytes,
  type Codec,
  compactSize,
  compactU64,
  decode,
  encode,
  hash32,
  i32,
  i64,
  list,
  literal,
  optional,
  rest,
  struct,
  u8,
  u16,
  u16be,
  u32,
  u48,
  u64,
  varBytes,
  varString,
} from '../../src/wire/codec.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'

function refusal(codec: Codec<unknown>, hex: string): unknown {
  try {
    return { read: decode(codec, hexToBytes(hex)) }
  } catch (error) {
    return (error as { code?: string }).code
  }
}

test.each([
  [0, '00'],
  [252, 'fc'],
  [253, 'fdfd00'],
  [65_535, 'fdffff'],
  [65_536, 'fe00000100'],
  [4_294_967_295, 'feffffffff'],
  [4_294_967_296, 'ff0000000001000000'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff1f00'],
])('the compact size %i is written as %s', (value, hex) => {
  expect(bytesToHex(encode(compactSize, value))).toBe(hex)
  expect(decode(compactSize, hexToBytes(hex))).toBe(value)
  expect(bytesToHex(encode(compactU64, BigInt(value)))).toBe(hex)
  expect(decode(compactU64, hexToBytes(hex))).toBe(BigInt(value))
})

test.each([
  ['fd0100', 'not-minimal'],
  ['fdfc00', 'not-minimal'],
  ['fe00000000', 'not-minimal'],
  ['feffff0000', 'not-minimal'],
  ['ffffffffff00000000', 'not-minimal'],
  ['', 'truncated'],
  ['fd', 'truncated'],
  ['fe000001', 'truncated'],
  ['ff00000000010000', 'truncated'],
])('the compact size %s is refused as %s', (hex, code) => {
  expect(refusal(compactSize, hex)).toBe(code)
  expect(refusal(compactU64, hex)).toBe(code)
})

test('a compact size above 2^53 is a number only where it carries bits', () => {
  expect(refusal(compactSize, 'ff0000000000002000')).toBe('too-large')
  expect(refusal(compactSize, 'ffffffffffffffffff')).toBe('too-large')
  expect(decode(compactU64, hexToBytes('ffffffffffffffffff'))).toBe((1n << 64n) - 1n)
  expect(bytesToHex(encode(compactU64, (1n << 64n) - 1n))).toBe('ffffffffffffffffff')
})

describe('fields', () => {
  const golden: [string, Codec<never>, unknown, string][] = [
    ['u8', u8 as Codec<never>, 0xfe, 'fe'],
    ['u16', u16 as Codec<never>, 0x0102, '0201'],
    ['u16be', u16be as Codec<never>, 0x0102, '0102'],
    ['u32', u32 as Codec<never>, 0xfffefdfc, 'fcfdfeff'],
    ['i32', i32 as Codec<never>, -2, 'feffffff'],
    ['u48', u48 as Codec<never>, 0xffee_ddcc_bbaa, 'aabbccddeeff'],
    ['u64', u64 as Codec<never>, 0xfffefdfcfbfaf9f8n, 'f8f9fafbfcfdfeff'],
    ['i64', i64 as Codec<never>, -2n, 'feffffffffffffff'],
    ['bool', bool as Codec<never>, true, '01'],
    ['varBytes', varBytes(3) as Codec<never>, Uint8Array.of(1, 2, 3), '03010203'],
    ['varString', varString(3) as Codec<never>, 'aé', '0261e9'],
    ['bytes', bytes(2) as Codec<never>, Uint8Array.of(1, 2), '0102'],
    ['rest', rest as Codec<never>, Uint8Array.of(1, 2), '0102'],
    ['literal', literal(7) as Codec<never>, 7, '07'],
    ['list', list(u16, 2) as Codec<never>, [1, 2], '0201000200'],
    ['struct', struct({ a: u8, b: u16 }) as Codec<never>, { a: 1, b: 2 }, '010200'],
  ]
  test.each(golden)('%s', (_, codec, value, hex) => {
    expect(bytesToHex(encode(codec, value as never))).toBe(hex)
    expect(decode(codec, hexToBytes(hex))).toEqual(value)
  })

  const refused: [string, Codec<unknown>, string, string][] = [
    ['a number cut short', u32, '010203', 'truncated'],
    ['bytes after the value', u32, '0102030405', 'trailing'],
    ['a bool of 2', bool, '02', 'bad-value'],
    ['another literal', literal(7), '08', 'bad-value'],
    ['a number above its bound', atMost(u8, 5), '06', 'too-large'],
    ['bytes above their bound', varBytes(3), '0401020304', 'too-large'],
    ['fewer bytes than claimed', varBytes(300), 'fd2c0101', 'truncated'],
    ['a string below its bound', varString(8, 2), '0161', 'bad-value'],
    ['a list above its bound', list(u8, 2), '03010203', 'too-large'],
    ['a list with items missing', list(u8, 3), '030102', 'truncated'],
    ['a hash of 31 bytes', hash32, '00'.repeat(31), 'truncated'],
  ]
  test.each(refused)('%s', (_, codec, hex, code) => {
    expect(refusal(codec, hex)).toBe(code)
  })

  const broken: [string, () => unknown][] = [
    ['a u8 of 256', () => encode(u8, 256)],
    ['a u16 of -1', () => encode(u16, -1)],
    ['a u32 of 2^32', () => encode(u32, 2 ** 32)],
    ['a u32 of 0.5', () => encode(u32, 0.5)],
    ['an i32 of 2^31', () => encode(i32, 2 ** 31)],
    ['a u48 of 2^48', () => encode(u48, 2 ** 48)],
    ['a u64 of -1', () => encode(u64, -1n)],
    ['an i64 of 2^63', () => encode(i64, 1n << 63n)],
    ['a compact size of -1', () => encode(compactSize, -1)],
    ['a hash of 31 bytes', () => encode(hash32, new Uint8Array(31))],
    ['bytes above their bound', () => encode(varBytes(1), new Uint8Array(2))],
    ['a character above U+00FF', () => encode(varString(1), '€')],
  ]
  test.each(broken)('writing %s is a plain error', (_, write) => {
    expect(write).toThrow(RangeError)
  })
})

test('a field left out at the end is read as absent and written in full', () => {
  const codec = struct({ a: u8, b: optional(u16, 9) })
  expect(decode(codec, hexToBytes('01'))).toEqual({ a: 1, b: 9 })
  expect(decode(codec, hexToBytes('010200'))).toEqual({ a: 1, b: 2 })
  expect(bytesToHex(encode(codec, { a: 1, b: 9 }))).toBe('010900')
  expect(refusal(codec, '0102')).toBe('truncated')
})

test('byte strings are views of what is read', () => {
  const source = hexToBytes('02aabb')
  const read = decode(varBytes(2), source)
  source[1] = 0xcc
  expect(bytesToHex(read)).toBe('ccbb')
})

test('a reader over a part of a buffer stays inside it', () => {
  const whole = hexToBytes('ff0203ff')
  expect(decode(u16, whole.subarray(1, 3))).toBe(0x0302)
  expect(() => decode(u32, whole.subarray(1, 3))).toThrow(expect.objectContaining({ code: 'truncated' }))
})

test('what is written stands alone in its buffer', () => {
  for (const length of [0, 1, 127, 128, 129, 100_000]) {
    const written = encode(rest, new Uint8Array(length).fill(5))
    expect(written.length).toBe(length)
    expect(written.buffer.byteLength).toBe(length)
    expect(written.every((byte) => byte === 5)).toBe(true)
  }
})

test('a claimed count costs nothing', () => {
  const claim = hexToBytes('fe00093d00') // four million
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 200; i++)
    expect(refusal(list(list(u8, 4_000_000), 4_000_000), bytesToHex(claim))).toBe('truncated')
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000)
})

test('any number is read back as it was written', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.nat({ max: 2 ** 48 - 1 }),
      (size, bits, short) => {
        expect(decode(compactSize, encode(compactSize, size))).toBe(size)
        expect(decode(compactU64, encode(compactU64, bits))).toBe(bits)
        expect(decode(u48, encode(u48, short))).toBe(short)
      },
    ),
  )
})
