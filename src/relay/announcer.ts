import { InvType } from '../wire/inventory.ts'
import type { Message } from '../wire/messages.ts'
import type { BlockKnowledge, KnownBlock } from './block-knowledge.ts'
import type { HubLink } from './hub-link.ts'
import type { TxItem } from './tx-inventory.ts'

/** Entries in one `inv` of ours (the bound of Bitcoin Core). */
export const MAX_INV = 1000
/** Most blocks announced by header at once; more are announced by the hash of the last (BIP130, as in Bitcoin Core). */
export const MAX_HEADERS_ANNOUNCED = 8
/** Transactions kept to be announced to a peer that does not read; the oldest go first. */
const MAX_HELD = 1000

export interface AnnouncerPorts {
  links(): Iterable<HubLink>
  blocks: BlockKnowledge
  /** The frame of a message; the same may be written to many links. */
  frame(message: Message): Uint8Array<ArrayBuffer>
  write(link: HubLink, frame: Uint8Array<ArrayBuffer>): void
  /** Whether so much waits to leave that nothing is to be added. */
  isSlow(link: HubLink): boolean
}

/** Frames that many links get in one round, each made once. */
type Round = Map<string, Uint8Array<ArrayBuffer>>

/**
 * Tells links of new blocks and transactions. What comes in before `flush` goes out together, to each link in the form that
 * it asked for, leaving out what it knows.
 */
export class Announcer {
  readonly #ports: AnnouncerPorts
  readonly #blocks = new Set<KnownBlock>()
  readonly #txs = new Set<TxItem>()

  constructor(ports: AnnouncerPorts) {
    this.#ports = ports
  }

  get pending(): boolean {
    return this.#blocks.size + this.#txs.size > 0
  }

  block(block: KnownBlock): void {
    this.#blocks.add(block)
  }

  tx(item: TxItem): void {
    this.#txs.add(item)
  }

  flush(): void {
    const blocks = [...this.#blocks]
    const txs = [...this.#txs]
    this.#blocks.clear()
    this.#txs.clear()
    const round: Round = new Map()
    for (const link of this.#ports.links()) {
      if (!link.up) continue
      if (this.#ports.isSlow(link)) this.#hold(link, blocks, txs)
      else this.#tell(link, blocks, txs, round)
    }
  }

  /** The link reads again: it gets what was held back. */
  release(link: HubLink): void {
    const { heldBlock, heldTxs } = link
    if (!heldBlock && !heldTxs) return
    link.heldBlock = undefined
    link.heldTxs = undefined
    this.#tell(link, heldBlock ? [heldBlock] : [], heldTxs ?? [], new Map())
  }

  #hold(link: HubLink, blocks: KnownBlock[], txs: TxItem[]): void {
    // The last block makes those before it known as well.
    link.heldBlock = blocks.at(-1) ?? link.heldBlock
    const news = txs.filter((item) => this.#wants(link, item))
    if (news.length > 0) link.heldTxs = [...new Set([...(link.heldTxs ?? []), ...news])].slice(-MAX_HELD)
  }

  #tell(link: HubLink, blocks: KnownBlock[], txs: TxItem[], round: Round): void {
    if (blocks.length > 0) this.#tellBlocks(link, blocks, round)
    if (txs.length > 0) this.#tellTxs(link, txs, round)
  }

  #tellBlocks(link: HubLink, blocks: KnownBlock[], round: Round): void {
    const { slot } = link
    for (const { key } of blocks) if (link.hasHeardOf(key)) this.#ports.blocks.has(slot, key)
    const news = blocks.filter((block) => !block.told.has(slot))
    const last = news.at(-1)
    if (!last) return
    const byHeaders = link.sendheaders && news.length <= MAX_HEADERS_ANNOUNCED && this.#connect(link, news)
    for (const block of news) block.told.add(slot)
    if (byHeaders) this.#ports.blocks.has(slot, last.key)
    const name = `${byHeaders ? 'headers' : 'block'} ${byHeaders ? news.length : 1} ${last.key}`
    const message = (): Message =>
      byHeaders
        ? { command: 'headers', headers: news.map((block) => block.announced!.header) }
        : { command: 'inv', items: [{ type: InvType.BLOCK, hash: last.announced!.hash }] }
    this.#write(link, name, message, round)
  }

  /** Each block builds on the one before, and the first on one that the link has. */
  #connect(link: HubLink, blocks: KnownBlock[]): boolean {
    const parent = this.#ports.blocks.find(blocks[0]!.announced!.prevKey)
    if (!parent?.has.has(link.slot) && !link.hasHeardOf(blocks[0]!.announced!.prevKey)) return false
    return blocks.every((block, i) => i === 0 || block.announced!.prevKey === blocks[i - 1]!.key)
  }

  #tellTxs(link: HubLink, txs: TxItem[], round: Round): void {
    const news = txs.filter((item) => this.#wants(link, item))
    const byWtxid = link.info!.wtxidrelay
    for (let from = 0; from < news.length; from += MAX_INV) {
      const part = news.slice(from, from + MAX_INV)
      for (const item of part) item.known.add(link.slot)
      const message = (): Message => ({
        command: 'inv',
        items: part.map((item) =>
          byWtxid ? { type: InvType.WTX, hash: item.wtxid } : { type: InvType.TX, hash: item.txid },
        ),
      })
      // Links to which all of it is news share their frames, and these are nearly all links.
      if (news.length === txs.length) this.#write(link, `${byWtxid ? 'wtxid' : 'txid'} ${from}`, message, round)
      else this.#ports.write(link, this.#ports.frame(message()))
    }
  }

  #wants(link: HubLink, item: TxItem): boolean {
    return link.info!.relay && item.feeRate >= link.feeFilter && !item.known.has(link.slot)
  }

  #write(link: HubLink, name: string, message: () => Message, round: Round): void {
    let frame = round.get(name)
    if (!frame) {
      frame = this.#ports.frame(message())
      round.set(name, frame)
    }
    this.#ports.write(link, frame)
  }
}
