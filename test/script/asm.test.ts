import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toAsm } from '../../src/script/asm.ts'
import { hexToBytes } from '../../src/wire/hash.ts'

const asm = (hex: string) => toAsm(hexToBytes(hex))

describe('asm', () => {
  test.each([
    ['', ''],
    ['00', 'OP_0'],
    ['01ab', 'OP_PUSHBYTES_1 ab'],
    [`4b${'11'.repeat(75)}`, `OP_PUSHBYTES_75 ${'11'.repeat(75)}`],
    ['4c00', 'OP_PUSHDATA1'],
    ['4c02abcd', 'OP_PUSHDATA1 abcd'],
    ['4d0000', 'OP_PUSHDATA2'],
    ['4d0100ab', 'OP_PUSHDATA2 ab'],
    ['4e00000000', 'OP_PUSHDATA4'],
    ['4e01000000ab', 'OP_PUSHDATA4 ab'],
    ['4f50', 'OP_PUSHNUM_NEG1 OP_RESERVED'],
    ['515260', 'OP_PUSHNUM_1 OP_PUSHNUM_2 OP_PUSHNUM_16'],
    ['61626a', 'OP_NOP OP_VER OP_RETURN'],
    ['b0b1b2b3b9', 'OP_NOP1 OP_CLTV OP_CSV OP_NOP4 OP_NOP10'],
    ['babbfe', 'OP_CHECKSIGADD OP_RETURN_187 OP_RETURN_254'],
    ['ff', 'OP_INVALIDOPCODE'],
    [`76a914${'00'.repeat(20)}88ac`, `OP_DUP OP_HASH160 OP_PUSHBYTES_20 ${'00'.repeat(20)} OP_EQUALVERIFY OP_CHECKSIG`],
  ])('%s is written %s', (hex, text) => {
    expect(asm(hex)).toBe(text)
  })

  test.each([
    ['02ab', 'OP_PUSHBYTES_2 <push past end>'],
    ['5103abcd', 'OP_PUSHNUM_1 OP_PUSHBYTES_3 <push past end>'],
    ['4c03abcd', 'OP_PUSHDATA1 <push past end>'],
    ['4effffffffabcd', 'OP_PUSHDATA4 <push past end>'],
    ['4c', '<unexpected end>'],
    ['514d01', 'OP_PUSHNUM_1<unexpected end>'],
    ['4e010000', '<unexpected end>'],
  ])('%s stops in the middle: %s', (hex, text) => {
    expect(asm(hex)).toBe(text)
  })

  test('each opcode that is no push has one name of its own', () => {
    const names = Array.from({ length: 256 - 0x4f }, (_, i) => toAsm(Uint8Array.of(0x4f + i)))
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^OP_[A-Z0-9_]+$/)
  })

  test('any bytes at all have a text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(toAsm(bytes)).toMatch(/^[A-Za-z0-9_<> ]*$/)
      }),
    )
  })
})
