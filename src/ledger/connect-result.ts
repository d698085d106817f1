import type { HeaderNode } from '../chain/header-tree.ts'

/** A block whose coins are applied, with what a mempool and an announcement need of it. */
export interface Connected {
  kind: 'connected'
  node: HeaderNode
  /** 32 bytes each in block order, the coinbase first. */
  txids: Uint8Array
  /** What it spends, 36 bytes each; the first one is the coinbase's and names nothing. */
  outpoints: Uint8Array
  /** Satoshi. */
  fees: number
}

/** The block breaks a rule; `reason` is Bitcoin Core's word for it. */
export interface Invalid {
  kind: 'invalid'
  node: HeaderNode
  reason: string
  /** What Bitcoin Core adds to it for people: which part of the block it is. */
  detail?: string
  /** Only these bytes are wrong: the header does not commit to what is, and another copy of the block may be valid. */
  mutated: boolean
}

/** The block is needed and is not in the store, or what is there does not match its check. */
export interface Unavailable {
  kind: 'unavailable'
  node: HeaderNode
  why: 'missing' | 'damaged'
}

/** Reasons that say nothing about the header. */
const MUTATIONS: readonly string[] = [
  'bad-txnmrklroot',
  'bad-txns-duplicate',
  'bad-witness-nonce-size',
  'bad-witness-merkle-match',
  'unexpected-witness',
]

export function invalid(node: HeaderNode, reason: string, detail?: string): Invalid {
  return { kind: 'invalid', node, reason, ...(detail && { detail }), mutated: MUTATIONS.includes(reason) }
}
