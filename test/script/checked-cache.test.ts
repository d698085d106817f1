import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CheckedCache, withCache } from '../../src/script/checked-cache.ts'
import { nobleSecp256k1 } from '../../src/script/noble-secp256k1.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { numberedHash as numbered } from './numbered-hash.ts'
import { secp256k1Contract } from './secp256k1-contract.ts'

const SALT = new Uint8Array(32).fill(7)
/** Of a bucket. */
const BYTES = 129

describe('what was found good', () => {
  test('is known, and nothing else', () => {
    const cache = new CheckedCache(new ArrayBuffer(1 << 16), SALT)
    for (let n = 0; n < 50; n++) cache.add(cache.transactionKey(numbered(n), 3))
    for (let n = 0; n < 100; n++) {
      expect(cache.has(cache.transactionKey(numbered(n), 3))).toBe(n < 50)
      expect(cache.has(cache.transactionKey(numbered(n), 2))).toBe(false)
    }
  })

  test('is not known by another salt, or as another kind of thing', () => {
    const buffer = new ArrayBuffer(1 << 16)
    const cache = new CheckedCache(buffer, SALT)
    const parts = [new Uint8Array(64), new Uint8Array(32), new Uint8Array(32)]
    cache.add(cache.key('ecdsa', ...parts))
    expect(cache.has(cache.key('ecdsa', ...parts))).toBe(true)
    expect(cache.has(cache.key('schnorr', ...parts))).toBe(false)
    const other = new CheckedCache(buffer, new Uint8Array(32))
    expect(other.has(other.key('ecdsa', ...parts))).toBe(false)
    const same = new CheckedCache(buffer, SALT)
    expect(same.has(same.key('ecdsa', ...parts))).toBe(true)
  })

  test('is forgotten in the order in which it came, eight in a bucket', () => {
    const cache = new CheckedCache(new ArrayBuffer(BYTES), SALT)
    const keys = Array.from({ length: 20 }, (_, n) => cache.transactionKey(numbered(n), 0))
    for (const [n, key] of keys.entries()) {
      cache.add(key)
      expect(keys.map((each) => cache.has(each))).toEqual(keys.map((_, i) => i <= n && i > n - 8))
    }
  })

  test('is nearly all there while it fits', () => {
    const cache = new CheckedCache(new ArrayBuffer(CheckedCache.bytesFor(1_000_000)), SALT)
    const keys = Array.from({ length: 7000 }, (_, n) => cache.transactionKey(numbered(n), 0))
    for (const key of keys) cache.add(key)
    expect(keys.filter((key) => cache.has(key)).length).toBeGreaterThan(6500)
  })

  test('needs room and a salt', () => {
    expect(() => new CheckedCache(new ArrayBuffer(BYTES - 1), SALT)).toThrow()
    expect(() => new CheckedCache(new ArrayBuffer(BYTES), SALT.subarray(1))).toThrow()
  })

  test('may be torn: no mixture of two keys is the key of a third thing', () => {
    // Two writers of one entry: any of the four words may be the one's or the other's.
    fc.assert(
      fc.property(fc.nat(15), fc.integer({ min: 2, max: 10_000 }), (mask, third) => {
        const buffers = [0, 1].map((n) => {
          const buffer = new ArrayBuffer(BYTES)
          const cache = new CheckedCache(buffer, SALT)
          cache.add(cache.transactionKey(numbered(n), 0))
          return new Uint32Array(buffer, 0, 4)
        })
        const torn = new ArrayBuffer(BYTES)
        new Uint32Array(torn, 0, 4).set([0, 1, 2, 3].map((word) => buffers[(mask >> word) & 1]![word]!))
        const cache = new CheckedCache(torn, SALT)
        const known = [0, 1, third].map((n) => cache.has(cache.transactionKey(numbered(n), 0)))
        expect(known).toEqual([mask === 0, mask === 15, false])
      }),
    )
  })
})

describe('behind the cache', () => {
  const hash = numbered(1)
  const key = numbered(2)
  const ecdsa = [secp256k1.sign(hash, key, { prehash: false }), hash, secp256k1.getPublicKey(key)] as const
  const bip340 = [schnorr.sign(hash, key), hash, schnorr.getPublicKey(key)] as const

  function counting() {
    const asked = { calls: 0 }
    const counted = <A extends unknown[]>(method: (...args: A) => boolean) => {
      return (...args: A) => {
        asked.calls++
        return method(...args)
      }
    }
    const { verifyEcdsa, verifySchnorr, isTweaked } = nobleSecp256k1
    const secp: Secp256k1 = {
      verifyEcdsa: counted(verifyEcdsa),
      verifySchnorr: counted(verifySchnorr),
      isTweaked: counted(isTweaked),
    }
    return { asked, secp }
  }

  test('what is good is verified once', () => {
    const { asked, secp } = counting()
    const cached = withCache(secp, new CheckedCache(new ArrayBuffer(1 << 16), SALT), { stores: true })
    const point = secp256k1.Point.BASE.multiply(3n).toAffine()
    const bytes = (value: bigint) =>
      Uint8Array.from(value.toString(16).padStart(64, '0').match(/../g)!, (b) => Number.parseInt(b, 16))
    const tweak = [bytes(point.x), Number(point.y & 1n), bytes(secp256k1.Point.BASE.x), bytes(2n)] as const
    for (let round = 0; round < 3; round++) {
      expect(cached.verifyEcdsa(...ecdsa)).toBe(true)
      expect(cached.verifySchnorr(...bip340)).toBe(true)
      expect(cached.isTweaked(...tweak)).toBe(true)
      expect(asked.calls).toBe(3)
    }
    expect(cached.isTweaked(tweak[0], 1 - tweak[1], tweak[2], tweak[3])).toBe(false)
  })

  test('what is bad is verified each time, and never taken for what is good', () => {
    const { asked, secp } = counting()
    const cached = withCache(secp, new CheckedCache(new ArrayBuffer(1 << 16), SALT), { stores: true })
    cached.verifyEcdsa(...ecdsa)
    const other = numbered(3)
    for (let round = 1; round <= 3; round++) {
      expect(cached.verifyEcdsa(ecdsa[0], other, ecdsa[2])).toBe(false)
      expect(asked.calls).toBe(1 + round)
    }
    // The same bytes, cut at another place.
    const [signature, message, publicKey] = ecdsa
    const moved = [signature.subarray(0, 63), concatBytes(signature.subarray(63), message), publicKey] as const
    expect(cached.verifyEcdsa(...moved)).toBe(false)
  })

  test('who checks blocks finds what the mempool knows, and leaves nothing there', () => {
    const cache = new CheckedCache(new ArrayBuffer(1 << 16), SALT)
    const { asked, secp } = counting()
    const mempool = withCache(secp, cache, { stores: true })
    const blocks = withCache(secp, cache, { stores: false })
    for (let round = 1; round <= 2; round++) {
      expect(blocks.verifySchnorr(...bip340)).toBe(true)
      expect(asked.calls).toBe(round)
    }
    mempool.verifySchnorr(...bip340)
    blocks.verifySchnorr(...bip340)
    expect(asked.calls).toBe(3)
  })

  const shared = new CheckedCache(new SharedArrayBuffer(1 << 16), SALT)
  secp256k1Contract(withCache(nobleSecp256k1, shared, { stores: true }), 5)
})
