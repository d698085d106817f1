import { secp256k1 as noble, schnorr } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLowS, isStrictDer, laxDer } from '../../src/script/der.ts'
import { nobleSecp256k1 } from '../../src/script/noble-secp256k1.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { concatBytes, equalBytes, hexToBytes, sha256 } from '../../src/wire/hash.ts'

const { BASE, Fn, Fp } = noble.Point
const ORDER = Fn.ORDER
const PRIME = Fp.ORDER
/** The x of no point: 5³ + 7 has no root. */
const NO_POINT = 5n

/** The texts of other people's vectors, where they are at hand. */
export interface CurveVectors {
  bip340: string
  /** JSON. */
  wycheproof: string
  /** JSON. */
  bip341: string
}

/** What every implementation of the port answers. `numRuns`: of random cases, each of them a few calls. */
export function secp256k1Contract(secp256k1: Secp256k1, numRuns = 20): void {
  describe('ECDSA', () => {
    const hash = sha256(Uint8Array.of(1))
    const key = number(7n)
    const signature = noble.sign(hash, key, { prehash: false })
    const compressed = noble.getPublicKey(key)
    const uncompressed = noble.getPublicKey(key, false)
    const s = toNumber(signature.subarray(32))

    test('is good for its key in either form', () => {
      expect(secp256k1.verifyEcdsa(signature, hash, compressed)).toBe(true)
      expect(secp256k1.verifyEcdsa(signature, hash, uncompressed)).toBe(true)
    })

    test('is as good with the other s', () => {
      const high = concatBytes(signature.subarray(0, 32), number(ORDER - s))
      expect(secp256k1.verifyEcdsa(high, hash, compressed)).toBe(true)
      expect(secp256k1.verifyEcdsa(high, hash, uncompressed)).toBe(true)
    })

    test('knows hybrid keys, whose first byte is right about y', () => {
      const parity = uncompressed[64]! & 1
      expect(secp256k1.verifyEcdsa(signature, hash, beginning(uncompressed, 6 + parity))).toBe(true)
      expect(secp256k1.verifyEcdsa(signature, hash, beginning(uncompressed, 7 - parity))).toBe(false)
      const other = noble.Point.BASE.multiply(7n).negate().toBytes(false)
      expect(secp256k1.verifyEcdsa(signature, hash, beginning(other, 6 + (other[64]! & 1)))).toBe(false)
    })

    test('knows no other forms of keys', () => {
      for (const first of [0, 1, 4, 5, 6, 7, 0xff]) {
        expect(secp256k1.verifyEcdsa(signature, hash, beginning(compressed, first))).toBe(false)
      }
      for (const first of [0, 1, 2, 3, 5, 8, 0xff]) {
        expect(secp256k1.verifyEcdsa(signature, hash, beginning(uncompressed, first))).toBe(false)
      }
      const lengths = [0, 1, 32, 34, 64, 66]
      for (const length of lengths) {
        const bytes = new Uint8Array(length)
        bytes.set(uncompressed.subarray(0, length))
        expect(secp256k1.verifyEcdsa(signature, hash, bytes)).toBe(false)
      }
    })

    test('is not good for what is no point', () => {
      const offCurve = beginning(uncompressed, 4)
      offCurve[64]! ^= 1
      const beyond = concatBytes(Uint8Array.of(2), number(PRIME + 1n)) // there is a point with an x of 1
      for (const bad of [offCurve, beyond, concatBytes(Uint8Array.of(2), number(NO_POINT)), new Uint8Array(33)]) {
        expect(secp256k1.verifyEcdsa(signature, hash, bad)).toBe(false)
      }
    })

    test.each([
      ['zero', 0n, 0n],
      ['an r of zero', 0n, s],
      ['an s of zero', toNumber(signature.subarray(0, 32)), 0n],
      ['an r that is the order', ORDER, s],
      ['an s that is the order', toNumber(signature.subarray(0, 32)), ORDER],
      ['the largest numbers', 2n ** 256n - 1n, 2n ** 256n - 1n],
    ])('is not %s', (_, r, s) => {
      expect(secp256k1.verifyEcdsa(concatBytes(number(r), number(s)), hash, compressed)).toBe(false)
    })

    test('has its lengths', () => {
      expect(secp256k1.verifyEcdsa(signature.subarray(1), hash, compressed)).toBe(false)
      expect(secp256k1.verifyEcdsa(concatBytes(signature, Uint8Array.of(0)), hash, compressed)).toBe(false)
      expect(secp256k1.verifyEcdsa(signature, hash.subarray(1), compressed)).toBe(false)
      expect(secp256k1.verifyEcdsa(new Uint8Array(), new Uint8Array(), new Uint8Array())).toBe(false)
    })

    test('can sign zero, and what is not below the order', () => {
      for (const value of [0n, ORDER, 2n ** 256n - 1n]) {
        const signed = signEcdsa(value, 11n, 13n)
        expect(secp256k1.verifyEcdsa(signed, number(value), noble.getPublicKey(number(11n)))).toBe(true)
      }
    })

    test('does not change what it is given', () => {
      const high = concatBytes(signature.subarray(0, 32), number(ORDER - s))
      const hybrid = beginning(uncompressed, 6 + (uncompressed[64]! & 1))
      const before = [high, hash, hybrid].map((bytes) => bytes.slice())
      secp256k1.verifyEcdsa(high, hash, hybrid)
      expect([high, hash, hybrid]).toEqual(before)
    })

    test('in random cases is what noble says', () => {
      fc.assert(
        fc.property(
          scalar,
          fc.uint8Array({ minLength: 32, maxLength: 32 }),
          fc.boolean(),
          fc.boolean(),
          damage,
          (secret, hash, short, high, broken) => {
            const signed = noble.sign(hash, number(secret), { prehash: false })
            const signature = high
              ? concatBytes(signed.subarray(0, 32), number(ORDER - toNumber(signed.subarray(32))))
              : signed
            const publicKey = noble.getPublicKey(number(secret), short)
            expect(secp256k1.verifyEcdsa(signature, hash, publicKey)).toBe(true)
            const parts = damaged([signature, hash, publicKey], broken) as Three
            expect(secp256k1.verifyEcdsa(...parts)).toBe(nobleSecp256k1.verifyEcdsa(...parts))
          },
        ),
        { numRuns },
      )
    })
  })

  describe('Schnorr', () => {
    const message = sha256(Uint8Array.of(2))
    const key = number(9n)
    const publicKey = schnorr.getPublicKey(key)
    const signature = schnorr.sign(message, key, new Uint8Array(32))

    test('is good for its message and key', () => {
      expect(secp256k1.verifySchnorr(signature, message, publicKey)).toBe(true)
      expect(secp256k1.verifySchnorr(signature, key, publicKey)).toBe(false)
      expect(secp256k1.verifySchnorr(signature, message, schnorr.getPublicKey(number(10n)))).toBe(false)
    })

    test('is not good with a point whose y is odd, or another s', () => {
      const s = toNumber(signature.subarray(32))
      const withS = (value: bigint) => concatBytes(signature.subarray(0, 32), number(value))
      for (const value of [ORDER - s, 0n, s + 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) {
        expect(secp256k1.verifySchnorr(withS(value), message, publicKey)).toBe(false)
      }
      // With -k in place of k the point of the signature has an odd y.
      const e = challenge(signature.subarray(0, 32), publicKey, message)
      const secret = BASE.multiply(9n).toAffine().y & 1n ? ORDER - 9n : 9n
      const k = Fn.create(s - e * secret)
      expect(secp256k1.verifySchnorr(withS(Fn.create(k + e * secret)), message, publicKey)).toBe(true)
      expect(secp256k1.verifySchnorr(withS(Fn.create(-k + e * secret)), message, publicKey)).toBe(false)
    })

    test('is not good where the sum is no point', () => {
      // s = e times the secret key: the sum of both is the point at infinity.
      for (const r of [0n, 1n, NO_POINT]) {
        const e = challenge(number(r), publicKey, message)
        const secret = BASE.multiply(9n).toAffine().y & 1n ? ORDER - 9n : 9n
        expect(secp256k1.verifySchnorr(concatBytes(number(r), number(Fn.create(e * secret))), message, publicKey)).toBe(
          false,
        )
      }
    })

    test('is not good with an x of no point', () => {
      const s = signature.subarray(32)
      for (const x of [0n, NO_POINT, PRIME, PRIME + 1n, 2n ** 256n - 1n]) {
        expect(secp256k1.verifySchnorr(concatBytes(number(x), s), message, publicKey)).toBe(false)
        expect(secp256k1.verifySchnorr(signature, message, number(x))).toBe(false)
      }
    })

    test('is not good for points from the order on that it does not belong to', () => {
      let points = 0
      for (let x = ORDER; points < 3; x++) {
        if (isX(x)) points++
        expect(secp256k1.verifySchnorr(signature, message, number(x))).toBe(false)
      }
    })

    test('has its lengths', () => {
      expect(secp256k1.verifySchnorr(signature.subarray(1), message, publicKey)).toBe(false)
      expect(secp256k1.verifySchnorr(concatBytes(signature, Uint8Array.of(1)), message, publicKey)).toBe(false)
      expect(secp256k1.verifySchnorr(signature, message.subarray(1), publicKey)).toBe(false)
      expect(secp256k1.verifySchnorr(signature, message, publicKey.subarray(1))).toBe(false)
      expect(secp256k1.verifySchnorr(signature, message, noble.getPublicKey(key))).toBe(false)
    })

    test('in random cases is what noble says', () => {
      const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
      fc.assert(
        fc.property(scalar, bytes32, bytes32, damage, (secret, message, aux, broken) => {
          const publicKey = schnorr.getPublicKey(number(secret))
          const signature = schnorr.sign(message, number(secret), aux)
          expect(secp256k1.verifySchnorr(signature, message, publicKey)).toBe(true)
          const parts = damaged([signature, message, publicKey], broken) as Three
          expect(secp256k1.verifySchnorr(...parts)).toBe(nobleSecp256k1.verifySchnorr(...parts))
        }),
        { numRuns },
      )
    })
  })

  describe('a tweaked key', () => {
    /** x and parity of the even point of `x` plus `tweak` times the generator. */
    function tweaked(x: bigint, tweak: bigint): { key: Uint8Array; parity: number } {
      const internal = schnorr.utils.lift_x(x)
      const sum = tweak === 0n ? internal : internal.add(BASE.multiply(tweak))
      return { key: number(sum.toAffine().x), parity: Number(sum.toAffine().y & 1n) }
    }
    const internalX = BASE.multiply(21n).toAffine().x

    test.each([[0n], [1n], [2n], [77n], [ORDER - 1n]])('%i', (tweak) => {
      const { key, parity } = tweaked(internalX, tweak)
      expect(secp256k1.isTweaked(key, parity, number(internalX), number(tweak))).toBe(true)
      expect(secp256k1.isTweaked(key, 1 - parity, number(internalX), number(tweak))).toBe(false)
      expect(secp256k1.isTweaked(key, parity + 2, number(internalX), number(tweak))).toBe(false)
      expect(secp256k1.isTweaked(key, parity, number(internalX), number((tweak + 5n) % ORDER))).toBe(false)
    })

    test('has no tweak from the order on', () => {
      for (const [tweak, over] of [
        [0n, ORDER],
        [5n, ORDER + 5n],
      ] as const) {
        const { key, parity } = tweaked(internalX, tweak)
        expect(secp256k1.isTweaked(key, parity, number(internalX), number(over))).toBe(false)
      }
    })

    test('is no point at infinity', () => {
      const even = BASE.multiply(21n).toAffine().y & 1n ? ORDER - 21n : 21n
      for (const x of [0n, internalX])
        for (const parity of [0, 1]) {
          expect(secp256k1.isTweaked(number(x), parity, number(internalX), number(ORDER - even))).toBe(false)
        }
    })

    test('is a point, and its internal key is one', () => {
      for (const x of [0n, NO_POINT, PRIME, PRIME + 1n, 2n ** 256n - 1n])
        for (const parity of [0, 1]) {
          expect(secp256k1.isTweaked(number(x), parity, number(internalX), number(1n))).toBe(false)
          expect(secp256k1.isTweaked(number(internalX), parity, number(x), number(1n))).toBe(false)
          expect(secp256k1.isTweaked(number(x), parity, number(x), number(0n))).toBe(false)
        }
    })

    test('may have an x from the order on', () => {
      let x = ORDER
      while (!isX(x)) x++
      const { key, parity } = tweaked(x, 3n)
      expect(secp256k1.isTweaked(key, parity, number(x), number(3n))).toBe(true)
      expect(secp256k1.isTweaked(number(x), 0, number(x), number(0n))).toBe(true)
    })

    test('has its lengths', () => {
      const { key, parity } = tweaked(internalX, 1n)
      const parts = [key, number(internalX), number(1n)] as const
      for (let i = 0; i < 3; i++) {
        const [output, internal, tweak] = parts.map((part, j) => (i === j ? part.subarray(1) : part)) as Three
        expect(secp256k1.isTweaked(output, parity, internal, tweak)).toBe(false)
      }
    })

    test('in random cases is what noble says', () => {
      fc.assert(
        fc.property(scalar, scalar, damage, (secret, tweak, broken) => {
          const { x, y } = BASE.multiply(secret).toAffine()
          fc.pre(tweak !== ((y & 1n) === 0n ? ORDER - secret : secret)) // their sum is the point at infinity
          const { key, parity } = tweaked(x, tweak)
          expect(secp256k1.isTweaked(key, parity, number(x), number(tweak))).toBe(true)
          const [output, internal, by] = damaged([key, number(x), number(tweak)], broken) as Three
          for (const parity of [0, 1]) {
            expect(secp256k1.isTweaked(output, parity, internal, by)).toBe(
              nobleSecp256k1.isTweaked(output, parity, internal, by),
            )
          }
        }),
        { numRuns },
      )
    })
  })

  test('random bytes are neither keys nor signatures, and nothing throws', () => {
    const bytes = fc.oneof(
      ...[32, 33, 64, 65].map((length) => fc.uint8Array({ minLength: length, maxLength: length })),
      fc.uint8Array({ maxLength: 70 }),
    )
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.integer(), (a, b, c, parity) => {
        expect(secp256k1.verifyEcdsa(a, b, c)).toBe(false)
        expect(secp256k1.verifySchnorr(a, b, c)).toBe(false)
        expect(secp256k1.isTweaked(a, parity, b, c)).toBe(false)
      }),
    )
  })
}

/** And what it says to other people's vectors. */
export function curveVectorsContract(secp256k1: Secp256k1, vectors: CurveVectors): void {
  test('BIP 340', () => {
    const lines = vectors.bip340.trim().split(/\r?\n/).slice(1)
    let checked = 0
    for (const line of lines) {
      const [index, , publicKey, , message, signature, result] = line.split(',') as [string, ...string[]]
      if (message!.length !== 64) continue // scripts sign 32 bytes
      const [key, signed, hash] = [publicKey!, signature!, message!].map(hexToBytes) as Three
      expect(secp256k1.verifySchnorr(signed, hash, key), index).toBe(result === 'TRUE')
      checked++
    }
    expect(checked).toBe(15)
  })

  test('Wycheproof', () => {
    const { testGroups } = JSON.parse(vectors.wycheproof) as { testGroups: WycheproofGroup[] }
    let good = 0
    for (const { publicKey, tests } of testGroups) {
      const long = hexToBytes(publicKey.uncompressed)
      const short = concatBytes(Uint8Array.of(2 + (long[64]! & 1)), long.subarray(1, 33))
      for (const { tcId, msg, sig, result } of tests) {
        const der = hexToBytes(sig)
        const compact = laxDer(der)
        const hash = sha256(hexToBytes(msg))
        const verified = compact !== undefined && secp256k1.verifyEcdsa(compact, hash, long)
        if (compact) expect(secp256k1.verifyEcdsa(compact, hash, short), `${tcId}`).toBe(verified)
        const isStrict = isStrictDer(concatBytes(der, Uint8Array.of(1)))
        expect(verified && isStrict && isLowS(compact), `${tcId}`).toBe(result === 'valid')
        if (verified) good++
      }
    }
    expect(good).toBeGreaterThan(180)
  })

  test('output keys of BIP 341', () => {
    const { scriptPubKey } = JSON.parse(vectors.bip341) as { scriptPubKey: WalletVector[] }
    for (const { given, intermediary, expected } of scriptPubKey) {
      const internal = hexToBytes(given.internalPubkey)
      const output = hexToBytes(intermediary.tweakedPubkey)
      const tweak = hexToBytes(intermediary.tweak)
      const paths = expected.scriptPathControlBlocks ?? []
      const parity = paths.length > 0 ? hexToBytes(paths[0]!)[0]! & 1 : undefined
      const right = [0, 1].filter((odd) => secp256k1.isTweaked(output, odd, internal, tweak))
      expect(right).toEqual([parity ?? right[0] ?? 'either'])
    }
    expect(scriptPubKey.length).toBeGreaterThan(5)
  })
}

interface WycheproofGroup {
  publicKey: { uncompressed: string }
  tests: { tcId: number; msg: string; sig: string; result: string }[]
}

interface WalletVector {
  given: { internalPubkey: string }
  intermediary: { tweak: string; tweakedPubkey: string }
  expected: { scriptPathControlBlocks?: string[] }
}

type Three = [Uint8Array, Uint8Array, Uint8Array]

const scalar = fc.oneof(
  fc.bigInt({ min: 1n, max: 20n }),
  fc.bigInt({ min: 1n, max: ORDER - 1n }),
  fc.bigInt({ min: ORDER - 20n, max: ORDER - 1n }),
)

/** In which of three byte strings a bit is turned, if in any. */
const damage = fc.record({ part: fc.nat(3), at: fc.nat(1000), bit: fc.nat(7) })

function damaged(parts: readonly Uint8Array[], { part, at, bit }: { part: number; at: number; bit: number }) {
  return parts.map((bytes, i) => {
    const copy = bytes.slice()
    if (i === part) copy[at % copy.length]! ^= 1 << bit
    return copy
  })
}

/** r = x(k·G), s = (value + r · secret) / k: as ECDSA has it, for any value. */
function signEcdsa(value: bigint, secret: bigint, k: bigint): Uint8Array {
  const r = Fn.create(BASE.multiply(k).toAffine().x)
  return concatBytes(number(r), number(Fn.create(Fn.inv(k) * Fn.create(value + r * secret))))
}

function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return Fn.create(toNumber(schnorr.utils.taggedHash('BIP0340/challenge', r, publicKey, message)))
}

function isX(x: bigint): boolean {
  try {
    return equalBytes(number(schnorr.utils.lift_x(x).toAffine().x), number(x))
  } catch {
    return false
  }
}

function beginning(bytes: Uint8Array, first: number): Uint8Array {
  const copy = bytes.slice()
  copy[0] = first
  return copy
}

function number(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0'))
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.reduce((hex, byte) => hex + byte.toString(16).padStart(2, '0'), '')}`)
}
