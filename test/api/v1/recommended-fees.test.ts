import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { preciseFees, type QueuedBlock, recommendedFees } from '../../../src/api/v1/recommended-fees.ts'

const FULL = 999_000
const block = (vsize: number, medianRate: number): QueuedBlock => ({ vsize, medianRate })
const values = (fees: object) => Object.values(fees)

describe('recommended fees', () => {
  test.each<[string, QueuedBlock[], number, number[]]>([
    ['nothing waits', [], 1, [1, 1, 1, 1, 1]],
    ['nothing waits, and the minimum is no whole number', [], 1.2, [2, 2, 2, 2, 2]],
    ['nothing waits, and next to nothing is asked for', [], 0.1, [1, 1, 1, 1, 1]],
    ['half a block waits', [block(500_000, 40)], 1, [1, 1, 1, 1, 1]],
    ['a little more waits', [block(500_001, 40)], 1, [1, 1, 1, 1, 1]],
    ['three quarters of a block wait', [block(750_000, 40)], 1, [20, 1, 1, 1, 1]],
    ['nearly a block waits', [block(950_000, 40)], 1, [36, 1, 1, 1, 1]],
    ['a whole block waits', [block(950_001, 40.1)], 1, [41, 1, 1, 1, 1]],
    ['a block that is not the last is not scaled', [block(700_000, 40), block(10_000, 9)], 1, [40, 1, 1, 1, 1]],
    [
      'later blocks are drawn towards earlier ones',
      [block(FULL, 40), block(FULL, 10), block(FULL, 5)],
      1,
      [40, 25, 15, 2, 1],
    ],
    ['the third is the last and scaled', [block(FULL, 40), block(FULL, 10), block(750_000, 5)], 1, [40, 25, 8, 2, 1]],
    [
      'economy costs twice the minimum at most',
      [block(FULL, 40), block(FULL, 40), block(FULL, 40)],
      3,
      [40, 40, 40, 6, 3],
    ],
    ['a median below the minimum counts as the minimum', [block(FULL, 2), block(FULL, 2)], 3, [3, 3, 3, 3, 3]],
    ['the sooner is never cheaper', [block(FULL, 4), block(FULL, 40), block(FULL, 30)], 1, [26, 26, 26, 2, 1]],
  ])('where %s', (_, queue, minimum, expected) => {
    expect(values(recommendedFees(queue, minimum))).toEqual(expected)
  })

  test.each<[string, QueuedBlock[], number, number[]]>([
    ['nothing waits, and next to nothing is asked for', [], 0.1, [1, 0.5, 0.1, 0.1, 0.1]],
    ['nothing waits', [], 1, [1.5, 1.25, 1, 1, 1]],
    ['a block waits', [block(FULL, 2.3456)], 0.1, [2.846, 0.5, 0.1, 0.1, 0.1]],
    ['blocks wait', [block(FULL, 4), block(FULL, 2), block(FULL, 1.5)], 0.1, [4.5, 3.25, 2.25, 0.2, 0.1]],
  ])('to three places where %s', (_, queue, minimum, expected) => {
    expect(values(preciseFees(queue, minimum))).toEqual(expected)
  })

  test('fall from the fastest to the minimum, whatever waits', () => {
    const anyBlock = fc.record({
      vsize: fc.integer({ min: 1, max: 3e6 }),
      medianRate: fc.double({ min: 0.1, max: 5000, noNaN: true }),
    })
    const anyMinimum = fc.double({ min: 0.001, max: 100, noNaN: true })
    fc.assert(
      fc.property(fc.array(anyBlock, { maxLength: 8 }), anyMinimum, (queue, minimum) => {
        for (const fees of [recommendedFees(queue, minimum), preciseFees(queue, minimum)]) {
          const falling = values(fees)
          expect(falling).toEqual([...falling].sort((a, b) => b - a))
          expect(fees.minimumFee).toBeGreaterThanOrEqual(minimum - 1e-9)
        }
        expect(values(recommendedFees(queue, minimum)).every(Number.isInteger)).toBe(true)
      }),
    )
  })
})
