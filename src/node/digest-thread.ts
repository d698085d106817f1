import { parentPort } from 'node:worker_threads'
import { digestBlock, digestTransfers, inOneBuffer } from '../chain/digest.ts'
import { Collector } from './collector.ts'
import type { DigestAnswer, DigestRequest } from './digester.ts'
import { nodeHasher } from './hasher.ts'

/** Answers go back together until they stand for so many bytes of blocks: a large block waits for no other. */
const TOGETHER_BYTES = 256_000
/** Digests of smaller blocks go in one buffer. */
const SMALL_BLOCK = 16_384
/** Bytes of blocks after which what was needed to take them apart is collected. */
const COLLECT_EVERY = 16_000_000

const collector = new Collector(COLLECT_EVERY, 'minor')

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
  collector.collectIfDue()
})

function answerTo({ id, bytes }: DigestRequest, transfers: ArrayBuffer[]): DigestAnswer {
  transfers.push(bytes.buffer)
  collector.passed(bytes.length)
  try {
    const whole = digestBlock(bytes, nodeHasher)
    const digest = bytes.length < SMALL_BLOCK ? inOneBuffer(whole) : whole
    transfers.push(...digestTransfers(digest))
    return { id, bytes, digest }
  } catch (error) {
    return { id, bytes, error: error instanceof Error && 'code' in error ? String(error.code) : String(error) }
  }
}
