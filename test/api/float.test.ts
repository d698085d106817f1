import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { floatJson } from '../../src/api/float.ts'

describe('floats as serde_json prints them', () => {
  test.each([
    [0, '0.0'],
    [1, '1.0'],
    [-1, '-1.0'],
    [0.1, '0.1'],
    [87.882, '87.882'],
    [0.38399999999999995, '0.38399999999999995'],
    [16307.420938523983, '16307.420938523983'],
    [148_210_000_000_000.25, '148210000000000.25'],
    [1_234_567_890_123_456, '1234567890123456.0'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e16'],
    [1.5e16, '1.5e16'],
    [123_456_789_012_345_680, '1.2345678901234568e17'],
    [0.0001, '0.0001'],
    [0.00001, '0.00001'],
    [0.000_012_3, '0.0000123'],
    [0.000_001, '1e-6'],
    [4.6565423739069247e-10, '4.6565423739069247e-10'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e308'],
  ])('%d is written as %s', (value, text) => {
    expect(floatJson(value)).toBe(text)
  })

  test('every finite double reads back as itself and never as an integer', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = floatJson(value)
        expect(JSON.parse(text)).toBe(value)
        expect(text).toMatch(/[.e]/)
      }),
    )
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d has no JSON', (value) => {
    expect(() => floatJson(value)).toThrow(RangeError)
  })
})
