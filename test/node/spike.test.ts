import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { transfersOf } from '../../src/node/transfers.ts'
import type { ToHub, ToLedger } from '../../src/peer/queues.ts'
import { spikeContract } from '../workers/spike-contract.ts'

spikeContract('the queues between two threads', async (body) => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-spike-'))
  const values: ToHub[] = []
  const waiting: (() => void)[] = []
  const start = () =>
    new Worker(new URL('./spike-thread.ts', import.meta.url), {
      workerData: { path: join(folder, 'ledger.sqlite') },
    }).on('message', (answers: ToHub[]) => {
      values.push(...answers)
      waiting.shift()?.()
    })
  let thread = start()
  try {
    await body({
      feed: (batch) =>
        new Promise((resolve) => {
          waiting.push(resolve)
          thread.postMessage(batch, transfersOf(batch))
        }),
      received: async () => values.splice(0),
      async restart() {
        await thread.terminate()
        thread = start()
      },
    })
  } finally {
    await thread.terminate()
    rmSync(folder, { recursive: true })
  }
})

const message = (payload: Uint8Array<ArrayBuffer>): ToLedger => ({
  kind: 'message',
  link: 1,
  command: 'block',
  payload,
})

test('a payload is moved to the thread, not copied', () => {
  const values = [message(new Uint8Array(4_000_000))]
  const moved = structuredClone(values, { transfer: transfersOf(values) })
  expect(values).toMatchObject([{ payload: { length: 0 } }])
  expect(moved).toMatchObject([{ payload: { length: 4_000_000 } }])
})

test('a view is not moved, and takes the whole buffer behind it along', () => {
  const view = new Uint8Array(1_000_000).subarray(100, 132)
  expect(transfersOf([message(view)])).toEqual([])
  expect(structuredClone(view).buffer.byteLength).toBe(1_000_000)
})
