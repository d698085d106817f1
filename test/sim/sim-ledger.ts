import { checkBlock } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { CONNECTED, FAILED, HAVE_BODY } from '../../src/chain/header-store.ts'
import { type HeaderNode, HeaderTree } from '../../src/chain/header-tree.ts'
import { MemoryHeaderStore } from '../../src/chain/memory-header-store.ts'
import type { Network } from '../../src/chain/network.ts'
import type { LinkId, ToHub, ToLedger } from '../../src/peer/queues.ts'
import { Sync, type SyncLimits, type SyncOutput } from '../../src/peer/sync.ts'
import { hashKey } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface SimLedgerOptions {
  network: Network
  limits?: SyncLimits
  spv?: boolean
  /** What the host's clock says. */
  now: () => number
  /** What goes down to the hub. */
  emit: (value: ToHub) => void
}

/**
 * As much of a ledger as links need: real headers and sync, blocks checked without coins and kept in memory, transactions
 * taken as they come.
 */
export class SimLedger {
  readonly tree: HeaderTree
  readonly sync: Sync
  readonly blocks = new Map<string, Bytes>()
  readonly txs = new Map<string, Uint8Array>()
  /** Blocks that count as breaking a rule, by `hashKey`. */
  readonly forbidden = new Set<string>()
  /** Why links were dropped. */
  readonly complaints: { link: LinkId; reason: string; misbehaving: boolean }[] = []
  tip: HeaderNode
  readonly #options: SimLedgerOptions
  readonly #from = new Map<string, LinkId>()

  constructor(options: SimLedgerOptions) {
    const { network, limits, spv } = options
    this.#options = options
    this.tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
    this.sync = new Sync({ network, tree: this.tree, ...(limits && { limits }), ...(spv && { spv }) })
    this.tip = this.tree.best
  }

  start(epoch = 1): void {
    this.#options.emit({ kind: 'epoch', epoch, height: this.tip.height })
    this.#perform(this.sync.connected(this.tip, this.#options.now()))
    this.#tellTip()
  }

  receive(value: ToLedger): void {
    const now = this.#options.now()
    switch (value.kind) {
      case 'link-up':
        this.#perform(this.sync.linkUp(value.link, value.info, now))
        break
      case 'link-down':
        this.#perform(this.sync.linkDown(value.link, now))
        break
      case 'drained':
        this.#perform(this.sync.drained(value.link, now))
        break
      case 'message':
        if (value.command === 'tx') this.#tx(value.link, value.payload)
        else this.#perform(this.sync.message(value.link, value.command, value.payload, now))
        this.#options.emit({ kind: 'taken', link: value.link, bytes: value.payload.length })
        break
    }
  }

  wake(): void {
    this.#perform(this.sync.wake(this.#options.now()))
  }

  /** A block of this node's own. */
  mine(bytes: Bytes): void {
    const result = this.tree.accept([bytes.slice(0, 80)], this.#options.now())
    if (result.kind !== 'accepted') throw new Error(`own header: ${result.kind}`)
    this.#block(undefined, result.last, bytes)
  }

  /** A transaction of this node's own. */
  submit(bytes: Uint8Array): void {
    this.#tx(undefined, bytes)
  }

  #tx(from: LinkId | undefined, payload: Uint8Array): void {
    const { txid, wtxid } = parseTransaction(payload)
    if (this.txs.has(hashKey(txid))) return
    const bytes = payload.slice()
    this.txs.set(hashKey(txid), bytes)
    this.#options.emit({ kind: 'announce-tx', txid, wtxid, feeRate: 5000, bytes, ...(from !== undefined && { from }) })
  }

  #perform(outputs: readonly SyncOutput[]): void {
    for (const output of outputs) {
      switch (output.do) {
        case 'send':
          this.#options.emit({ kind: 'send', link: output.link, command: output.command, payload: output.payload })
          break
        case 'block':
          this.#block(output.link, output.node, output.bytes)
          break
        case 'misbehaving':
        case 'disconnect':
          this.complaints.push({ link: output.link, reason: output.reason, misbehaving: output.do === 'misbehaving' })
          this.#options.emit({ kind: output.do, link: output.link, reason: output.reason })
          break
        case 'headers-changed':
          this.#advance()
          break
        case 'knows-block':
          this.#options.emit({ kind: 'knows-block', link: output.link, hash: output.hash })
          break
        case 'read-block':
          this.#perform(this.sync.blockRead(output.id, this.blocks.get(hashKey(output.node.hash))?.slice()))
          break
      }
    }
  }

  #block(from: LinkId | undefined, node: HeaderNode, bytes: Bytes): void {
    const now = this.#options.now()
    const reason = reasonAgainst(bytes)
    if (reason !== undefined) {
      this.#perform(this.sync.invalidBlock(node.hash, reason, from, now))
      return
    }
    this.blocks.set(hashKey(node.hash), bytes)
    if (from !== undefined) this.#from.set(hashKey(node.hash), from)
    this.tree.setStatus(node, HAVE_BODY)
    this.sync.bodyStored(node)
    this.#advance()
  }

  /** Connects what is at hand of the best chain. */
  #advance(): void {
    if (this.#options.spv) return
    const before = this.tip
    const { best } = this.tree
    const fork = this.tree.fork(this.tip, best)
    let reach = fork
    for (let height = fork.height + 1; height <= best.height; height++) {
      const node = this.tree.ancestor(best, height)!
      if (!(node.status & HAVE_BODY)) break
      if (this.forbidden.has(hashKey(node.hash))) {
        this.tree.markFailed(node)
        const from = this.#from.get(hashKey(node.hash))
        this.#perform(this.sync.invalidBlock(node.hash, 'forbidden', from, this.#options.now()))
        this.#advance()
        return
      }
      reach = node
    }
    if (reach.work <= before.work || reach.status & FAILED) return
    for (let height = before.height; height > fork.height; height--) {
      this.tree.setStatus(this.tree.ancestor(before, height)!, 0, CONNECTED)
    }
    const connected: HeaderNode[] = []
    for (let height = fork.height + 1; height <= reach.height; height++)
      connected.push(this.tree.ancestor(reach, height)!)
    this.tree.setStatus(connected, CONNECTED)
    this.tip = reach
    this.#perform(this.sync.connected(reach, this.#options.now()))
    for (const node of connected) this.#announce(node)
    this.#tellTip()
  }

  #announce(node: HeaderNode): void {
    const from = this.#from.get(hashKey(node.hash))
    this.#options.emit({
      kind: 'announce-block',
      hash: node.hash.slice(),
      header: node.raw.slice(),
      prev: node.prev.slice(),
      height: node.height,
      ...(node === this.tip && { bytes: this.blocks.get(hashKey(node.hash))!.slice() }),
      ...(from !== undefined && { from }),
    })
  }

  #tellTip(): void {
    const { height, hash, time } = this.tip
    this.#options.emit({ kind: 'tip', height, hash: hash.slice(), time, synced: true })
  }
}

function reasonAgainst(bytes: Bytes): string | undefined {
  try {
    return checkBlock(digestBlock(bytes))
  } catch (error) {
    return error instanceof Error ? error.message : 'malformed'
  }
}
