import { CONNECTED, HAVE_BODY } from '../../src/chain/header-store.ts'
import { type HeaderNode, HeaderTree } from '../../src/chain/header-tree.ts'
import { MemoryHeaderStore } from '../../src/chain/memory-header-store.ts'
import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LinkId, LinkInfo } from '../../src/peer/queues.ts'
import { Sync, type SyncLimits, type SyncOutput } from '../../src/peer/sync.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { type Inventory, InvType } from '../../src/wire/inventory.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/messages.ts'
import { Services } from '../../src/wire/services.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'

export const NOW = 1_700_000_000_000

/** An output with its payload read. */
export type Seen = { to: LinkId; message: Message } | Exclude<SyncOutput, { do: 'send' }>

export interface BenchOptions {
  network?: Network
  limits?: SyncLimits
  spv?: boolean
}

/** A sync machine on a bench: what it says is read, what it is told is put together here. Nothing happens by itself. */
export class SyncBench {
  readonly tree: HeaderTree
  readonly sync: Sync
  now = NOW

  constructor({ network = regtest, limits, spv }: BenchOptions = {}) {
    this.tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
    this.sync = new Sync({ network, tree: this.tree, ...(limits && { limits }), ...(spv && { spv }) })
    this.sync.connected(this.tree.best, NOW)
  }

  up(link: LinkId, startHeight: number, info: Partial<LinkInfo> = {}): Seen[] {
    const services = Services.NETWORK | Services.WITNESS
    const base = { version: 70_016, services, userAgent: '', startHeight, inbound: true, relay: true, wtxidrelay: true }
    return this.read(this.sync.linkUp(link, { ...base, ...info }, this.now))
  }

  down(link: LinkId): Seen[] {
    return this.read(this.sync.linkDown(link, this.now))
  }

  say(link: LinkId, message: Message): Seen[] {
    const { command, payload } = encodeMessage(message)
    return this.read(this.sync.message(link, command, payload, this.now))
  }

  headers(link: LinkId, blocks: readonly MadeBlock[]): Seen[] {
    return this.say(link, { command: 'headers', headers: blocks.map((block) => block.header) })
  }

  block(link: LinkId, block: MadeBlock): Seen[] {
    return this.say(link, { command: 'block', bytes: block.bytes })
  }

  inv(link: LinkId, blocks: readonly { hash: Uint8Array }[]): Seen[] {
    return this.say(link, { command: 'inv', items: blocks.map(({ hash }) => ({ type: InvType.BLOCK, hash })) })
  }

  /** Lets so much time go by, waking the machine at its deadlines. */
  wait(ms: number): Seen[] {
    const end = this.now + ms
    const seen: Seen[] = []
    for (let i = 0; this.sync.deadline <= end; i++) {
      if (i > 10_000) throw new Error('the deadline does not move')
      this.now = Math.max(this.now, this.sync.deadline)
      seen.push(...this.read(this.sync.wake(this.now)))
    }
    this.now = end
    return seen
  }

  /** The block is stored and connected, and is the tip. */
  connect(block: { hash: Uint8Array }): Seen[] {
    const node = this.node(block)
    this.tree.setStatus(node, HAVE_BODY | CONNECTED)
    return this.read(this.sync.connected(node, this.now))
  }

  node(block: { hash: Uint8Array }): HeaderNode {
    return this.tree.node(block.hash)!
  }

  /** Gives the tree these headers without any peer. */
  know(blocks: readonly MadeBlock[]): void {
    for (let from = 0; from < blocks.length; from += 2000) {
      const result = this.tree.accept(
        blocks.slice(from, from + 2000).map((block) => block.header),
        this.now,
      )
      if (result.kind !== 'accepted') throw new Error(result.kind)
    }
  }

  /** Gives the tree these headers, connected. */
  have(blocks: readonly MadeBlock[]): void {
    this.know(blocks)
    this.tree.setStatus(
      blocks.map((block) => this.node(block)),
      HAVE_BODY | CONNECTED,
    )
    this.sync.connected(this.node(blocks.at(-1)!), this.now)
  }

  read(outputs: readonly SyncOutput[]): Seen[] {
    return outputs.map((output) => {
      if (output.do !== 'send') return output
      const message = decodeMessage(output.command, output.payload)
      if (!message) throw new Error(`sent ${output.command}`)
      return { to: output.link, message }
    })
  }
}

/** Messages of one command among what was seen: to whom, and the message. */
export function sent<C extends Message['command']>(
  seen: readonly Seen[],
  command: C,
): { to: LinkId; message: Extract<Message, { command: C }> }[] {
  const found: { to: LinkId; message: Extract<Message, { command: C }> }[] = []
  for (const one of seen) {
    if ('message' in one && one.message.command === command) {
      found.push({ to: one.to, message: one.message as Extract<Message, { command: C }> })
    }
  }
  return found
}

/** Who was asked for which blocks: display hashes by link. */
export function asked(seen: readonly Seen[]): Map<LinkId, string[]> {
  const byLink = new Map<LinkId, string[]>()
  for (const { to, message } of sent(seen, 'getdata')) {
    byLink.set(to, [...(byLink.get(to) ?? []), ...message.items.map(({ hash }: Inventory) => toDisplay(hash))])
  }
  return byLink
}

export function names(blocks: readonly { hash: Uint8Array }[]): string[] {
  return blocks.map(({ hash }) => toDisplay(hash))
}

/** Those outputs that end a link. */
export function endings(seen: readonly Seen[]): { link: LinkId; reason: string; misbehaving: boolean }[] {
  return seen.flatMap((one) =>
    'do' in one && (one.do === 'misbehaving' || one.do === 'disconnect')
      ? [{ link: one.link, reason: one.reason, misbehaving: one.do === 'misbehaving' }]
      : [],
  )
}
