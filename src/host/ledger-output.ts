import type { BlockDigest } from '../chain/digest.ts'
import type { ToHub } from '../peer/queues.ts'
import type { LogLine } from './ports.ts'

export type LedgerOutput =
  | { do: 'hub'; value: ToHub }
  /** Take the block apart; the answer is `digested` with the same id. The buffer is given away until then. */
  | { do: 'digest'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { do: 'log'; line: LogLine }

/** A raw block alone in its buffer, with what was found in it. */
export interface DigestedBlock {
  bytes: Uint8Array<ArrayBuffer>
  result: { kind: 'digest'; digest: BlockDigest } | { kind: 'malformed'; code: string }
}

/**
 * What became of a block that was handed in. `connected` and `stored` (on a branch, or before its turn) are said once it
 * is committed; `reason` is Bitcoin Core's word.
 */
export type SubmitResult = { kind: 'connected' } | { kind: 'stored' } | { kind: 'refused'; reason: string }
