import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrefixCounts } from '../../src/ledger/prefix-counts.ts'

test('a count is never too low', () => {
  // Prefixes that share counters, and such that do not.
  const prefix = fc.tuple(fc.nat(3), fc.constantFrom(0, 1, 2 ** 21, 2 ** 30, 2 ** 47)).map(([low, high]) => low + high)
  fc.assert(
    fc.property(fc.array(fc.tuple(prefix, fc.integer({ min: 1, max: 300 }))), (runs) => {
      const counts = new PrefixCounts()
      const exact = new Map<number, number>()
      for (const [prefix, rows] of runs) {
        for (let i = 0; i < rows; i++) counts.add(prefix)
        exact.set(prefix, (exact.get(prefix) ?? 0) + rows)
      }
      for (const [prefix, rows] of exact) {
        expect(counts.mayExceed(prefix, Math.min(rows, 255) - 1)).toBe(true)
        expect(counts.mayExceed(prefix, rows - 1)).toBe(true)
      }
    }),
    { numRuns: 30 },
  )
})

test('a prefix that shares no counter is counted alone', () => {
  const counts = new PrefixCounts()
  for (let i = 0; i < 100; i++) counts.add(2 ** 40 + 5)
  expect(counts.mayExceed(2 ** 40 + 5, 100)).toBe(false)
  expect(counts.mayExceed(2 ** 40 + 5, 99)).toBe(true)
  expect(counts.mayExceed(2 ** 40 + 2 ** 28, 0)).toBe(false)
})
