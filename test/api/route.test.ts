import { describe, expect, test } from 'vitest'
import { text } from '../../src/api/answer.ts'
import { type Route, routeFinder } from '../../src/api/route.ts'

const route = (method: 'GET' | 'POST', pattern: string): Route => [method, pattern, async () => text(pattern, 0)]
const find = routeFinder([
  route('GET', '/blocks/tip/hash'),
  route('GET', '/blocks/:start?'),
  route('GET', '/tx/:txid'),
  route('POST', '/tx'),
  route('GET', '/address/:subject/txs/chain/:last?'),
])

describe('finding a route', () => {
  test.each([
    ['/blocks', '/blocks/:start?', { start: '' }],
    ['/blocks/', '/blocks/:start?', { start: '' }],
    ['/blocks/5', '/blocks/:start?', { start: '5' }],
    ['/blocks/tip', '/blocks/:start?', { start: 'tip' }],
    ['/blocks/tip/hash', '/blocks/tip/hash', {}],
    ['/tx/', '/tx/:txid', { txid: '' }],
    ['/tx/%61', '/tx/:txid', { txid: '%61' }],
    ['/address/a/txs/chain', '/address/:subject/txs/chain/:last?', { subject: 'a', last: '' }],
    ['/address/a/txs/chain/', '/address/:subject/txs/chain/:last?', { subject: 'a', last: '' }],
    ['/address/a/txs/chain/b/c/d', '/address/:subject/txs/chain/:last?', { subject: 'a', last: 'b' }],
  ])('%s is answered by %s', (path, pattern, params) => {
    const found = find('GET', path)
    expect(found?.route[1]).toBe(pattern)
    expect(found?.params).toEqual(params)
  })

  test.each(['/', '/blocks/5/', '/blocks/tip/hash/', '/blocks//', '/tx', '/tx/a/', '/TX/a', 'tx/a', '/address/a/txs'])(
    '%s is answered by nothing',
    (path) => {
      expect(find('GET', path)).toBeUndefined()
    },
  )

  test('a route belongs to its method', () => {
    expect(find('POST', '/tx')?.route[1]).toBe('/tx')
    expect(find('POST', '/blocks')).toBeUndefined()
  })
})
