import { Worker } from 'node:worker_threads'
import type { BlockDigest } from '../chain/digest.ts'

export interface DigestRequest {
  id: number
  /** A raw block that owns its buffer. */
  bytes: Uint8Array<ArrayBuffer>
}

/** The block comes back with its digest, or with the code of what is wrong with its bytes. */
export type DigestAnswer = { id: number; bytes: Uint8Array<ArrayBuffer> } & (
  | { digest: BlockDigest }
  | { error: string }
)

/** What is made here hangs on few small objects, and is passed on at once. */
const YOUNG_MB = 8

/** `digestBlock` in a thread of its own, so that hashing a block and writing the one before it go on side by side. */
export class Digester {
  readonly #thread: Worker

  constructor(file: URL, onAnswers: (answers: DigestAnswer[]) => void, onFailed: (error: Error) => void) {
    this.#thread = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    this.#thread.on('message', onAnswers)
    this.#thread.on('error', onFailed)
  }

  /** Takes the buffers away from the caller; the answers, in the same order, give them back. */
  submit(requests: readonly DigestRequest[]): void {
    const transfers = requests.map(({ bytes }) => bytes.buffer)
    this.#thread.postMessage(requests, transfers)
  }

  async stop(): Promise<void> {
    await this.#thread.terminate()
  }
}
