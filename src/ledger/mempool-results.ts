import type { LinkId } from '../peer/queues.ts'
import type { Refusal } from './mempool-policy.ts'

export interface AcceptedTx {
  txid: Uint8Array
  wtxid: Uint8Array
  raw: Uint8Array<ArrayBuffer>
  feeSat: number
  vsize: number
  /** Sum of what it spends, satoshi. */
  value: number
}

/** A link that sent what turned out, later, to be a transaction that no honest node sends. */
export interface Blame {
  from: LinkId
  reason: string
}

/** What came in because of something else: parents first. */
export interface Released {
  txs: AcceptedTx[]
  blamed: Blame[]
}

export interface Accepted extends AcceptedTx {
  kind: 'accepted'
  /** Parents that paid too little, for which this one pays: they came in before it. */
  parents: AcceptedTx[]
  /** Transactions that had waited for this one. */
  released: Released
  /** txids of what had to leave for it. */
  replaced: Uint8Array[]
}

export type AcceptResult =
  | Accepted
  /** It is in the mempool already. */
  | { kind: 'known' }
  | Refusal

/** `orphan`: kept for when the transactions named by `missing` (txids) have come. */
export type ReceiveResult = AcceptResult | { kind: 'orphan'; missing: Uint8Array[] }

/** What happened to the connected chain. */
export interface ChainUpdate {
  /** The raw transactions of reverted blocks, lowest block first, in block order; read once. Coinbases are passed over. */
  reverted: Iterable<Uint8Array>
  /** Per connected block, lowest first: its txids (32 bytes each) and what its inputs spend (36 bytes each, as on the wire). */
  connected: Iterable<{ txids: Uint8Array; outpoints: Uint8Array }>
}
