import { digestBlock } from '../chain/digest.ts'
import type { DigestedBlock } from '../host/ledger-host.ts'
import { WireError } from '../wire/error.ts'
import { edgeHasher } from './hasher.ts'

/** Takes a block apart, here and now: an object has one thread. */
export function digest(bytes: Uint8Array<ArrayBuffer>): DigestedBlock {
  try {
    return { bytes, result: { kind: 'digest', digest: digestBlock(bytes, edgeHasher) } }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return { bytes, result: { kind: 'malformed', code: error.code } }
  }
}
