import { CONNECTED, HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import { BlockDamaged, type BlockPart } from '../ledger/block-damaged.ts'
import type { Chainstate } from '../ledger/chainstate.ts'
import { toDisplay } from '../wire/hash.ts'
import type { Meter } from './meter.ts'
import type { LogLine } from './ports.ts'
import type { ReadyBlock } from './ready-blocks.ts'

/** Damaged blocks known at one time; others are found again by whoever reads them next. */
const MAX_KNOWN = 1000
/** Blocks read back and taken apart at one time. */
const AT_ONCE = 2
/** A block that is damaged again after so many repairs lies on a disk that cannot hold it. */
const MAX_REPAIRS = 3

export interface RepairPorts {
  tree: HeaderTree
  chainstate: Chainstate
  /** Fetch the block from a peer; comes back by `mend`. */
  fetch(node: HeaderNode): void
  /** Have the block, read from the store, taken apart; comes back by `mend`. */
  reread(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>): void
  /** All of it can be read again. */
  mended(node: HeaderNode): void
  log(line: LogLine): void
  meter: Meter
}

interface Damaged {
  node: HeaderNode
  state:
    | { at: 'fetching' }
    /** Its body is whole. */
    | { at: 'queued' }
    | { at: 'digesting' }
    /** It spends from a block that has to be mended first. */
    | { at: 'waiting'; on: number }
    | { at: 'given-up' }
}

/**
 * Blocks of which something stored turned out damaged, until it is written anew: the body as a peer gives it, what is made
 * of bodies from those. A few at a time, each a few times at most, and without peers for as long as it takes.
 */
export class Repairs {
  readonly #ports: RepairPorts
  /** By header id. */
  readonly #damaged = new Map<number, Damaged>()
  /** How often a block was mended. */
  readonly #mended = new Map<number, number>()

  constructor(ports: RepairPorts) {
    this.#ports = ports
  }

  /** Somebody could not read the block. */
  report(node: HeaderNode): void {
    const { chainstate, meter } = this.#ports
    if (this.#damaged.has(node.id) || this.#damaged.size >= MAX_KNOWN) return
    if (!(node.status & (HAVE_BODY | CONNECTED))) return
    const parts = chainstate.inspect(node)
    // It was read before it was mended, or while it was not connected.
    if (parts.length === 0) return
    meter.counts.blocksDamaged++
    this.#log('error', 'a stored block cannot be read', node, { why: 'damaged', parts: parts.join(', ') })
    const block: Damaged = { node, state: { at: 'queued' } }
    this.#damaged.set(node.id, block)
    if ((this.#mended.get(node.id) ?? 0) < MAX_REPAIRS) this.#begin(block, parts)
    else this.#giveUp(block, 'damaged again and again')
  }

  /** The block came, from a peer or from the store, and holds by itself. */
  mend({ node, bytes, digest }: ReadyBlock): void {
    const { chainstate, tree } = this.#ports
    const block = this.#damaged.get(node.id)
    if (!block) return
    try {
      if (chainstate.mend(node, bytes, digest)) this.#done(block)
      else this.#giveUp(block, 'its rows are damaged too')
    } catch (error) {
      if (!(error instanceof BlockDamaged)) throw error
      block.state = { at: 'waiting', on: error.blockId }
      this.report(tree.nodeById(error.blockId)!)
      const first = this.#damaged.get(error.blockId)
      if (!first || first.state.at === 'given-up') this.#giveUp(block, 'a block that it spends from is damaged')
    }
    this.#next()
  }

  /** What came, or was stored, was not the block. Peers are asked on, where they were. */
  refused({ id }: HeaderNode): void {
    const block = this.#damaged.get(id)
    if (block?.state.at !== 'digesting') return
    this.#begin(block, ['body'])
    this.#next()
  }

  #begin(block: Damaged, parts: readonly BlockPart[]): void {
    if (parts.includes('body')) {
      block.state = { at: 'fetching' }
      this.#ports.fetch(block.node)
      return
    }
    block.state = { at: 'queued' }
    this.#next()
  }

  #next(): void {
    const { chainstate, reread } = this.#ports
    const blocks = [...this.#damaged.values()]
    let digesting = blocks.filter(({ state }) => state.at === 'digesting').length
    for (const block of blocks) {
      if (digesting >= AT_ONCE) return
      if (block.state.at !== 'queued') continue
      const body = chainstate.readBody(block.node)
      if (body.kind !== 'found') {
        this.#begin(block, ['body'])
        continue
      }
      block.state = { at: 'digesting' }
      digesting++
      reread(block.node, body.bytes)
    }
  }

  #done({ node }: Damaged): void {
    const { meter, mended } = this.#ports
    this.#damaged.delete(node.id)
    this.#mended.set(node.id, (this.#mended.get(node.id) ?? 0) + 1)
    if (this.#mended.size > MAX_KNOWN) this.#mended.delete(this.#mended.keys().next().value!)
    meter.counts.blocksMended++
    this.#log('info', 'a damaged block is whole again', node)
    this.#release(node, (block) => {
      block.state = { at: 'queued' }
    })
    mended(node)
  }

  #giveUp(block: Damaged, why: string): void {
    block.state = { at: 'given-up' }
    this.#log('error', 'a damaged block cannot be repaired', block.node, { why })
    this.#release(block.node, (waiting) => this.#giveUp(waiting, 'a block that it spends from is damaged'))
  }

  /** Those that waited for the block. */
  #release({ id }: HeaderNode, then: (block: Damaged) => void): void {
    for (const block of this.#damaged.values()) if (block.state.at === 'waiting' && block.state.on === id) then(block)
  }

  #log(level: LogLine['level'], text: string, { height, hash }: HeaderNode, more: LogLine['facts'] = {}): void {
    this.#ports.log({ level, text, facts: { height, hash: toDisplay(hash), ...more } })
  }
}
