import type { Millis } from '../host/ports.ts'
import {
  AGREED_WITHIN,
  type Check,
  CONFIRMED_WITHIN_BLOCKS,
  checksOf,
  Faults,
  RELAYED_WITHIN,
  type SiteName,
  type Tally,
  type Witness,
  witnessesOf,
} from './checks.ts'
import { Latency } from './latency.ts'

/** Blocks whose payments are remembered in case they are reverted. */
const KEPT_BLOCKS = 100

/** The full nodes that payments are handed to. */
export type FullNode = 'node A' | 'node B'

export interface PaymentFacts {
  txidHex: string
  /** The node that it was handed to. */
  at: FullNode
  /** When it was handed over. */
  now: Millis
  /** Kinds of output. */
  pays: readonly string[]
  spends: readonly string[]
}

interface Payment extends PaymentFacts {
  /** It was seen in the other mempool. */
  seen: boolean
  late: boolean
  confirmedBy: Set<Witness>
  /** Blocks that left it out. */
  leftOut: number
}

/** Keeps count of what the demo is to prove: it is told what happens and when. */
export class Proof {
  readonly #tally: Omit<Tally, 'unsettled'>
  readonly #witnesses: readonly Witness[]
  /** Payments that somebody has still to show as confirmed, by txid. */
  readonly #unsettled = new Map<string, Payment>()
  /** The others, as long as their block may be reverted. */
  readonly #settled = new Map<string, Payment>()
  readonly #blocks: { hashHex: string; txids: readonly string[] }[] = []

  /** `edge`: there is an edge relay, of which the same is asked as of the relay. */
  constructor({ edge }: { edge: boolean }) {
    this.#witnesses = witnessesOf(edge)
    this.#tally = {
      edge,
      agreement: new Latency(),
      relaying: new Latency(),
      made: 0,
      late: 0,
      confirmations: {
        'node A': 0,
        'node B': 0,
        'relay API': 0,
        'relay page': 0,
        'edge relay API': 0,
        'edge relay page': 0,
      },
      stuck: 0,
      paid: new Set(),
      spent: new Set(),
      heights: { relay: 0, 'edge relay': 0 },
      links: 0,
      reorgs: 0,
      cameBack: 0,
      faults: new Faults(),
    }
  }

  /** How things stand. `over`: nothing more will happen. */
  checks(over = false): Check[] {
    return checksOf({ ...this.#tally, unsettled: this.#unsettled.size }, over)
  }

  // ---- blocks

  /** All nodes stood on the block so long after it was made. */
  agreed(after: Millis): void {
    this.#tally.agreement.add(after)
    if (after > AGREED_WITHIN) this.#tally.faults.add('agreement', `after ${after} ms`)
  }

  /** They did not in time; `who` tells where they stand. */
  parted(who: string): void {
    this.#tally.faults.add('agreement', who)
  }

  /** The chain has grown by this block. */
  connected(hashHex: string, txids: readonly string[]): void {
    this.#blocks.push({ hashHex, txids })
    if (this.#blocks.length > KEPT_BLOCKS) for (const txid of this.#blocks.shift()!.txids) this.#settled.delete(txid)
    const inBlock = new Set(txids)
    for (const payment of this.#unsettled.values()) {
      if (inBlock.has(payment.txidHex) || payment.confirmedBy.size > 0) continue
      payment.leftOut++
      if (payment.leftOut === CONFIRMED_WITHIN_BLOCKS) this.#tally.stuck++
    }
  }

  /** The last block was reverted: its payments are to be confirmed again. */
  reverted(hashHex: string): void {
    const block = this.#blocks.pop()
    if (block && block.hashHex !== hashHex) throw new Error('only the last block can be reverted')
    for (const txid of block?.txids ?? []) {
      const payment = this.#settled.get(txid) ?? this.#unsettled.get(txid)
      if (!payment) continue
      for (const witness of payment.confirmedBy) this.#tally.confirmations[witness]--
      payment.confirmedBy.clear()
      payment.leftOut = 0
      this.#settled.delete(txid)
      this.#unsettled.set(txid, payment)
      this.#tally.cameBack++
    }
  }

  /** All nodes went over to a branch with more work. */
  reorganised(): void {
    this.#tally.reorgs++
  }

  /** What a relay's `/api/block-height` says of a new block. */
  heightAnswered(site: SiteName, expectedHex: string, answer: string): void {
    if (answer === expectedHex) this.#tally.heights[site]++
    else this.#tally.faults.add(`${site} height`, answer.slice(0, 80))
  }

  // ---- payments

  made(facts: PaymentFacts): void {
    this.#tally.made++
    const payment = { ...facts, seen: false, late: false, confirmedBy: new Set<Witness>(), leftOut: 0 }
    this.#unsettled.set(facts.txidHex, payment)
  }

  /** The node did not take it: it was never made. */
  refused(txidHex: string, reason: string): void {
    if (this.#unsettled.delete(txidHex)) this.#tally.made--
    this.#tally.faults.add('refused', reason)
  }

  /** The transaction is in this node's mempool. */
  inMempool(txidHex: string, node: FullNode, now: Millis): void {
    const payment = this.#unsettled.get(txidHex)
    if (!payment || payment.at === node || payment.seen) return
    payment.seen = true
    this.#tally.relaying.add(now - payment.now)
    this.#judge(payment, now)
  }

  /** To be called now and then: what has not arrived in time is late, whether it ever arrives or not. */
  wake(now: Millis): void {
    for (const payment of this.#unsettled.values()) if (!payment.seen) this.#judge(payment, now)
  }

  /** Payments that may still arrive in time. */
  get onTheWay(): number {
    let count = 0
    for (const { seen, late } of this.#unsettled.values()) if (!seen && !late) count++
    return count
  }

  /** Txids of the payments that somebody has still to show as confirmed, oldest first. */
  get unsettled(): string[] {
    return [...this.#unsettled.keys()]
  }

  confirmed(txidHex: string, by: Witness): void {
    const payment = this.#unsettled.get(txidHex)
    if (!payment || payment.confirmedBy.has(by)) return
    payment.confirmedBy.add(by)
    this.#tally.confirmations[by]++
    if (payment.confirmedBy.has('node A') && payment.confirmedBy.has('node B')) {
      for (const kind of payment.pays) this.#tally.paid.add(kind)
      for (const kind of payment.spends) this.#tally.spent.add(kind)
    }
    if (payment.confirmedBy.size < this.#witnesses.length) return
    this.#unsettled.delete(txidHex)
    this.#settled.set(txidHex, payment)
  }

  /** A witness says something else than the chain does. */
  contradicted(by: Witness, txidHex: string, said: string): void {
    this.#tally.faults.add(by, `${txidHex.slice(0, 8)}…: ${said.slice(0, 80)}`)
  }

  #judge(payment: Payment, now: Millis): void {
    if (payment.late || now - payment.now <= RELAYED_WITHIN) return
    payment.late = true
    this.#tally.late++
  }

  // ---- links

  linksUp(count: number): void {
    this.#tally.links = count
  }

  linkLost(who: string): void {
    this.#tally.faults.add('link', who)
  }
}
