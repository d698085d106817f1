import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readBody } from '../../src/api/body.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function requestOf(body: ReadableStream | string): Request {
  return new Request('http://relay.example/', { method: 'POST', body, duplex: 'half' } as RequestInit)
}

test('a body in pieces is put together, also inside a character', async () => {
  const bytes = new TextEncoder().encode('aé€')
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  expect(await readBody(requestOf(body), 10, 1000)).toBe('aé€')
})

test('a body that does not end is given up in time, and no longer read', async () => {
  let cancelled = false
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Uint8Array.of(97)),
    cancel: () => {
      cancelled = true
    },
  })
  const reading = expect(readBody(requestOf(body), 10, 30_000)).rejects.toMatchObject({
    code: 'body-too-slow',
    status: 408,
  })
  await vi.advanceTimersByTimeAsync(30_000)
  await reading
  expect(cancelled).toBe(true)
})

test('an endless body is read only up to its bound', async () => {
  let sent = 0
  const body = new ReadableStream({
    pull(controller) {
      sent += 1000
      controller.enqueue(new Uint8Array(1000))
    },
  })
  await expect(readBody(requestOf(body), 5000, 30_000)).rejects.toMatchObject({ code: 'body-too-large', status: 413 })
  expect(sent).toBeLessThan(10_000)
})

test('a body that breaks off is the client’s mistake', async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('aborted')) })
  await expect(readBody(requestOf(body), 10, 30_000)).rejects.toMatchObject({ code: 'body-broken', status: 400 })
})

test('no body is an empty text', async () => {
  expect(await readBody(new Request('http://relay.example/', { method: 'POST' }), 10, 1000)).toBe('')
})
