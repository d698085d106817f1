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

/** `digestBlock` in a thread of its own, so that hashing a block and writing the one before it go on side by side. */
export class Digester {
  readonly #thread: Worker

  constructor(file: URL, onAnswer: (answer: DigestAnswer) => void, onFailed: (error: Error) => void) {
    this.#thread = new Worker(file)
    this.#thread.on('message', onAnswer)
    this.#thread.on('error', onFailed)
  }

  /** Takes the buffer away from the caller; the answer gives it back. */
  submit(request: DigestRequest): void {
    this.#thread.postMessage(request, [request.bytes.buffer])
  }

  async stop(): Promise<void> {
    await this.#thread.terminate()
  }
}
