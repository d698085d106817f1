import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isPrivateKey,
  publicKeyOf,
  signEcdsa,
  signSchnorr,
  verifyEcdsa,
  verifySchnorr,
  withHashType,
  xOnlyKeyOf,
} from '../../src/script/sign.ts'
import { bytesToHex, hexToBytes, sha256 } from '../../src/wire/hash.ts'
import { describeShared, readShared } from '../shared.ts'

const one = hexToBytes(`${'00'.repeat(31)}01`)
const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

describe('ECDSA', () => {
  // The first BIP143 example: its second input's hash, key and signature.
  test('signs as BIP143 shows', () => {
    const key = hexToBytes('619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9')
    const hash = hexToBytes('c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670')
    const signature = signEcdsa(hash, key)
    expect(bytesToHex(publicKeyOf(key))).toBe('025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357')
    expect(bytesToHex(signature)).toBe(
      '304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee',
    )
    expect(verifyEcdsa(signature, hash, publicKeyOf(key))).toBe(true)
  })

  // A widely used RFC 6979 vector for secp256k1: key 1, this message, SHA-256.
  test('is deterministic as RFC 6979 says', () => {
    expect(bytesToHex(signEcdsa(sha256(ascii('Satoshi Nakamoto')), one))).toBe(
      '3045022100934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d802202442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
    )
  })

  test('the key may be written in either form', () => {
    const hash = sha256(one)
    expect(publicKeyOf(one, false)).toHaveLength(65)
    expect(verifyEcdsa(signEcdsa(hash, one), hash, publicKeyOf(one, false))).toBe(true)
  })

  test('every signature is short, has a low s and holds for its hash and key only', () => {
    const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(bytes32, bytes32.filter(isPrivateKey), (hash, key) => {
        const signature = signEcdsa(hash, key)
        expect(signature.length).toBeLessThanOrEqual(71)
        const s = signature.subarray(4 + signature[3]! + 2)
        expect(BigInt(`0x${bytesToHex(s)}`) <= half).toBe(true)
        expect(verifyEcdsa(signature, hash, publicKeyOf(key))).toBe(true)
        const other = hash.slice()
        other[31]! ^= 1
        expect(verifyEcdsa(signature, other, publicKeyOf(key))).toBe(false)
      }),
      { numRuns: 30 },
    )
  })

  test('what is no signature or no key does not verify', () => {
    const hash = sha256(one)
    const signature = signEcdsa(hash, one)
    expect(verifyEcdsa(signature.subarray(1), hash, publicKeyOf(one))).toBe(false)
    expect(verifyEcdsa(new Uint8Array(), hash, publicKeyOf(one))).toBe(false)
    expect(verifyEcdsa(signature, hash, new Uint8Array(33))).toBe(false)
  })
})

describe('keys', () => {
  test.each([
    ['00'.repeat(32), false],
    [bytesToHex(one), true],
    ['fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140', true],
    ['fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', false],
    ['01', false],
  ])('%s is a private key: %s', (hex, expected) => {
    expect(isPrivateKey(hexToBytes(hex))).toBe(expected)
  })
})

describe('Schnorr', () => {
  // The first row of BIP340's vectors.
  test('signs as BIP340 shows', () => {
    const key = hexToBytes(`${'00'.repeat(31)}03`)
    const message = new Uint8Array(32)
    const signature = signSchnorr(message, key)
    expect(bytesToHex(signature)).toBe(
      'e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0',
    )
    expect(verifySchnorr(signature, message, xOnlyKeyOf(key))).toBe(true)
    expect(verifySchnorr(signature, one, xOnlyKeyOf(key))).toBe(false)
    expect(verifySchnorr(signature.subarray(1), message, xOnlyKeyOf(key))).toBe(false)
  })

  test('only the default type leaves no byte behind the signature', () => {
    const signature = new Uint8Array(64)
    expect(withHashType(signature, 0)).toHaveLength(64)
    expect(withHashType(signature, 0x83)[64]).toBe(0x83)
  })
})

describeShared('the vectors of BIP340', () => {
  test('sign and verify', () => {
    const lines = new TextDecoder().decode(readShared('crypto/bip340_test_vectors.csv')).trim().split(/\r?\n/).slice(1)
    expect(lines.length).toBeGreaterThan(15)
    for (const line of lines) {
      const [index, secret, publicKey, aux, message, signature, result] = line.split(',') as string[]
      const key = hexToBytes(publicKey!)
      if (secret) {
        expect(xOnlyKeyOf(hexToBytes(secret)), index).toEqual(key)
        const signed = signSchnorr(hexToBytes(message!), hexToBytes(secret), hexToBytes(aux!))
        expect(bytesToHex(signed), index).toBe(signature!.toLowerCase())
      }
      expect(verifySchnorr(hexToBytes(signature!), hexToBytes(message!), key), index).toBe(result === 'TRUE')
    }
  })
})
