import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { innerScripts, scriptType, witnessProgram } from '../../src/script/type.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'

const hash20 = '11'.repeat(20)
const hash32 = '22'.repeat(32)

describe('script type', () => {
  test.each([
    ['', 'empty'],
    ['6a', 'op_return'],
    ['6a02ee', 'op_return'],
    [`21${'02'.repeat(33)}ac`, 'p2pk'],
    [`41${'04'.repeat(65)}ac`, 'p2pk'],
    [`76a914${hash20}88ac`, 'p2pkh'],
    [`a914${hash20}87`, 'p2sh'],
    [`0014${hash20}`, 'v0_p2wpkh'],
    [`0020${hash32}`, 'v0_p2wsh'],
    [`5120${hash32}`, 'v1_p2tr'],
    ['51024e73', 'unknown'],
    [`5220${hash32}`, 'unknown'],
    [`5114${hash20}`, 'unknown'],
    [`0015${hash20}11`, 'unknown'],
    [`20${hash32}ac`, 'unknown'],
    [`21${'02'.repeat(33)}ad`, 'unknown'],
    [`76a914${hash20}88ac61`, 'unknown'],
    [`76a94c14${hash20}88ac`, 'unknown'],
    [`a915${hash20}1187`, 'unknown'],
    [`5121${'02'.repeat(33)}51ae`, 'unknown'],
  ])('%s is %s', (hex, type) => {
    expect(scriptType(hexToBytes(hex))).toBe(type)
  })
})

describe('witness program', () => {
  test.each([
    [`0014${hash20}`, 0, hash20],
    ['0002abcd', 0, 'abcd'],
    ['51024e73', 1, '4e73'],
    [`6028${'33'.repeat(40)}`, 16, '33'.repeat(40)],
  ])('%s is one', (hex, version, program) => {
    const found = witnessProgram(hexToBytes(hex))
    expect(found?.version).toBe(version)
    expect(bytesToHex(found!.program)).toBe(program)
  })

  test.each([
    ['5101ab'],
    [`5129${'33'.repeat(41)}`],
    ['4f02abcd'],
    ['5002abcd'],
    ['6102abcd'],
    ['5102abcdef'],
    ['5103abcd'],
    [`514c14${hash20}`],
  ])('%s is none', (hex) => {
    expect(witnessProgram(hexToBytes(hex))).toBeUndefined()
  })
})

describe('inner scripts', () => {
  const p2sh = hexToBytes(`a914${hash20}87`)
  const p2wsh = hexToBytes(`0020${hash32}`)
  const item = hexToBytes('51ae')
  const inner = (scriptSig: string, witness: Uint8Array[], spent: Uint8Array) => {
    const { redeemScript, witnessScript } = innerScripts(hexToBytes(scriptSig), witness, spent)
    return [redeemScript && bytesToHex(redeemScript), witnessScript && bytesToHex(witnessScript)]
  }

  test('a P2SH spend reveals the last push', () => {
    expect(inner('00024444025151', [], p2sh)).toEqual(['5151', undefined])
  })
  test('OP_0 at the end is an empty redeem script', () => {
    expect(inner('5100', [], p2sh)).toEqual(['', undefined])
  })
  test.each([['51'], ['0151ac'], ['02ab'], ['']])('a scriptSig %s reveals nothing', (scriptSig) => {
    expect(inner(scriptSig, [item], p2sh)).toEqual([undefined, undefined])
  })
  test('a P2WSH spend reveals the last witness item', () => {
    expect(inner('', [Uint8Array.of(1), item], p2wsh)).toEqual([undefined, '51ae'])
  })
  test('a wrapped P2WSH spend reveals both', () => {
    expect(inner(`22${bytesToHex(p2wsh)}`, [item], p2sh)).toEqual([bytesToHex(p2wsh), '51ae'])
  })
  test('other spends reveal nothing', () => {
    expect(inner('025151', [item], hexToBytes(`0014${hash20}`))).toEqual([undefined, undefined])
    expect(inner('025151', [item], hexToBytes(`5120${hash32}`))).toEqual([undefined, undefined])
    expect(inner('', [], p2wsh)).toEqual([undefined, undefined])
  })
})

test('any bytes at all have a type, and any spend can be looked into', () => {
  const bytes = fc.uint8Array({ maxLength: 80 })
  fc.assert(
    fc.property(bytes, bytes, fc.array(bytes, { maxLength: 3 }), (script, scriptSig, witness) => {
      expect(scriptType(script)).toBeTypeOf('string')
      innerScripts(scriptSig, witness, script)
    }),
  )
})
