import type { SubmitResult } from '../host/ledger-host.ts'
import type { MeterSnapshot } from '../host/meter.ts'
import type { LogLine } from '../host/ports.ts'
import type { MempoolPort } from '../ledger/mempool-port.ts'
import type { ToHub, ToLedger } from '../peer/queues.ts'
import type { StoreErrorCode } from '../store/error.ts'

/** What the ledger's thread is started with. */
export interface LedgerThreadData {
  /** The database file. */
  path: string
  network: string
  /** The network's own, or what the settings put in its place. */
  minChainWork: bigint
  assumeValid: Uint8Array | undefined
  spv: boolean
  /** Block filters are kept. */
  filters: boolean
  epoch: number
}

/** The questions that only the ledger's thread can answer, besides those of the mempool. */
export interface LedgerCalls extends MempoolPort {
  measure(): Promise<MeterSnapshot>
  submitBlock(bytes: Uint8Array<ArrayBuffer>): Promise<SubmitResult>
  /** The block with this header id could not be read as it was written. */
  reportDamage(blockId: number): Promise<void>
}

export type ToLedgerThread =
  | { kind: 'queue'; values: ToLedger[] }
  | { kind: 'call'; id: number; method: keyof LedgerCalls; args: unknown[] }
  | { kind: 'stop' }

export type FromLedgerThread =
  | { kind: 'ready' }
  | { kind: 'queue'; values: ToHub[] }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'refusal'; id: number; message: string }
  | { kind: 'log'; line: LogLine }
  /** The thread can go on no more. `code` where it is the store's fault. */
  | { kind: 'failed'; message: string; code: StoreErrorCode | undefined; stack: string | undefined }
  | { kind: 'stopped' }
