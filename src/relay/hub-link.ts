import type { Link } from '../peer/link.ts'
import type { Millis } from '../peer/ports.ts'
import type { LinkId, LinkInfo } from '../peer/queues.ts'
import type { Inventory } from '../wire/inventory.ts'
import type { KnownBlock } from './block-knowledge.ts'
import type { Asked } from './hub-types.ts'
import type { Owed } from './owed.ts'
import type { TxItem } from './tx-inventory.ts'

/** Blocks that a link spoke of last; a handful bridges the time until the ledger has them. */
const MAX_HEARD = 8

/** What the hub keeps of a link. There may be thousands, so lists exist only while there is something in them. */
export class HubLink {
  readonly id: LinkId
  /** Its number in sets of links. */
  readonly slot: number
  readonly machine: Link
  /** A person wants this link: nothing is held against its address. */
  readonly manual: boolean
  readonly addressKey: string | undefined
  /** Our nonce, for as long as the link could turn out to lead to ourselves. */
  nonce: bigint
  readonly since: Millis
  /** Undefined until the handshake is done. */
  info: LinkInfo | undefined
  closed = false
  /** The peer wants new blocks by their headers (BIP130). */
  sendheaders = false
  /** The peer wants no transactions below this, satoshi per 1,000 virtual bytes (BIP133). */
  feeFilter = 0
  /** The best height that the peer is known to have. */
  height = -1
  /** Bytes written that have not left, as the host told last, and those written since. */
  buffered = 0
  /** Where the host cannot tell what has left. */
  asked: Asked | undefined
  /** Payload bytes that the ledger has not worked off. */
  untaken = 0
  paused = false
  /** What the peer waits for from the ledger. */
  owed: Owed | undefined
  /** A block from the ledger is on its way out. */
  draining = false
  /** Announcements held back while the peer does not read. */
  heldTxs: TxItem[] | undefined
  heldBlock: KnownBlock | undefined
  /** Transactions that the peer asked for and that wait for room in its buffer. */
  wanted: Inventory[] | undefined
  #heard: string[] | undefined

  constructor(options: {
    id: LinkId
    slot: number
    machine: Link
    manual: boolean
    addressKey: string | undefined
    nonce: bigint
    now: Millis
  }) {
    this.id = options.id
    this.slot = options.slot
    this.machine = options.machine
    this.manual = options.manual
    this.addressKey = options.addressKey
    this.nonce = options.nonce
    this.since = options.now
  }

  get inbound(): boolean {
    return this.machine.inbound
  }

  get deadline(): Millis {
    return Math.min(this.machine.deadline, this.asked?.until ?? Number.POSITIVE_INFINITY)
  }

  get up(): boolean {
    return this.info !== undefined && !this.closed
  }

  /** The peer announced this block, or sent it. */
  heardOf(key: string): void {
    const heard = this.#heard ?? []
    if (heard.length >= MAX_HEARD) heard.shift()
    heard.push(key)
    this.#heard = heard
  }

  hasHeardOf(key: string): boolean {
    return this.#heard?.includes(key) ?? false
  }
}
