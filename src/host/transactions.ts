import type { HeaderTree } from '../chain/header-tree.ts'
import type { BlockRef } from '../chain/reorg.ts'
import { broadcast } from '../ledger/broadcast.ts'
import type { Chainstate, Connected } from '../ledger/chainstate.ts'
import type { ChangeLog } from '../ledger/change-log.ts'
import type { Accepted, AcceptedTx, Mempool, Released } from '../ledger/mempool.ts'
import type { PackageOptions, PackageResult } from '../ledger/mempool-questions.ts'
import { submitPackage } from '../ledger/package-submission.ts'
import type { BroadcastResult } from '../ledger/queries.ts'
import type { LinkId, ToHub } from '../peer/queues.ts'
import { transactionsOf } from '../wire/block-parts.ts'
import { isEmptyMwebTx } from '../wire/transaction.ts'
import type { MempoolKeeper } from './mempool-keeper.ts'
import type { Meter } from './meter.ts'
import type { LogLine, Millis } from './ports.ts'

export interface TransactionPorts {
  tree: HeaderTree
  chainstate: Chainstate
  mempool: Mempool
  keeper: MempoolKeeper
  changes: ChangeLog
  takeBackBytes: number
  hub(value: ToHub): void
  log(line: LogLine): void
  meter: Meter
}

/** Parents of one transaction that are asked for: as many as fit in a package with it. */
const MAX_PARENTS_ASKED = 24

/** Transactions from links and from programs into the mempool, and what was taken in out to everybody. */
export class Transactions {
  readonly #ports: TransactionPorts

  constructor(ports: TransactionPorts) {
    this.#ports = ports
  }

  /** One that a link sent. */
  receive(bytes: Uint8Array<ArrayBuffer>, from: LinkId, now: Millis): void {
    const { mempool, log, hub, meter } = this.#ports
    if (isEmptyMwebTx(bytes)) return
    const result = mempool.receive(bytes, from, now)
    this.#tellChanges(now)
    if (result.kind === 'accepted') this.#announceAll(result, from)
    else if (result.kind === 'orphan') this.#askForParents(result.missing, from)
    else if (result.kind === 'refused') {
      meter.refused('transaction', result.reason)
      log({ level: 'debug', text: 'transaction refused', facts: { link: from, reason: result.reason } })
      if (result.punish) hub({ kind: 'misbehaving', link: from, reason: `tx-${result.reason}` })
    }
  }

  /** How many links told of these. */
  heard(txs: readonly { txid: Uint8Array; links: number }[]): void {
    for (const { txid, links } of txs) this.#ports.mempool.heard(txid, links)
  }

  /** One handed in by a person or program: the same checks, and the reason when refused. */
  broadcast(bytes: Uint8Array, now: Millis): BroadcastResult {
    const { answer, result } = broadcast(this.#ports.mempool, bytes, now)
    this.#tellChanges(now)
    if (result?.kind === 'refused') this.#ports.meter.refused('transaction', result.reason)
    // What a wallet is told outlives whatever happens next.
    if (answer.kind === 'accepted') this.#ports.keeper.flush()
    if (result?.kind === 'accepted') this.#announceAll(result, undefined)
    return answer
  }

  /** A child and its parents, handed in likewise. */
  submitPackage(raws: readonly Uint8Array[], options: PackageOptions | undefined, now: Millis): PackageResult {
    const { answer, accepted } = submitPackage(this.#ports.mempool, raws, now, options)
    this.#tellChanges(now)
    this.#ports.keeper.flush()
    for (const each of accepted) this.#announceAll(each, undefined)
    return answer
  }

  /** The connected chain moved: `reverted` tip first, `connected` lowest first. */
  follow(reverted: readonly BlockRef[], connected: readonly Connected[], now: Millis): void {
    const released = this.#ports.mempool.update({ reverted: this.#transactionsOf(reverted), connected }, now)
    this.#tellChanges(now)
    this.#released(released)
  }

  get deadline(): Millis {
    const { keeper } = this.#ports
    return keeper.isLoading ? 0 : keeper.flushBy
  }

  /** Takes back more of what an earlier life had, and writes what is to be written by now. */
  wake(now: Millis): void {
    const { keeper } = this.#ports
    if (keeper.isLoading) {
      const released = keeper.load(now)
      this.#tellChanges(now)
      this.#released(released)
    }
    this.settle(now)
  }

  settle(now: Millis): void {
    if (now >= this.#ports.keeper.flushBy) this.#ports.keeper.flush()
  }

  stop(): void {
    this.#ports.keeper.flush()
  }

  linkDown(link: LinkId): void {
    this.#ports.mempool.forgetLink(link)
  }

  /** Lowest block first, as far as the limit goes. */
  *#transactionsOf(reverted: readonly BlockRef[]): Iterable<Uint8Array> {
    const { tree, chainstate, takeBackBytes } = this.#ports
    let left = takeBackBytes
    for (const { id } of reverted.toReversed()) {
      const body = chainstate.readBody(tree.nodeById(id)!)
      if (body.kind !== 'found') continue
      for (const bytes of transactionsOf(body.bytes)) {
        left -= bytes.length
        if (left < 0) return
        yield bytes
      }
    }
  }

  /** A node that announces a transaction has its parents, and need not have announced those: they may pay too little. */
  #askForParents(missing: readonly Uint8Array[], link: LinkId): void {
    const txids = missing.filter((txid) => this.#ports.mempool.wants(txid)).slice(0, MAX_PARENTS_ASKED)
    if (txids.length > 0) this.#ports.hub({ kind: 'want-txs', link, txids })
  }

  #tellChanges(now: Millis): void {
    const { mempool, changes, keeper, hub } = this.#ports
    const open = mempool.takeOpen()
    if (open.length > 0) hub({ kind: 'reopen-txs', txids: open.map((txid) => txid.slice()) })
    for (const change of mempool.takeChanges()) {
      changes.push(change)
      keeper.note(change, now)
    }
  }

  #announceAll(accepted: Accepted, from: LinkId | undefined): void {
    for (const parent of accepted.parents) this.#announce(parent, undefined)
    this.#announce(accepted, from)
    this.#released(accepted.released)
  }

  #released({ txs, blamed }: Released): void {
    for (const tx of txs) this.#announce(tx, undefined)
    for (const { from, reason } of blamed) this.#ports.hub({ kind: 'misbehaving', link: from, reason: `tx-${reason}` })
  }

  #announce({ txid, wtxid, raw, feeSat, vsize }: AcceptedTx, from: LinkId | undefined): void {
    const feeRate = Math.floor((feeSat * 1000) / vsize)
    this.#ports.hub({ kind: 'announce-tx', txid: txid.slice(), wtxid: wtxid.slice(), feeRate, bytes: raw, from })
  }
}
