import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimateFees, type MinedRates, type QueuedRates, TARGETS } from '../../src/api/fee-estimates.ts'

const rates = (low: number, high: number) => [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((part) => low + part * (high - low))
const queued = (vsize: number, low: number, high: number): QueuedRates => ({ vsize, rates: rates(low, high) })
const full = (low: number, high = low): MinedRates => ({ weight: 3_990_000, txCount: 3000, rates: rates(low, high) })
const slack: MinedRates = { weight: 2_000_000, txCount: 1500, rates: rates(1, 80) }
const empty: MinedRates = { weight: 900, txCount: 1, rates: rates(0, 0) }

/** Estimates as a list of targets and rates, each rate with its first target. */
const steps = (queue: QueuedRates[], recent: MinedRates[], minimum = 1) => {
  const found: [number, number][] = []
  for (const [target, rate] of estimateFees(queue, recent, minimum)) {
    if (found.at(-1)?.[1] !== rate) found.push([target, rate])
  }
  return found
}

describe('fee estimates', () => {
  test('are none where nothing is known', () => {
    expect(estimateFees([], [], 1)).toEqual(new Map())
    expect(estimateFees([], [empty, empty], 1)).toEqual(new Map())
  })

  test('are there for every target of the contract where anything is', () => {
    expect([...estimateFees([queued(200, 5, 5)], [], 1).keys()]).toEqual(TARGETS)
    expect([...estimateFees([], [slack], 1).keys()]).toEqual(TARGETS)
    expect(TARGETS).toEqual([...Array.from({ length: 25 }, (_, i) => i + 1), 144, 504, 1008])
  })

  test.each<[string, QueuedRates[], MinedRates[], [number, number][]]>([
    ['a nearly empty queue takes the minimum', [queued(200, 50, 50)], [], [[1, 1]]],
    ['so do blocks with room', [], [slack, slack, empty], [[1, 1]]],
    [
      'a full block is joined a quarter above its lowest',
      [queued(999_000, 20, 40)],
      [],
      [
        [1, 25],
        [2, 1],
      ],
    ],
    [
      'each target has its block',
      [queued(999_000, 20, 40), queued(999_000, 10, 18), queued(300_000, 4, 8)],
      [],
      [
        [1, 25],
        [2, 12],
        [3, 1],
      ],
    ],
    [
      'the last one may be many blocks',
      [queued(999_000, 30, 40), queued(4e6, 10, 30)],
      [],
      [
        [1, 32.5],
        [2, 26.25],
        [3, 21.25],
        [4, 16.25],
        [5, 11.25],
        [6, 1],
      ],
    ],
    [
      'beyond the queue recent blocks are asked',
      [queued(999_000, 20, 40)],
      Array(36).fill(full(7)),
      [
        [1, 25],
        [2, 7],
      ],
    ],
    ['a dearer past does not lift what the queue says', [queued(999_000, 20, 40)], Array(36).fill(full(70)), [[1, 25]]],
    ['an empty queue leaves the past', [], Array(36).fill(full(7)), [[1, 7]]],
  ])('%s', (_, queue, recent, expected) => {
    expect(steps(queue, recent)).toEqual(expected)
  })

  test('from mined blocks ask for less the longer one waits', () => {
    // One of four blocks has room, the others take 10, 20, 30 and more.
    const recent = Array.from({ length: 36 }, (_, i) => (i % 4 === 0 ? slack : full(10 * (i % 4), 90)))
    const found = steps([], recent)
    expect(found[0]).toEqual([1, 36])
    expect(found.at(-1)).toEqual([7, 1])
  })

  test('never rise with the target nor fall below the minimum', () => {
    const anyRates = fc
      .array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 7, maxLength: 7 })
      .map((all) => all.sort((a, b) => a - b))
    const anyQueued = fc.record({ vsize: fc.integer({ min: 1, max: 20e6 }), rates: anyRates })
    const anyMined = fc.record({
      weight: fc.integer({ min: 500, max: 4e6 }),
      txCount: fc.integer({ min: 1, max: 5000 }),
      rates: anyRates,
    })
    const anyMinimum = fc.double({ min: 0.001, max: 50, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(anyQueued, { maxLength: 8 }),
        fc.array(anyMined, { maxLength: 40 }),
        anyMinimum,
        (queue, recent, minimum) => {
          const found = [...estimateFees(queue, recent, minimum).values()]
          expect(found).toEqual([...found].sort((a, b) => b - a))
          for (const rate of found) expect(rate).toBeGreaterThanOrEqual(minimum - 1e-9)
        },
      ),
    )
  })
})
