import { DER } from '@noble/curves/abstract/weierstrass.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLowS, isStrictDer, laxDer } from '../../src/script/der.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

const ORDER = secp256k1.Point.Fn.ORDER
const ORDER_HEX = ORDER.toString(16)
const NEVER = '00'.repeat(64)

/** r and s of one byte each, as they come out. */
function small(r: number, s: number): string {
  return [r, s].map((value) => value.toString(16).padStart(64, '0')).join('')
}

function laxHex(hex: string): string | undefined {
  const compact = laxDer(hexToBytes(hex))
  return compact && bytesToHex(compact)
}

describe('signatures as they were before BIP 66', () => {
  test.each([
    ['as they should be', '3006020105020107', small(5, 7)],
    ['zero bytes for zero', '300402000200', NEVER],
    ['padded integers', '300a02030000050203000007', small(5, 7)],
    ['what looks negative', '30060201850201ff', small(0x85, 0xff)],
    ['lengths of more bytes', '308106028101050282000107', small(5, 7)],
    ['lengths with many zeros before them', '30060288000000000000000105020107', small(5, 7)],
    ['a length of no bytes', '308002800280', NEVER],
    ['another length of the whole', `30ff${'00'.repeat(127)}020105020107`, small(5, 7)],
    ['a wrong length of the whole', '3001020105020107', small(5, 7)],
    ['something behind', '3006020105020107abcdef', small(5, 7)],
    ['an r that is the order', `30270220${ORDER_HEX}020107`, NEVER],
    ['an s that is the order', `30270201050220${ORDER_HEX}`, NEVER],
    ['the largest r', `30270220${(ORDER - 1n).toString(16)}020107`, (ORDER - 1n).toString(16) + small(0, 7).slice(64)],
    ['an r of 33 bytes', `30280221${'01'.repeat(33)}020107`, NEVER],
    ['33 bytes that begin with zero', `3028022100${'01'.repeat(32)}020107`, '01'.repeat(32) + small(0, 7).slice(64)],
  ])('read %s', (_, hex, compact) => {
    expect(laxHex(hex)).toBe(compact)
  })

  test.each([
    ['nothing', ''],
    ['no sequence', '3106020105020107'],
    ['a sequence alone', '30'],
    ['a length of the whole that ends past it', '3082ff'],
    ['nothing in it', '3000'],
    ['no r', '3006030105020107'],
    ['no s', '3003020105'],
    ['no length of s', '300402010502'],
    ['another tag for s', '3006020105030107'],
    ['an r that ends past it', '3006020605020107'],
    ['an s that ends past it', '3006020105020207'],
    ['a length whose bytes end past it', '300602010502ff07'],
    ['a length of four bytes', '300602840100000005020107'],
    ['an s cut off behind an r that is too large', `30280221${'01'.repeat(33)}0202ff`],
  ])('are not %s', (_, hex) => {
    expect(laxHex(hex)).toBeUndefined()
  })

  /** A number below 2^256 in 32 bytes. */
  const number = fc.bigInt({ min: 0n, max: ORDER - 1n }).map((value) => value.toString(16).padStart(64, '0'))
  /** How lax an encoding is: zeros before the value, bytes of its length, what follows the whole. */
  const laxness = fc.record({ zeros: fc.nat(40), lengthBytes: fc.nat(6), behind: fc.uint8Array({ maxLength: 5 }) })
  type Laxness = typeof laxness extends fc.Arbitrary<infer T> ? T : never

  function length(value: number, bytes: number): Uint8Array {
    if (bytes === 0 && value < 0x80) return Uint8Array.of(value)
    const size = Math.max(bytes, 1)
    return Uint8Array.of(0x80 + size, ...new Array<number>(size - 1).fill(0), value)
  }
  function integer(hex: string, { zeros, lengthBytes }: Laxness): Uint8Array {
    const value = concatBytes(new Uint8Array(zeros), hexToBytes(hex.replace(/^(00)+/, '')))
    return concatBytes(Uint8Array.of(2), length(value.length, lengthBytes), value)
  }

  test('give the same numbers however they are written', () => {
    fc.assert(
      fc.property(number, laxness, number, laxness, fc.nat(255), (r, laxR, s, laxS, whole) => {
        const content = concatBytes(integer(r, laxR), integer(s, laxS), laxR.behind)
        const der = concatBytes(Uint8Array.of(0x30), length(whole, laxS.lengthBytes), content)
        expect(bytesToHex(laxDer(der)!)).toBe(r + s)
      }),
    )
  })

  test('can be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const begun of [bytes, concatBytes(hexToBytes('300602'), bytes)]) {
          expect([undefined, 64]).toContain(laxDer(begun)?.length)
        }
      }),
    )
  })
})

describe('strict DER', () => {
  test('is what signers write, and the numbers come back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: ORDER - 1n }), fc.bigInt({ min: 1n, max: ORDER - 1n }), (r, s) => {
        const signature = new secp256k1.Signature(r, s)
        const der = signature.toBytes('der')
        expect(isStrictDer(concatBytes(der, Uint8Array.of(1)))).toBe(true)
        expect(laxDer(der)).toEqual(signature.toBytes('compact'))
        expect(isLowS(laxDer(der)!)).toBe(!signature.hasHighS())
      }),
    )
  })

  test('is nothing else', () => {
    const valid = new secp256k1.Signature(ORDER / 3n, ORDER - 5n).toBytes('der')
    const change = fc.record({ at: fc.nat(100), value: fc.nat(255), kind: fc.constantFrom('set', 'cut', 'add') })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const bytes = [...valid]
        for (const { at, value, kind } of changes) {
          const position = at % 8 < 6 ? at % 6 : at % bytes.length // mostly where the form is
          bytes.splice(position, kind === 'add' ? 0 : 1, ...(kind === 'cut' ? [] : [value]))
          if (value & 1) bytes[1] = bytes.length - 2
        }
        const der = Uint8Array.from(bytes)
        expect(isStrictDer(concatBytes(der, Uint8Array.of(1)))).toBe(isDer(der))
      }),
      { numRuns: 500 },
    )
  })

  /** As another implementation reads it, within the lengths of BIP 66. */
  function isDer(bytes: Uint8Array): boolean {
    if (bytes.length < 8 || bytes.length > 72) return false
    try {
      DER.toSig(bytes)
      return true
    } catch {
      return false
    }
  }

  test('has from 9 to 73 bytes with its hash type', () => {
    expect(isStrictDer(hexToBytes('300602010502010701'))).toBe(true)
    expect(isStrictDer(hexToBytes('3006020105020107'))).toBe(false)
    expect(isStrictDer(hexToBytes('3006020100020100ff'))).toBe(true) // zero, and any hash type
    const ofSize = (size: number) =>
      hexToBytes(`30${hexByte(size - 3)}02${hexByte(size - 8)}${'01'.repeat(size - 8)}02010701`)
    expect(isStrictDer(ofSize(73))).toBe(true)
    expect(isStrictDer(ofSize(74))).toBe(false)
  })

  function hexByte(value: number): string {
    return value.toString(16).padStart(2, '0')
  }
})

test('s is low up to half the order', () => {
  const low = (s: bigint) => isLowS(new secp256k1.Signature(1n, s).toBytes('compact'))
  expect(low((ORDER - 1n) / 2n)).toBe(true)
  expect(low((ORDER + 1n) / 2n)).toBe(false)
  expect(isLowS(new Uint8Array(64))).toBe(true)
})

describeShared('signatures that are not canonical', () => {
  // Beside names and comments; the one of an odd hash type is strict DER all the same.
  const list: string[] = readSharedJson('crypto/sig_noncanonical.json').slice(1)
  const cases = list.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, list[i + 1]!]] : []))
  test.each(cases)('%s', (name, hex) => {
    expect(isStrictDer(hexToBytes(hex))).toBe(name === 'hashtype:')
  })
})
