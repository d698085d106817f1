import { describe, expect, test } from 'vitest'
import { text } from '../../src/api/answer.ts'
import { NOT_KEPT } from '../../src/api/cache-rule.ts'
import { parsePattern, templatesOf } from '../../src/api/path-pattern.ts'
import { inText, type Route, routeFinder } from '../../src/api/route.ts'
import { string } from '../../src/api/schema.ts'

const route = (method: 'GET' | 'POST', pattern: string): Route => ({
  method,
  pattern,
  tag: '',
  declared: { about: '', gives: inText(string()), fails: [], keep: NOT_KEPT, answer: async () => text(pattern) },
})
const find = routeFinder(
  [
    route('GET', '/blocks/tip/hash'),
    route('GET', '/blocks/:start?'),
    route('GET', '/tx/:txid'),
    route('POST', '/tx'),
    route('GET', '/address/:subject/txs/chain/:last?'),
  ],
  5,
)

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
    expect(found?.route.pattern).toBe(pattern)
    expect(found?.params).toEqual(params)
  })

  test.each(['/', '/blocks/5/', '/blocks/tip/hash/', '/blocks//', '/tx', '/tx/a/', '/TX/a', 'tx/a', '/address/a/txs'])(
    '%s is answered by nothing',
    (path) => {
      expect(find('GET', path)).toBeUndefined()
    },
  )

  test('a route belongs to its method', () => {
    expect(find('POST', '/tx')?.route.pattern).toBe('/tx')
    expect(find('POST', '/blocks')).toBeUndefined()
  })
})

describe('patterns of other groups', () => {
  const deep = routeFinder([
    route('GET', '/chaininfo.:format'),
    route('GET', '/block/:hash.:format'),
    route('GET', '/getutxos/:list*'),
    route('GET', '/utxos/:list*.:format'),
    route('GET', '/a/b/c/d/e/:f'),
  ])

  test.each([
    ['/chaininfo.json', '/chaininfo.:format', { format: 'json' }],
    ['/chaininfo', '/chaininfo.:format', { format: '' }],
    ['/block/ab.json', '/block/:hash.:format', { hash: 'ab', format: 'json' }],
    ['/block/a.b.hex', '/block/:hash.:format', { hash: 'a.b', format: 'hex' }],
    ['/block/ab', '/block/:hash.:format', { hash: 'ab', format: '' }],
    ['/block/.', '/block/:hash.:format', { hash: '', format: '' }],
    ['/getutxos/a', '/getutxos/:list*', { list: 'a' }],
    ['/getutxos/a/b/', '/getutxos/:list*', { list: 'a/b/' }],
    ['/utxos/a.b/c.bin', '/utxos/:list*.:format', { list: 'a.b/c', format: 'bin' }],
    ['/a/b/c/d/e/f', '/a/b/c/d/e/:f', { f: 'f' }],
  ])('%s is answered by %s', (path, pattern, params) => {
    const found = deep('GET', path)
    expect(found?.route.pattern).toBe(pattern)
    expect(found?.params).toEqual(params)
  })

  test.each(['/chaininfos.json', '/chaininfo.json/', '/getutxos', '/a/b/c/d/e/f/g'])('%s by nothing', (path) => {
    expect(deep('GET', path)).toBeUndefined()
  })

  test.each([
    ['/', ['/']],
    ['/blocks/:start?', ['/blocks', '/blocks/{start}']],
    ['/tx/:txid/outspend/:vout', ['/tx/{txid}/outspend/{vout}']],
    ['/block/:hash.:format', ['/block/{hash}.{format}']],
    ['/chaininfo.:format', ['/chaininfo.{format}']],
    ['/getutxos/:list*', ['/getutxos/{list}']],
  ])('%s is %j for OpenAPI', (pattern, paths) => {
    expect(templatesOf(parsePattern(pattern)).map(({ path }) => path)).toEqual(paths)
  })
})
