/**
 * The two one-way queues between the hub, which owns links, and the ledger, which owns all that knows the chain. Plain
 * values that survive a structured clone; a payload is alone in its ArrayBuffer and may be transferred.
 */

/** Never used twice while a hub lives. */
export type LinkId = number

/** What a link's handshake told. */
export interface LinkInfo {
  /** The peer's protocol version. */
  version: number
  /** The peer's service bits. */
  services: bigint
  /** Printable, at most 256 characters. */
  userAgent: string
  /** The height that the peer claimed at the handshake; unknown is −1. */
  startHeight: number
  /** The peer dialled us. */
  inbound: boolean
  /** The peer wants transactions announced. */
  relay: boolean
  /** Transactions are announced and asked for by wtxid (BIP339). */
  wtxidrelay: boolean
}

export type ToLedger =
  /** The handshake of a link is done. Comes again for a link already known after a new epoch. */
  | { kind: 'link-up'; link: LinkId; info: LinkInfo }
  | { kind: 'link-down'; link: LinkId }
  /** A message that knows the chain; its payload was not looked into. Every byte of it comes back as `taken`. */
  | { kind: 'message'; link: LinkId; command: string; payload: Uint8Array<ArrayBuffer> }
  /** What the ledger sent to this link has left the buffer: serve the next block. */
  | { kind: 'drained'; link: LinkId }
  /** How many links have told of these transactions by now, each before it was told of them. It rides along with others. */
  | { kind: 'heard'; txs: { txid: Uint8Array; links: number }[] }

export type ToHub =
  /** The ledger (re)started: introduce your links again. Comes first. */
  | { kind: 'epoch'; epoch: number; height: number }
  | { kind: 'send'; link: LinkId; command: string; payload: Uint8Array<ArrayBuffer> }
  /** A block that was connected and committed; with its bytes where it is the tip. */
  | {
      kind: 'announce-block'
      hash: Uint8Array
      header: Uint8Array
      prev: Uint8Array
      height: number
      bytes?: Uint8Array<ArrayBuffer>
      from?: LinkId
    }
  /** A transaction that the mempool took. `feeRate` in sat/kvB. */
  | {
      kind: 'announce-tx'
      txid: Uint8Array
      wtxid: Uint8Array
      feeRate: number
      bytes: Uint8Array<ArrayBuffer>
      from?: LinkId
    }
  /** That link sent a transaction which spends from these: it will have them. */
  | { kind: 'want-txs'; link: LinkId; txids: Uint8Array[] }
  /** What came of these was refused for its witness, or for want of one: another form may be good, and is to be fetched. */
  | { kind: 'reopen-txs'; txids: Uint8Array[] }
  /** That peer has shown that it has this block or header; `height` where that is known. */
  | { kind: 'knows-block'; link: LinkId; hash: Uint8Array; height?: number }
  /** Close the link and discourage its address. */
  | { kind: 'misbehaving'; link: LinkId; reason: string }
  | { kind: 'disconnect'; link: LinkId; reason: string }
  /** The connected tip; `time` in Unix seconds. `synced`: initial download is over. */
  | { kind: 'tip'; height: number; hash: Uint8Array; time: number; synced: boolean }
  /** Credit: the ledger has worked off this many payload bytes of the link's messages. */
  | { kind: 'taken'; link: LinkId; bytes: number }
