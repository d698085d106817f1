import { expect, test } from 'vitest'
import { Progress } from '../../src/host/progress.ts'

test('a line every 5 s tells the rate since the last, and how long it will take at that', () => {
  const progress = new Progress()
  const start = 1_700_000_000_000
  expect(progress.report(0, 0, start)).toBeUndefined()
  expect(progress.report(0, 100_000, start + 4999)).toBeUndefined()
  expect(progress.report(0, 100_000, start + 5000)).toEqual({
    level: 'info',
    text: 'syncing headers',
    facts: { headers: 100_000, perSecond: 20_000 },
  })
  expect(progress.report(1000, 100_000, start + 10_000)).toEqual({
    level: 'info',
    text: 'syncing',
    facts: { height: 1000, headers: 100_000, perSecond: 200, minutesLeft: 9 },
  })
  expect(progress.report(1000, 100_000, start + 15_000)).toBeUndefined()
})

test('a node of headers only tells of headers', () => {
  const progress = new Progress()
  progress.report(0, 0, 0)
  expect(progress.report(4000, 4000, 8000)?.facts).toEqual({ headers: 4000, perSecond: 500 })
})
