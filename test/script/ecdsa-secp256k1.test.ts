import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeWasmEcdsa } from '../../src/node/secp256k1.ts'
import { difference, type EcdsaLibrary } from '../../src/script/ecdsa-secp256k1.ts'
import { bytesToHex } from '../../src/wire/hash.ts'
import { nativeIfAny } from '../node/native-secp256k1.ts'

const { BASE, Fn, Fp } = secp256k1.Point

const scalar = fc.oneof(
  fc.bigInt({ min: 1n, max: 9n }),
  fc.bigInt({ min: Fn.ORDER - 9n, max: Fn.ORDER - 1n }),
  fc.bigInt({ min: 1n, max: Fn.ORDER - 1n }),
)
/** From the order on there are few x that anybody finds by chance. */
const x = fc.oneof(
  scalar.map((secret) => BASE.multiply(secret).toAffine().x),
  fc.bigInt({ min: Fn.ORDER + 1n, max: Fn.ORDER + 40n }),
  fc.bigInt({ min: Fp.ORDER - 40n, max: Fp.ORDER + 40n }),
  fc.bigInt({ min: 0n, max: 40n }),
)

const native = nativeIfAny()
const libraries: [string, EcdsaLibrary][] = [['WebAssembly', nodeWasmEcdsa()]]
if (native) libraries.push(['the addon', native])

describe.each(libraries)('by key recovery in %s', (_, library) => {
  /** Compressed, in hex. */
  function byNoble(s: bigint, e: bigint, x: bigint): string | undefined {
    try {
      const point = BASE.mulAddUnsafe(s, schnorr.utils.lift_x(x), Fn.neg(e))
      return point.is0() ? undefined : point.toHex()
    } catch {
      return undefined
    }
  }
  function byRecovery(s: bigint, e: bigint, x: bigint): string | undefined {
    const point = difference(library, s, e, x)
    return point && bytesToHex(point)
  }

  test('s·G − e·P is what it should be', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(0n), scalar), scalar, x, (s, e, x) => {
        expect(byRecovery(s, e, x)).toBe(byNoble(s, e, x))
      }),
      { numRuns: 60 },
    )
  })

  test('there are points from the order on', () => {
    const xs = Array.from({ length: 40 }, (_, i) => Fn.ORDER + BigInt(1 + i))
    const points = xs.map((x) => byRecovery(3n, 5n, x))
    expect(points).toEqual(xs.map((x) => byNoble(3n, 5n, x)))
    expect(points.filter(Boolean).length).toBeGreaterThan(10)
  })

  test('there is none at infinity', () => {
    const { x, y } = BASE.multiply(6n).toAffine()
    const secret = (y & 1n) === 0n ? 6n : Fn.ORDER - 6n
    expect(byRecovery(Fn.create(5n * secret), 5n, x)).toBeUndefined()
  })
})
