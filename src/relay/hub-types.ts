import type { Network } from '../chain/network.ts'
import type { LinkSnapshot } from '../peer/link.ts'
import type { Millis, Random } from '../peer/ports.ts'
import type { LinkId, ToLedger } from '../peer/queues.ts'
import type { Hasher } from '../wire/hash.ts'

export interface HubLimits {
  /** Links that others have opened, and the same from one address. */
  inbound: number
  inboundPerAddress: number
  /** Bytes of announced transactions kept to be given away. */
  cacheBytes: number
  /** Transactions whose spreading is followed. */
  cacheItems: number
  /** With more than this unread by the peer, announcements and transactions are held back. */
  holdBytes: number
  /** With more than this, the link is closed. There is room for blocks above what was held. */
  closeBytes: number
  /** With more than this not worked off by the ledger, the link is not read from. */
  untakenBytes: number
}

/** For a machine with plenty of memory; the buffers are those of Bitcoin Core. */
export const DEFAULT_HUB_LIMITS: HubLimits = {
  inbound: 200,
  inboundPerAddress: 16,
  cacheBytes: 32_000_000,
  cacheItems: 50_000,
  holdBytes: 1_000_000,
  closeBytes: 12_000_000,
  untakenBytes: 5_000_000,
}

export interface HubOptions {
  network: Network
  /** Service bits that we announce. */
  services: bigint
  userAgent: string
  random: Random
  /** Whether transactions are taken and passed on; true unless given. */
  relayTransactions?: boolean
  /** The least fee rate that we want, satoshi per 1,000 virtual bytes; 100 unless given. */
  feeFilter?: number
  /** Whether quiet peers are pinged; true unless given. Where not, that is left to them and to what carries the links. */
  pings?: boolean
  /** What an earlier life knew, from `state`. */
  state?: HubState
  limits?: Partial<HubLimits>
  hasher?: Hasher
}

/** What the hub knows of the ledger. */
export interface HubState {
  height: number
  /** Initial download is over. */
  synced: boolean
}

/** A link at rest, small plain values and no address: what it takes to go on with it in another life of the hub. */
export interface HubLinkSnapshot {
  machine: LinkSnapshot
  manual: boolean
  since: Millis
  height: number
  sendheaders: boolean
  feeFilter: number
  buffered: number
  draining: boolean
  asked: Asked | undefined
}

/** A ping that is to show how far the peer has read. */
export interface Asked {
  nonce: bigint
  /** Bytes written after it. */
  after: number
  until: Millis
}

export interface AcceptOptions {
  /** The peer dialled us. */
  inbound: boolean
  /** `manual`: a person asked for this link, and nothing is held against its address. */
  kind?: 'automatic' | 'manual'
  /** Counts links of one address and remembers misbehaviour; opaque. Without one neither is done. */
  addressKey?: string
}

/** What a person may read about what the hub does. Never an address. */
export interface HubLogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  text: string
  facts: Record<string, string | number | boolean>
}

export type HubOutput =
  /** Bytes for several links may be one array: they are not to be changed or given away. */
  | { do: 'write'; link: LinkId; bytes: Uint8Array<ArrayBuffer> }
  /** The link is forgotten here. `discourage`: its peer broke the protocol. */
  | { do: 'close'; link: LinkId; reason: string; discourage?: boolean }
  | { do: 'ledger'; value: ToLedger }
  /** Read no further from the link until `resume`. */
  | { do: 'pause'; link: LinkId }
  | { do: 'resume'; link: LinkId }
  | { do: 'log'; line: HubLogLine }

/** A link as people may see it. */
export interface LinkStatus {
  id: LinkId
  /** The user agent: printable, and still the peer's own words. */
  client: string
  /** The best height that the peer is known to have. */
  height: number
  inbound: boolean
  /** Unix seconds. */
  since: number
  /** Protocol version. */
  version: number
  services: bigint
  /** Last round trip of a ping, if any. */
  rttMs?: number
}
