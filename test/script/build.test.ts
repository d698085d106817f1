import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  multisig,
  opReturn,
  P2A,
  p2pk,
  p2pkh,
  p2sh,
  p2shOf,
  p2tr,
  p2wpkh,
  p2wsh,
  p2wshOf,
  push,
  pushNumber,
  script,
  scriptNumber,
  witnessScriptPubKey,
} from '../../src/script/build.ts'
import { instructionAt } from '../../src/script/instructions.ts'
import { OP } from '../../src/script/opcodes.ts'
import { scriptType } from '../../src/script/type.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'

const hash20 = new Uint8Array(20).fill(0x11)
const hash32 = new Uint8Array(32).fill(0x22)
const key = new Uint8Array(33).fill(0x02)

describe('pushes', () => {
  test.each([
    ['', '00'],
    ['01', '51'],
    ['10', '60'],
    ['11', '0111'],
    ['81', '4f'],
    ['00', '0100'],
    ['80', '0180'],
    ['0000', '020000'],
  ])('%s is pushed by %s', (data, expected) => {
    expect(bytesToHex(push(hexToBytes(data)))).toBe(expected)
  })

  test.each([
    [75, '4b'],
    [76, '4c4c'],
    [255, '4cff'],
    [256, '4d0001'],
    [65_535, '4dffff'],
    [65_536, '4e00000100'],
  ])('%i bytes are pushed behind %s', (length, prefix) => {
    const pushed = push(new Uint8Array(length))
    expect(bytesToHex(pushed.subarray(0, pushed.length - length))).toBe(prefix)
  })

  test('every push reads back as one step', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (data) => {
        const pushed = push(data)
        const step = instructionAt(pushed, 0)
        expect(step.next).toBe(pushed.length)
        if (step.opcode <= OP.OP_PUSHDATA4) expect(step.data).toEqual(data)
      }),
    )
  })
})

describe('numbers', () => {
  test.each([
    [0, ''],
    [1, '01'],
    [-1, '81'],
    [127, '7f'],
    [128, '8000'],
    [-128, '8080'],
    [255, 'ff00'],
    [-255, 'ff80'],
    [256, '0001'],
    [840_000, '40d10c'],
    [-8_388_608, '00008080'],
    [2_147_483_647, 'ffffff7f'],
    [4_294_967_296, '0000000001'],
  ])('%i is %s', (value, hex) => {
    expect(bytesToHex(scriptNumber(value))).toBe(hex)
  })

  // The first block after BIP34's height is mainnet's 227,931; regtest begins low.
  test.each([
    [0, '00'],
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [128, '028000'],
    [500, '02f401'],
    [227_931, '035b7a03'],
  ])('a coinbase at height %i begins with %s', (height, hex) => {
    expect(bytesToHex(pushNumber(height))).toBe(hex)
  })

  test('a number that is not whole is refused', () => {
    expect(() => scriptNumber(1.5)).toThrow(RangeError)
  })
})

describe('outputs', () => {
  test.each([
    ['p2pk', p2pk(key), `21${bytesToHex(key)}ac`, 'p2pk'],
    ['p2pkh', p2pkh(hash20), `76a914${bytesToHex(hash20)}88ac`, 'p2pkh'],
    ['multisig', multisig(1, [key, key]), `5121${bytesToHex(key)}21${bytesToHex(key)}52ae`, 'unknown'],
    ['p2sh', p2sh(hash20), `a914${bytesToHex(hash20)}87`, 'p2sh'],
    // BIP16's rule on a one byte script: HASH160 of 51.
    ['p2sh of a script', p2shOf(Uint8Array.of(0x51)), 'a914da1745e9b549bd0bfa1a569971c77eba30cd5a4b87', 'p2sh'],
    ['p2wpkh', p2wpkh(hash20), `0014${bytesToHex(hash20)}`, 'v0_p2wpkh'],
    ['p2wsh', p2wsh(hash32), `0020${bytesToHex(hash32)}`, 'v0_p2wsh'],
    [
      'p2wsh of a script',
      p2wshOf(Uint8Array.of(0x51)),
      '00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260',
      'v0_p2wsh',
    ],
    ['p2tr', p2tr(hash32), `5120${bytesToHex(hash32)}`, 'v1_p2tr'],
    ['p2a', P2A, '51024e73', 'unknown'],
    ['data', opReturn(hexToBytes('68656c6c6f')), '6a0568656c6c6f', 'op_return'],
    ['a later version', witnessScriptPubKey(16, hexToBytes('751e')), '6002751e', 'unknown'],
  ])('%s is the bytes that the BIPs give', (_name, built, hex, type) => {
    expect(bytesToHex(built)).toBe(hex)
    expect(scriptType(built)).toBe(type)
  })

  test('parts stand in their order', () => {
    expect(bytesToHex(script(OP.OP_IF, Uint8Array.of(5), key.subarray(0, 2), OP.OP_ENDIF))).toBe('635502020268')
  })

  test.each([
    ['a hash of another length', () => p2pkh(hash32)],
    ['a redeem script above 520 bytes', () => p2shOf(new Uint8Array(521))],
    ['no signature required', () => multisig(0, [key])],
    ['more signatures than keys', () => multisig(2, [key])],
    ['seventeen keys', () => multisig(1, Array(17).fill(key))],
    ['a witness version above 16', () => witnessScriptPubKey(17, hash32)],
    ['a witness program of one byte', () => witnessScriptPubKey(1, Uint8Array.of(1))],
  ])('%s is refused', (_name, make) => {
    expect(make).toThrow(RangeError)
  })
})
