import type { Count } from '../host/meter.ts'
import type { StoreErrorCode } from '../store/error.ts'

/** What the writer's thread is started with, beside its port. */
export interface WriterThreadData {
  /** The database file. */
  path: string
  /** One number, shared: batches that are not written. */
  begun: Int32Array<SharedArrayBuffer>
}

/** In place of a batch: there will be no other one. */
export const CLOSE = 'close'

/** What became of a batch; it is in the port before the number is lower. */
export type Written =
  | { kind: 'written'; damaged: number[]; counts: (readonly [Count, number])[] }
  | { kind: 'failed'; message: string; stack: string | undefined; code: StoreErrorCode | undefined }
