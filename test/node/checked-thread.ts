import { parentPort, workerData } from 'node:worker_threads'
import { CheckedCache } from '../../src/script/checked-cache.ts'
import { numberedHash } from '../script/numbered-hash.ts'

const { buffer, salt, first, count } = workerData as {
  buffer: SharedArrayBuffer
  salt: Uint8Array
  first: number
  count: number
}

const cache = new CheckedCache(buffer, salt)
for (let n = first; n < first + count; n++) cache.add(cache.transactionKey(numberedHash(n), 0))
parentPort!.postMessage('done')
