import type { Reorg } from '../chain/reorg.ts'
import type { BlockInfo, Change, HomeInfo, LedgerStatus, RecentTx } from '../ledger/queries.ts'
import { toDisplay } from '../wire/hash.ts'
import { readHeader } from './block-view.ts'
import { recentView } from './mempool-view.ts'

/** Transactions in one event; of more, the latest. */
const TXS_LIMIT = 50
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

export function tipEvent(status: LedgerStatus): string {
  return event('tip', statusView(status))
}

export function homeEvent(info: HomeInfo): string {
  return event('home', homeView(info))
}

export function homeView({ status, blocks, recent }: HomeInfo): LiveHome {
  return {
    ...statusView(status),
    blocks: blocks.map(liveBlock),
    recent: recent.map(liveTx),
  }
}

/** Blocks left, tip first, and blocks entered, lowest first. */
export function reorgEvent({ reverted, connected }: Reorg): string {
  const name = ({ hash, height }: { hash: Uint8Array; height: number }) => ({ id: toDisplay(hash), height })
  return event('reorg', {
    reverted: reverted.slice(0, REORG_LIMIT).map(name),
    connected: connected.slice(-REORG_LIMIT).map(name),
  })
}

/** Transactions new to the mempool, oldest first. */
export function txsEvent(txs: readonly Extract<Change, { kind: 'tx' }>[]): string {
  return event('txs', txs.slice(-TXS_LIMIT).map(recentView))
}

export function liveTx(tx: RecentTx): LiveTx {
  return { ...recentView(tx), time: tx.time }
}

/** The ledger does not answer; what was told before may be old. */
export function pausedEvent(): string {
  return event('paused', {})
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

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
