import { parentPort } from 'node:worker_threads'
import { digestBlock, inOneBuffer } from '../chain/digest.ts'
import type { DigestAnswer, DigestRequest } from './digester.ts'
import { nodeHasher } from './hasher.ts'

/** Answers go back together until they stand for so many bytes of blocks: a large block waits for no other. */
const TOGETHER_BYTES = 256_000

/** Takes raw blocks apart, one after the other; what comes in and what goes out is moved, not copied. */
parentPort!.on('message', (requests: DigestRequest[]) => {
  let answers: DigestAnswer[] = []
  let transfers: ArrayBuffer[] = []
  let bytes = 0
  const post = () => {
    parentPort!.postMessage(answers, transfers)
    answers = []
    transfers = []
    bytes = 0
  }
  for (const request of requests) {
    answers.push(answerTo(request, transfers))
    bytes += request.bytes.length
    if (bytes >= TOGETHER_BYTES) post()
  }
  if (answers.length > 0) post()
})

function answerTo({ id, bytes }: DigestRequest, transfers: ArrayBuffer[]): DigestAnswer {
  transfers.push(bytes.buffer)
  try {
    const { digest, buffer } = inOneBuffer(digestBlock(bytes, nodeHasher))
    transfers.push(buffer)
    return { id, bytes, digest }
  } catch (error) {
    return { id, bytes, error: error instanceof Error && 'code' in error ? String(error.code) : String(error) }
  }
}
