import type { Millis } from '../host/ports.ts'
import type { Latency } from './latency.ts'
import { payableKinds, spendableKinds } from './payments.ts'

/** A payment made at one node is in the other's mempool after this long. */
export const RELAYED_WITHIN: Millis = 2000
/** All nodes stand on a new block after this long. */
export const AGREED_WITHIN: Millis = 5000
/** Blocks after which a payment is in one. */
export const CONFIRMED_WITHIN_BLOCKS = 4

/** Reasons that are kept to be read. */
const KEPT_REASONS = 3

/** Relays, which are asked what anybody may ask them. */
export type SiteName = 'relay' | 'edge relay'
/** Who has to show a payment as confirmed. */
export type Witness = 'node A' | 'node B' | `${SiteName} ${'API' | 'page'}`

/** What may go wrong at any time, and is not made good by going right later. */
export type FaultOf = Witness | 'agreement' | 'refused' | `${SiteName} height` | 'link'

/** What was seen, in numbers. */
export interface Tally {
  /** There is an edge relay beside the relay. */
  edge: boolean
  /** From a block being made until all nodes stood on it. */
  agreement: Latency
  /** From a payment being handed to one node until it was in the other's mempool. */
  relaying: Latency
  /** Payments that nodes took. */
  made: number
  /** Payments that were not in the other mempool in time. */
  late: number
  confirmations: Record<Witness, number>
  /** Payments that blocks left out for too long. */
  stuck: number
  /** Payments that somebody has still to show as confirmed. */
  unsettled: number
  /** Kinds of output that confirmed payments have made and spent. */
  paid: Set<string>
  spent: Set<string>
  /** Blocks that the API named by their height. */
  heights: Record<SiteName, number>
  links: number
  reorgs: number
  /** Payments whose block was reverted. */
  cameBack: number
  faults: Faults
}

/** `open`: nothing speaks against it, and nothing was seen yet. */
export type Mark = 'yes' | 'no' | 'open'

export interface Check {
  mark: Mark
  what: string
  figures: string
}

/** How often something was wrong, and the first reasons. */
export class Faults {
  readonly #faults = new Map<FaultOf, { count: number; reasons: string[] }>()

  add(of: FaultOf, reason: string): void {
    const fault = this.#faults.get(of) ?? { count: 0, reasons: [] }
    fault.count++
    if (fault.reasons.length < KEPT_REASONS) fault.reasons.push(reason)
    this.#faults.set(of, fault)
  }

  has(of: FaultOf): boolean {
    return this.#faults.has(of)
  }

  /** To be put behind the figures; empty when nothing was wrong. */
  text(of: FaultOf): string {
    const fault = this.#faults.get(of)
    return fault ? `; wrong ${plural(fault.count, 'time')} (${fault.reasons.join('; ')})` : ''
  }
}

/** The witnesses that there are. */
export function witnessesOf(edge: boolean): Witness[] {
  const sites = sitesOf(edge).flatMap((site): Witness[] => [`${site} API`, `${site} page`])
  return ['node A', 'node B', ...sites]
}

function sitesOf(edge: boolean): SiteName[] {
  return edge ? ['relay', 'edge relay'] : ['relay']
}

/** What the tally proves, in an order that tells the story. `over`: nothing more comes, so that what is open has failed. */
export function checksOf(tally: Tally, over: boolean): Check[] {
  const { edge, agreement, relaying, made, late, confirmations, stuck, unsettled, links, reorgs, cameBack } = tally
  const { heights, faults } = tally
  const mark = (fails: boolean, seen: boolean): Mark => (fails ? 'no' : seen ? 'yes' : over ? 'no' : 'open')
  const shownBy = (witness: Witness): Mark => {
    const count = confirmations[witness]
    return mark(faults.has(witness) || stuck > 0 || (over && count < made), count > 0)
  }
  const onBoth = Math.min(confirmations['node A'], confirmations['node B'])
  const kinds = kindsLeft(tally)
  const checks: Check[] = [
    {
      what: `${edge ? 'both relays' : 'relay'}, both nodes and the SPV node agree on each new tip`,
      mark: mark(faults.has('agreement'), agreement.count > 0),
      figures: `${plural(agreement.count, 'block')}, ${agreement.text}${faults.text('agreement')}`,
    },
    {
      what: `a transaction made at one node is in the other's mempool within ${RELAYED_WITHIN / 1000} s${edge ? ', through both relays' : ''}`,
      mark: mark(late > 0, relaying.count > 0),
      figures: `${relaying.count} of ${made}, ${relaying.text}${late > 0 ? `; ${late} late` : ''}`,
    },
    {
      what: 'no node refuses a transaction',
      mark: mark(faults.has('refused'), made > 0),
      figures: `${made} taken${faults.text('refused')}`,
    },
    {
      what: 'every transaction is confirmed on both nodes',
      mark: shownBy('node A') === 'yes' ? shownBy('node B') : shownBy('node A'),
      figures: `${onBoth} of ${made}${stuck > 0 ? `; ${stuck} not within ${CONFIRMED_WITHIN_BLOCKS} blocks` : ''}`,
    },
    ...sitesOf(edge).flatMap((site): Check[] => [
      {
        what: `the ${site}'s API says so (/api/tx/ID/status)`,
        mark: shownBy(`${site} API`),
        figures: `${confirmations[`${site} API`]} of ${made}${faults.text(`${site} API`)}`,
      },
      {
        what: `the ${site}'s page of it says so (/tx/ID)`,
        mark: shownBy(`${site} page`),
        figures: `${confirmations[`${site} page`]} of ${made}${faults.text(`${site} page`)}`,
      },
      {
        what: `the ${site}'s API names each new block (/api/block-height/N)`,
        mark: mark(faults.has(`${site} height`), heights[site] > 0),
        figures: `${plural(heights[site], 'block')}${faults.text(`${site} height`)}`,
      },
    ]),
    {
      what: 'every standard kind of output was paid and spent',
      mark: mark(false, kinds.length === 0),
      figures: kinds.length === 0 ? payableKinds.join(' ') : kinds.join(', '),
    },
    {
      what: 'every link stays up',
      mark: mark(faults.has('link'), links > 0),
      figures: `${plural(links, 'link')}${faults.text('link')}`,
    },
  ]
  if (reorgs === 0) return checks
  const followed: Check = {
    what: 'a branch with more work is followed by all, and what it drops is confirmed again',
    mark: mark(faults.has('agreement') || stuck > 0 || (over && unsettled > 0), true),
    figures: `${plural(reorgs, 'reorg')}, ${plural(cameBack, 'transaction')} came back`,
  }
  return [...checks, followed]
}

function kindsLeft({ paid, spent }: Tally): string[] {
  return [
    ...payableKinds.filter((kind) => !paid.has(kind)).map((kind) => `${kind} not paid`),
    ...spendableKinds.filter((kind) => !spent.has(kind)).map((kind) => `${kind} not spent`),
  ]
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
