import { parentPort } from 'node:worker_threads'
import { digestBlock, digestTransfers } from '../chain/digest.ts'
import type { DigestAnswer, DigestRequest } from './digester.ts'
import { nodeHasher } from './hasher.ts'

/** Takes raw blocks apart, one after the other; what comes in and what goes out is moved, not copied. */
parentPort!.on('message', ({ id, bytes }: DigestRequest) => {
  let answer: DigestAnswer
  try {
    answer = { id, bytes, digest: digestBlock(bytes, nodeHasher) }
  } catch (error) {
    answer = { id, bytes, error: error instanceof Error && 'code' in error ? String(error.code) : String(error) }
  }
  const transfers = 'digest' in answer ? digestTransfers(answer.digest) : []
  parentPort!.postMessage(answer, [...transfers, bytes.buffer])
})
