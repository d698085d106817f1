import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { CheckedCache } from '../../src/script/checked-cache.ts'
import { numberedHash } from '../script/numbered-hash.ts'

test('threads that write over each other leave nothing there that none of them added', async () => {
  const salt = new Uint8Array(32).fill(1)
  const buffer = new SharedArrayBuffer(4 * 129) // four buckets: they are at it all the time
  const count = 5000
  const threads = [0, 1].map((thread) => {
    const workerData = { buffer, salt, first: thread * count, count }
    return new Worker(new URL('./checked-thread.ts', import.meta.url), { workerData })
  })
  const ended = Promise.all(threads.map((thread) => once(thread, 'exit')))
  const cache = new CheckedCache(buffer, salt)
  const others = Array.from({ length: 200 }, (_, n) => cache.transactionKey(numberedHash(2 * count + n), 0))
  let isRunning = true
  ended.then(() => {
    isRunning = false
  })
  while (isRunning) {
    expect(others.filter((key) => cache.has(key))).toEqual([])
    await new Promise(setImmediate)
  }
  const known = Array.from({ length: 2 * count }, (_, n) => cache.has(cache.transactionKey(numberedHash(n), 0)))
  const found = known.filter(Boolean).length
  expect(found).toBeGreaterThan(0)
  expect(found).toBeLessThanOrEqual(32)
})
