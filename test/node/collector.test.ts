import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'

const FILE = new URL('../../src/node/collector.ts', import.meta.url).href
/** As a program's threads load it, all at once. */
const LOADS = `import(${JSON.stringify(FILE)}).then(({ Collector }) => {
  const collector = new Collector(1, 'minor')
  collector.passed(1)
  collector.collectIfDue()
})`

test('any number of threads may load it at the same time', async () => {
  for (let round = 0; round < 5; round++) {
    const threads = Array.from({ length: 8 }, () => new Worker(LOADS, { eval: true }))
    const ends = await Promise.all(threads.map((thread) => once(thread, 'exit')))
    expect(ends).toEqual(threads.map(() => [0]))
  }
})
