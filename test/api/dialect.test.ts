import { describe, expect, test } from 'vitest'
import { errorResponse } from '../../src/api/answer.ts'
import { CORE, type Dialect, ESPLORA, V1 } from '../../src/api/dialect.ts'
import { ApiError } from '../../src/api/errors.ts'

const ask = (accept?: string) => new Request('http://relay.example/', { headers: accept ? { Accept: accept } : {} })
const told = async (dialect: Dialect, accept?: string) => {
  const response = errorResponse(new ApiError('tx-unknown'), dialect, ask(accept))
  return [response.status, response.headers.get('Content-Type'), await response.text()]
}

describe('how an error is told', () => {
  test('to clients of Esplora: the bare message', async () => {
    expect(await told(ESPLORA, 'application/json')).toEqual([404, 'text/plain', 'Transaction not found'])
  })

  test.each([undefined, '*/*', 'application/json', 'text/html, application/*;q=0.1'])(
    'to clients of v1 that take JSON (%s): an object',
    async (accept) => {
      expect(await told(V1, accept)).toEqual([404, 'application/json', '{"error":"Transaction not found"}'])
    },
  )

  test.each(['text/plain', 'text/html', 'application/json;q=0, text/plain', 'application/json; q=0.00'])(
    'to others of v1 (%s): the bare message, and caches are told why',
    async (accept) => {
      expect(await told(V1, accept)).toEqual([404, 'text/plain', 'Transaction not found'])
      expect(errorResponse(new ApiError('tx-unknown'), V1, ask(accept)).headers.get('Vary')).toBe('Accept')
    },
  )

  test('to clients of Core: a line that no cache keeps', async () => {
    expect(await told(CORE)).toEqual([404, 'text/plain', 'Transaction not found\r\n'])
    expect(errorResponse(new ApiError('tx-unknown'), CORE, ask()).headers.get('Cache-Control')).toBe('no-store')
  })

  test('an unknown path is quoted as Rust quotes', () => {
    expect(ESPLORA.unknown('/a"b\\').message).toBe('endpoint does not exist "/a\\"b\\\\"')
  })
})
