import type { BlockRef, Reorg } from '../chain/reorg.ts'
import type { BlockInfo, HomeInfo, LedgerStatus, RecentTx, Removal } from '../ledger/queries.ts'
import { hashKey, toDisplay } from '../wire/hash.ts'
import { blockJson, readHeader } from './block-view.ts'
import type { Happening } from './happenings.ts'
import { type Position, positionText } from './live-position.ts'
import { recentView } from './mempool-view.ts'

/** Blocks of one side of a reorg that an event names; of more, those nearest to the tips. */
const REORG_LIMIT = 100

/** What the home page shows of a block. */
export interface LiveBlock {
  id: string
  height: number
  timestamp: number
  tx_count: number
  size: number
  weight: number
  /** Satoshi. */
  fees: number
}

/** What the home page shows of an unconfirmed transaction; `time` is when this relay heard it. */
export interface LiveTx {
  txid: string
  fee: number
  vsize: number
  value: number
  time: number
}

/** The figures of a home page. */
export interface LiveHome extends LiveStatus {
  blocks: LiveBlock[]
  recent: LiveTx[]
}

export interface LiveStatus {
  height: number
  id: string
  timestamp: number
  /** Height of the best header. */
  headers: number
  synced: boolean
  mempool: { count: number; vsize: number; total_fee: number }
}

/** How things are when a stream begins, or goes on after the ledger was away. */
export function tipEvent(status: LedgerStatus, at: Position): string {
  return event('tip', JSON.stringify(statusView(status)), at)
}

/** What came after the event that the client knows is not known any more: how things are is where it has to go on from. */
export function resetEvent(status: LedgerStatus, at: Position): string {
  return event('reset', JSON.stringify(statusView(status)), at)
}

export function homeEvent(info: HomeInfo, at: Position): string {
  return event('home', JSON.stringify(homeView(info)), at)
}

/** The ledger does not answer; what was told before may be old. It moves nobody's place. */
export function pausedEvent(): string {
  return 'event: paused\ndata: {}\n\n'
}

/** Tells a client its place, and that the stream is alive; it dispatches no event. */
export function heartbeat(at: Position | undefined): string {
  return at ? `: here\nid: ${positionText(at)}\n\n` : ': here\n\n'
}

/** `blocks`: what the chain knows of those that came, by hash; of one that has left it again only its name is told. */
export function happeningEvent(happening: Happening, blocks: ReadonlyMap<string, BlockInfo | undefined>): string {
  return event(happening.type, happeningJson(happening, blocks), happening.at)
}

function happeningJson(happening: Happening, blocks: ReadonlyMap<string, BlockInfo | undefined>): string {
  switch (happening.type) {
    case 'block': {
      const info = blocks.get(hashKey(happening.block.hash))
      return info ? blockJson(info) : JSON.stringify({ ...named(happening.block), stale: true })
    }
    case 'reorg':
      return JSON.stringify(reorgView(happening.reorg))
    case 'tx':
      return JSON.stringify(recentView(happening.tx))
    case 'removed':
      return JSON.stringify(removalView(happening.removal))
  }
}

function removalView(removal: Removal) {
  const { txid, why } = removal
  return { txid: toDisplay(txid), why, ...(removal.why === 'replaced' && { by: toDisplay(removal.by) }) }
}

/** Blocks left, tip first, and blocks entered, lowest first. Above `fork_height` nothing is as it was. */
function reorgView({ reverted, connected }: Reorg) {
  return {
    fork_height: reverted.at(-1)!.height - 1,
    reverted: reverted.slice(0, REORG_LIMIT).map(named),
    connected: connected.slice(-REORG_LIMIT).map(named),
  }
}

function named({ hash, height }: BlockRef) {
  return { id: toDisplay(hash), height }
}

export function homeView({ status, blocks, recent }: HomeInfo): LiveHome {
  return {
    ...statusView(status),
    blocks: blocks.map(liveBlock),
    recent: recent.map(liveTx),
  }
}

export function liveTx(tx: RecentTx): LiveTx {
  return { ...recentView(tx), time: tx.time }
}

function statusView({ tip, headers, synced, mempool }: LedgerStatus): LiveStatus {
  return {
    height: tip.height,
    id: toDisplay(tip.hash),
    timestamp: tip.time,
    headers,
    synced,
    mempool: { count: mempool.count, vsize: mempool.vsize, total_fee: mempool.feeSat },
  }
}

function liveBlock(block: BlockInfo): LiveBlock {
  return {
    id: toDisplay(block.hash),
    height: block.height,
    timestamp: readHeader(block.header).time,
    tx_count: block.txCount,
    size: block.size,
    weight: block.weight,
    fees: block.fees,
  }
}

function event(name: string, json: string, at: Position): string {
  return `event: ${name}\nid: ${positionText(at)}\ndata: ${json}\n\n`
}
