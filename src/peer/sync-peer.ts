import type { HeaderNode } from '../chain/header-tree.ts'
import { Services } from '../wire/services.ts'
import type { LinkId, LinkInfo } from './queues.ts'

/** A peer without the whole chain has its last 288 blocks (BIP159); two are kept as slack. */
export const LIMITED_BLOCKS = 286

/** What the parts of the sync machine know of a peer together. */
export interface SyncPeer {
  readonly link: LinkId
  readonly info: LinkInfo
  /** The header of most work that it has shown to have. */
  best: HeaderNode | undefined
}

export type SyncOutput =
  | { do: 'send'; link: LinkId; command: string; payload: Uint8Array<ArrayBuffer> }
  /** A block whose header is known, to be checked and connected. Asked for, or near the tip and welcome. */
  | { do: 'block'; link: LinkId; node: HeaderNode; bytes: Uint8Array<ArrayBuffer> }
  | { do: 'misbehaving'; link: LinkId; reason: string }
  | { do: 'disconnect'; link: LinkId; reason: string }
  /** The best header is another one. */
  | { do: 'headers-changed' }
  /** That peer has shown that it has this header or block. */
  | { do: 'knows-block'; link: LinkId; hash: Uint8Array }
  /** To be answered by `blockRead` with the same id. Without `witness`: the form from before BIP144. */
  | { do: 'read-block'; link: LinkId; id: number; node: HeaderNode; witness: boolean }

/** Whether the peer has headers to give, and at least its last blocks. */
export function servesHeaders(info: LinkInfo): boolean {
  return (info.services & (Services.NETWORK | Services.NETWORK_LIMITED)) !== 0n
}

/** Whether the peer has every block of its chain, and not only the last 288 (BIP159). */
export function servesAllBlocks(info: LinkInfo): boolean {
  return (info.services & Services.NETWORK) !== 0n
}

export function servesWitness(info: LinkInfo): boolean {
  return (info.services & Services.WITNESS) !== 0n
}
