import { expect, test } from 'vitest'
import { chooseCoding } from '../../src/api/coding.ts'

test.each([
  [null, undefined],
  ['', undefined],
  ['identity', undefined],
  ['deflate, zstd', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br', 'br'],
  ['br;q=0.5, gzip', 'gzip'],
  ['br;q=0, gzip;q=0', undefined],
  ['*', 'br'],
  ['*;q=0', undefined],
  ['*, br;q=0', 'gzip'],
  ['gzip;q=0.2, identity;q=0.9', undefined],
  ['gzip;q=1, identity', 'gzip'],
  ['gzip;q=nonsense', undefined],
  [' gzip ; q=0.7 ', 'gzip'],
])('for %s an answer is packed by %s', (accept, coding) => {
  expect(chooseCoding(accept)).toBe(coding)
})
